#ifndef KS_EVIDENCE_REPLAY_H
#define KS_EVIDENCE_REPLAY_H

#include <stdint.h>

#include "entry/limits.h"
#include "tree/tree.h"

struct lines;
struct realm;

/* The updates of an epoch in evidence, checked one after the other. */
struct replay {
	const struct realm * realm;
	int plain;		/* only their bytes matter */
	uint64_t n;		/* updates so far */
	uint8_t list[HASH_LEN];	/* of them: head_list_add */
	uint8_t root[TREE_HASH];	/* of the tree after them */
	const char * rule;	/* that the last one checked breaks, or NULL */
	int failed;		/* memory ran out */
	uint8_t * update;	/* scratch: the update's bytes */
	uint8_t * current;	/* scratch: the entry before it */
	struct tree_path path;
};

/**
 * replay_init(R, realm, plain):
 * Begin in ${realm}; with ${plain} nonzero only the bytes of the updates are
 * looked at.  The caller stores the root that they start from in ${R}->root.
 */
void replay_init(struct replay *, const struct realm *, int);

/**
 * replay_next(R, L):
 * Take the next update from ${L} and check it.  Return NULL, or why the evidence
 * proves nothing (${R}->failed: memory ran out; ${L} may have failed too).
 */
const char * replay_next(struct replay *, struct lines *);

/**
 * replay_free(R):
 * Free what ${R} holds.
 */
void replay_free(struct replay *);

#endif
