#ifndef KS_ADMIT_OPEN_H
#define KS_ADMIT_OPEN_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include <bsd/sys/tree.h>

#include "propose/due.h"

#include "admit_check.h"

struct conn;

/*
 * The updates that are open: asked for, and not answered yet.  Several requests
 * may wait for one, if they bear the same request id.
 */

/** Most updates open at a time. */
#define ADMIT_OPEN_MAX 10000

/** Most bytes of requests that open updates keep together. */
#define ADMIT_BYTES_MAX ((size_t)256 * 1024 * 1024)

/** Most requests that wait. */
#define ADMIT_WAITERS_MAX 20000

/** What one connection may have of these places and bytes, so that it takes several
 * to fill the edge; enough for all the updates of one realm's front end. */
#define ADMIT_CONN_WAITERS_MAX (ADMIT_OPEN_MAX / 4)
#define ADMIT_CONN_BYTES_MAX (ADMIT_BYTES_MAX / 4)

/** An update that is open for so long is answered with ERROR unavailable. */
#define ADMIT_WAIT_MS 60000

/** Waits before ks-apply is asked again what it could not say. */
#define ADMIT_RETRY_MS_MIN 100
#define ADMIT_RETRY_MS_MAX 5000

/** First wait before a proposal is made again that was not told to be committed. */
#define ADMIT_PROPOSE_MS_MIN 1000

/** Slot numbers are the low bits of the ids of requests to other daemons. */
#define ADMIT_SLOT_BITS 14

/** Most OUTCOMEs that wait at a time, and what one connection may have of them; the
 * last slot numbers are theirs. */
#define ADMIT_OUTCOMES_MAX 1024
#define ADMIT_CONN_OUTCOMES_MAX (ADMIT_OUTCOMES_MAX / 4)

/** Slot numbers that updates have. */
#define ADMIT_SLOTS ((1u << ADMIT_SLOT_BITS) - ADMIT_OUTCOMES_MAX)

struct admit_waiter {
	struct conn * conn;
	uint32_t id;
	SLIST_ENTRY(admit_waiter) link;
};

enum admit_stage {
	ADMIT_ARRIVED,		/* to be checked by itself */
	ADMIT_ENTRY,		/* the entry that it meets was asked for */
	ADMIT_PROPOSED		/* until its outcome is known */
};

struct admit_update {
	uint32_t slot;
	enum admit_stage stage;
	uint8_t * body;			/* of the UPDATE frame */
	size_t len;
	struct admit_check check;	/* points into it */
	const char * rule;		/* found by admit_check_request */
	int failed;			/* that did not find memory */
	uint64_t deadline_ms;
	uint32_t asked;			/* id of APPLY_ENTRY or _OUTCOME; 0: none */
	uint32_t proposed;		/* id of the last LOG_PROPOSE; 0: none */
	int committed;			/* LOG_PROPOSED came: it will come out */
	struct due_retry retry;		/* of the proposal */
	SLIST_HEAD(, admit_waiter) waiters;
	RB_ENTRY(admit_update) by_id;
	TAILQ_ENTRY(admit_update) link;
};

RB_HEAD(admit_tree, admit_update);

struct admit_open {
	struct admit_update * slots[1 << ADMIT_SLOT_BITS];
	uint32_t next_slot;		/* where to look for a free one */
	TAILQ_HEAD(admit_list, admit_update) list;
	struct admit_tree tree;
	size_t n;
	size_t bytes;
	size_t nwaiters;
};

/**
 * admit_open_init(O), admit_open_free(O):
 * Make ${O} empty; free all that it holds.
 */
void admit_open_init(struct admit_open *);
void admit_open_free(struct admit_open *);

/**
 * admit_open_find(O, request_id):
 * Return the update that is open under the REQUEST_ID_LEN bytes ${request_id},
 * or NULL.
 */
struct admit_update * admit_open_find(struct admit_open *, const uint8_t *);

/**
 * admit_open_slot(O, id):
 * Return the update whose slot the request ${id} to another daemon names and
 * that waits for its answer, or NULL.
 */
struct admit_update * admit_open_slot(struct admit_open *, uint32_t);

/**
 * admit_open_proposed(O, id):
 * Return the update that the proposal ${id} to the log was last made for, or NULL.
 */
struct admit_update * admit_open_proposed(struct admit_open *, uint32_t);

/**
 * admit_open_add(O, body, len, deadline_ms):
 * Open the update of the ${len} bytes at ${body}, a well-formed UPDATE whose
 * request id is not open, until ${deadline_ms}; the bytes are copied.  Return it,
 * or NULL if there are too many or memory is short.
 */
struct admit_update * admit_open_add(struct admit_open *, const uint8_t *, size_t,
    uint64_t);

/**
 * admit_open_wait(O, U, C, id):
 * Let the request ${id} of ${C} wait for the outcome of ${U}.  Return 0, or -1 if
 * there are too many or memory is short.
 */
int admit_open_wait(struct admit_open *, struct admit_update *, struct conn *,
    uint32_t);

/**
 * admit_open_take(O, U, C, id):
 * Remove one who waits for ${U} and store him in ${C} and ${id}; return 1, or 0
 * if nobody waits.
 */
int admit_open_take(struct admit_open *, struct admit_update *, struct conn **,
    uint32_t *);

/**
 * admit_open_gone(O, C):
 * Remove all who wait on ${C}, and the updates for which nobody waits then.
 */
void admit_open_gone(struct admit_open *, const struct conn *);

/**
 * admit_open_remove(O, U):
 * Close and free ${U} and forget who waits for it.
 */
void admit_open_remove(struct admit_open *, struct admit_update *);

#endif
