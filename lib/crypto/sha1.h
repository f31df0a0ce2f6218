#ifndef KS_CRYPTO_SHA1_H
#define KS_CRYPTO_SHA1_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of a SHA-1. */
#define SHA1_LEN	20

/**
 * sha1(p, len, out):
 * Store in ${out} the SHA-1 of the ${len} bytes at ${p}: for names that others
 * have fixed (OpenPGP fingerprints, the Web Key Directory), never for anything
 * that is to be secure.  Return 0, or -1 if the library will not do it.
 */
int sha1(const void *, size_t, uint8_t[SHA1_LEN]);

#endif
