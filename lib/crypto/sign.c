#include <string.h>

#include <sodium.h>

#include "crypto/secret.h"
#include "crypto/sign.h"

/* RFC 8032, section 7.1, test 3: a message of two bytes. */
static const uint8_t kat_seed[SIGN_SEED_LEN] = {
	0xc5, 0xaa, 0x8d, 0xf4, 0x3f, 0x9f, 0x83, 0x7b,
	0xed, 0xb7, 0x44, 0x2f, 0x31, 0xdc, 0xb7, 0xb1,
	0x66, 0xd3, 0x85, 0x35, 0x07, 0x6f, 0x09, 0x4b,
	0x85, 0xce, 0x3a, 0x2e, 0x0b, 0x44, 0x58, 0xf7
};
static const uint8_t kat_pk[SIGN_PK_LEN] = {
	0xfc, 0x51, 0xcd, 0x8e, 0x62, 0x18, 0xa1, 0xa3,
	0x8d, 0xa4, 0x7e, 0xd0, 0x02, 0x30, 0xf0, 0x58,
	0x08, 0x16, 0xed, 0x13, 0xba, 0x33, 0x03, 0xac,
	0x5d, 0xeb, 0x91, 0x15, 0x48, 0x90, 0x80, 0x25
};
static const uint8_t kat_msg[2] = { 0xaf, 0x82 };
static const uint8_t kat_sig[SIGN_LEN] = {
	0x62, 0x91, 0xd6, 0x57, 0xde, 0xec, 0x24, 0x02,
	0x48, 0x27, 0xe6, 0x9c, 0x3a, 0xbe, 0x01, 0xa3,
	0x0c, 0xe5, 0x48, 0xa2, 0x84, 0x74, 0x3a, 0x44,
	0x5e, 0x36, 0x80, 0xd7, 0xdb, 0x5a, 0xc3, 0xac,
	0x18, 0xff, 0x9b, 0x53, 0x8d, 0x16, 0xf2, 0x90,
	0xae, 0x67, 0xf7, 0x60, 0x98, 0x4d, 0xc6, 0x59,
	0x4a, 0x7c, 0x15, 0xe9, 0x71, 0x6e, 0xd2, 0x8d,
	0xc0, 0x27, 0xbe, 0xce, 0xea, 0x1e, 0xc4, 0x0a
};

/*
 * The generator plus the point (0, -1) of order 2, so of order 2q: its y is
 * minus that of the generator (4/5), its x is odd.
 */
static const uint8_t order_2q[SIGN_PK_LEN] = {
	0x95, 0x99, 0x99, 0x99, 0x99, 0x99, 0x99, 0x99,
	0x99, 0x99, 0x99, 0x99, 0x99, 0x99, 0x99, 0x99,
	0x99, 0x99, 0x99, 0x99, 0x99, 0x99, 0x99, 0x99,
	0x99, 0x99, 0x99, 0x99, 0x99, 0x99, 0x99, 0x99
};

/* The identity: of small order. */
static const uint8_t identity[SIGN_PK_LEN] = { 0x01 };

/* The group order, little-endian: a signature's S must be below it. */
static const uint8_t group_order[32] = {
	0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,
	0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10
};

struct sign_key *
sign_key_from_seed(const uint8_t seed[SIGN_SEED_LEN])
{
	struct sign_key * K;

	if ((K = secret_alloc(sizeof(*K))) == NULL)
		return (NULL);
	memcpy(K->seed, seed, SIGN_SEED_LEN);
	(void)crypto_sign_seed_keypair(K->pk, K->sk, K->seed);
	return (K);
}

struct sign_key *
sign_key_generate(void)
{
	struct sign_key * K;

	if ((K = secret_alloc(sizeof(*K))) == NULL)
		return (NULL);
	randombytes_buf(K->seed, SIGN_SEED_LEN);
	(void)crypto_sign_seed_keypair(K->pk, K->sk, K->seed);
	return (K);
}

void
sign_key_free(struct sign_key * K)
{

	secret_free(K);
}

void
sign_make(const struct sign_key * K, const void * msg, size_t len,
    uint8_t sig[SIGN_LEN])
{

	(void)crypto_sign_detached(sig, NULL, msg, len, K->sk);
}

int
sign_verify(const uint8_t pk[SIGN_PK_LEN], const void * msg, size_t len,
    const uint8_t sig[SIGN_LEN])
{

	return (crypto_sign_verify_detached(sig, msg, len, pk) ? -1 : 0);
}

int
sign_pk_valid(const uint8_t pk[SIGN_PK_LEN])
{

	return (crypto_core_ed25519_is_valid_point(pk) ? 0 : -1);
}

/* Add the group order to the S of ${sig}: the same equation, another encoding. */
static void
raise_s(uint8_t sig[SIGN_LEN])
{
	unsigned i, carry = 0;

	for (i = 0; i < 32; i++) {
		carry += (unsigned)sig[32 + i] + group_order[i];
		sig[32 + i] = (uint8_t)carry;
		carry >>= 8;
	}
}

int
sign_self_test(void)
{
	struct sign_key * K;
	uint8_t sig[SIGN_LEN];

	if (sodium_init() < 0)
		goto err0;
	if ((K = sign_key_from_seed(kat_seed)) == NULL)
		goto err0;
	sign_make(K, kat_msg, sizeof(kat_msg), sig);
	if (memcmp(K->pk, kat_pk, SIGN_PK_LEN) ||
	    memcmp(sig, kat_sig, SIGN_LEN))
		goto err1;
	if (sign_pk_valid(kat_pk) ||
	    sign_verify(kat_pk, kat_msg, sizeof(kat_msg), kat_sig))
		goto err1;

	/* What must not verify: another message, another encoding of S. */
	if (sign_verify(kat_pk, kat_msg, 1, kat_sig) == 0)
		goto err1;
	raise_s(sig);
	if (sign_verify(kat_pk, kat_msg, sizeof(kat_msg), sig) == 0)
		goto err1;

	/* What must not be a key. */
	if (sign_pk_valid(order_2q) == 0 || sign_pk_valid(identity) == 0)
		goto err1;
	sign_key_free(K);
	return (0);

err1:
	sign_key_free(K);
err0:
	return (-1);
}
