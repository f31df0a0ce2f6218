#include <stdint.h>
#include <string.h>

#include "codec/rbuf.h"
#include "entry/limits.h"

#include "head/head.h"

/* What no other 168 bytes that we hash start with. */
static const uint8_t label[16] = "ks/head/v1";

/* What the hash of a list of updates is personalised with. */
static const char LIST[] = "ks-updates";

/* Store ${x} in the 8 bytes at ${p}, big-endian. */
static void
put_u64(uint8_t * p, uint64_t x)
{

	for (size_t i = 8; i-- > 0; x >>= 8)
		p[i] = (uint8_t)x;
}

void
head_put(const struct head * H, uint8_t * p)
{

	memcpy(&p[0], label, sizeof(label));
	memcpy(&p[16], H->realm, HASH_LEN);
	put_u64(&p[48], H->epoch);
	memcpy(&p[56], H->root, HASH_LEN);
	put_u64(&p[88], H->time_ms);
	put_u64(&p[96], H->updates);
	memcpy(&p[104], H->list, HASH_LEN);
	memcpy(&p[136], H->policy, HASH_LEN);
}

int
head_parse(struct head * H, const uint8_t * p, size_t len)
{
	struct rbuf R;
	uint8_t start[sizeof(label)];

	rbuf_init(&R, p, len);
	rbuf_copy(&R, start, sizeof(start));
	if (memcmp(start, label, sizeof(label)) != 0)
		rbuf_fail(&R);
	rbuf_copy(&R, H->realm, HASH_LEN);
	H->epoch = rbuf_get_u64(&R);
	rbuf_copy(&R, H->root, HASH_LEN);
	H->time_ms = rbuf_get_u64(&R);
	H->updates = rbuf_get_u64(&R);
	rbuf_copy(&R, H->list, HASH_LEN);
	rbuf_copy(&R, H->policy, HASH_LEN);
	if (H->epoch == 0 || H->updates > EPOCH_UPDATES_MAX)
		rbuf_fail(&R);
	return (rbuf_end(&R));
}

void
head_list_init(uint8_t * hash)
{

	hash_blake2b(LIST, NULL, NULL, 0, hash);
}

void
head_list_add(uint8_t * hash, const uint8_t * update, size_t len)
{
	struct hash_blake2b H;

	hash_blake2b_init(&H, LIST, NULL);
	hash_blake2b_update(&H, hash, HASH_LEN);
	hash_blake2b_update(&H, update, len);
	hash_blake2b_final(&H, hash);
}

void
head_realm(const char * name, uint8_t * hash)
{

	hash_sha256(name, strlen(name), hash);
}

void
head_policy(const char * text, size_t len, uint8_t * hash)
{

	hash_sha256(text, len, hash);
}
