#include <string.h>

#include "crypto/hash.h"
#include "crypto/sha1.h"

#include "openpgp/openpgp_impl.h"

/* Bytes before a key's own packet in what its fingerprint is the hash of. */
#define PREFIX_MAX	5

/* Algorithms (RFC 9580, section 9.1), of which we know the size of a key. */
enum {
	RSA = 1, RSA_ENCRYPT = 2, RSA_SIGN = 3, ELGAMAL = 16, DSA = 17,
	ECDH = 18, ECDSA = 19, EDDSA_LEGACY = 22,
	X25519 = 25, X448 = 26, ED25519 = 27, ED448 = 28
};

/* Curves by their object identifiers (section 9.2). */
static const struct {
	const char * oid;
	size_t len;
	uint32_t bits;
} curves[] = {
	{ "\x2a\x86\x48\xce\x3d\x03\x01\x07", 8, 256 },		/* P-256 */
	{ "\x2b\x81\x04\x00\x22", 5, 384 },			/* P-384 */
	{ "\x2b\x81\x04\x00\x23", 5, 521 },			/* P-521 */
	{ "\x2b\x24\x03\x03\x02\x08\x01\x01\x07", 9, 256 },	/* brainpool */
	{ "\x2b\x24\x03\x03\x02\x08\x01\x01\x0b", 9, 384 },
	{ "\x2b\x24\x03\x03\x02\x08\x01\x01\x0d", 9, 512 },
	{ "\x2b\x06\x01\x04\x01\xda\x47\x0f\x01", 9, 256 },	/* Ed25519 */
	{ "\x2b\x06\x01\x04\x01\x97\x55\x01\x05\x01", 10, 256 },	/* X25519 */
	{ "\x2b\x81\x04\x00\x0a", 5, 256 }			/* secp256k1 */
};

/* Size of the key whose ${algorithm}'s own fields are in ${R}; 0: not known. */
static uint32_t
key_bits(uint8_t algorithm, struct rbuf * R)
{
	const uint8_t * oid;
	size_t len;

	switch (algorithm) {
	case RSA: case RSA_ENCRYPT: case RSA_SIGN: case ELGAMAL: case DSA:
		/* The first number; its length stands before it, in bits. */
		return (rbuf_get_u16(R));
	case ECDH: case ECDSA: case EDDSA_LEGACY:
		oid = rbuf_get_var8(R, 254, &len);
		for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++)
			if (oid != NULL && len == curves[i].len &&
			    memcmp(oid, curves[i].oid, len) == 0)
				return (curves[i].bits);
		return (0);
	case X25519: case ED25519:
		return (256);
	case X448: case ED448:
		return (448);
	default:
		return (0);
	}
}

/* The fingerprint of ${K}, whose packet is the ${len} bytes at ${p}. */
static int
fingerprint(struct openpgp_key * K, const uint8_t * p, size_t len)
{
	static const uint8_t octet[] = { [4] = 0x99, [5] = 0x9a, [6] = 0x9b };
	uint8_t whole[3 + UINT16_MAX];
	uint8_t prefix[PREFIX_MAX] = { octet[K->version], (uint8_t)(len >> 24),
	    (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len };
	struct hash_sha256 H;

	if (K->version == 4) {
		if (len > UINT16_MAX)
			return (-1);
		whole[0] = octet[4];
		whole[1] = (uint8_t)(len >> 8);
		whole[2] = (uint8_t)len;
		memcpy(&whole[3], p, len);
		K->fpr_len = SHA1_LEN;
		if (sha1(whole, 3 + len, K->fpr))
			return (-1);
		memcpy(K->keyid, &K->fpr[SHA1_LEN - OPENPGP_KEYID_LEN],
		    OPENPGP_KEYID_LEN);
		return (0);
	}
	hash_sha256_init(&H);
	hash_sha256_update(&H, prefix, sizeof(prefix));
	hash_sha256_update(&H, p, len);
	hash_sha256_final(&H, K->fpr);
	K->fpr_len = HASH_LEN;
	memcpy(K->keyid, K->fpr, OPENPGP_KEYID_LEN);
	return (0);
}

int
key_parse(struct openpgp_key * K, const uint8_t * p, size_t len)
{
	struct rbuf R;
	uint32_t n;

	memset(K, 0, sizeof(*K));
	rbuf_init(&R, p, len);
	K->version = rbuf_get_u8(&R);
	if (K->version < 4 || K->version > 6)
		return (-1);
	K->created = rbuf_get_u32(&R);
	K->algorithm = rbuf_get_u8(&R);
	if (K->version > 4) {
		n = rbuf_get_u32(&R);
		if (n != R.len)
			return (-1);
	}
	K->bits = key_bits(K->algorithm, &R);
	if (R.failed)
		return (-1);
	return (fingerprint(K, p, len));
}
