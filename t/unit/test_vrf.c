#include <stdint.h>
#include <string.h>

#include "base/hex.h"
#include "crypto/vrf.h"

#include "test.h"

/* The published vector of c2sp.org/vrf-r255. */
static const char sk_hex[] =
    "3431c2b03533e280b23232e280b34e2c3132c2b03238e280b23131e280b34500";
static const char pk_hex[] =
    "54136cd90d99fbd1d4e855d9556efea87ba0337f2a6ce22028d0f5726fcb854e";
static const char alpha[] = "c2sp.org/vrf-r255";
static const char proof_hex[] =
    "0a97d961262fb549b4175c5117860f42ae44a123f93c476c439eddd1c0cff926"
    "5c805525233e2284dbed45e593b8eea31d5ca9734d72bcbba9738d5237f955f3"
    "b2422351149d1312503b6441a47c940c";
static const char output_hex[] =
    "dd653f0879b48c3ef69e13551239bec4cbcc1c18fe8894de2e9e1c790e182736"
    "03bf1c6c25d7a797aeff3c43fd32b974d3fcbd4bcce916007097922a3ea3a794";

/*
 * What the holder of the key can compute for the other encoding of the same Gamma,
 * with the highest bit set: the equations hold, and the output is another.
 */
static const char other_encoding_hex[] =
    "0a97d961262fb549b4175c5117860f42ae44a123f93c476c439eddd1c0cff9a6"
    "ce5373130daef0378b644ddd5913422d69d937155c7ba3a9412a50ca35238dd9"
    "11d9163c853697f76496303d492e8c07";

/* The group order, little-endian. */
static const char order_hex[] =
    "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

/* Decode exactly ${len} bytes. */
static int
unhex(const char * hex, uint8_t * out, size_t len)
{
	size_t n;

	if (hex_decode(hex, strlen(hex), out, len, &n))
		return (-1);
	return (n == len ? 0 : -1);
}

static uint8_t sk[VRF_SCALAR_LEN], pk[VRF_PK_LEN];
static uint8_t proof[VRF_PROOF_LEN], output[VRF_OUTPUT_LEN];

static int
load(void)
{

	if (unhex(sk_hex, sk, sizeof(sk)) || unhex(pk_hex, pk, sizeof(pk)) ||
	    unhex(proof_hex, proof, sizeof(proof)) ||
	    unhex(output_hex, output, sizeof(output)))
		return (-1);
	return (0);
}

static void
published_vector(void)
{
	struct vrf_key * K;
	uint8_t y[VRF_PK_LEN], pi[VRF_PROOF_LEN], beta[VRF_OUTPUT_LEN];

	CHECK(load() == 0);
	K = vrf_key_from_scalar(sk);
	CHECK(K != NULL);
	vrf_public(K, y);
	CHECK(memcmp(y, pk, sizeof(pk)) == 0);
	vrf_prove(K, alpha, strlen(alpha), pi, beta);
	CHECK(memcmp(pi, proof, sizeof(pi)) == 0);
	CHECK(memcmp(beta, output, sizeof(beta)) == 0);
	memset(beta, 0, sizeof(beta));
	vrf_output(K, alpha, strlen(alpha), beta);
	CHECK(memcmp(beta, output, sizeof(beta)) == 0);
	memset(beta, 0, sizeof(beta));
	CHECK(vrf_verify(pk, alpha, strlen(alpha), proof, beta) == 0);
	CHECK(memcmp(beta, output, sizeof(beta)) == 0);
	vrf_key_free(K);
}

