#ifndef KS_STATUS_STATUS_JUDGE_H
#define KS_STATUS_STATUS_JUDGE_H

#include <stdint.h>

#include "status_look.h"

/* A number that no daemon told. */
#define STATUS_UNKNOWN	UINT64_MAX

/* What the answers of the daemons of a directory amount to. */
struct status_summary {
	uint64_t closed;	/* newest epoch that ks-apply closed */
	uint64_t signed_epoch;	/* newest one with a majority */
	uint64_t ratified;	/* newest one that any verifier ratified */
	uint64_t pending;	/* updates that wait for the next epoch */
	uint64_t lag_apply;	/* log entries that ks-apply has yet to do */
	uint64_t lag_sign;	/* events that ks-sign has yet to do */
	uint64_t lag_publish;	/* events that ks-publish has yet to do */
	unsigned up;		/* daemons that answered */
	unsigned down;		/* those that did not */
	int healthy;
};

/**
 * status_judge(now, before, S):
 * Store in ${S} what the answers ${now} amount to, given those of an earlier
 * look ${before} (which may be ${now} itself): a stage lags by what is missing
 * to where the stage before it was then.  It is healthy if every daemon is up,
 * none lags, none says of an upstream (a line upstream_NAME) anything but "up",
 * none says `halted` with another value than 0, and ks-logd is connected to etcd,
 * which has space, or follows, where that is its engine.  What no daemon tells is
 * STATUS_UNKNOWN and counts as no lag.  Pure.
 */
void status_judge(const struct status_look *, const struct status_look *,
    struct status_summary *);

#endif
