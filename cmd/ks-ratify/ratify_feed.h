#ifndef KS_RATIFY_FEED_H
#define KS_RATIFY_FEED_H

#include <stddef.h>
#include <stdint.h>

#include "codec/wbuf.h"

struct ratify_state;
struct stage;
struct store;

/*
 * What to make of the frames of a feed: the updates of the open epoch are
 * gathered until its head comes, then the epoch goes through the stage.  Reads
 * no clock and knows no connection.
 */

/** Most bytes of one epoch's updates, with 4 bytes for each: bounds the memory.
 * An epoch of EPOCH_UPDATES_MAX updates of 1 kB each fits; a larger one cannot
 * be ratified. */
#define RATIFY_EPOCH_LEN_MAX ((size_t)1 << 30)

/* What became of a frame. */
enum ratify_fed {
	RATIFY_FED_FAILED = -1,	/* this machine failed (reported) */
	RATIFY_FED_ON = 0,	/* go on */
	RATIFY_FED_DROP,	/* the feed is not to be trusted: ${rule} */
	RATIFY_FED_HALTED	/* misbehaviour: evidence is written, the end */
};

struct ratify_feed {
	struct ratify_state * state;
	struct stage * stage;
	uint64_t next;		/* epoch that comes next */
	struct wbuf epoch;	/* event of it, so far */
	uint32_t n;		/* updates in it */
	struct wbuf policy;	/* its FEED_POLICY, or empty */
	struct wbuf back;	/* RATIFY_BACK_LEN each: gathered ratifications */
	uint64_t epochs;	/* ratified since the start */
};

/** Bytes of the body of a FEED_RATIFICATION. */
#define RATIFY_BACK_LEN (8 + 4 + 8 + 64)

/** Ratifications gathered at most, before they are run. */
#define RATIFY_BACK_MAX 1024

/**
 * ratify_feed_init(F, A, G):
 * Make ${F} the feed into the stage ${G} on ${A}.
 */
void ratify_feed_init(struct ratify_feed *, struct ratify_state *,
    struct stage *);

/**
 * ratify_feed_start(F, from):
 * A feed begins anew: store in ${from} the epoch to ask for.  That is the oldest
 * one whose cosignature has not come back, and never later than the last
 * ratified one, so that another history of it shows.  Return 0, or -1
 * (reported).
 */
int ratify_feed_start(struct ratify_feed *, uint64_t *);

/**
 * ratify_feed_frame(F, type, body, len, clock_ms, rule):
 * Take the frame of ${type}, one of the FEED_ types, with the ${len} bytes at ${body},
 * at ${clock_ms} (milliseconds since 1970).  Return an enum ratify_fed; store
 * in ${rule} the rule that was broken, for RATIFY_FED_DROP.
 */
enum ratify_fed ratify_feed_frame(struct ratify_feed *, uint16_t,
    const uint8_t *, size_t, uint64_t, const char **);

/**
 * ratify_feed_flush(F, rule):
 * Run what is gathered and complete.  Return as ratify_feed_frame.
 */
enum ratify_fed ratify_feed_flush(struct ratify_feed *, const char **);

/**
 * ratify_feed_free(F):
 * Free what ${F} holds.
 */
void ratify_feed_free(struct ratify_feed *);

#endif
