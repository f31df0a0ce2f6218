#ifndef KS_CHAIN_CHAIN_H
#define KS_CHAIN_CHAIN_H

#include <stddef.h>
#include <stdint.h>

#include "entry/limits.h"
#include "head/head.h"
#include "merkle/merkle.h"

struct lines;
struct note;
struct policy;
struct realm;
struct wbuf;

/*
 * How a realm's policy changed (PROTOCOL section 9): for each policy that came
 * into force after the one that a reader starts from, the head record that names
 * it and the checkpoint of that head, signed by those whom the policy before it
 * asks for.  It may come from anyone.
 */
struct chain_link {
	const char * policy;	/* text of the policy that begins */
	size_t policy_len;
	uint8_t head[HEAD_LEN];	/* of the epoch before its first: names it */
	unsigned ninclusion;	/* of that head, in the log that ends with it */
	uint8_t inclusion[MERKLE_DEPTH_MAX][HASH_LEN];
	const char * note;	/* checkpoint of that epoch with signatures */
	size_t note_len;

	/* Of chain_take's alone. */
	uint64_t epoch;		/* of the checkpoint */
	uint8_t hash[HASH_LEN];	/* head_policy of the policy's text */
	struct note * parsed;
	struct policy * realm_policy;	/* NULL: it is none of this realm */
	uint8_t * own;		/* what the pointers point to */
};

/* For who puts it: the pointers, zeroes, and no chain_free. */
struct chain {
	unsigned n;
	struct chain_link link[POLICY_CHAIN_MAX];
};

/* Whose signatures a link takes. */
enum chain_trust {
	CHAIN_QUORUM,		/* those of the quorum of the policy before it */
	CHAIN_MAJORITY		/* those of a majority of its replicas */
};

/**
 * chain_put(W, C):
 * Append the lines of ${C} to ${W}.
 */
void chain_put(struct wbuf *, const struct chain *);

/**
 * chain_take(L, realm, C):
 * Take the lines of a chain of the realm with the name ${realm} from ${L} into
 * ${C}, which need not outlive the text.  Return 0, with ${C} for chain_free, or
 * -1 if memory ran out.  If they are not of the form ${L} fails, and ${C} is
 * empty.
 */
int chain_take(struct lines *, const char *, struct chain *);

/**
 * chain_free(C):
 * Free what chain_take stored in ${C}, or nothing if it is zeroed.
 */
void chain_free(struct chain *);

/**
 * chain_verify(C, realm, trust, max):
 * Verify ${C}, which came from chain_take, from the policy of ${realm} on, with
 * what ${trust} asks of each link, of which none may be of an epoch after ${max}.
 * Links up to the last one whose policy is that of ${realm} are passed over: so a
 * chain is good for whoever has any of its policies.  Return NULL, or the rule
 * that is broken.  Pure.
 */
const char * chain_verify(const struct chain *, const struct realm *,
    enum chain_trust, uint64_t);

/**
 * chain_policy(C, realm, epoch, hash):
 * Return the policy that is in force in ${epoch} by ${C}, which chain_verify has
 * found good from the policy of ${realm} on, and store its head_policy in ${hash}
 * unless that is NULL.  With UINT64_MAX it is the newest, which may not have been
 * in force yet.  It stays until chain_free or realm_free.
 */
const struct policy * chain_policy(const struct chain *, const struct realm *,
    uint64_t, uint8_t *);

#endif
