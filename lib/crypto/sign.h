#ifndef KS_CRYPTO_SIGN_H
#define KS_CRYPTO_SIGN_H

#include <stddef.h>
#include <stdint.h>

#define SIGN_SEED_LEN	32	/* a secret key, as it is stored */
#define SIGN_PK_LEN	32	/* a public key */
#define SIGN_LEN	64	/* a signature */

/*
 * Ed25519, by libsodium alone, and one rule for ever of which signatures are
 * valid: sign_pk_valid once for the key, sign_verify for the signature.  That
 * is the cofactorless equation, S below the group order, A and R canonical and
 * not of small order, and A without a part of small order.  Another library, a
 * batch verification or libsodium's multi-part calls decide differently.
 */
struct sign_key {
	uint8_t seed[SIGN_SEED_LEN];
	uint8_t pk[SIGN_PK_LEN];
	uint8_t sk[SIGN_SEED_LEN + SIGN_PK_LEN];	/* for libsodium */
};

/**
 * sign_key_generate(void):
 * Return a new random key in secret memory, or NULL (ENOMEM).
 */
struct sign_key * sign_key_generate(void);

/**
 * sign_key_from_seed(seed):
 * Return the key whose seed is ${seed}, in secret memory, or NULL (ENOMEM).
 */
struct sign_key * sign_key_from_seed(const uint8_t[SIGN_SEED_LEN]);

/**
 * sign_key_free(K):
 * Wipe and free ${K}, which may be NULL.
 */
void sign_key_free(struct sign_key *);

/**
 * sign_make(K, msg, len, sig):
 * Store the signature of the ${len} bytes at ${msg} under ${K} in ${sig}.  The
 * same key and message always give the same signature.
 */
void sign_make(const struct sign_key *, const void *, size_t,
    uint8_t[SIGN_LEN]);

/**
 * sign_verify(pk, msg, len, sig):
 * Return 0 if ${sig} is a signature of the ${len} bytes at ${msg} under ${pk},
 * or -1.  ${pk} must have passed sign_pk_valid when it became known.
 */
int sign_verify(const uint8_t[SIGN_PK_LEN], const void *, size_t,
    const uint8_t[SIGN_LEN]);

/**
 * sign_pk_valid(pk):
 * Return 0 if ${pk} is the canonical encoding of a point of the prime-order
 * group other than the identity, or -1.  As slow as a verification, so it is
 * asked once, when a key enters a policy.
 */
int sign_pk_valid(const uint8_t[SIGN_PK_LEN]);

/**
 * sign_self_test(void):
 * Return 0 if the libsodium at hand signs and verifies a published vector, and
 * refuses what our rule refuses (a point of order 2q among it: CVE-2025-69277),
 * or -1.  A program that verifies signatures calls it at start-up and leaves
 * with 100 if it fails.
 */
int sign_self_test(void);

#endif
