#ifndef KS_WEB_BUCKET_H
#define KS_WEB_BUCKET_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/*
 * How many requests an address may make: a bucket of tokens for each, which fills at
 * a rate up to a burst.  An IPv6 address stands for its network of 64 bits, as one
 * customer has so many.  Pure: the time is given.
 */

/* Addresses that are remembered.  Of those that fall into the same row the one that
 * was quiet for longest is forgotten: it would be nearly full. */
#define BUCKET_ROWS	1024
#define BUCKET_WAYS	8

/* A bucket holds what comes in so many seconds at its rate. */
#define BUCKET_BURST_S	4

/* Bytes that stand for an address. */
#define BUCKET_KEY_LEN	16

struct bucket {
	uint8_t key[BUCKET_KEY_LEN];
	uint64_t at_ms;		/* when tokens_ms was right; 0: unused */
	uint64_t tokens_ms;	/* tokens times 1000 */
};

struct buckets {
	unsigned rate;		/* tokens a second; 0: no limit */
	uint8_t seed[16];	/* so that nobody chooses who shares a row */
	struct bucket row[BUCKET_ROWS][BUCKET_WAYS];
};

/**
 * buckets_new(rate, seed):
 * Return buckets that fill at ${rate}, which place addresses by the secret ${seed}, for
 * free(3); or NULL (ENOMEM).
 */
struct buckets * buckets_new(unsigned, const uint8_t[16]);

/**
 * bucket_key(sa, key):
 * Write what stands for the address ${sa} to ${key}.
 */
void bucket_key(const struct sockaddr_storage *, uint8_t[BUCKET_KEY_LEN]);

/**
 * buckets_take(B, key, now_ms):
 * Take a token of ${key} at ${now_ms} of a clock that never steps.  Return 0, or in how
 * many milliseconds there will be one.
 */
uint64_t buckets_take(struct buckets *, const uint8_t[BUCKET_KEY_LEN], uint64_t);

#endif
