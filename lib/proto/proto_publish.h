#ifndef KS_PROTO_PROTO_PUBLISH_H
#define KS_PROTO_PROTO_PUBLISH_H

#include <stddef.h>
#include <stdint.h>

#include "codec/rbuf.h"
#include "entry/limits.h"
#include "head/head.h"
#include "proto/list.h"
#include "proto/signature.h"

struct wbuf;

/*
 * The frames of the socket `publish` (PROTOCOL section 11).  A put appends a
 * body to a buffer, a get decodes a whole body: 0, or -1 if it is malformed.
 */
enum proto_publish_type {
	LOOKUP = 0x0301,
	LOOKUP_PROOF = 0x0302,
	HEAD = 0x0303,
	HEAD_REPLY = 0x0304,
	CONSISTENCY = 0x0305,
	CONSISTENCY_REPLY = 0x0306,
	FEED = 0x0307,
	FEED_UPDATES = 0x0308,
	FEED_HEAD = 0x0309,
	FEED_RATIFICATION = 0x030a,	/* signature_put_ratification, _get_ */
	RATIFY = 0x030b,		/* signature_put_ratification, _get_ */
	RATIFY_PROPOSED = 0x030c,	/* empty */
	FEED_POLICY = 0x030d		/* proto_policy_put, proto_policy_get */
};

/* Longest time that a LOOKUP may ask to wait. */
#define LOOKUP_WAIT_MAX_MS	600000

/* A LOOKUP; points into the body. */
struct proto_publish_lookup {
	uint64_t epoch;		/* 0: the newest that meets the policy */
	uint64_t epoch_min;	/* not before this */
	uint32_t wait_ms;	/* at most LOOKUP_WAIT_MAX_MS */
	const char * user;	/* as it was asked for, not normalised */
	size_t user_len;
	const char * policy;	/* of length 0: the realm's */
	size_t policy_len;
	const uint8_t * known;	/* HASH_LEN bytes: of the realm policy it has */
};

/* A HEAD_REPLY or FEED_HEAD; points into the body. */
struct proto_publish_head {
	const uint8_t * head;	/* HEAD_LEN bytes */
	const uint8_t * note;	/* the checkpoint with its signatures */
	size_t note_len;
};

/* A FEED_UPDATES, decoded; points into the body. */
struct proto_publish_updates {
	uint64_t epoch;
	uint32_t n;		/* how many there are */
	struct rbuf list;	/* encoded updates, for list_next */
};

/**
 * proto_publish_put_lookup(W, L), proto_publish_get_lookup(body, len, L):
 * LOOKUP.  A policy above POLICY_LEN_MAX or a user above USER_LEN_MAX bytes, and
 * a longer wait than LOOKUP_WAIT_MAX_MS, are malformed.
 */
void proto_publish_put_lookup(struct wbuf *,
    const struct proto_publish_lookup *);
int proto_publish_get_lookup(const uint8_t *, size_t,
    struct proto_publish_lookup *);

/**
 * proto_publish_put_proof(W, proof, proof_len),
 * proto_publish_get_proof(body, len, proof, proof_len):
 * LOOKUP_PROOF: the text of a proof.
 */
void proto_publish_put_proof(struct wbuf *, const char *, size_t);
int proto_publish_get_proof(const uint8_t *, size_t, const char **, size_t *);

/**
 * proto_publish_put_head(W, epoch), proto_publish_get_head(body, len, epoch):
 * HEAD: that of ${epoch}, or for 0 the newest signed one.
 */
void proto_publish_put_head(struct wbuf *, uint64_t);
int proto_publish_get_head(const uint8_t *, size_t, uint64_t *);

/**
 * proto_publish_put_head_reply(W, H), proto_publish_get_head_reply(body, len, H):
 * HEAD_REPLY and FEED_HEAD.
 */
void proto_publish_put_head_reply(struct wbuf *,
    const struct proto_publish_head *);
int proto_publish_get_head_reply(const uint8_t *, size_t,
    struct proto_publish_head *);

/**
 * proto_publish_put_consistency(W, m, n),
 * proto_publish_get_consistency(body, len, m, n):
 * CONSISTENCY: that the epoch log of size ${m} is a prefix of that of size
 * ${n}; 0 < m <= n, else it is malformed.
 */
void proto_publish_put_consistency(struct wbuf *, uint64_t, uint64_t);
int proto_publish_get_consistency(const uint8_t *, size_t, uint64_t *,
    uint64_t *);

/**
 * proto_publish_put_consistency_reply(W, hashes, n),
 * proto_publish_get_consistency_reply(body, len, hashes, n):
 * CONSISTENCY_REPLY: ${n} <= MERKLE_DEPTH_MAX ${hashes}; the array has room for
 * so many.
 */
void proto_publish_put_consistency_reply(struct wbuf *,
    uint8_t (*)[HASH_LEN], unsigned);
int proto_publish_get_consistency_reply(const uint8_t *, size_t,
    uint8_t (*)[HASH_LEN], unsigned *);

/**
 * proto_publish_put_feed(W, epoch), proto_publish_get_feed(body, len, epoch):
 * FEED: everything from ${epoch} on.
 */
void proto_publish_put_feed(struct wbuf *, uint64_t);
int proto_publish_get_feed(const uint8_t *, size_t, uint64_t *);

/**
 * proto_publish_begin_updates(L, W, epoch):
 * Begin a FEED_UPDATES in ${W} of ${epoch}; then list_put(${L}, ...) with each
 * encoded update, and list_end(${L}).
 */
void proto_publish_begin_updates(struct list *, struct wbuf *, uint64_t);

/**
 * proto_publish_get_updates(body, len, U):
 * Decode a FEED_UPDATES into ${U}; the updates are not looked at.
 */
int proto_publish_get_updates(const uint8_t *, size_t,
    struct proto_publish_updates *);

#endif
