#ifndef KS_KEYIDS_KEYIDS_STATE_H
#define KS_KEYIDS_KEYIDS_STATE_H

#include <stdint.h>

#include "codec/wbuf.h"
#include "store/bytes.h"

#include "keyids_record.h"

struct realm;
struct view;

/* Tables of the store (PROTOCOL section 12). */
enum keyids_table {
	KEYIDS_TABLE_META = 0x01,
	KEYIDS_TABLE_PENDING = 0x02,	/* epoch, index: until it is signed */
	KEYIDS_TABLE_KEYS = 0x03,	/* index: what its entry publishes */
	KEYIDS_TABLE_ID = 0x04		/* id, subkey, since, index: empty */
};

/* Where this reader of keys is; what it found is in the store. */
struct keyids_state {
	const struct realm * realm;
	uint64_t cursor;	/* number of the last event seen */
	uint64_t closed;	/* epochs */
	uint64_t signed_epoch;
	uint64_t entries;	/* with a key that can be found */
	uint64_t ids;		/* by which they are found */

	/* Since the start of the process. */
	uint64_t read;		/* values of `pgp` */
	uint64_t unread;	/* of these, those that are no key */

	int fault;		/* the events contradict themselves: leave for good */
	struct keyids_record now, then;	/* scratch */
	struct bytes row;
	struct wbuf out;
};

/**
 * keyids_state_open(S, realm, view):
 * Make ${S} what ${view} has committed, or the first state if that is empty, of
 * ${realm}, which stays until keyids_state_free.  Return 0; 1 after a line if the
 * database is damaged or of another realm; or -1 (reported).
 */
int keyids_state_open(struct keyids_state *, const struct realm *, struct view *);

/**
 * keyids_state_finish(S, view):
 * Put the rows that say where ${S} is.  Return 0 or -1 (reported).
 */
int keyids_state_finish(struct keyids_state *, struct view *);

/**
 * keyids_state_free(S):
 * Free what ${S} holds.
 */
void keyids_state_free(struct keyids_state *);

#endif
