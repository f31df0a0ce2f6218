#ifndef KS_PUBLISH_STATE_H
#define KS_PUBLISH_STATE_H

#include <stddef.h>
#include <stdint.h>

#include "codec/wbuf.h"
#include "crypto/hash.h"
#include "directory/tiles.h"
#include "head/head.h"
#include "merkle/merkle.h"
#include "note/vkey.h"
#include "store/bytes.h"
#include "store/rowkey.h"
#include "tree/tree.h"

struct policy_history;
struct realm;
struct view;

/*
 * How far the read model has followed ks-apply.  The fields are the rows of the
 * table "meta" in memory; everything else is in the store.  A step changes
 * them; if its batch cannot be committed, the process leaves, and they are read
 * anew.
 */

/* Tables of the store (PROTOCOL section 12). */
enum publish_table {
	PUBLISH_TABLE_META = 0x01,
	PUBLISH_TABLE_UPDATE = 0x02,
	PUBLISH_TABLE_ENTRY = 0x03,
	PUBLISH_TABLE_PROFILE = 0x04,
	PUBLISH_TABLE_EPOCH = 0x05,
	PUBLISH_TABLE_SUBTREE = 0x06,
	PUBLISH_TABLE_SIGNATURE = 0x07,
	PUBLISH_TABLE_RATIFICATION = 0x08,
	PUBLISH_TABLE_VRF = 0x09,
	PUBLISH_TABLE_SUPERSEDED = 0x0a,
	PUBLISH_TABLE_POLICY = 0x0b,
	PUBLISH_TABLE_MAJORITY = 0x0c
};

/** Tiles kept in memory for updating the tree: 36 MiB. */
#define PUBLISH_STEP_TILES 65536

/** Bytes of an epoch's row: head, root of the epoch log, tree. */
#define PUBLISH_EPOCH_ROW_LEN (HEAD_LEN + HASH_LEN + 8 + 8 + TREE_HASH + 8)

/** Ids of superseded tiles in one row: it stays far below STORE_VALUE_MAX. */
#define PUBLISH_SUPERSEDED_IDS 16384

struct publish_state {
	const struct realm * realm;
	uint64_t cursor;		/* last event stepped */
	uint64_t closed;		/* last closed epoch */
	uint64_t signed_epoch;		/* last epoch with a majority: published */
	uint32_t updates;		/* of the open epoch */
	struct tree_root tree;		/* of the closed epoch */
	struct merkle_range range;	/* epoch log of that size */
	struct policy_history * policies;	/* in force, by epoch */
	uint8_t secret[HASH_SALT_LEN];	/* salt of the names of VRF proofs */

	int fault;			/* the events contradict what they claim */
	struct tiles tiles;
	struct bytes row;		/* scratch */
	struct wbuf out;		/* scratch */
};

/**
 * publish_state_open(P, realm, view, secret):
 * Make ${P} the state that ${view} has committed, or the first one, with the
 * HASH_SALT_LEN random bytes ${secret}, if that is empty, in ${realm}.  Both stay
 * until publish_state_free.  Return 0; 1 after a line if the database is of
 * another realm or policy or damaged, so that only removing it helps; or -1 (reported).
 * publish_state_free is due in any case.
 */
int publish_state_open(struct publish_state *, const struct realm *,
    struct view *, const uint8_t *);

/**
 * publish_state_finish(P, view):
 * Put the cursor, state and secret rows of ${P} into ${view}.  Return 0, or -1
 * (reported).
 */
int publish_state_finish(struct publish_state *, struct view *);

/**
 * publish_state_free(P):
 * Free what ${P} holds.
 */
void publish_state_free(struct publish_state *);

/**
 * publish_key_version(key, table, index, epoch):
 * Make the key of ${index} as of ${epoch} in a table whose keys end in the
 * complement of the epoch; return its length.
 */
size_t publish_key_version(uint8_t[ROWKEY_MAX], enum publish_table,
    const uint8_t *, uint64_t);

#endif
