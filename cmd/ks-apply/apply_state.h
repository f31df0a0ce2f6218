#ifndef KS_APPLY_STATE_H
#define KS_APPLY_STATE_H

#include <stddef.h>
#include <stdint.h>

#include "codec/wbuf.h"
#include "crypto/hash.h"
#include "directory/tiles.h"
#include "entry/rules.h"
#include "merkle/merkle.h"
#include "metrics/tally.h"
#include "proto/log_entry.h"
#include "store/bytes.h"
#include "tree/tree.h"

struct policy_era;
struct policy_history;
struct pool;
struct realm;
struct store;
struct view;

/*
 * The state machine of a replica: what the log has made of it so far.  The
 * fields are the rows "cursor" and "state" in memory; everything else of the
 * state is in the store.  A step changes them; if its batch cannot be
 * committed, the process leaves and they are read anew.
 */

/* Tables of the store (PROTOCOL section 12). */
enum apply_table {
	APPLY_TABLE_META = 0x01,
	APPLY_TABLE_ENTRY = 0x02,
	APPLY_TABLE_PENDING = 0x03,
	APPLY_TABLE_EPOCH = 0x04,
	APPLY_TABLE_SIGNATURE = 0x05,
	APPLY_TABLE_RATIFICATION = 0x06,
	APPLY_TABLE_REQUEST = 0x07,
	APPLY_TABLE_OUTCOME = 0x08,
	APPLY_TABLE_HASH = 0x09,
	APPLY_TABLE_EVENT = 0x0a,
	APPLY_TABLE_POLICY = 0x0b,
	APPLY_TABLE_APPROVAL = 0x0c
};

/** Tiles of the newest tree kept in memory: 36 MiB. */
#define APPLY_CACHE_TILES 65536

struct apply_state {
	const struct realm * realm;
	struct pool * pool;		/* for apply_prepare */

	uint64_t index;			/* last log entry stepped */
	uint8_t log_hash[HASH_LEN];	/* running hash after it */

	uint64_t closed;		/* last closed epoch */
	uint64_t signed_epoch;		/* last epoch with a majority */
	uint64_t time_ms;		/* issue time of the closed epoch */
	uint64_t delimiter;		/* log index of its delimiter */
	uint64_t events;		/* sequence number of the last event */
	uint64_t pending;		/* updates since the delimiter */
	uint64_t pending_bytes;		/* of them, encoded */
	uint8_t list[HASH_LEN];		/* of them: head_list_add */
	struct tree_root tree;		/* of the closed epoch */
	struct merkle_range range;	/* epoch log of that size */
	struct policy_history * policies;	/* in force, by epoch */
	uint64_t chosen;		/* number of the next one; 0: none */
	struct bytes chosen_text;

	struct tiles tiles;
	struct rules_prepared * prepared;	/* of the batch; STAGE_EVENTS_MAX */
	size_t nprepared;
	struct bytes row;		/* scratch */
	struct bytes current;		/* scratch: the entry that an update meets */
	struct wbuf out;		/* scratch: a value being made */
	uint64_t accepted;		/* since the start, for STATUS */
	uint64_t accepted_types[LOG_ENTRY_APPROVAL + 1];	/* of each type */
	uint64_t refused;
	struct tally refusals;
	uint64_t duplicates;
};

/**
 * apply_state_open(A, realm, view):
 * Make ${A} the state that ${view} has committed, or the first one if that is
 * empty, in ${realm}.  Both stay until apply_state_free.  The pool is the caller's
 * to set before the first step, and what ${view} has pending his to commit.  Return 0; 1 after a line if the database is of another
 * realm or damaged, which only removing it helps; or -1 (reported).
 */
int apply_state_open(struct apply_state *, const struct realm *, struct view *);

/**
 * apply_state_finish(A, view):
 * Put the cursor and state rows of ${A} into ${view}; the finish of the stage.
 * Return 0, or -1 if memory is short.
 */
int apply_state_finish(void *, struct view *);

/**
 * apply_state_policy(A, epoch):
 * Return the policy of ${A} that is in force in ${epoch}, from 1 up to the next
 * one to be closed.
 */
const struct policy_era * apply_state_policy(const struct apply_state *,
    uint64_t);

/**
 * apply_state_choose(A, view, number, text, len):
 * The ${len} bytes at ${text} are the next policy, with this ${number}, once an
 * epoch is closed; for ${number} 0 there is none any more.  Return 0, or -1 if
 * memory is short.
 */
int apply_state_choose(struct apply_state *, struct view *, uint64_t,
    const void *, size_t);

/**
 * apply_state_free(A):
 * Free what ${A} holds.
 */
void apply_state_free(struct apply_state *);

#endif
