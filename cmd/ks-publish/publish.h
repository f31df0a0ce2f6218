#ifndef KS_PUBLISH_H
#define KS_PUBLISH_H

#include <stddef.h>
#include <stdint.h>

#include "codec/wbuf.h"
#include "config/config.h"
#include "daemon/server.h"
#include "metrics/epochs.h"
#include "metrics/histogram.h"
#include "metrics/tally.h"
#include "policy/policy.h"
#include "stage/follow.h"

#include "publish_model.h"
#include "publish_state.h"

struct conn;
struct daemon;
struct loop;
struct loop_deferred;
struct publish_feeds;
struct publish_ratify;
struct publish_waits;
struct stage;

/*
 * ks-publish: events of ks-apply in; proofs, heads and feeds out.
 */
struct publish {
	struct config_replica config;
	struct realm * realm;
	struct vrf_key * key;
	struct store * store;
	struct stage * stage;
	struct stage_follow_spec upstream;
	struct stage_follow * follow;
	struct publish_state state;
	struct publish_model model;
	struct publish_waits * waits;
	struct publish_feeds * feeds;
	struct publish_ratify * ratify;
	struct server_spec server;
	struct loop_deferred * wake;	/* something new is served */
	struct wbuf body;		/* scratch: a reply */
	uint64_t lookups;		/* counters since the start */
	uint64_t proofs;
	uint64_t proof_bytes;
	uint64_t histories;
	struct tally refusals;		/* of lookups and ratifications */
	struct histogram lookup_us;	/* those answered at once */
	struct histogram lookup_waited_us;	/* those that had to wait */
	struct epochs epochs;		/* when they were published */
	uint64_t epoch_seen;		/* the newest of them */
	struct histogram ratification_us;	/* from there to each ratification */
	uint64_t newest[POLICY_KEYS_MAX];	/* that each key of the newest policy ratified */
};

/**
 * publish_internal(P, C, id):
 * Answer the request ${id} of ${C}, for which a row could not be read (reported),
 * with ERROR internal.  Return 0; or -1 if the store is dead and the daemon
 * must leave.
 */
int publish_internal(struct publish *, struct conn *, uint32_t);

/**
 * publish_refuse(C, id, rule):
 * Answer the request ${id} of ${C} with ERROR refused and ${rule}, of
 * entry/rule_names.h.  Return as conn_error.
 */
int publish_refuse(struct conn *, uint32_t, const char *);

/**
 * publish_stopping(C, id):
 * Answer the request ${id} of ${C} with ERROR unavailable, as the daemon stops.
 */
int publish_stopping(struct conn *, uint32_t);

/**
 * publish_serve_spec(P):
 * Fill ${P}->server.
 */
void publish_serve_spec(struct publish *);

/**
 * publish_serve_lookup(P, C, id, body, len):
 * Serve a LOOKUP; the handler of a server, as those below.
 */
int publish_serve_lookup(void *, struct conn *, uint32_t, const uint8_t *, size_t);
int publish_serve_feed(void *, struct conn *, uint32_t, const uint8_t *, size_t);
int publish_serve_tail(void *, struct conn *, uint32_t, const uint8_t *, size_t);
int publish_serve_bundle(void *, struct conn *, uint32_t, const uint8_t *, size_t);
int publish_serve_history(void *, struct conn *, uint32_t, const uint8_t *,
    size_t);
int publish_serve_ratifications(void *, struct conn *, uint32_t, const uint8_t *,
    size_t);
int publish_serve_ratify(void *, struct conn *, uint32_t, const uint8_t *, size_t);

/* Most lookups that wait at a time, and the bytes that each may keep. */
#define PUBLISH_WAITS_MAX 4096

/* What one connection may have of them. */
#define PUBLISH_CONN_WAITS_MAX (PUBLISH_WAITS_MAX / 4)

/**
 * publish_waits_new(P), publish_waits_free(L):
 * Return an empty list of waiting lookups for ${P}, whose loop is ${L}; NULL if
 * memory is short.
 */
struct publish_waits * publish_waits_new(struct publish *, struct loop *);
void publish_waits_free(struct publish_waits *);

/**
 * publish_waits_wake(L):
 * Answer those of ${L} that can be answered now.  Return 0 or -1.
 */
int publish_waits_wake(struct publish_waits *);

/**
 * publish_waits_gone(L, C):
 * Forget those of the connection ${C}.
 */
void publish_waits_gone(struct publish_waits *, struct conn *);

/**
 * publish_waits_drain(L):
 * Answer all with ERROR unavailable.  Return 0 or -1.
 */
int publish_waits_drain(struct publish_waits *);

/**
 * publish_waits_count(L):
 * Return how many there are.
 */
size_t publish_waits_count(const struct publish_waits *);

/* Most feeds at a time. */
#define PUBLISH_FEEDS_MAX 256

/* What one connection may have of them. */
#define PUBLISH_CONN_FEEDS_MAX 16

/* Bytes of a FEED_UPDATES, unless it has a single update (PROTOCOL section 11). */
#define PUBLISH_FEED_CHUNK ((size_t)256 * 1024)

/**
 * publish_bundle_updates(P, epoch, from, n):
 * Fill the scratch body of ${P} with a FEED_UPDATES of the updates of the closed
 * ${epoch} from number ${from}, which is one of them, on: as many as fit; how many
 * in ${n}.  Return 0, or -1 (reported).
 */
int publish_bundle_updates(struct publish *, uint64_t, uint32_t, uint32_t *);

/**
 * publish_bundle_policy(P, epoch):
 * If a policy begins after ${epoch} fill the scratch body of ${P} with its
 * FEED_POLICY and return 1; else return 0.
 */
int publish_bundle_policy(struct publish *, uint64_t);

/**
 * publish_feeds_new(P), publish_feeds_free(F):
 * Return an empty list of feeds from ${P}, or NULL if memory is short.
 */
struct publish_feeds * publish_feeds_new(struct publish *);
void publish_feeds_free(struct publish_feeds *);

/**
 * publish_feeds_push(F, C):
 * Send what is there to every feed that keeps up, or to those of the connection
 * ${C} unless that is NULL.  Return 0 or -1.
 */
int publish_feeds_push(struct publish_feeds *, struct conn *);

/**
 * publish_feeds_ratified(F, epoch, body, len, needs):
 * Send the ratification of ${epoch} in the ${len} bytes at ${body} to the feeds
 * that have had the head of that epoch.  Return 0 or -1.
 */
int publish_feeds_ratified(struct publish_feeds *, uint64_t, const uint8_t *,
    size_t, uint64_t);

/**
 * publish_feeds_gone(F, C):
 * Forget those of the connection ${C}; of all if that is NULL.
 */
void publish_feeds_gone(struct publish_feeds *, struct conn *);

/**
 * publish_feeds_count(F, bytes):
 * Return how many feeds there are and store in ${bytes} what was sent on any.
 */
size_t publish_feeds_count(const struct publish_feeds *, uint64_t *);

/* Most ratifications handed to the log and not answered by it. */
#define PUBLISH_RATIFY_MAX 256

/**
 * publish_ratify_new(P, D), publish_ratify_free(R):
 * Return what proposes ratifications of ${P} to the log from the daemon ${D}, or
 * NULL after a line on standard error.
 */
struct publish_ratify * publish_ratify_new(struct publish *, struct daemon *);
void publish_ratify_free(struct publish_ratify *);

/**
 * publish_ratify_status(R, W):
 * Append lines for STATUS to ${W}.
 */
void publish_ratify_status(const struct publish_ratify *, struct wbuf *);

#endif
