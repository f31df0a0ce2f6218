#ifndef KS_POLICY_HISTORY_H
#define KS_POLICY_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#include "crypto/hash.h"
#include "policy/policy.h"

/*
 * The policies of a realm, one after the other: each is in force from its first
 * epoch up to the one before the first epoch of the next.  There is no limit to
 * how many there are: each took the agreement of a majority and an epoch.
 */
struct policy_history;

/* A policy of a realm. */
struct policy_era {
	uint64_t epoch;			/* the first in which it is in force */
	uint64_t number;		/* one more than that of the one before */
	const char * text;		/* ${len} bytes and a NUL */
	size_t len;
	uint8_t hash[HASH_LEN];		/* as in head records: head_policy */
	const struct policy * policy;
};

/**
 * policy_history_make(realm):
 * Return a history without policies, for policy_history_free, of the realm with
 * the name ${realm}, which is copied; or NULL.
 */
struct policy_history * policy_history_make(const char *);

/**
 * policy_history_free(H):
 * Free ${H}, which may be NULL, and its policies.
 */
void policy_history_free(struct policy_history *);

/**
 * policy_history_add(H, epoch, number, text, len, error):
 * Add to ${H} the policy in the ${len} bytes at ${text}, which are copied, with
 * this ${number}, in force from ${epoch} on.  Return 0; or -1, with ${H} as it
 * was, and fill ${error}: it is no policy of the realm (policy_parse_realm), not
 * of a later epoch than the newest, or its number does not follow; memory ran
 * out.  The first may have any epoch and number but 0.
 */
int policy_history_add(struct policy_history *, uint64_t, uint64_t,
    const char *, size_t, struct policy_error *);

/**
 * policy_history_at(H, epoch):
 * Return the policy of ${H} that is in force in ${epoch}, or NULL if that is
 * before the first.  It stays where it is until policy_history_free.
 */
const struct policy_era * policy_history_at(const struct policy_history *,
    uint64_t);

/**
 * policy_history_newest(H):
 * Return the last policy that was added to ${H}, or NULL if there is none.
 */
const struct policy_era * policy_history_newest(const struct policy_history *);

/**
 * policy_history_find(H, hash):
 * Return the newest policy of ${H} with the HASH_LEN bytes ${hash}, or NULL.
 */
const struct policy_era * policy_history_find(const struct policy_history *,
    const uint8_t *);

/**
 * policy_history_after(H, number):
 * Return the policy of ${H} that follows the one with ${number}, or NULL: the
 * chain from any of them is what this returns again and again.
 */
const struct policy_era * policy_history_after(const struct policy_history *,
    uint64_t);

#endif
