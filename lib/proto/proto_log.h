#ifndef KS_PROTO_PROTO_LOG_H
#define KS_PROTO_PROTO_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "codec/rbuf.h"
#include "proto/list.h"
#include "proto/log_entry.h"

struct wbuf;

/*
 * The frames of the socket `log` (PROTOCOL section 11).  A put appends a body
 * to a buffer, a get decodes a whole body: 0, or -1 if it is malformed.
 */
enum proto_log_type {
	LOG_PROPOSE = 0x0101,		/* a log entry: log_entry_put, _parse */
	LOG_PROPOSED = 0x0102,
	LOG_FOLLOW = 0x0103,
	LOG_ENTRIES = 0x0104,
	LOG_READ = 0x0105,
	LOG_HINT = 0x0106,		/* empty */
	LOG_HINT_REPLY = 0x0107,
	LOG_POSITION = 0x0108,		/* empty */
	LOG_POSITION_REPLY = 0x0109
};

/* A LOG_POSITION_REPLY. */
struct proto_log_position {
	uint64_t last;		/* last committed index */
	uint8_t hash[HASH_LEN];	/* running hash after it */
	uint64_t cluster;	/* of the engine; 0: not one that others share */
	uint64_t revision;	/* all up to it is in the log; 0: unknown */
};

/* A LOG_ENTRIES, decoded; points into the body. */
struct proto_log_entries {
	uint64_t first;		/* index of the first entry */
	const uint8_t * hash;	/* running hash before it */
	uint32_t n;		/* how many there are */
	struct rbuf list;	/* for proto_log_next */
};

/**
 * proto_log_put_proposed(W, index), proto_log_get_proposed(body, len, index):
 * LOG_PROPOSED: the entry is committed at ${index}.
 */
void proto_log_put_proposed(struct wbuf *, uint64_t);
int proto_log_get_proposed(const uint8_t *, size_t, uint64_t *);

/**
 * proto_log_put_follow(W, from), proto_log_get_follow(body, len, from):
 * LOG_FOLLOW: the entries from the index ${from} on.
 */
void proto_log_put_follow(struct wbuf *, uint64_t);
int proto_log_get_follow(const uint8_t *, size_t, uint64_t *);

/**
 * proto_log_begin_entries(L, W, first, hash):
 * Begin a LOG_ENTRIES in ${W} with the entry at index ${first} and the running
 * hash ${hash} before it; then list_put(${L}, ...) with each encoded entry, and
 * list_end(${L}).
 */
void proto_log_begin_entries(struct list *, struct wbuf *, uint64_t,
    const uint8_t *);

/**
 * proto_log_get_entries(body, len, E):
 * Decode a LOG_ENTRIES into ${E}.  That each entry decodes is checked by
 * proto_log_next.
 */
int proto_log_get_entries(const uint8_t *, size_t, struct proto_log_entries *);

/**
 * proto_log_next(E, entry, data, len):
 * Decode the next entry of ${E} into ${entry}, store where its bytes are in
 * ${data} and how many in ${len}, and return 1; return 0 after the last one, or
 * -1 if it is not a log entry.
 */
int proto_log_next(struct proto_log_entries *, struct log_entry *,
    const uint8_t **, size_t *);

/**
 * proto_log_put_read(W, lo, hi, bytes_max),
 * proto_log_get_read(body, len, lo, hi, bytes_max):
 * LOG_READ: the entries ${lo} to ${hi}, as many as there are and fit into
 * ${bytes_max} bytes.
 */
void proto_log_put_read(struct wbuf *, uint64_t, uint64_t, uint32_t);
int proto_log_get_read(const uint8_t *, size_t, uint64_t *, uint64_t *,
    uint32_t *);

/**
 * proto_log_put_hint(W, leader, last), proto_log_get_hint(body, len, leader, last):
 * LOG_HINT_REPLY: ${leader} is 1 if this replica is likely the leader, else 0;
 * ${last} is the last committed index.
 */
void proto_log_put_hint(struct wbuf *, int, uint64_t);
int proto_log_get_hint(const uint8_t *, size_t, int *, uint64_t *);

/**
 * proto_log_put_position(W, P), proto_log_get_position(body, len, P):
 * LOG_POSITION_REPLY.
 */
void proto_log_put_position(struct wbuf *, const struct proto_log_position *);
int proto_log_get_position(const uint8_t *, size_t,
    struct proto_log_position *);

#endif
