#ifndef KS_STAGE_ACTIONS_H
#define KS_STAGE_ACTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "codec/wbuf.h"

/*
 * What a step wants done once its batch is durable: a list of small records.
 * An action may be lost by a crash between commit and act, so one that matters
 * can be derived again from what was committed.
 */
struct actions {
	struct wbuf list;
};

/** Most bytes of actions from one batch. */
#define ACTIONS_LEN_MAX ((size_t)64 * 1024 * 1024)

struct action {
	uint16_t kind;		/* of the program's own enum */
	const uint8_t * body;
	size_t len;
};

/**
 * actions_init(A), actions_free(A):
 * Make ${A} an empty list; free what it holds.
 */
void actions_init(struct actions *);
void actions_free(struct actions *);

/**
 * actions_put(A, kind, body, len):
 * Append an action of ${kind} with the ${len} bytes at ${body}.  Lack of memory
 * sticks; actions_next tells.
 */
void actions_put(struct actions *, uint16_t, const void *, size_t);

/**
 * actions_next(A, pos, action):
 * Store the action at *${pos} (0: the first) in ${action} and move *${pos} on.
 * Return 1; 0 if there are no more; -1 if memory ran out while the list was
 * made.
 */
int actions_next(const struct actions *, size_t *, struct action *);

/**
 * actions_reset(A):
 * Make ${A} empty again.
 */
void actions_reset(struct actions *);

#endif
