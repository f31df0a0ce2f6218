#ifndef KS_ENTRY_ENTRY_H
#define KS_ENTRY_ENTRY_H

#include <stddef.h>
#include <stdint.h>

#include "entry/limits.h"

struct wbuf;

/*
 * An entry (PROTOCOL section 4): what the directory says of one index.  Parsed
 * in place: every pointer points into the bytes that were parsed.
 */
struct entry {
	const uint8_t * index;		/* INDEX_LEN bytes */
	uint64_t version;		/* 0 for a registration */
	const char * policy;		/* text, not NUL-terminated */
	size_t policy_len;		/* 1 to ENTRY_POLICY_MAX */
	const uint8_t * commitment;	/* HASH_LEN bytes */
};

/**
 * entry_parse(E, p, len):
 * Decode the ${len} bytes at ${p} into ${E}, which points into them.  Return 0,
 * or -1 if they are not an entry.  The policy's syntax is not looked at.
 */
int entry_parse(struct entry *, const uint8_t *, size_t);

/**
 * entry_put(W, E):
 * Append the encoded ${E} to ${W}; a policy that is empty or too long makes
 * ${W} fail.  Never for an entry that was received and is signed: its own bytes
 * are kept.
 */
void entry_put(struct wbuf *, const struct entry *);

/**
 * entry_value(value, p, len):
 * Store in ${value} the HASH_LEN bytes that the directory tree holds for the
 * entry encoded in the ${len} bytes at ${p}.
 */
void entry_value(uint8_t *, const uint8_t *, size_t);

#endif
