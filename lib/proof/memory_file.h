#ifndef KS_PROOF_MEMORY_FILE_H
#define KS_PROOF_MEMORY_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "entry/limits.h"
#include "chain/chain.h"
#include "proof/memory.h"

struct wbuf;

#define MEMORY_FILE_REALM_MAX	REALM_NAME_MAX
#define MEMORY_FILE_MAX		(PROOF_LEN_MAX + 1024)	/* a chain, a note and our lines */

/*
 * The file in which a client remembers a realm:
 *	ks-seen/v1
 *	realm NAME
 *	size N
 *	root BASE64
 *	(the chain of policies, if it has links)
 *	(empty line)
 *	the signed checkpoint
 */
struct memory_file {
	struct memory_seen seen;
	struct chain chain;	/* to the policy that the note was judged by */
	char * note;		/* for memory_file_free; NULL if none */
	size_t note_len;
};

/**
 * memory_file_format(W, realm, seen, chain, note, len):
 * Append to ${W} the file that says ${seen} of the realm named ${realm}, with
 * ${chain} and the ${len} bytes ${note}.
 */
void memory_file_format(struct wbuf *, const char *,
    const struct memory_seen *, const struct chain *, const char *, size_t);

/**
 * memory_file_parse(text, len, realm, F):
 * Parse the ${len} bytes at ${text}, which must be of the realm named ${realm},
 * into ${F}, for memory_file_free.  Return 0, or -1 with nothing to free.
 */
int memory_file_parse(const char *, size_t, const char *,
    struct memory_file *);

/**
 * memory_file_free(F):
 * Free what ${F} holds, and make it empty.
 */
void memory_file_free(struct memory_file *);

#endif
