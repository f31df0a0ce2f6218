#ifndef KS_PROOF_PROOF_H
#define KS_PROOF_PROOF_H

#include <stddef.h>
#include <stdint.h>

#include "chain/chain.h"
#include "crypto/vrf.h"
#include "entry/entry.h"
#include "entry/profile.h"
#include "entry/rule_names.h"
#include "head/head.h"
#include "merkle/merkle.h"
#include "note/checkpoint.h"
#include "policy/quorum.h"
#include "tree/tree.h"

struct note;
struct policy;
struct realm;
struct wbuf;

/* A lookup proof (PROTOCOL section 9), taken apart but not verified. */
struct proof {
	char realm[REALM_NAME_MAX + 1];
	char user[USER_LEN_MAX + 1];		/* normalised */
	uint8_t vrf[VRF_PROOF_LEN];
	struct chain chain;			/* of policies */
	uint8_t head[HEAD_LEN];

	/*
	 * TREE_PRESENT: the entry, and the profile, of length 0 if it was
	 * erased; both NULL and 0 otherwise.
	 */
	const uint8_t * entry;
	size_t entry_len;
	const uint8_t * profile;
	size_t profile_len;

	/*
	 * As from tree_lookup.  The value for TREE_PRESENT is that of the entry:
	 * proof_format does not look at it, proof_parse computes it.
	 */
	struct tree_path path;

	uint64_t leaf;				/* in the epoch log */
	unsigned ninclusion;
	uint8_t inclusion[MERKLE_DEPTH_MAX][HASH_LEN];

	const char * note;			/* signed checkpoint */
	size_t note_len;

	struct note * parsed;	/* private to proof_parse and proof_verify */
	uint8_t * own;		/* private: what the pointers point to */
};

/* What a proof amounts to. */
enum proof_result {
	PROOF_VERIFIED,		/* and met, and fresh */
	PROOF_INSUFFICIENT,	/* verified, but quorum-unmet or not-fresh */
	PROOF_REFUSED		/* does not verify */
};

/*
 * What was found out about a proof.  After PROOF_REFUSED only rule is good;
 * entry, profile and policy point into the proof, the realm or what was given.
 */
struct proof_verdict {
	const char * rule;		/* the first rule broken, or NULL */
	unsigned found;			/* enum tree_kind */
	uint8_t index[INDEX_LEN];	/* of the user */
	struct entry entry;		/* TREE_PRESENT */
	int erased;			/* nonzero: the profile was erased */
	struct profile profile;		/* TREE_PRESENT and not erased */
	struct head head;		/* of the epoch that was looked at */
	struct checkpoint checkpoint;	/* the same epoch's, or a later one */
	const struct policy * policy;	/* by which the checkpoint was judged */
	struct quorum quorum;		/* who of it has signed, and when */
	uint64_t time_ms;		/* of the proof; 0: none is known */
	int met;			/* nonzero: the quorum is met */
	int fresh;			/* nonzero: young, and of the newest epoch */
};

/**
 * proof_format(W, P):
 * Append the text of ${P} to ${W}; one above PROOF_LEN_MAX makes ${W} fail.
 */
void proof_format(struct wbuf *, const struct proof *);

/**
 * proof_parse(text, len, P, rule):
 * Take the ${len} bytes at ${text}, which may come from anyone, apart and store
 * a new proof, for proof_free, in ${P}; ${text} is not needed any more.  Return
 * 0; or -1 and store RULE_PROOF_MALFORMED in ${rule}, or NULL if memory ran out.
 * proof_format gives the same bytes again.
 */
int proof_parse(const char *, size_t, struct proof **, const char **);

/**
 * proof_free(P):
 * Free ${P}, which came from proof_parse or is NULL.
 */
void proof_free(struct proof *);

/**
 * proof_verify(P, realm, policy, user, epoch, now_ms, V):
 * Verify ${P}, which came from proof_parse, at the time ${now_ms} against
 * ${realm} and the quorum of ${policy} (if that is NULL the realm's own in the
 * epoch of the checkpoint, by the proof's chain of policies) as the proof of ${user}, normalised or not (of any user if that is NULL), at ${epoch},
 * and fill ${V}.  For epoch 0 that is the newest state: a head that is older than
 * its checkpoint shows what was, and is not fresh, however young the checkpoint.
 * Of another epoch freshness is not asked.  A checkpoint that no key of the
 * policy has signed is quorum-unmet, whatever the quorum.  Pure: what the client
 * remembers of the realm is memory_check's.
 */
enum proof_result proof_verify(const struct proof *, const struct realm *,
    const struct policy *, const char *, uint64_t, uint64_t,
    struct proof_verdict *);

#endif
