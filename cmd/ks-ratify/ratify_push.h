#ifndef KS_RATIFY_PUSH_H
#define KS_RATIFY_PUSH_H

#include <stddef.h>
#include <stdint.h>

#include "propose/due.h"
#include "store/bytes.h"

struct ratify_state;
struct store;
struct wbuf;

/*
 * The cosignatures that are durable and have not come back: what to push next,
 * and when.  Reads no clock and sends nothing itself.
 */

/** Epochs whose cosignature is on its way at a time; later ones wait in the store. */
#define RATIFY_PUSH_MAX 64

/** Wait before a cosignature is pushed again: doubles from first to most. */
#define RATIFY_RETRY_MS_MIN 500
#define RATIFY_RETRY_MS_MAX 60000

struct ratify_open {
	uint64_t epoch;
	uint64_t needs;			/* commit that made it durable */
	struct due_retry retry;
	int pushed;			/* once at least, since the start */
};

struct ratify_push {
	const struct ratify_state * state;
	struct store * store;
	struct ratify_open open[RATIFY_PUSH_MAX];	/* by epoch, rising */
	size_t n;
	struct bytes row;		/* scratch */
	uint64_t pushes;		/* for STATUS: made, of which again */
	uint64_t retries;
};

/**
 * ratify_push_init(P, A, S):
 * Make ${P} the pushes of ${A} whose committed rows are in ${S}.  Return 0, or -1
 * (reported).
 */
int ratify_push_init(struct ratify_push *, const struct ratify_state *,
    struct store *);

/**
 * ratify_push_add(P, epoch, needs):
 * The cosignature of ${epoch} is durable since commit ${needs}.
 */
void ratify_push_add(struct ratify_push *, uint64_t, uint64_t);

/**
 * ratify_push_back(P, epoch):
 * The cosignature of ${epoch} came back, and that is durable.  Return 0, or -1
 * (reported).
 */
int ratify_push_back(struct ratify_push *, uint64_t);

/**
 * ratify_push_again(P):
 * The connection is new: what was pushed before may be lost, and is due.
 */
void ratify_push_again(struct ratify_push *);

/**
 * ratify_push_next(P, now_ms, W, needs, next_ms):
 * If a push is due at ${now_ms}, append the body of its RATIFY to ${W}, store the
 * commit that it depends on in ${needs} and return 1.  Otherwise return 0 and
 * store when the next one is, or DUE_NEVER, in ${next_ms}; or -1 (reported).
 */
int ratify_push_next(struct ratify_push *, uint64_t, struct wbuf *, uint64_t *,
    uint64_t *);

/**
 * ratify_push_free(P):
 * Free what ${P} holds.
 */
void ratify_push_free(struct ratify_push *);

#endif
