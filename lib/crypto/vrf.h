#ifndef KS_CRYPTO_VRF_H
#define KS_CRYPTO_VRF_H

#include <stddef.h>
#include <stdint.h>

#define VRF_SCALAR_LEN	32	/* a secret key */
#define VRF_PK_LEN	32	/* a public key */
#define VRF_PROOF_LEN	80	/* a proof */
#define VRF_OUTPUT_LEN	64	/* an output, "beta" in RFC 9381 */

/*
 * The verifiable random function c2sp.org/vrf-r255: ECVRF of RFC 9381 on
 * ristretto255 with SHA-512.
 */
struct vrf_key {
	uint8_t x[VRF_SCALAR_LEN];
	uint8_t pk[VRF_PK_LEN];
};

/**
 * vrf_key_generate(void):
 * Return a new random key in secret memory, or NULL (ENOMEM).
 */
struct vrf_key * vrf_key_generate(void);

/**
 * vrf_key_from_scalar(x):
 * Return the key with the secret scalar ${x} (little-endian) in secret memory,
 * or NULL: ENOMEM, or EINVAL if ${x} is zero or not below the group order.
 */
struct vrf_key * vrf_key_from_scalar(const uint8_t[VRF_SCALAR_LEN]);

/**
 * vrf_key_free(K):
 * Wipe and free ${K}, which may be NULL.
 */
void vrf_key_free(struct vrf_key *);

/**
 * vrf_public(K, pk):
 * Store the public key of ${K} in ${pk}.
 */
void vrf_public(const struct vrf_key *, uint8_t[VRF_PK_LEN]);

/**
 * vrf_pk_valid(pk):
 * Return 0 if ${pk} is a canonical element other than the identity, or -1.
 */
int vrf_pk_valid(const uint8_t[VRF_PK_LEN]);

/**
 * vrf_prove(K, alpha, len, proof, output):
 * Store the output for the ${len} bytes at ${alpha} in ${output} and the proof
 * that it is the output in ${proof}.  About as slow as three signature
 * verifications; deterministic.
 */
void vrf_prove(const struct vrf_key *, const void *, size_t,
    uint8_t[VRF_PROOF_LEN], uint8_t[VRF_OUTPUT_LEN]);

/**
 * vrf_output(K, alpha, len, output):
 * As vrf_prove without the proof, in half the time.
 */
void vrf_output(const struct vrf_key *, const void *, size_t,
    uint8_t[VRF_OUTPUT_LEN]);

/**
 * vrf_proof_output(proof, output):
 * Store in ${output} the output that ${proof}, which is not verified, is about:
 * for one that was made by vrf_prove and kept.
 */
void vrf_proof_output(const uint8_t[VRF_PROOF_LEN], uint8_t[VRF_OUTPUT_LEN]);

/**
 * vrf_verify(pk, alpha, len, proof, output):
 * Check that ${proof} is a proof under ${pk} for the ${len} bytes at ${alpha}.
 * Return 0 and store the output in ${output}, or return -1 and store zeroes.
 * ${pk} is checked as by vrf_pk_valid each time.
 */
int vrf_verify(const uint8_t[VRF_PK_LEN], const void *, size_t,
    const uint8_t[VRF_PROOF_LEN], uint8_t[VRF_OUTPUT_LEN]);

#endif
