#include <string.h>

#include "openpgp/openpgp_impl.h"

/* Subpackets of a signature (RFC 9580, section 5.2.3.7). */
enum {
	SUB_CREATED = 2,
	SUB_EXPIRES = 3,
	SUB_KEY_EXPIRES = 9,
	SUB_ISSUER = 16,
	SUB_ISSUER_FPR = 33
};

/* Bytes of the part of a version 3 signature that is hashed. */
#define V3_HASHED	5

/* What the subpackets say, seconds as they stand there. */
struct said {
	uint64_t created;
	uint64_t life;
	uint64_t key_life;
	int by_us;		/* 0: not told, 1: by us, -1: by another */
};

static size_t
subpacket_length(struct rbuf * R)
{
	size_t first = rbuf_get_u8(R);

	if (first < 192)
		return (first);
	if (first < 255)
		return (((first - 192) << 8) + rbuf_get_u8(R) + 192);
	return (rbuf_get_u32(R));
}

/* Who made it: a fingerprint counts for more than a key id. */
static void
issuer(struct said * S, const struct openpgp_key * K, unsigned type,
    const uint8_t * p, size_t len)
{

	if (type == SUB_ISSUER_FPR && len > 0)
		S->by_us = len - 1 == K->fpr_len &&
		    memcmp(&p[1], K->fpr, len - 1) == 0 ? 1 : -1;
	else if (type == SUB_ISSUER && S->by_us == 0 &&
	    len == OPENPGP_KEYID_LEN)
		S->by_us = memcmp(p, K->keyid, len) == 0 ? 1 : -1;
}

/* Read the area ${p}; only of the hashed one is more than the issuer taken. */
static int
read_area(struct said * S, const struct openpgp_key * K, const uint8_t * p,
    size_t len, int hashed)
{
	const uint8_t * sub;
	struct rbuf R, V;
	unsigned type;
	size_t n;

	rbuf_init(&R, p, len);
	while (R.len > 0 && !R.failed) {
		n = subpacket_length(&R);
		sub = rbuf_get_bytes(&R, n);
		if (sub == NULL || n == 0)
			return (-1);
		type = sub[0] & 0x7f;
		issuer(S, K, type, &sub[1], n - 1);
		if (!hashed || n != 5)
			continue;
		rbuf_init(&V, &sub[1], n - 1);
		if (type == SUB_CREATED)
			S->created = rbuf_get_u32(&V);
		else if (type == SUB_EXPIRES)
			S->life = rbuf_get_u32(&V);
		else if (type == SUB_KEY_EXPIRES)
			S->key_life = rbuf_get_u32(&V);
	}
	return (rbuf_end(&R));
}

/* Of old, the fields had fixed places. */
static int
parse_v3(struct rbuf * R, unsigned * type, struct said * S,
    const struct openpgp_key * K)
{
	const uint8_t * keyid;

	if (rbuf_get_u8(R) != V3_HASHED)
		return (-1);
	*type = rbuf_get_u8(R);
	S->created = rbuf_get_u32(R);
	if ((keyid = rbuf_get_bytes(R, OPENPGP_KEYID_LEN)) == NULL)
		return (-1);
	issuer(S, K, SUB_ISSUER, keyid, OPENPGP_KEYID_LEN);
	return (0);
}

int
signature_parse(struct statement * T, const struct openpgp_key * K,
    const uint8_t * p, size_t len)
{
	struct said S = { 0, 0, 0, 0 };
	const uint8_t * area;
	struct rbuf R;
	unsigned version;
	size_t n;

	rbuf_init(&R, p, len);
	version = rbuf_get_u8(&R);
	if (version == 3) {
		if (parse_v3(&R, &T->type, &S, K))
			return (-1);
	} else if (version >= 4 && version <= 6) {
		T->type = rbuf_get_u8(&R);
		(void)rbuf_get_u16(&R);		/* the two algorithms */
		for (int hashed = 1; hashed >= 0; hashed--) {
			area = version == 6 ? rbuf_get_var32(&R, len, &n) :
			    rbuf_get_var16(&R, len, &n);
			if (area == NULL || read_area(&S, K, area, n, hashed))
				return (-1);
		}
	} else
		return (-1);
	if (R.failed || S.by_us != 1)
		return (-1);
	T->created = S.created;
	T->expires = S.life != 0 ? S.created + S.life : 0;
	T->key_life = S.key_life;
	return (0);
}
