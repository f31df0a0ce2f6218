#ifndef KS_RATIFY_STATE_H
#define KS_RATIFY_STATE_H

#include <stddef.h>
#include <stdint.h>

#include "codec/wbuf.h"
#include "crypto/sign.h"
#include "directory/tiles.h"
#include "head/head.h"
#include "merkle/merkle.h"
#include "store/bytes.h"
#include "tree/tree.h"

struct policy_history;
struct pool;
struct realm;
struct sign_key;
struct view;

/*
 * A verifier: the directory as it follows from the updates alone, and the epoch
 * log as it follows from the heads.  The fields up to ratified are the row
 * "state" in memory; a step changes them, and if its batch cannot be committed
 * the process leaves.
 */

/* Tables of the store (PROTOCOL section 12). */
enum ratify_table {
	RATIFY_TABLE_META = 0x01,
	RATIFY_TABLE_ENTRY = 0x02,
	RATIFY_TABLE_COSIGNATURE = 0x03,
	RATIFY_TABLE_WAITING = 0x04,
	RATIFY_TABLE_POLICY = 0x05,
	RATIFY_TABLE_LINK = 0x06
};

/** Tiles of the newest tree kept in memory: 36 MiB. */
#define RATIFY_CACHE_TILES 65536

/** Longest path of an evidence file. */
#define RATIFY_PATH_MAX 128

/* Why an epoch was not ratified. */
enum ratify_refusal {
	RATIFY_FINE = 0,
	RATIFY_FEED,		/* what came is not what a majority signed */
	RATIFY_MISBEHAVED	/* it is, and breaks the rules */
};

struct ratify_state {
	const struct realm * realm;
	const struct sign_key * key;	/* cosigns when the policy has it */
	struct policy_history * policies;	/* of the realm, as seen */
	struct pool * pool;		/* for checking signatures */

	uint64_t epoch;			/* last one ratified */
	uint8_t head[HEAD_LEN];		/* its head record; zeroes if 0 */
	struct tree_root tree;		/* of it */
	struct merkle_range before;	/* epoch log without that head */
	uint64_t ratified;		/* newest whose cosignature came back */

	struct merkle_range range;	/* epoch log with it: follows */
	struct tiles tiles;
	int dirty;			/* the row is to be put */
	struct bytes row;		/* scratch */
	struct bytes current;		/* scratch: the entry that an update meets */
	struct wbuf out;		/* scratch: a value being made */

	/* What the last step found, if it refused the epoch. */
	enum ratify_refusal refusal;
	const char * rule;
	uint64_t broken;		/* number of the update at fault; or of all */

	uint64_t updates;		/* replayed since the start, for STATUS */
	uint64_t waiting;		/* cosignatures that have not come back */
};

/*
 * A row of RATIFY_TABLE_COSIGNATURE; points into what was decoded.  An epoch whose
 * policy did not have our key has no cosignature: time and signature are zero.
 */
struct ratify_row {
	uint64_t time_s;
	uint8_t sig[SIGN_LEN];
	const uint8_t * head;		/* HEAD_LEN bytes */
	const char * note;		/* a majority's */
	size_t note_len;
};

/* Why it halted. */
struct ratify_halted {
	uint64_t epoch;
	char rule[64];
	char path[RATIFY_PATH_MAX];	/* of the evidence */
};

/**
 * ratify_state_open(A, realm, key, view):
 * Make ${A} the verifier with ${key} in ${realm} that ${view} has committed, or a
 * new one if that is empty.  All stay until ratify_state_free.  The pool is the
 * caller's to set.  Return 0; 1 after a line if the database is damaged or of
 * another realm; or -1 (reported).
 */
int ratify_state_open(struct ratify_state *, const struct realm *,
    const struct sign_key *, struct view *);

/**
 * ratify_state_put(A, view):
 * Put the row "state" of ${A} into ${view}.  Return 0, or -1 if memory is short.
 */
int ratify_state_put(struct ratify_state *, struct view *);

/**
 * ratify_state_halted(A, view, H):
 * Read the row "halted".  Return 0 with ${H}, 1 if there is none, or -1
 * (reported).
 */
int ratify_state_halted(struct ratify_state *, struct view *,
    struct ratify_halted *);

/**
 * ratify_state_put_halted(A, view, H):
 * Put ${H} as the row "halted".  Return 0, or -1 if memory is short.
 */
int ratify_state_put_halted(struct ratify_state *, struct view *,
    const struct ratify_halted *);

/**
 * ratify_state_oldest(A, view, epoch):
 * Store in ${epoch} the oldest epoch whose cosignature has not come back.  Return
 * 0, 1 if there is none, or -1 (reported).
 */
int ratify_state_oldest(struct ratify_state *, struct view *, uint64_t *);

/**
 * ratify_row_get(p, len, R):
 * Decode the cosignature row in the ${len} bytes at ${p} into ${R}.  Return 0, or
 * -1 after a line if it is damaged.
 */
int ratify_row_get(const uint8_t *, size_t, struct ratify_row *);

/**
 * ratify_state_free(A):
 * Free what ${A} holds.
 */
void ratify_state_free(struct ratify_state *);

#endif
