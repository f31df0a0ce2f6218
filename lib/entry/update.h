#ifndef KS_ENTRY_UPDATE_H
#define KS_ENTRY_UPDATE_H

#include <stddef.h>
#include <stdint.h>

#include "entry/entry.h"

struct wbuf;

/*
 * An update (PROTOCOL section 4): an entry and the signatures on it.  Parsed in
 * place.
 */
struct update {
	const uint8_t * entry_data;	/* the very bytes that are signed */
	size_t entry_len;
	struct entry entry;		/* what they say */
	size_t nsigs;			/* 1 to UPDATE_SIGS_MAX */
	const uint8_t * sigs;		/* nsigs times key and signature */
};

/* A signature to put on an update. */
struct update_sig {
	uint8_t pk[SIGN_PK_LEN];
	uint8_t sig[SIGN_LEN];
};

/**
 * update_parse(U, p, len):
 * Decode the ${len} bytes at ${p} into ${U}, which points into them.  Return 0,
 * or -1 if they are not an update: rule `update-malformed`.
 */
int update_parse(struct update *, const uint8_t *, size_t);

/**
 * update_key(U, i), update_sig(U, i):
 * Return where the public key, or the signature, number ${i} < ${U}->nsigs is.
 */
const uint8_t * update_key(const struct update *, size_t);
const uint8_t * update_sig(const struct update *, size_t);

/**
 * update_message(W, realm, entry, len):
 * Append to ${W} the message that a signature on the ${len} bytes of the
 * encoded ${entry} covers, in the realm named ${realm}.
 */
void update_message(struct wbuf *, const char *, const uint8_t *, size_t);

/**
 * update_put(W, entry, len, sigs, n):
 * Append to ${W} the update of the ${len} bytes of the encoded ${entry} with
 * the ${n} signatures ${sigs}, in any order.  Return 0, or -1 if a key is there
 * twice, a limit is exceeded, or ${W} fails.
 */
int update_put(struct wbuf *, const uint8_t *, size_t,
    const struct update_sig *, size_t);

#endif
