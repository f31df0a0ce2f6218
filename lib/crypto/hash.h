#ifndef KS_CRYPTO_HASH_H
#define KS_CRYPTO_HASH_H

#include <stddef.h>
#include <stdint.h>

#include <sodium.h>

#define HASH_LEN		32	/* bytes of every digest here */
#define HASH_PERSONAL_MAX	16	/* longest personalisation, from BLAKE2b */
#define HASH_SALT_LEN		16	/* salt, from BLAKE2b */

/* A BLAKE2b-256 that is fed in parts. */
struct hash_blake2b {
	crypto_generichash_blake2b_state st;
};

/* A SHA-256 that is fed in parts. */
struct hash_sha256 {
	crypto_hash_sha256_state st;
};

/**
 * hash_sha256(p, len, out):
 * Store the SHA-256 of the ${len} bytes at ${p} in ${out}.
 */
void hash_sha256(const void *, size_t, uint8_t[HASH_LEN]);

/**
 * hash_sha256_init(H), hash_sha256_update(H, p, len), hash_sha256_final(H, out):
 * The same in parts: begin, add ${len} bytes at ${p}, store the digest.
 */
void hash_sha256_init(struct hash_sha256 *);
void hash_sha256_update(struct hash_sha256 *, const void *, size_t);
void hash_sha256_final(struct hash_sha256 *, uint8_t[HASH_LEN]);

/**
 * hash_blake2b(personal, salt, p, len, out):
 * Store in ${out} the 32-byte BLAKE2b of the ${len} bytes at ${p}, without a
 * key, with the string ${personal} (at most HASH_PERSONAL_MAX characters, else
 * panic; padded with zeroes) as personalisation and the HASH_SALT_LEN bytes at
 * ${salt}, or zeroes if it is NULL, as salt.
 */
void hash_blake2b(const char *, const uint8_t *, const void *, size_t,
    uint8_t[HASH_LEN]);

/**
 * hash_blake2b_init(H, personal, salt), hash_blake2b_update(H, p, len),
 * hash_blake2b_final(H, out):
 * The same in parts.
 */
void hash_blake2b_init(struct hash_blake2b *, const char *, const uint8_t *);
void hash_blake2b_update(struct hash_blake2b *, const void *, size_t);
void hash_blake2b_final(struct hash_blake2b *, uint8_t[HASH_LEN]);

#endif
