#ifndef KS_PROOF_MEMORY_H
#define KS_PROOF_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include "crypto/hash.h"
#include "entry/rule_names.h"

/*
 * What a client remembers of a realm: the newest checkpoint that it accepted,
 * against which it holds the next one, so that a server can neither show it
 * another history nor an older state.  In a file of the client's state folder,
 * which is $KS_STATE_DIR, else $XDG_STATE_HOME/ks, else ~/.local/state/ks.
 */
enum memory_result {
	MEMORY_OK,		/* the same, or proven to be later */
	MEMORY_PROOF_NEEDED,	/* a consistency proof must be got first */
	MEMORY_FORK,		/* RULE_FORK */
	MEMORY_STEP_BACK	/* RULE_STEP_BACK */
};

/* A checkpoint, as far as it is compared; size 0: none. */
struct memory_seen {
	uint64_t size;
	uint8_t root[HASH_LEN];
};

struct chain;
struct memory;

/**
 * memory_check(seen, now, proof, n):
 * Hold the checkpoint ${now} against ${seen}, which was accepted before (all is
 * well if its size is 0), with the ${n} hashes of the consistency ${proof} from
 * ${seen} to ${now}, or NULL if there is none.  Pure.
 */
enum memory_result memory_check(const struct memory_seen *,
    const struct memory_seen *, const uint8_t (*)[HASH_LEN], unsigned);

/**
 * memory_rule(result):
 * Return the name of the rule that ${result} breaks, or NULL.
 */
const char * memory_rule(enum memory_result);

/**
 * memory_open(realm):
 * Return what is remembered of the realm named ${realm}, locked against other
 * programs until memory_close; one that is locked is waited for.  Or return
 * NULL, with a line on standard error: the folder cannot be made, the file
 * cannot be read or is damaged (it is not taken for "nothing was seen").
 */
struct memory * memory_open(const char *);

/**
 * memory_seen(M):
 * Return the checkpoint that ${M} holds; size 0 if there is none.
 */
const struct memory_seen * memory_seen(const struct memory *);

/**
 * memory_note(M, len):
 * Return the signed checkpoint that ${M} holds and store its length in ${len};
 * NULL and 0 if there is none.  With that of a fork it is the evidence.
 */
const char * memory_note(const struct memory *, size_t *);

/**
 * memory_chain(M):
 * Return the chain of policies that came with the checkpoint that ${M} holds.
 */
const struct chain * memory_chain(const struct memory *);

/**
 * memory_save(M, now, chain, note, len):
 * Make the accepted checkpoint ${now}, signed in the ${len} bytes ${note} by whom
 * the policy at the end of ${chain} asks for, what is remembered, durably.  Return
 * 0, or -1 with a line on standard error.
 */
int memory_save(struct memory *, const struct memory_seen *,
    const struct chain *, const char *, size_t);

/**
 * memory_close(M):
 * Unlock and free ${M}, which may be NULL.
 */
void memory_close(struct memory *);

/**
 * memory_dir(path, size):
 * Write the client's state folder to ${path}, which has room for ${size} bytes.
 * Return 0, or -1 with a line on standard error if it is not known or too long.
 */
int memory_dir(char *, size_t);

#endif
