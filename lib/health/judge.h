#ifndef KS_HEALTH_JUDGE_H
#define KS_HEALTH_JUDGE_H

#include <stddef.h>
#include <stdint.h>

struct health_look;
struct health_program;

/* A number that no daemon told. */
#define HEALTH_UNKNOWN	UINT64_MAX

/* Reasons and warnings that are kept; more are counted only. */
#define HEALTH_REASONS_MAX	16

/* Room for one of them, a line for a person without its end. */
#define HEALTH_REASON_SIZE	192

/* How long beyond epoch_max_ms the newest epoch may be old, in milliseconds: time for a
 * delimiter that is proposed again, and for the signatures of slow replicas. */
#define HEALTH_GRACE_MS		15000

/* Where stages were at an earlier look: what a stage after them must have reached. */
struct health_marks {
	uint64_t last;		/* entry of the log */
	uint64_t events;	/* of ks-apply */
};

/* By what times are judged; only who looks again and again knows them. */
struct health_times {
	uint64_t wall_ms;	/* now */
	uint64_t epoch_max_ms;	/* of ks.conf */
	uint64_t unratified_ms;	/* how long no verifier has ratified what there is */
};

/* Since when no verifier has ratified what there is; all zero at the start. */
struct health_waiting {
	int looked;		/* the rest counts */
	uint64_t ratified;	/* the newest ratified epoch, as last seen */
	uint64_t since_ms;	/* when it had risen, or nothing was left to ratify */
};

/* What the answers of the daemons of a directory amount to. */
struct health_summary {
	uint64_t closed;	/* newest epoch that ks-apply closed */
	uint64_t signed_epoch;	/* newest one with a majority */
	uint64_t time_ms;	/* of the newest closed one */
	uint64_t ratified;	/* newest one that any verifier ratified */
	uint64_t users;		/* in the tree */
	uint64_t pending;	/* updates that wait for the next epoch */
	uint64_t lag_apply;	/* log entries that ks-apply has yet to do */
	uint64_t lag_sign;	/* events that ks-sign has yet to do */
	uint64_t lag_publish;	/* events that ks-publish has yet to do */
	unsigned up;		/* daemons that answered */
	unsigned down;		/* those that did not */
	int healthy;		/* there is no reason */
	size_t nreasons;	/* why it is not healthy */
	size_t nwarnings;	/* what should be looked at nevertheless */
	char reasons[HEALTH_REASONS_MAX][HEALTH_REASON_SIZE];
	char warnings[HEALTH_REASONS_MAX][HEALTH_REASON_SIZE];
};

/**
 * health_number(P, name):
 * Return the number in the line ${name} of the answer of ${P}, HEALTH_UNKNOWN if there
 * is none, or if ${P} is NULL or did not answer.
 */
uint64_t health_number(const struct health_program *, const char *);

/**
 * health_marks(L, M):
 * Store in ${M} where the stages are by the answers ${L}.
 */
void health_marks(const struct health_look *, struct health_marks *);

/**
 * health_unratified(X, S, now_ms):
 * Take what ${S} says of ratifications, seen at ${now_ms} of a clock that never steps, into
 * ${X}.  Return for how many milliseconds there was something to ratify and no verifier did.
 * Pure.
 */
uint64_t health_unratified(struct health_waiting *, const struct health_summary *,
    uint64_t);

/**
 * health_judge(now, before, T, S):
 * Store in ${S} what the answers ${now} amount to, given the marks ${before} of an earlier
 * look (which may be those of ${now} itself): a stage lags by what is missing to where
 * the stage before it was then.  It is healthy if every daemon is up, none lags, none says
 * of an upstream (a line upstream_NAME) anything but "up", none says `halted` with
 * another value than 0, and ks-logd is connected to etcd, which has space, or
 * follows, where that is its engine; and, unless ${T} is NULL, if the newest closed
 * epoch is not older than T->epoch_max_ms and HEALTH_GRACE_MS, and signed.  That no verifier
 * ratifies for so long is a warning.  What no daemon tells is HEALTH_UNKNOWN and no
 * reason.  Pure.
 */
void health_judge(const struct health_look *, const struct health_marks *,
    const struct health_times *, struct health_summary *);

#endif
