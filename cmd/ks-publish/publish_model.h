#ifndef KS_PUBLISH_MODEL_H
#define KS_PUBLISH_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "chain/chain.h"
#include "crypto/vrf.h"
#include "directory/tiles.h"
#include "entry/limits.h"
#include "head/head.h"
#include "merkle/merkle.h"
#include "proto/proto_publish.h"
#include "store/bytes.h"
#include "tree/tree.h"

#include "publish_state.h"
#include "publish_vrf.h"

struct policy;
struct policy_era;
struct realm;
struct store;
struct wbuf;

/*
 * What is served, read from committed rows.  Nothing here knows connections or
 * the time.  A row that must be there and is not, or is damaged, is reported
 * in a line and makes the call fail: never an absence.
 */

/** Tiles kept in memory for lookups: 36 MiB. */
#define PUBLISH_MODEL_TILES 65536

/** Parsed policies of clients kept: there are few different ones. */
#define PUBLISH_POLICIES_MAX 64

/** Changes of policy kept, more than a chain has; a slot is its number modulo this. */
#define PUBLISH_LINKS_MAX (4 * POLICY_CHAIN_MAX)

/** Notes of recent checkpoints kept. */
#define PUBLISH_NOTES_MAX 4

/* The row of an epoch. */
struct publish_epoch {
	uint8_t head[HEAD_LEN];
	uint64_t updates;		/* as the head says */
	uint8_t root[HASH_LEN];		/* of the epoch log */
	struct tree_root tree;
};

/* A policy that clients asked for, who start from some policy of the realm. */
struct publish_policy {
	uint8_t hash[HASH_LEN];		/* SHA-256 of its text; zeroes: the realm's */
	struct policy * policy;		/* NULL: the realm's own in each epoch */
	const struct policy_era * known;	/* the realm policy they start from */
	uint64_t used;			/* when, in lookups; 0: unused */
	uint64_t generation;		/* of the signatures that the rest is about */
	uint64_t limit;			/* newest epoch to which a chain leads them */
	uint64_t best;			/* newest of these that meets it; 0: none */
};

/* A change of policy, as proofs show it. */
struct publish_link {
	uint64_t number;		/* of the policy that begins; 0: unused */
	uint64_t generation;
	int met;			/* by the policy before; else no link yet */
	struct chain_link link;
	char * note;			/* to which the link points */
};

/* A note that was made. */
struct publish_note {
	uint64_t epoch;			/* 0: unused */
	uint64_t generation;
	uint8_t * text;
	size_t len;
};

struct publish_model {
	const struct realm * realm;
	const struct vrf_key * key;
	struct store * store;
	const struct publish_state * state;
	uint64_t generation;		/* rises with every signature served */
	uint64_t used;
	struct tiles tiles;
	struct publish_vrf vrf;
	struct publish_policy policies[PUBLISH_POLICIES_MAX];
	struct publish_link links[PUBLISH_LINKS_MAX];
	struct publish_note notes[PUBLISH_NOTES_MAX];
	unsigned next_note;
	int majority_missed;		/* an epoch without that row was told of */
	struct bytes majority;		/* scratch */
	uint64_t proved_present;	/* proofs made, since the start */
	uint64_t proved_absent;
	struct bytes key_row;		/* scratch */
	struct bytes entry;		/* scratch */
	struct bytes profile;		/* scratch */
};

/* What becomes of a lookup at this moment. */
enum publish_choice {
	PUBLISH_PROVE,		/* at this epoch, under this checkpoint */
	PUBLISH_WAIT,		/* nothing meets the policy: wait, if it will */
	PUBLISH_NOT_YET		/* not even the fallback is there */
};

/**
 * publish_model_init(M, realm, key, S, P):
 * Make ${M} the read side of the store ${S}, whose writing side is ${P}, of
 * ${realm} with the VRF key ${key}.  All stay until publish_model_free, which is
 * due in any case.  Return 0, or -1 (reported).
 */
int publish_model_init(struct publish_model *, const struct realm *,
    const struct vrf_key *, struct store *, const struct publish_state *);

/**
 * publish_model_changed(M):
 * An epoch was published, or a published one has a signature or ratification
 * more.
 */
void publish_model_changed(struct publish_model *);

/**
 * publish_model_free(M):
 * Free what ${M} holds.
 */
void publish_model_free(struct publish_model *);

/**
 * publish_model_epoch(M, epoch, E):
 * Read the closed ${epoch} into ${E}.  Return 0, or -1 (reported).
 */
int publish_model_epoch(struct publish_model *, uint64_t, struct publish_epoch *);

/**
 * publish_model_era(M, epoch):
 * Return the policy that is in force in ${epoch}, not after the next one to be
 * closed.
 */
const struct policy_era * publish_model_era(const struct publish_model *,
    uint64_t);

/**
 * publish_model_note(M, epoch, text, len):
 * Store in ${text} and ${len} the checkpoint of the signed ${epoch} with its
 * signature lines in the order of the policy of that epoch; it stays until the next
 * call for any epoch.  Return 0, or -1 (reported).
 */
int publish_model_note(struct publish_model *, uint64_t, const uint8_t **,
    size_t *);

