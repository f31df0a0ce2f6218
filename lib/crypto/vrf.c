#include <errno.h>
#include <string.h>

#include <sodium.h>

#include "base/panic.h"
#include "crypto/secret.h"
#include "crypto/vrf.h"

#define POINT_LEN	32	/* an encoded element: ptLen */
#define SCALAR_LEN	32	/* an encoded scalar: qLen */
#define CHALLENGE_LEN	16	/* cLen */
#define DIGEST_LEN	64	/* SHA-512: hLen */

/* Where the parts of a proof start: Gamma, c, s. */
#define PROOF_C		POINT_LEN
#define PROOF_S		(POINT_LEN + CHALLENGE_LEN)

/* 0xff || "c2sp.org/vrf-r255" */
static const uint8_t suite[] = {
	0xff, 'c', '2', 's', 'p', '.', 'o', 'r', 'g', '/',
	'v', 'r', 'f', '-', 'r', '2', '5', '5'
};

/* The byte after the suite that keeps the uses of the hash apart. */
#define DOMAIN_CHALLENGE	0x02
#define DOMAIN_OUTPUT		0x03
#define DOMAIN_NONCE		0x81
#define DOMAIN_ENCODE		0x82

/* Ends the input of the hashes that RFC 9381 itself defines. */
static const uint8_t trailer[1] = { 0x00 };

/* Start ${st} for the use of the hash that ${domain} names. */
static void
begin(crypto_hash_sha512_state * st, uint8_t domain)
{

	(void)crypto_hash_sha512_init(st);
	(void)crypto_hash_sha512_update(st, suite, sizeof(suite));
	(void)crypto_hash_sha512_update(st, &domain, 1);
}

/* ECVRF_encode_to_curve. */
static void
encode(const uint8_t pk[POINT_LEN], const void * alpha, size_t len,
    uint8_t H[POINT_LEN])
{
	crypto_hash_sha512_state st;
	uint8_t digest[DIGEST_LEN];

	begin(&st, DOMAIN_ENCODE);
	(void)crypto_hash_sha512_update(&st, pk, POINT_LEN);
	(void)crypto_hash_sha512_update(&st, alpha, len);
	(void)crypto_hash_sha512_final(&st, digest);
	(void)crypto_core_ristretto255_from_hash(H, digest);
}

/* Store ${n} * ${P} in ${R}, where ${P} is what encode stored. */
static void
mult(uint8_t R[POINT_LEN], const uint8_t n[SCALAR_LEN],
    const uint8_t P[POINT_LEN])
{

	/* Fails for the identity alone, which no hash input is known to give. */
	PANIC_UNLESS(crypto_scalarmult_ristretto255(R, n, P) == 0);
}

/* ECVRF_challenge_generation, widened to a scalar. */
static void
challenge(const uint8_t Y[POINT_LEN], const uint8_t H[POINT_LEN],
    const uint8_t Gamma[POINT_LEN], const uint8_t U[POINT_LEN],
    const uint8_t V[POINT_LEN], uint8_t c[SCALAR_LEN])
{
	crypto_hash_sha512_state st;
	uint8_t digest[DIGEST_LEN];

	begin(&st, DOMAIN_CHALLENGE);
	(void)crypto_hash_sha512_update(&st, Y, POINT_LEN);
	(void)crypto_hash_sha512_update(&st, H, POINT_LEN);
	(void)crypto_hash_sha512_update(&st, Gamma, POINT_LEN);
	(void)crypto_hash_sha512_update(&st, U, POINT_LEN);
	(void)crypto_hash_sha512_update(&st, V, POINT_LEN);
	(void)crypto_hash_sha512_update(&st, trailer, sizeof(trailer));
	(void)crypto_hash_sha512_final(&st, digest);
	memset(c, 0, SCALAR_LEN);
	memcpy(c, digest, CHALLENGE_LEN);
}

