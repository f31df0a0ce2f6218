#ifndef KS_BASE_HEX_H
#define KS_BASE_HEX_H

#include <stddef.h>
#include <stdint.h>

/** HEX_SIZE(n): characters that ${n} bytes take, with room for the NUL. */
#define HEX_SIZE(n)	(2 * (n) + 1)

/**
 * hex_encode(p, len, out, outsize):
 * Write the ${len} bytes at ${p} to ${out} in lower-case hexadecimal, with a
 * NUL.  Return 0, or -1 (and write nothing) if ${outsize} is less than
 * HEX_SIZE(${len}).
 */
int hex_encode(const uint8_t *, size_t, char *, size_t);

/**
 * hex_decode(text, textlen, out, outmax, len):
 * Decode the ${textlen} characters at ${text} into ${out} and store the number
 * of bytes in ${len}.  Return 0, or -1 if they are not pairs of lower-case
 * hexadecimal digits only, or would take more than ${outmax} bytes; ${out} is
 * then undefined.
 */
int hex_decode(const char *, size_t, uint8_t *, size_t, size_t *);

#endif