/**
 * publish_model_note_first(M, epoch, W):
 * Append to ${W} the checkpoint of the signed ${epoch} with the signature lines of
 * those replicas only that were its first majority in the order of the log, so that
 * it is the same everywhere and for ever; of all replicas, after a line once, if the
 * database is from a version that did not record it.  Return 0, or -1 (reported).
 */
int publish_model_note_first(struct publish_model *, uint64_t, struct wbuf *);

/**
 * publish_model_history(M, user, from_epoch, max, versions, n, next_epoch):
 * Store in ${versions}, which has room for ${max}, the ${n} oldest versions of the
 * entry of the normalised ${user} of those that were published in ${from_epoch} or
 * later; and in ${next_epoch} the epoch of the one after these, or 0.  Return 0, or
 * -1 (reported).
 */
int publish_model_history(struct publish_model *, const char *, uint64_t,
    uint32_t, struct proto_publish_version *, uint32_t *, uint64_t *);

/**
 * publish_model_ratifications(M, epoch, S):
 * Store in ${S} the ratifications of ${epoch} that are known, in the order of their
 * key ids.  Return 0, or -1 (reported).
 */
int publish_model_ratifications(struct publish_model *, uint64_t,
    struct proto_publish_ratifications *);

/**
 * publish_model_consistency(M, m, n, hashes, count):
 * Do merkle_consistency on the epoch log.  Return 0, or -1 (reported).
 */
int publish_model_consistency(struct publish_model *, uint64_t, uint64_t,
    uint8_t[MERKLE_DEPTH_MAX][HASH_LEN], unsigned *);

/**
 * publish_model_inclusion(M, size, leaf, hashes, count):
 * Do merkle_inclusion on the epoch log.  Return 0, or -1 (reported).
 */
int publish_model_inclusion(struct publish_model *, uint64_t, uint64_t,
    uint8_t[MERKLE_DEPTH_MAX][HASH_LEN], unsigned *);

/**
 * publish_model_policy(M, text, len, known, out, rule):
 * Store in ${out} the policy in the ${len} bytes at ${text} (the realm's own for
 * length 0) of clients that start from the realm policy with the HASH_LEN bytes
 * ${known}; it is good until the next call.  Return 0; or -1 and store the rule that
 * is broken in ${rule}, or NULL if memory ran out (reported).
 */
int publish_model_policy(struct publish_model *, const char *, size_t,
    const uint8_t *, struct publish_policy **, const char **);

/**
 * publish_model_met(M, P, epoch):
 * Return 1 if the note of the signed ${epoch} meets ${P}, or for NULL the policy
 * in force in it; 0 if it does not; -1 (reported).
 */
int publish_model_met(struct publish_model *, const struct policy *, uint64_t);

/**
 * publish_model_best(M, policy):
 * Bring the fields limit and best of ${policy} up to date: the newest signed epoch
 * that its clients can be led to by links that are met, or 0; and the newest of the
 * last LOOKBACK_EPOCHS_MAX up to it whose own note meets it, or 0: none before the
 * one whose head names what its clients start from.  Return 0, or -1 (reported).
 */
int publish_model_best(struct publish_model *, struct publish_policy *);

/**
 * publish_model_link(M, era, link):
 * Store in ${link} the link to ${era}, which begins after a signed epoch and is not
 * the first.  Return 1; 0 if the note of that epoch does not meet the policy in
 * force in it yet, or -1 (reported).
 */
int publish_model_link(struct publish_model *, const struct policy_era *,
    const struct publish_link **);

/**
 * publish_model_chain(M, known, epoch, checkpoint, chain, rule):
 * Make ${chain}, which need not be zeroed, the links from the policy ${known} to the
 * newest that a proof at ${epoch} under ${checkpoint} needs; they stay until the
 * next call.  Return 0; or -1 and store RULE_POLICY_CHAIN_TOO_LONG in ${rule}, or NULL
 * (reported).
 */
int publish_model_chain(struct publish_model *, const struct policy_era *,
    uint64_t, uint64_t, struct chain *, const char **);

/**
 * publish_model_choose(policy, epoch, epoch_min, out_epoch, out_checkpoint):
 * Decide about a LOOKUP of ${epoch} and ${epoch_min} under ${policy}, of which
 * publish_model_best has seen to limit and best.  With PUBLISH_PROVE and PUBLISH_WAIT store in
 * ${out_epoch} and ${out_checkpoint} what to prove now, or once it need not wait
 * any longer.  Pure.
 */
enum publish_choice publish_model_choose(const struct publish_policy *,
    uint64_t, uint64_t, uint64_t *, uint64_t *);

/**
 * publish_model_prove(M, user, known, epoch, checkpoint, W, rule):
 * Append to ${W} the proof of the normalised ${user} at the signed ${epoch}
 * under the signed ${checkpoint}, not before it, for who starts from the realm
 * policy ${known}.  Return 0; or -1, as publish_model_chain.
 */
int publish_model_prove(struct publish_model *, const char *,
    const struct policy_era *, uint64_t, uint64_t, struct wbuf *, const char **);

/**
 * publish_model_has(M, table, epoch, id):
 * Does the signature or ratification ${table} have a row of ${epoch} by the key
 * ${id}?  Return 1, 0, or -1 (reported).
 */
int publish_model_has(struct publish_model *, enum publish_table, uint64_t,
    const uint8_t[VKEY_ID_LEN]);

#endif
