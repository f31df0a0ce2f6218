#ifndef KS_PROTO_LOG_ENTRY_H
#define KS_PROTO_LOG_ENTRY_H

#include <stddef.h>
#include <stdint.h>

#include "entry/limits.h"
#include "proto/signature.h"

struct wbuf;

/* What a log entry is about (PROTOCOL section 6). */
enum log_entry_type {
	LOG_ENTRY_UPDATE = 1,		/* body: update; erasable: profile */
	LOG_ENTRY_DELIMITER = 2,	/* body: struct log_entry_delimiter */
	LOG_ENTRY_SIGNATURE = 3,	/* body: struct signature */
	LOG_ENTRY_RATIFICATION = 4,	/* body: struct signature_ratification */
	LOG_ENTRY_APPROVAL = 5		/* body: struct proto_approval */
};

/* A log entry; points into the bytes that were parsed. */
struct log_entry {
	const uint8_t * request_id;	/* REQUEST_ID_LEN bytes */
	uint8_t type;			/* any; see log_entry_rule */
	const uint8_t * body;
	size_t body_len;
	const uint8_t * erasable;	/* not covered by the running hash */
	size_t erasable_len;
};

/* The body of a delimiter. */
struct log_entry_delimiter {
	uint64_t epoch;			/* to be closed */
	uint64_t time_ms;		/* its issue time */
	uint64_t base;			/* a log index not after this entry */
	uint8_t hash[HASH_LEN];		/* running hash after base */
};

/**
 * log_entry_put(W, E):
 * Append the encoded ${E} to ${W}; one above LOG_ENTRY_MAX bytes makes ${W}
 * fail.
 */
void log_entry_put(struct wbuf *, const struct log_entry *);

/**
 * log_entry_parse(E, p, len):
 * Decode the ${len} bytes at ${p} into ${E}, which points into them.  Return 0,
 * or -1 if they are not a log entry.  Neither type nor body is looked at:
 * ks-logd takes no more than this, and nothing less.
 */
int log_entry_parse(struct log_entry *, const uint8_t *, size_t);

/**
 * log_entry_rule(E):
 * Return NULL if the type of ${E} is known, its body decodes and its erasable
 * part is empty where it has to be, or RULE_ENTRY_MALFORMED.  The body of an
 * update is not looked at: that is update_parse, rule `update-malformed`.
 */
const char * log_entry_rule(const struct log_entry *);

/**
 * log_entry_put_delimiter(W, D):
 * Append the body of the delimiter ${D} to ${W}.  Those of the types 3 and 4 are
 * signature_put and signature_put_ratification, that of 5 is proto_approval_put; an
 * update is its own bytes.
 */
void log_entry_put_delimiter(struct wbuf *,
    const struct log_entry_delimiter *);

/**
 * log_entry_get_delimiter(p, len, D):
 * Decode the ${len} bytes at ${p}, the body of a delimiter, into ${D}.  Return
 * 0 or -1.
 */
int log_entry_get_delimiter(const uint8_t *, size_t,
    struct log_entry_delimiter *);

/**
 * log_entry_hash_first(realm, hash):
 * Store in ${hash} the running hash before the first entry of the log of the
 * realm named ${realm}.
 */
void log_entry_hash_first(const char *, uint8_t *);

/**
 * log_entry_hash(last, index, E, hash):
 * Store in ${hash} the running hash after the entry ${E} at ${index}, given the
 * one before, ${last}; ${hash} may be ${last}.
 */
void log_entry_hash(const uint8_t *, uint64_t, const struct log_entry *,
    uint8_t *);

#endif
