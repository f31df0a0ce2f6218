#ifndef KS_ADMIT_H
#define KS_ADMIT_H

#include <stddef.h>
#include <stdint.h>

#include "codec/wbuf.h"
#include "daemon/server.h"
#include "daemon/upstream.h"

#include "admit_open.h"

struct daemon;
struct loop_timer;
struct pool;
struct realm;

/* Rules whose refusals are counted apart. */
#define ADMIT_RULES_MAX 32

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
	const char * rules[ADMIT_RULES_MAX];
	uint64_t refused[ADMIT_RULES_MAX];
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
 * admit_flow_begin(M, U):
 * ${U} passed what can be checked without state: ask for the entry that it
 * meets.  Return 0 or -1.
 */
int admit_flow_begin(struct admit *, struct admit_update *);

/**
 * admit_refuse(M, U, rule):
 * Answer all who wait for ${U} with the refusal by ${rule}, count it, and close
 * ${U}.  Return 0 or -1.
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
