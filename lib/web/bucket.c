#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "web/bucket.h"

/* One token. */
#define TOKEN	1000

struct buckets *
buckets_new(unsigned rate, const uint8_t seed[16])
{
	struct buckets * B;

	if ((B = calloc(1, sizeof(*B))) == NULL)
		return (NULL);
	B->rate = rate;
	memcpy(B->seed, seed, sizeof(B->seed));
	return (B);
}

void
bucket_key(const struct sockaddr_storage * sa, uint8_t key[BUCKET_KEY_LEN])
{
	struct sockaddr_in6 sin6;
	struct sockaddr_in sin;

	memset(key, 0, BUCKET_KEY_LEN);
	if (sa->ss_family == AF_INET) {
		memcpy(&sin, sa, sizeof(sin));
		key[10] = key[11] = 0xff;
		memcpy(&key[12], &sin.sin_addr, 4);
	} else if (sa->ss_family == AF_INET6) {
		memcpy(&sin6, sa, sizeof(sin6));
		memcpy(key, &sin6.sin6_addr,
		    IN6_IS_ADDR_V4MAPPED(&sin6.sin6_addr) ? 16 : 8);
	}
}

/* Return the bucket of ${key}, a full one if it is new. */
static struct bucket *
find(struct buckets * B, const uint8_t key[BUCKET_KEY_LEN], uint64_t now_ms)
{
	struct bucket * row, * oldest;
	uint8_t h[crypto_shorthash_BYTES];

	crypto_shorthash(h, key, BUCKET_KEY_LEN, B->seed);
	row = B->row[(h[0] | (unsigned)h[1] << 8) % BUCKET_ROWS];
	oldest = &row[0];
	for (unsigned i = 0; i < BUCKET_WAYS; i++) {
		if (row[i].at_ms != 0 &&
		    memcmp(row[i].key, key, BUCKET_KEY_LEN) == 0)
			return (&row[i]);
		if (row[i].at_ms < oldest->at_ms)
			oldest = &row[i];
	}
	memcpy(oldest->key, key, BUCKET_KEY_LEN);
	oldest->at_ms = now_ms;
	oldest->tokens_ms = (uint64_t)B->rate * BUCKET_BURST_S * TOKEN;
	return (oldest);
}

uint64_t
buckets_take(struct buckets * B, const uint8_t key[BUCKET_KEY_LEN], uint64_t now_ms)
{
	const uint64_t full = (uint64_t)B->rate * BUCKET_BURST_S * TOKEN;
	struct bucket * b;
	uint64_t passed;

	if (B->rate == 0)
		return (0);
	b = find(B, key, now_ms);
	passed = now_ms - b->at_ms;
	if (passed >= BUCKET_BURST_S * 1000 || b->tokens_ms + passed * B->rate > full)
		b->tokens_ms = full;
	else
		b->tokens_ms += passed * B->rate;
	b->at_ms = now_ms;
	if (b->tokens_ms >= TOKEN) {
		b->tokens_ms -= TOKEN;
		return (0);
	}
	return ((TOKEN - b->tokens_ms + B->rate - 1) / B->rate);
}