static void
flipped_bits(void)
{
	uint8_t zero[VRF_OUTPUT_LEN] = { 0 }, beta[VRF_OUTPUT_LEN];
	unsigned i, accepted = 0, leaked = 0;

	CHECK(load() == 0);
	for (i = 0; i < 8 * VRF_PROOF_LEN; i++) {
		proof[i / 8] ^= (uint8_t)(1 << i % 8);
		memset(beta, 1, sizeof(beta));
		accepted += vrf_verify(pk, alpha, strlen(alpha), proof, beta)
		    == 0;
		leaked += memcmp(beta, zero, sizeof(beta)) != 0;
		proof[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	CHECK(accepted == 0 && leaked == 0);
	for (i = 0; i < 8 * VRF_PK_LEN; i++) {
		pk[i / 8] ^= (uint8_t)(1 << i % 8);
		accepted += vrf_verify(pk, alpha, strlen(alpha), proof, beta)
		    == 0;
		pk[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	CHECK(accepted == 0);
	CHECK(vrf_verify(pk, alpha, strlen(alpha) - 1, proof, beta) == -1);
	CHECK(vrf_verify(pk, "C2sp.org/vrf-r255", strlen(alpha), proof, beta)
	    == -1);
}

static void
non_canonical_s(void)
{
	uint8_t order[32], beta[VRF_OUTPUT_LEN];
	unsigned i, carry = 0;

	/* s plus the order satisfies the equation just as well. */
	CHECK(load() == 0 && unhex(order_hex, order, sizeof(order)) == 0);
	for (i = 0; i < 32; i++) {
		carry += (unsigned)proof[48 + i] + order[i];
		proof[48 + i] = (uint8_t)carry;
		carry >>= 8;
	}
	CHECK(carry == 0);
	CHECK(vrf_verify(pk, alpha, strlen(alpha), proof, beta) == -1);
}

static void
non_canonical_elements(void)
{
	uint8_t beta[VRF_OUTPUT_LEN], other[VRF_PROOF_LEN];

	CHECK(load() == 0);
	CHECK(unhex(other_encoding_hex, other, sizeof(other)) == 0);
	other[31] ^= 0x80;
	CHECK(memcmp(other, proof, 32) == 0);
	other[31] ^= 0x80;
	CHECK(vrf_verify(pk, alpha, strlen(alpha), other, beta) == -1);
	pk[31] ^= 0x80;
	CHECK(vrf_pk_valid(pk) == -1);
}

static void
bad_keys(void)
{
	uint8_t zero[32] = { 0 }, order[32], beta[VRF_OUTPUT_LEN];
	uint8_t pi[VRF_PROOF_LEN] = { 0 };
	struct vrf_key * K;

	CHECK(load() == 0 && unhex(order_hex, order, sizeof(order)) == 0);
	CHECK(vrf_key_from_scalar(zero) == NULL);
	CHECK(vrf_key_from_scalar(order) == NULL);
	order[0]--;
	K = vrf_key_from_scalar(order);
	CHECK(K != NULL);
	CHECK(vrf_verify(K->pk, alpha, strlen(alpha), proof, beta) == -1);
	vrf_key_free(K);
	CHECK(vrf_pk_valid(pk) == 0);
	CHECK(vrf_pk_valid(zero) == -1);
	CHECK(vrf_verify(zero, alpha, strlen(alpha), proof, beta) == -1);
	CHECK(vrf_verify(zero, alpha, strlen(alpha), pi, beta) == -1);
	memset(zero, 0xff, sizeof(zero));
	CHECK(vrf_pk_valid(zero) == -1);
}

static void
random_keys(void)
{
	struct vrf_key * K;
	uint8_t msg[200], pi[VRF_PROOF_LEN];
	uint8_t b1[VRF_OUTPUT_LEN], b2[VRF_OUTPUT_LEN], b3[VRF_OUTPUT_LEN];
	unsigned i;

	for (i = 0; i < 20; i++) {
		memset(msg, (int)i, sizeof(msg));
		K = vrf_key_generate();
		CHECK(K != NULL && vrf_pk_valid(K->pk) == 0);
		vrf_prove(K, msg, 10 * i, pi, b1);
		vrf_output(K, msg, 10 * i, b2);
		CHECK(vrf_verify(K->pk, msg, 10 * i, pi, b3) == 0);
		CHECK(memcmp(b1, b2, sizeof(b1)) == 0);
		CHECK(memcmp(b1, b3, sizeof(b1)) == 0);
		vrf_key_free(K);
	}
}

static const struct test tests[] = {
	{ "the published vector comes out and verifies", published_vector },
	{ "any bit flipped in proof, key or input is refused", flipped_bits },
	{ "another encoding of the same scalar is refused", non_canonical_s },
	{ "another encoding of the same element is refused: one index for a user",
	    non_canonical_elements },
	{ "zero, too large, identity and foreign keys are refused", bad_keys },
	{ "what any key proves verifies, and the fast path agrees",
	    random_keys },
};
TESTS(tests)
