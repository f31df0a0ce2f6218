#ifndef KS_LOGD_LOGD_H
#define KS_LOGD_LOGD_H

#include <sys/queue.h>

#include <stdint.h>

#include "crypto/hash.h"
#include "log/log.h"
#include "metrics/histogram.h"
#include "metrics/tally.h"

#include "certs.h"

struct committed;
struct conn;
struct daemon;
struct server_spec;
struct store;

/* Bytes of entries in one frame of a stream: large enough that a follower far
 * behind reads in long runs, small enough that its queue stays short. */
#define LOGD_CHUNK_LEN	((size_t)256 * 1024)

/* Somebody who proposes, follows, or wants hints: made with the first such
 * request of a connection, gone with it, and with its last proposal. */
struct logd_peer {
	TAILQ_ENTRY(logd_peer) link;
	struct conn * conn;	/* NULL once it is gone */
	size_t waiting;		/* proposals */
	int paused;		/* the engine is full: none is read */
	int follows;		/* a LOG_FOLLOW is open: */
	uint32_t follow_id;
	uint64_t next;		/* index of the next entry to send */
	uint8_t hash[HASH_LEN];	/* running hash before it */
	int hinted;		/* a LOG_HINT is open: */
	uint32_t hint_id;
};

TAILQ_HEAD(logd_peers, logd_peer);

/* The state of ks-logd. */
struct logd {
	struct daemon * daemon;
	struct store * store;
	struct committed * committed;
	struct log_engine * engine;
	struct logd_peers peers;
	unsigned paused;	/* peers that are, as the engine is full */
	int draining;		/* streams end */
	struct logd_certs certs;
	uint64_t proposals;	/* handed to the engine */
	uint64_t refused;	/* by their shape, or their time */
	uint64_t failed;	/* of which nobody knows what became of them */
	struct tally refusals;
	struct histogram append_us;	/* from proposing to committed */
};

/* What the engine tells; the context is the struct logd. */
extern const struct log_events logd_events;

/**
 * logd_serve_spec(X, spec):
 * Fill ${spec} with what ks-logd with the state ${X} serves.
 */
void logd_serve_spec(struct logd *, struct server_spec *);

/**
 * logd_peers_free(X):
 * Free the peers of ${X}; the engine that knows them was closed before.
 */
void logd_peers_free(struct logd *);

/**
 * logd_peer_of(X, C):
 * Return the peer at the other end of ${C}, made now if need be; NULL (reported)
 * if memory ran out.
 */
struct logd_peer * logd_peer_of(struct logd *, struct conn *);

/**
 * logd_stream_follow(X, C, id, body, len),
 * logd_stream_hint(X, C, id, body, len),
 * logd_stream_read(X, C, id, body, len):
 * Serve LOG_FOLLOW, LOG_HINT and LOG_READ, as the handlers of a server; ${X} is
 * the struct logd.
 */
int logd_stream_follow(void *, struct conn *, uint32_t, const uint8_t *, size_t);
int logd_stream_hint(void *, struct conn *, uint32_t, const uint8_t *, size_t);
int logd_stream_read(void *, struct conn *, uint32_t, const uint8_t *, size_t);

/**
 * logd_stream_push(X, P):
 * Send the follower ${P} of ${X} entries while there are some that it was not
 * sent and its queue is short.  Return 0, or -1 (reported): cannot go on.
 */
int logd_stream_push(struct logd *, struct logd_peer *);

/**
 * logd_stream_tell(X, P):
 * Answer the LOG_HINT of ${P}.  Return 0, or -1 (reported): cannot go on.
 */
int logd_stream_tell(struct logd *, struct logd_peer *);

#endif
