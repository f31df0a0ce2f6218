#ifndef KS_HEAD_HEAD_H
#define KS_HEAD_HEAD_H

#include <stddef.h>
#include <stdint.h>

#include "crypto/hash.h"

#define HEAD_LEN	168	/* bytes of a head record */

/* A head record (PROTOCOL section 7): what an epoch is. */
struct head {
	uint8_t realm[HASH_LEN];	/* head_realm of the realm's name */
	uint64_t epoch;			/* from 1 */
	uint8_t root[HASH_LEN];		/* of the directory tree */
	uint64_t time_ms;		/* of the delimiter; never decreases */
	uint64_t updates;		/* accepted in this epoch */
	uint8_t list[HASH_LEN];		/* of them, in order: head_list_add */
	uint8_t policy[HASH_LEN];	/* head_policy, from the next epoch on */
};

/**
 * head_put(H, p):
 * Store the HEAD_LEN bytes of the record ${H} at ${p}.
 */
void head_put(const struct head *, uint8_t *);

/**
 * head_parse(H, p, len):
 * Decode the ${len} bytes at ${p} into ${H}.  Return 0, or -1 if they are not a
 * head record: length, label, epoch 0, or more updates than EPOCH_UPDATES_MAX.
 */
int head_parse(struct head *, const uint8_t *, size_t);

/**
 * head_list_init(hash), head_list_add(hash, update, len):
 * Make the HASH_LEN bytes ${hash} stand for no update, and for those before and
 * the ${len} bytes of the encoded ${update} after them.  With it the head says
 * which updates an epoch is made of, so that nobody but those who sign it can
 * be blamed for them, or blame others.
 */
void head_list_init(uint8_t *);
void head_list_add(uint8_t *, const uint8_t *, size_t);

/**
 * head_realm(name, hash):
 * Store in ${hash} the HASH_LEN bytes that stand for the realm ${name}.
 */
void head_realm(const char *, uint8_t *);

/**
 * head_policy(text, len, hash):
 * Store in ${hash} the HASH_LEN bytes that stand for the realm policy in the
 * ${len} bytes at ${text}.
 */
void head_policy(const char *, size_t, uint8_t *);

#endif
