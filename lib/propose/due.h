#ifndef KS_PROPOSE_DUE_H
#define KS_PROPOSE_DUE_H

#include <stdint.h>

/*
 * When to propose: pure functions of what is known and of the time, called
 * whenever one of their inputs changes (DESIGN section 6, the sensitivity
 * list).  They hold back proposals that are likely to be ignored; that is a
 * courtesy and never a guarantee, which only the log gives.
 */

/** A time that never comes, or that never was. */
#define DUE_NEVER UINT64_MAX

/**
 * How many times retry_ms a replica that does not lead lets pass after the leader
 * could have proposed.  The hint is about the log, which may be led from a host
 * whose ks-apply is dead: the others must not wait for it for ever.
 */
#define DUE_PATIENCE 4

struct due_delimiter {
	int leader;		/* the log's hint: this replica likely leads */
	int current;		/* the state has come to the end of the log */
	int head_signed;	/* the last closed epoch has its majority */
	uint64_t pending;	/* what waits for the next delimiter: updates, a policy */
	uint64_t pending_ms;	/* when the first of them came, or DUE_NEVER */
	uint64_t proposed_ms;	/* when a delimiter was last proposed, or DUE_NEVER */
	uint64_t signed_ms;	/* when the last epoch got its majority, or DUE_NEVER */
	uint64_t min_ms;	/* MinEpochInterval */
	uint64_t max_ms;	/* MaxEpochInterval, not below min_ms */
	uint64_t retry_ms;	/* RetryEpochInterval */
};

/**
 * due_delimiter(D, now_ms, next_ms):
 * Return 1 if the delimiter of the next epoch is to be proposed at ${now_ms}, a
 * time of the same monotonic clock as those in ${D}: the replica is current, the
 * last head is signed, retry_ms passed since the last proposal, and either
 * min_ms passed since the last majority and something is pending, or max_ms
 * passed since; and where the replica does not lead, all this is so, with the
 * same pending, for DUE_PATIENCE times retry_ms already.  Otherwise
 * return 0 and store in ${next_ms} the time at which the answer becomes 1 if no
 * other input changes; DUE_NEVER if it will not.
 */
int due_delimiter(const struct due_delimiter *, uint64_t, uint64_t *);

struct due_retry {
	unsigned int tries;	/* proposals made so far */
	uint64_t tried_ms;	/* when the last of them was made */
	uint64_t first_ms;	/* wait after the first one */
	uint64_t most_ms;	/* the wait doubles up to this */
};

/**
 * due_retry(R, now_ms, next_ms):
 * The same pattern for a proposal whose effect has not come out of the log:
 * return 1 if it is to be made (again) at ${now_ms}, else 0 and the time from
 * which it is in ${next_ms}.  The wait doubles from first_ms to most_ms.
 */
int due_retry(const struct due_retry *, uint64_t, uint64_t *);

/**
 * due_retry_made(R, now_ms):
 * Record in ${R} that the proposal was made at ${now_ms}.
 */
void due_retry_made(struct due_retry *, uint64_t);

#endif
