#ifndef KS_ADMIT_H
#define KS_ADMIT_H

#include <stddef.h>
#include <stdint.h>

#include "codec/wbuf.h"
#include "daemon/server.h"
#include "daemon/upstream.h"
#include "metrics/histogram.h"
#include "metrics/tally.h"

#include "admit_open.h"

struct common_error;
struct conn;
struct daemon;
struct loop_timer;
struct pool;
struct realm;

/* An OUTCOME that waits for what ks-apply says. */
struct admit_outcome {
	struct conn * conn;		/* NULL: unused */
	uint32_t id;			/* of the OUTCOME */
	uint32_t asked;			/* of the APPLY_OUTCOME */
	uint64_t until_ms;
};

/*
 * ks-admit: the edge of update.  It checks what comes, proposes it to the log,
 * and tells what became of it; it stores nothing.
 */
struct admit {
	struct realm * realm;
	struct vrf_key * key;
	struct pool * pool;
	struct admit_open open;
	struct admit_update ** arrived;	/* ADMIT_OPEN_MAX: to be checked this turn */
	size_t narrived;
	struct admit_outcome outcomes[ADMIT_OUTCOMES_MAX];
	size_t noutcomes;
	struct server_spec server;
	struct upstream_spec log_spec;
	struct upstream_spec apply_spec;
	struct upstream * log;
	struct upstream * apply;
	struct loop_timer * timer;
	uint64_t timer_ms;		/* when it comes, or DUE_NEVER */
	uint32_t last_id;		/* of requests to other daemons */
	struct wbuf body;		/* scratch */

	uint64_t accepted;		/* since the start */
	uint64_t unavailable;
	uint64_t proposals;
	uint64_t retries;
	struct tally refusals;		/* at the edge */
	uint64_t log_refused;	/* what it had let through */
	struct histogram update_us;	/* from coming to being accepted */
};

/**
 * admit_flow_start(M, D):
 * Make the timer and the upstreams of ${M} in the daemon ${D}.  Return 0, or -1
 * (reported).
 */
int admit_flow_start(struct admit *, struct daemon *);

/**
 * admit_flow_free(M):
 * Free the timer.
 */
void admit_flow_free(struct admit *);

/**
 * admit_flow_id(M, slot):
 * Return a fresh id for a request to another daemon about what has the number ${slot}.
 */
uint32_t admit_flow_id(struct admit *, uint32_t);

/**
 * admit_flow_schedule(M, at_ms):
 * Let the timer of ${M} come at ${at_ms} of clock_mono_ms or before.
 */
void admit_flow_schedule(struct admit *, uint64_t);

/**
 * admit_flow_begin(M, U):
 * ${U} passed what can be checked without state: ask for the entry that it
 * meets.  Return 0 or -1.
 */
int admit_flow_begin(struct admit *, struct admit_update *);

/**
 * admit_refuse(M, U, rule):
 * Answer all who wait for ${U} with the refusal by ${rule}, count it as one at the edge
 * or, of what was proposed, in the log, and close ${U}.  Return 0 or -1.
 */
int admit_refuse(struct admit *, struct admit_update *, const char *);

/**
 * admit_accept(M, U, epoch):
 * Answer all who wait for ${U} that it is or will be in ${epoch}, and close it.
 */
int admit_accept(struct admit *, struct admit_update *, uint64_t);

/**
 * admit_give_up(M, U, rule, text):
 * Answer all who wait for ${U} with ERROR unavailable, and close it.
 */
int admit_give_up(struct admit *, struct admit_update *, const char *,
    const char *);

/**
 * admit_outcome_ask(M, C, id, request_id):
 * Ask ks-apply for the outcome of the REQUEST_ID_LEN bytes ${request_id}, which are of
 * no open update, and answer the OUTCOME ${id} of ${C} once it is known, or that it
 * is not after ADMIT_WAIT_MS.  Return 0 or -1.
 */
int admit_outcome_ask(struct admit *, struct conn *, uint32_t, const uint8_t *);

/**
 * admit_outcome_accepted(M, asked, epoch), admit_outcome_error(M, asked, E):
 * ks-apply answered the request ${asked}, if that is one of these.  Return 0 or -1.
 */
int admit_outcome_accepted(struct admit *, uint32_t, uint64_t);
int admit_outcome_error(struct admit *, uint32_t, const struct common_error *);

/**
 * admit_outcome_expire(M, now_ms, next_ms):
 * Answer those that have waited for long enough at ${now_ms}; store in ${next_ms} when
 * the next have, or DUE_NEVER.  Return 0 or -1.
 */
int admit_outcome_expire(struct admit *, uint64_t, uint64_t *);

/**
 * admit_outcome_down(M), admit_outcome_drain(M):
 * Answer all: ks-apply is away; the daemon stops.  Return 0 or -1.
 */
int admit_outcome_down(struct admit *);
int admit_outcome_drain(struct admit *);

/**
 * admit_outcome_gone(M, C):
 * Forget those of the connection ${C}.
 */
void admit_outcome_gone(struct admit *, const struct conn *);

/**
 * admit_serve_spec(M):
 * Fill ${M}->server.
 */
void admit_serve_spec(struct admit *);

/**
 * admit_serve_batch(M):
 * Check all that arrived in this turn.  Return 0 or -1.
 */
int admit_serve_batch(void *);

/**
 * admit_serve_drain(M):
 * Answer all that is open, as the daemon stops.  Return 0 or -1.
 */
int admit_serve_drain(void *);

#endif