/* ECVRF_nonce_generation. */
static void
nonce(const uint8_t x[SCALAR_LEN], const uint8_t H[POINT_LEN],
    uint8_t k[SCALAR_LEN])
{
	crypto_hash_sha512_state st;
	uint8_t digest[DIGEST_LEN];

	begin(&st, DOMAIN_NONCE);
	(void)crypto_hash_sha512_update(&st, x, SCALAR_LEN);
	(void)crypto_hash_sha512_update(&st, H, POINT_LEN);
	(void)crypto_hash_sha512_final(&st, digest);
	crypto_core_ristretto255_scalar_reduce(k, digest);
	sodium_memzero(&st, sizeof(st));
	sodium_memzero(digest, sizeof(digest));
}

/* ECVRF_proof_to_hash, of the Gamma of a proof. */
static void
output_of(const uint8_t Gamma[POINT_LEN], uint8_t output[VRF_OUTPUT_LEN])
{
	crypto_hash_sha512_state st;

	begin(&st, DOMAIN_OUTPUT);
	(void)crypto_hash_sha512_update(&st, Gamma, POINT_LEN);
	(void)crypto_hash_sha512_update(&st, trailer, sizeof(trailer));
	(void)crypto_hash_sha512_final(&st, output);
}

/* Return 0 if ${s} is below the group order, or -1. */
static int
scalar_valid(const uint8_t s[SCALAR_LEN])
{
	uint8_t wide[crypto_core_ristretto255_NONREDUCEDSCALARBYTES] = { 0 };
	uint8_t reduced[SCALAR_LEN];
	int rc;

	memcpy(wide, s, SCALAR_LEN);
	crypto_core_ristretto255_scalar_reduce(reduced, wide);
	rc = sodium_memcmp(reduced, s, SCALAR_LEN);
	sodium_memzero(wide, sizeof(wide));
	sodium_memzero(reduced, sizeof(reduced));
	return (rc);
}

/*
 * Return 0 if ${P} is the canonical encoding of an element, or -1.  libsodium 1.0.18
 * does not look at the highest bit: with it each element has two encodings, both
 * of which it takes, and whoever has the key could give every user two indices.
 */
static int
element_valid(const uint8_t P[POINT_LEN])
{

	if (P[POINT_LEN - 1] & 0x80)
		return (-1);
	return (crypto_core_ristretto255_is_valid_point(P) ? 0 : -1);
}

struct vrf_key *
vrf_key_generate(void)
{
	struct vrf_key * K;

	if ((K = secret_alloc(sizeof(*K))) == NULL)
		return (NULL);
	crypto_core_ristretto255_scalar_random(K->x);
	(void)crypto_scalarmult_ristretto255_base(K->pk, K->x);
	return (K);
}

struct vrf_key *
vrf_key_from_scalar(const uint8_t x[VRF_SCALAR_LEN])
{
	struct vrf_key * K;

	if (scalar_valid(x)) {
		errno = EINVAL;
		goto err0;
	}
	if ((K = secret_alloc(sizeof(*K))) == NULL)
		goto err0;
	memcpy(K->x, x, VRF_SCALAR_LEN);

	/* Fails for the identity alone, that is, for a zero scalar. */
	if (crypto_scalarmult_ristretto255_base(K->pk, K->x)) {
		errno = EINVAL;
		goto err1;
	}
	return (K);

err1:
	vrf_key_free(K);
	errno = EINVAL;
err0:
	return (NULL);
}

void
vrf_key_free(struct vrf_key * K)
{

	secret_free(K);
}

void
vrf_public(const struct vrf_key * K, uint8_t pk[VRF_PK_LEN])
{

	memcpy(pk, K->pk, VRF_PK_LEN);
}

int
vrf_pk_valid(const uint8_t pk[VRF_PK_LEN])
{

	/* The identity is encoded as zeroes. */
	if (sodium_is_zero(pk, VRF_PK_LEN))
		return (-1);
	return (element_valid(pk));
}

