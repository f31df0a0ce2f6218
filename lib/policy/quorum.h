#ifndef KS_POLICY_QUORUM_H
#define KS_POLICY_QUORUM_H

#include <stdint.h>

#include "note/checkpoint.h"
#include "note/note.h"
#include "policy/policy.h"

/* What the signatures on a checkpoint amount to under a policy. */
struct quorum {
	uint8_t satisfied[POLICY_KEYS_MAX];	/* key i has signed */
	uint64_t time_s[POLICY_KEYS_MAX];	/* newest cosignature of key i */
	unsigned replicas;			/* replicas that have signed */
	int majority;		/* nonzero: they are more than half of all */
	int met;		/* nonzero: the policy's quorum is met */
};

/**
 * quorum_check(P, N, C, Q, rule):
 * Parse the text of ${N} as a checkpoint into ${C}, verify every signature line
 * of ${N} whose name and identifier belong to a key of ${P}, ignore the others,
 * and fill ${Q}.  Return 0, or -1 and store in ${rule} the rule that is broken:
 * the text is no checkpoint; a known key's signature does not verify; a replica
 * signs under another name than the checkpoint's origin.  A quorum that is not
 * met is no failure: see ${Q}, without which ${C} must not be believed.
 */
int quorum_check(const struct policy *, const struct note *,
    struct checkpoint *, struct quorum *, const char **);

/**
 * quorum_majority(n):
 * Return how many of ${n} replicas are a majority: n / 2 + 1.
 */
unsigned quorum_majority(unsigned);

#endif
