#ifndef KS_EVIDENCE_EVIDENCE_H
#define KS_EVIDENCE_EVIDENCE_H

#include <stddef.h>
#include <stdint.h>

#include "head/head.h"
#include "merkle/merkle.h"
#include "note/checkpoint.h"
#include "policy/quorum.h"

struct chain;
struct note;
struct policy;
struct realm;
struct tree_path;
struct wbuf;

/*
 * Evidence of misbehaviour (PROTOCOL section 13): a text from which anyone who
 * holds the realm file can see that a majority of the realm's replicas signed
 * what the rules forbid; of those whom the realm's policy had then, to which a
 * chain leads from that of the realm file.  Nothing in it is believed but their signatures, and
 * what the signed checkpoint commits to: the two newest head records, and
 * through them the directory roots and the updates in between.  So it cannot
 * be made against replicas that kept the rules, whoever makes it.
 */

/* Longest evidence: an epoch of EPOCH_UPDATES_MAX updates of the usual size. */
#define EVIDENCE_LEN_MAX	((size_t)4 << 30)

/* What evidence starts with. */
#define EVIDENCE_LABEL		"ks-evidence/v1"

/* Notes in evidence: two of a fork, one otherwise. */
#define EVIDENCE_NOTES_MAX	2

/* What was found out about evidence. */
struct evidence_verdict {
	const char * rule;	/* the rule proven to be broken, or NULL */
	const char * why;	/* why nothing is proven, or NULL */
	uint64_t epoch;		/* in which; 0 if that was not found out */
	const struct policy * policy;	/* in force then; NULL likewise */
	struct chain * chain;		/* private: leads to it */
	unsigned notes;		/* how many of the following are good */
	struct checkpoint checkpoint[EVIDENCE_NOTES_MAX];
	struct quorum quorum[EVIDENCE_NOTES_MAX];	/* who signed them */
};

/* What evidence about one epoch is made from, but for its updates. */
struct evidence {
	const char * realm;	/* the name */
	const char * rule;	/* that is broken */
	uint64_t epoch;
	const struct chain * chain;	/* to the policy in force in it */
	const char * note;	/* of this epoch, signed by a majority */
	size_t note_len;

	/* The epoch log without the heads of this epoch and the one before. */
	const struct merkle_range * before;
	const uint8_t * previous;	/* HEAD_LEN bytes; NULL for epoch 1 */
	const uint8_t * head;		/* HEAD_LEN bytes, of this epoch */
	const char * next;	/* policy that it names; NULL: the one in force */
	size_t next_len;
	uint64_t updates;		/* how many will be put */
};

/**
 * evidence_is(text, len):
 * Return 1 if the ${len} bytes at ${text} start as evidence does, or 0.
 */
int evidence_is(const char *, size_t);

/**
 * evidence_verify(text, len, realm, V):
 * Find out what the ${len} bytes at ${text}, which may come from anyone, prove
 * against the replicas of ${realm}, and fill ${V}, for evidence_free whatever
 * comes of it.  Return 0, or -1 if memory ran out.  Pure.
 */
int evidence_verify(const char *, size_t, const struct realm *,
    struct evidence_verdict *);

/**
 * evidence_free(V):
 * Free what ${V} holds.
 */
void evidence_free(struct evidence_verdict *);

/**
 * evidence_head_rule(realm, epoch, previous, p, head):
 * Decode the HEAD_LEN bytes at ${p}, which stand at the place of ${epoch} in the
 * epoch log of ${realm} after those at ${previous} (NULL: ${epoch} is 1), into
 * ${head}.  Return NULL, or the rule that a majority breaks by signing them.
 */
const char * evidence_head_rule(const struct realm *, uint64_t,
    const uint8_t *, const uint8_t *, struct head *);

/* What the policy that a head names for the epochs after it amounts to. */
enum evidence_next {
	EVIDENCE_NEXT_SAME,	/* it is the one in force */
	EVIDENCE_NEXT_NEW,	/* another policy of the realm begins */
	EVIDENCE_NEXT_BAD,	/* a majority named what is no policy of it */
	EVIDENCE_NEXT_UNKNOWN,	/* the text is not the one that it names */
	EVIDENCE_NEXT_MEMORY	/* memory ran out */
};

/**
 * evidence_next(realm, hash, head, text, len):
 * Hold what ${head} names against the policy in force, of head_policy ${hash},
 * and the ${len} bytes at ${text}, which are said to be the next policy of
 * ${realm} (NULL: that there is none).
 */
enum evidence_next evidence_next(const struct realm *, const uint8_t *,
    const struct head *, const char *, size_t);

/**
 * evidence_put_note(W, N, policy):
 * Append to ${W} the note ${N}, which passed quorum_check of ${policy}, with the
 * signature lines of the replicas alone, one of each.
 */
void evidence_put_note(struct wbuf *, const struct note *,
    const struct policy *);

/**
 * evidence_put_start(W, E):
 * Append to ${W} the evidence ${E}, up to its updates.
 */
void evidence_put_start(struct wbuf *, const struct evidence *);

/**
 * evidence_put_update(W, update, len, path, current, current_len):
 * Append to ${W} the next update of the epoch, the ${len} bytes at ${update}.
 * With ${path}, the path of its index in the tree just before it, and if that
 * leads to an entry the ${current_len} bytes of it at ${current}: so for each
 * update up to the one that breaks a rule of its own, if that decodes, or for
 * all if the root does not follow.  Without (NULL) for others.
 */
void evidence_put_update(struct wbuf *, const uint8_t *, size_t,
    const struct tree_path *, const uint8_t *, size_t);

/**
 * evidence_put_fork(W, realm, epoch, chain, one, one_len, other, other_len):
 * Append to ${W} the evidence that a majority of the replicas of the realm named
 * ${realm} signed two checkpoints of ${epoch}, with other roots: the notes of
 * ${one_len} bytes at ${one} and ${other_len} bytes at ${other}.  The ${chain}
 * leads to the policy in force in ${epoch}.
 */
void evidence_put_fork(struct wbuf *, const char *, uint64_t,
    const struct chain *, const char *, size_t, const char *, size_t);

#endif
