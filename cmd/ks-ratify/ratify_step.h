#ifndef KS_RATIFY_STEP_H
#define KS_RATIFY_STEP_H

#include <stddef.h>
#include <stdint.h>

#include "codec/rbuf.h"
#include "entry/limits.h"
#include "head/head.h"

struct actions;
struct ratify_state;
struct stage_event;
struct view;

/*
 * The steps of a verifier: pure.  An epoch that is refused changes nothing in
 * the view; A->refusal, A->rule and A->broken then say why.
 */

/** Types of events of this stage. */
enum ratify_event {
	RATIFY_EVENT_EPOCH = 1,	/* struct ratify_epoch, encoded; alone in a batch */
	RATIFY_EVENT_BACK = 2	/* the body of a FEED_RATIFICATION */
};

/** Actions of this stage; their body is u64 epoch. */
enum ratify_action {
	RATIFY_ACT_PUSH = 1,	/* its cosignature may be pushed */
	RATIFY_ACT_BACK = 2	/* its cosignature came back */
};

/** Updates whose signatures are checked at a time: bounds the memory for them. */
#define RATIFY_CHUNK 4096

/* A whole epoch, decoded; points into the event. */
struct ratify_epoch {
	uint64_t clock_ms;	/* of this machine, when it was complete */
	const uint8_t * head;	/* HEAD_LEN bytes */
	uint32_t n;		/* updates */
	struct rbuf list;	/* them, for list_next */
	uint64_t number;	/* of the policy that begins after it */
	const char * next;	/* that policy; NULL if none was told */
	size_t next_len;
	const char * note;
	size_t note_len;
};

/** Bytes of an encoded epoch before its updates. */
#define RATIFY_EPOCH_HEADER (8 + HEAD_LEN + 4 + 8)

/**
 * ratify_epoch_get(E, body, len):
 * Decode an epoch: u64 clock, head, u32 n, u64 length of the list, the list of
 * n x var32 update, u64 number, var16 policy (empty: none), the note.  Return 0,
 * or -1 if it is malformed.
 */
int ratify_epoch_get(struct ratify_epoch *, const uint8_t *, size_t);

/**
 * ratify_step(A, view, event, i, actions), ratify_finish(A, view):
 * The step and finish of the stage.
 */
int ratify_step(void *, struct view *, const struct stage_event *, size_t,
    struct actions *);
int ratify_finish(void *, struct view *);

/**
 * ratify_step_updates(A, view, E, head, leaves):
 * Check the updates of ${E}, one after the other, put the entries that they
 * leave into ${view}, and store where each changes the tree in ${leaves}, an
 * array for ${E}->n that the caller frees.  Return 0, or -1 (reported); A->rule is set
 * if one breaks a rule.
 */
struct tree_leaf;
int ratify_step_updates(struct ratify_state *, struct view *,
    const struct ratify_epoch *, struct tree_leaf *);

/**
 * ratify_current(A, view, index, entry):
 * Read the newest entry of ${index} into ${entry}, which points into A->current.
 * Return 0, 1 if there is none, or -1 (reported).
 */
struct entry;
int ratify_current(struct ratify_state *, struct view *, const uint8_t *,
    struct entry *);

#endif
