#ifndef KS_BASE_BASE64_H
#define KS_BASE_BASE64_H

#include <stddef.h>
#include <stdint.h>

/** BASE64_LEN(n): characters that ${n} bytes take, without a NUL. */
#define BASE64_LEN(n)	(((n) + 2) / 3 * 4)

/** BASE64_SIZE(n): as BASE64_LEN, with room for the NUL. */
#define BASE64_SIZE(n)	(BASE64_LEN(n) + 1)

/**
 * base64_encode(p, len, out, outsize):
 * Write the ${len} bytes at ${p} to ${out} in the base64 of RFC 4648, section
 * 4, padded, with a NUL.  Return 0, or -1 (and write nothing) if ${outsize} is
 * less than BASE64_SIZE(${len}).
 */
int base64_encode(const uint8_t *, size_t, char *, size_t);

/**
 * base64_decode(text, textlen, out, outmax, len):
 * Decode the ${textlen} characters at ${text} into ${out} and store the number
 * of bytes in ${len}.  Return 0, or -1 if they are not exactly what
 * base64_encode writes for some bytes (no whitespace, all padding there, unused
 * bits zero) or would take more than ${outmax} bytes; ${out} is then undefined.
 */
int base64_decode(const char *, size_t, uint8_t *, size_t, size_t *);

#endif