void
vrf_prove(const struct vrf_key * K, const void * alpha, size_t len,
    uint8_t proof[VRF_PROOF_LEN], uint8_t output[VRF_OUTPUT_LEN])
{
	uint8_t H[POINT_LEN], U[POINT_LEN], V[POINT_LEN];
	uint8_t k[SCALAR_LEN], c[SCALAR_LEN], cx[SCALAR_LEN];

	encode(K->pk, alpha, len, H);
	mult(proof, K->x, H);
	nonce(K->x, H, k);
	(void)crypto_scalarmult_ristretto255_base(U, k);
	mult(V, k, H);
	challenge(K->pk, H, proof, U, V, c);

	/* s = k + c x */
	crypto_core_ristretto255_scalar_mul(cx, c, K->x);
	memcpy(&proof[PROOF_C], c, CHALLENGE_LEN);
	crypto_core_ristretto255_scalar_add(&proof[PROOF_S], k, cx);
	output_of(proof, output);

	/* With k or c x and the proof, x could be computed. */
	sodium_memzero(k, sizeof(k));
	sodium_memzero(cx, sizeof(cx));
}

void
vrf_output(const struct vrf_key * K, const void * alpha, size_t len,
    uint8_t output[VRF_OUTPUT_LEN])
{
	uint8_t H[POINT_LEN], Gamma[POINT_LEN];

	encode(K->pk, alpha, len, H);
	mult(Gamma, K->x, H);
	output_of(Gamma, output);
}

void
vrf_proof_output(const uint8_t proof[VRF_PROOF_LEN],
    uint8_t output[VRF_OUTPUT_LEN])
{

	output_of(proof, output);
}

/* Store s * P - c * Q in ${R}; -1 if a scalar is zero or a point invalid. */
static int
combine(const uint8_t s[SCALAR_LEN], const uint8_t * P,
    const uint8_t c[SCALAR_LEN], const uint8_t Q[POINT_LEN],
    uint8_t R[POINT_LEN])
{
	uint8_t sP[POINT_LEN], cQ[POINT_LEN];

	if (P == NULL) {
		if (crypto_scalarmult_ristretto255_base(sP, s))
			return (-1);
	} else if (crypto_scalarmult_ristretto255(sP, s, P))
		return (-1);
	if (crypto_scalarmult_ristretto255(cQ, c, Q))
		return (-1);
	return (crypto_core_ristretto255_sub(R, sP, cQ) ? -1 : 0);
}

int
vrf_verify(const uint8_t pk[VRF_PK_LEN], const void * alpha, size_t len,
    const uint8_t proof[VRF_PROOF_LEN], uint8_t output[VRF_OUTPUT_LEN])
{
	const uint8_t * Gamma = proof;
	const uint8_t * s = &proof[PROOF_S];
	uint8_t H[POINT_LEN], U[POINT_LEN], V[POINT_LEN];
	uint8_t c[SCALAR_LEN] = { 0 }, c2[SCALAR_LEN];

	memset(output, 0, VRF_OUTPUT_LEN);
	if (vrf_pk_valid(pk) || element_valid(Gamma) || scalar_valid(s))
		return (-1);
	memcpy(c, &proof[PROOF_C], CHALLENGE_LEN);
	encode(pk, alpha, len, H);

	/*
	 * A zero s or c, or the identity as Gamma, fails here.  RFC 9381 would
	 * go on, to refuse them by the challenge: who finds one that passes has
	 * inverted the hash (c, s) or proven a Gamma that is not x * H.
	 */
	if (combine(s, NULL, c, pk, U) || combine(s, H, c, Gamma, V))
		return (-1);
	challenge(pk, H, Gamma, U, V, c2);
	if (sodium_memcmp(c, c2, SCALAR_LEN))
		return (-1);
	output_of(Gamma, output);
	return (0);
}
