#ifndef KS_STAGE_STAGE_H
#define KS_STAGE_STAGE_H

#include <stddef.h>
#include <stdint.h>

#include "stage/actions.h"

/*
 * "Persist, then act": the loop that every stage has, written once.  Events
 * come from the stage upstream in their order; a step decides and changes
 * nothing but a view; the batch of all steps and the cursor are committed in one
 * transaction; only then are the actions carried out.
 */
struct stage;
struct store;
struct view;
struct wbuf;

/** Most events in one batch: bounds the memory of a batch and its commit time. */
#define STAGE_EVENTS_MAX 4096

struct stage_event {
	uint64_t position;	/* in the upstream's order, rising by one */
	uint8_t type;		/* of an event; 0 where the upstream has no types */
	const uint8_t * body;	/* stays until stage_run returns */
	size_t len;
};

struct stage_spec {
	/*
	 * Optional.  Pure work on the ${n} ${events} alone, before any of them is
	 * stepped, which may use threads: signature checks.  0, or -1 (reported).
	 */
	int (* prepare)(void * state, const struct stage_event * events, size_t n);

	/*
	 * Decide event ${i} of those given to prepare: read and change ${view}
	 * only, append to ${actions}.  No I/O, no clock.  0, or -1 (reported) for
	 * a failure of this machine, never for what an event contains.
	 */
	int (* step)(void * state, struct view * view,
	    const struct stage_event * event, size_t i, struct actions * actions);

	/*
	 * Put the rows that follow from the whole batch and the cursor, so that
	 * they are committed with it.  0, or -1 (reported).
	 */
	int (* finish)(void * state, struct view * view);

	/*
	 * Carry out ${action}, of which everything it tells is durable since
	 * commit ${needs}.  0, or -1 (reported).
	 */
	int (* act)(void * state, const struct action * action, uint64_t needs);
};

/**
 * stage_new(spec, state, S):
 * Return a stage with the callbacks ${spec} on ${state}, which both stay until
 * stage_free, over the store ${S}.  NULL if memory is short.
 */
struct stage * stage_new(const struct stage_spec *, void *, struct store *);

/**
 * stage_run(G, events, n):
 * Take the ${n} ${events} (at most STAGE_EVENTS_MAX, else panic) through prepare, step
 * and finish, commit, then act.  Return 0; or -1 (reported): nothing of them was
 * acted on, unless act itself failed, and the process must leave.
 */
int stage_run(struct stage *, const struct stage_event *, size_t);

/**
 * stage_view(G):
 * Return the view that steps work on; between two calls of stage_run nothing is
 * pending in it.
 */
struct view * stage_view(struct stage *);

/**
 * stage_status(G, W):
 * Append to ${W}, for STATUS, the lines batch_us_* (how long batches took from
 * prepare to the last action, as histogram_put), batch_events (in all of them) and those of
 * store_status.
 */
void stage_status(const struct stage *, struct wbuf *);

/**
 * stage_free(G):
 * Free ${G}.  NULL is fine.
 */
void stage_free(struct stage *);

#endif
