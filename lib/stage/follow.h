#ifndef KS_STAGE_FOLLOW_H
#define KS_STAGE_FOLLOW_H

#include <stdint.h>

/*
 * The glue between ks-apply's socket and a stage that follows its events: it
 * asks from the cursor on, runs what comes through the stage, and asks again
 * after every loss of the connection.
 *
 * A ks-apply that has fewer events than the cursor says has lost its database
 * and is rebuilding it from the log.  The same log gives the same events under
 * the same numbers, so all there is to do is to wait and ask again.
 */
struct daemon;
struct stage;
struct stage_follow;
struct wbuf;

/** Waits before asking a rebuilding ks-apply again: doubles from first to most. */
#define STAGE_FOLLOW_WAIT_MS_MIN	100
#define STAGE_FOLLOW_WAIT_MS_MAX	5000

/** So many events within STAGE_FOLLOW_REPORT_MS are a replay worth a line. */
#define STAGE_FOLLOW_REPLAY_EVENTS	4000

/** Least time between two lines about a replay. */
#define STAGE_FOLLOW_REPORT_MS		1000

struct stage_follow_spec {
	const char * path;	/* of the socket of ks-apply */
	void * ctx;		/* given to the callback */

	/* A replay goes on and took so many events so far: write a line.  Comes
	 * once in STAGE_FOLLOW_REPORT_MS at most.  May be NULL. */
	void (* replaying)(void *, uint64_t);
};

/**
 * stage_follow_new(D, G, cursor, spec):
 * In the daemon ${D}, let the stage ${G}, whose store holds the events up to
 * ${cursor} (0: none), follow ks-apply as ${spec}, which must stay, says.  To be
 * called in the phase "upstreams".  Events that came in one turn share a
 * commit.  When stage_run fails, the daemon leaves.  Return NULL after a line on
 * standard error.
 */
struct stage_follow * stage_follow_new(struct daemon *, struct stage *, uint64_t,
    const struct stage_follow_spec *);

/**
 * stage_follow_stop(F):
 * Take no more events: for the phase "drain".
 */
void stage_follow_stop(struct stage_follow *);

/**
 * stage_follow_status(F, W):
 * Append lines for STATUS to ${W}: cursor, upstream_apply (up, down or
 * rebuilding), events (taken since the start).
 */
void stage_follow_status(const struct stage_follow *, struct wbuf *);

/**
 * stage_follow_free(F):
 * Free ${F}, in the phase "free".  NULL is fine.
 */
void stage_follow_free(struct stage_follow *);

#endif
