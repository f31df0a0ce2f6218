#ifndef KS_PROTO_PROTO_PUBLISH_H
#define KS_PROTO_PROTO_PUBLISH_H

#include <stddef.h>
#include <stdint.h>

#include "codec/rbuf.h"
#include "entry/limits.h"
#include "head/head.h"
#include "policy/policy.h"
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
	FEED_POLICY = 0x030d,		/* proto_policy_put, proto_policy_get */
	HISTORY = 0x030e,
	HISTORY_REPLY = 0x030f,
	BUNDLE = 0x0310,
	TAIL = 0x0311,			/* proto_publish_put_feed, _get_feed */
	RATIFICATIONS = 0x0312,		/* proto_publish_put_feed, _get_feed */
	RATIFICATIONS_REPLY = 0x0313
};

/* Most versions in one HISTORY_REPLY. */
#define HISTORY_MAX	1024

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

/* A HISTORY; points into the body. */
struct proto_publish_history {
	const char * user;	/* not normalised */
	size_t user_len;
	uint64_t from_epoch;
	uint32_t max;		/* 1 to HISTORY_MAX versions are wanted */
};

/* A version of an entry: the epoch in which it became so. */
struct proto_publish_version {
	uint64_t epoch;
	uint64_t version;
};

/* A HISTORY_REPLY, decoded; points into the body. */
struct proto_publish_versions {
	uint64_t next_epoch;	/* from which to ask for more; 0: there are none */
	uint32_t n;		/* at most HISTORY_MAX */
	struct rbuf list;	/* for proto_publish_next_version */
};

/* A RATIFICATIONS_REPLY, decoded. */
struct proto_publish_ratifications {
	uint64_t epoch;
	unsigned n;
	struct signature_ratification list[POLICY_KEYS_MAX];
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

/**
 * proto_publish_put_history(W, H), proto_publish_get_history(body, len, H):
 * HISTORY.  No versions, or more than HISTORY_MAX, are malformed.
 */
void proto_publish_put_history(struct wbuf *,
    const struct proto_publish_history *);
int proto_publish_get_history(const uint8_t *, size_t,
    struct proto_publish_history *);

/**
 * proto_publish_put_versions(W, next_epoch, versions, n),
 * proto_publish_get_versions(body, len, V):
 * HISTORY_REPLY: ${n} <= HISTORY_MAX ${versions}, oldest first, and from which epoch
 * on there are more, or 0.  Epochs that do not rise from 1 on, versions that do not
 * rise, and a next epoch that is not after the last one, are malformed.
 */
void proto_publish_put_versions(struct wbuf *, uint64_t,
    const struct proto_publish_version *, uint32_t);
int proto_publish_get_versions(const uint8_t *, size_t,
    struct proto_publish_versions *);

/**
 * proto_publish_next_version(V, version):
 * Store the next of ${V} in ${version} and return 1, or return 0 after the last.
 */
int proto_publish_next_version(struct proto_publish_versions *,
    struct proto_publish_version *);

/**
 * proto_publish_put_bundle(W, epoch, from),
 * proto_publish_get_bundle(body, len, epoch, from):
 * BUNDLE: the part of the bundle of ${epoch} that begins with its update number
 * ${from}.  The epoch 0 is malformed.
 */
void proto_publish_put_bundle(struct wbuf *, uint64_t, uint32_t);
int proto_publish_get_bundle(const uint8_t *, size_t, uint64_t *, uint32_t *);

/**
 * proto_publish_put_ratifications(W, R),
 * proto_publish_get_ratifications(body, len, R):
 * RATIFICATIONS_REPLY: those of one epoch, at most POLICY_KEYS_MAX.
 */
void proto_publish_put_ratifications(struct wbuf *,
    const struct proto_publish_ratifications *);
int proto_publish_get_ratifications(const uint8_t *, size_t,
    struct proto_publish_ratifications *);

#endif
