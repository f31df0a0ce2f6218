#ifndef KS_PROTO_PROTO_APPLY_H
#define KS_PROTO_PROTO_APPLY_H

#include <stddef.h>
#include <stdint.h>

#include "codec/rbuf.h"
#include "entry/limits.h"
#include "head/head.h"
#include "proto/list.h"
#include "proto/signature.h"

struct wbuf;

/*
 * The frames and events of the socket `apply` (PROTOCOL section 11).  A put
 * appends a body to a buffer, a get decodes a whole body: 0, or -1 if it is
 * malformed.
 */
enum proto_apply_type {
	APPLY_FOLLOW = 0x0201,
	APPLY_EVENTS = 0x0202,
	APPLY_ENTRY = 0x0203,
	APPLY_ENTRY_REPLY = 0x0204,
	APPLY_NO_ENTRY = 0x0205,	/* empty */
	APPLY_OUTCOME = 0x0206,
	APPLY_ACCEPTED = 0x0207
};

/* The events, in the order of the log. */
enum proto_apply_event {
	EVENT_UPDATE = 1,
	EVENT_EPOCH = 2,		/* a head record: head_put, head_parse */
	EVENT_SIGNATURE = 3,		/* signature_put, signature_get */
	EVENT_SIGNED = 4,
	EVENT_RATIFICATION = 5,		/* signature_put_ratification, _get_ */
	EVENT_POLICY = 6		/* proto_policy_put, proto_policy_get */
};

/* An APPLY_EVENTS, decoded; points into the body. */
struct proto_apply_events {
	uint64_t first;		/* sequence number of the first event */
	uint32_t n;		/* how many there are */
	struct rbuf list;	/* for proto_apply_next */
};

/* The body of an EVENT_UPDATE; points into it. */
struct proto_apply_update {
	uint64_t epoch;			/* in which it is closed */
	const uint8_t * update;
	size_t update_len;
	const uint8_t * profile;	/* of length 0: erased */
	size_t profile_len;
};

/**
 * proto_apply_put_follow(W, from), proto_apply_get_follow(body, len, from):
 * APPLY_FOLLOW: the events from the sequence number ${from} on.
 */
void proto_apply_put_follow(struct wbuf *, uint64_t);
int proto_apply_get_follow(const uint8_t *, size_t, uint64_t *);

/**
 * proto_apply_begin_events(L, W, first):
 * Begin an APPLY_EVENTS in ${W} with the event number ${first}; then
 * proto_apply_put_event(${L}, ...) for each, and list_end(${L}).
 */
void proto_apply_begin_events(struct list *, struct wbuf *, uint64_t);

/**
 * proto_apply_put_event(L, type, body, len):
 * Append the event of ${type} with the ${len} bytes at ${body} to ${L}.
 */
void proto_apply_put_event(struct list *, uint8_t, const void *, size_t);

/**
 * proto_apply_get_events(body, len, E):
 * Decode an APPLY_EVENTS into ${E}; the bodies of the events are not looked at.
 */
int proto_apply_get_events(const uint8_t *, size_t,
    struct proto_apply_events *);

/**
 * proto_apply_next(E, type, body, len):
 * Store type and body of the next event of ${E} and return 1, or return 0 after
 * the last one.
 */
int proto_apply_next(struct proto_apply_events *, uint8_t *, const uint8_t **,
    size_t *);

/**
 * proto_apply_put_update(W, U), proto_apply_get_update(body, len, U):
 * The body of an EVENT_UPDATE.
 */
void proto_apply_put_update(struct wbuf *, const struct proto_apply_update *);
int proto_apply_get_update(const uint8_t *, size_t,
    struct proto_apply_update *);

/**
 * proto_apply_put_signed(W, epoch), proto_apply_get_signed(body, len, epoch):
 * The body of an EVENT_SIGNED.
 */
void proto_apply_put_signed(struct wbuf *, uint64_t);
int proto_apply_get_signed(const uint8_t *, size_t, uint64_t *);

/**
 * proto_apply_put_entry(W, index), proto_apply_get_entry(body, len, index):
 * APPLY_ENTRY; ${index} points into the body.
 */
void proto_apply_put_entry(struct wbuf *, const uint8_t *);
int proto_apply_get_entry(const uint8_t *, size_t, const uint8_t **);

/**
 * proto_apply_put_entry_reply(W, epoch, entry, entry_len),
 * proto_apply_get_entry_reply(body, len, epoch, entry, entry_len):
 * APPLY_ENTRY_REPLY: the encoded ${entry}, which is or will be in ${epoch}.
 */
void proto_apply_put_entry_reply(struct wbuf *, uint64_t, const uint8_t *,
    size_t);
int proto_apply_get_entry_reply(const uint8_t *, size_t, uint64_t *,
    const uint8_t **, size_t *);

/**
 * proto_apply_put_outcome(W, request_id), proto_apply_get_outcome(body, len, request_id):
 * APPLY_OUTCOME; ${request_id} points into the body.
 */
void proto_apply_put_outcome(struct wbuf *, const uint8_t *);
int proto_apply_get_outcome(const uint8_t *, size_t, const uint8_t **);

/**
 * proto_apply_put_accepted(W, epoch), proto_apply_get_accepted(body, len, epoch):
 * APPLY_ACCEPTED: the update is or will be in ${epoch}.
 */
void proto_apply_put_accepted(struct wbuf *, uint64_t);
int proto_apply_get_accepted(const uint8_t *, size_t, uint64_t *);

#endif
