#ifndef KS_SIGN_STATE_H
#define KS_SIGN_STATE_H

#include <stddef.h>
#include <stdint.h>

#include "crypto/hash.h"
#include "crypto/sign.h"
#include "head/head.h"
#include "merkle/merkle.h"
#include "note/vkey.h"
#include "store/bytes.h"
#include "codec/wbuf.h"

struct actions;
struct policy_history;
struct realm;
struct stage_event;
struct view;

/*
 * The signer of a replica.  It is told head records, not what to sign: it
 * keeps its own epoch log and its own list of the realm's policies, rebuilds the
 * checkpoint from fields, and signs each epoch once in which its key is a
 * replica's.  The others it notes and does not sign; but the last of them it signs
 * when it is told again and has got a key for it: one was replaced.  The signature of an epoch and the watermark are committed before
 * the signature leaves the process.
 */

/* Tables of the store (PROTOCOL section 12). */
enum sign_table {
	SIGN_TABLE_META = 0x01,
	SIGN_TABLE_SIGNED = 0x02,
	SIGN_TABLE_POLICY = 0x03
};

/** Actions of ks-sign. */
enum sign_action {
	SIGN_ACT_SIGNED = 1,	/* u64 epoch: its signature may be proposed */
	SIGN_ACT_SEEN = 2	/* u64 epoch: its signature came out of the log */
};

struct sign_state {
	const struct realm * realm;
	const struct sign_key * key;
	uint8_t key_id[VKEY_ID_LEN];

	/*
	 * Sequence number of the event before that of the watermark: from there
	 * the events are asked for, so that another history shows by its first.
	 */
	uint64_t cursor;
	uint64_t epoch;			/* last one signed or noted: the watermark */
	uint64_t time_ms;		/* its issue time */
	struct merkle_range range;	/* epoch log of that size */
	struct policy_history * policies;	/* in force, by epoch */

	/* A head that must not be signed: the reason to leave for good. */
	char refusal[160];
	struct bytes row;		/* scratch */
	struct wbuf out;		/* scratch */
};

/** A row of SIGN_TABLE_SIGNED: head record, key id, signature, flag. */
#define SIGN_ROW_KEY	HEAD_LEN
#define SIGN_ROW_SIG	(SIGN_ROW_KEY + VKEY_ID_LEN)
#define SIGN_ROW_FLAG	(SIGN_ROW_SIG + SIGN_LEN)
#define SIGN_ROW_LEN	(SIGN_ROW_FLAG + 1)

/** The flag of such a row. */
enum sign_flag {
	SIGN_FLAG_OPEN = 0,	/* to be proposed */
	SIGN_FLAG_SEEN = 1,	/* the signature came out of the log */
	SIGN_FLAG_SKIPPED = 2	/* not signed: key id and signature are zeroes */
};

/**
 * sign_state_open(A, realm, key, id, view):
 * Make ${A} the state that ${view} has committed, or the first one if that is
 * empty: a signer of ${realm} with ${key}, whose key id is ${id}.  All stay until
 * sign_state_free, and what ${view} has pending is the caller's to commit.  Return 0;
 * 1 after a line if the database is damaged or of another policy; or -1 (reported).
 */
int sign_state_open(struct sign_state *, const struct realm *,
    const struct sign_key *, const uint8_t[VKEY_ID_LEN], struct view *);

/**
 * sign_step(A, view, event, i, actions), sign_finish(A, view):
 * The step and finish of the stage.  A head record that is not the next of this
 * realm, or names another policy than the one in force or the one of the event just
 * before it, or is not the one that was signed for its epoch before; a policy that
 * does not follow; events that do not begin with that of the watermark: they make
 * sign_step fail with the reason in ${A}->refusal, and the process must leave with
 * EXITS_PERMANENT.
 */
int sign_step(void *, struct view *, const struct stage_event *, size_t,
    struct actions *);
int sign_finish(void *, struct view *);

/**
 * sign_state_signs(A, epoch):
 * Return nonzero if the key of ${A} is a replica's in the policy in force in
 * ${epoch}, which is not after the next one.
 */
int sign_state_signs(const struct sign_state *, uint64_t);

/**
 * sign_state_free(A):
 * Free what ${A} holds.
 */
void sign_state_free(struct sign_state *);

#endif
