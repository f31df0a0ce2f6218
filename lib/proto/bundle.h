#ifndef KS_PROTO_BUNDLE_H
#define KS_PROTO_BUNDLE_H

#include <stddef.h>
#include <stdint.h>

#include "entry/limits.h"

struct frame;

/*
 * What HTTP carries of the feed: frames with request id 0, one behind the other
 * (PROTOCOL section 11).  Of each only the shape is looked at, and that it may
 * stand where it stands: what it says is for whoever replays it.
 */

/** Most bytes of the bundle of an epoch: its updates, and what is about them. */
#define BUNDLE_LEN_MAX	((size_t)EPOCH_BYTES_MAX + (size_t)16 * 1024 * 1024)

/** Most bytes of one answer with heads and ratifications. */
#define BUNDLE_TAIL_MAX	((size_t)4 * 1024 * 1024)

enum bundle_kind {
	BUNDLE_EPOCH,		/* FEED_UPDATES, [FEED_POLICY,] FEED_HEAD */
	BUNDLE_TAIL		/* FEED_HEAD and FEED_RATIFICATION, any number */
};

struct bundle {
	enum bundle_kind kind;
	int policy;		/* the FEED_POLICY was there */
	int head;		/* the FEED_HEAD, which ends it, was there */
};

/**
 * bundle_init(B, kind):
 * Make ${B} one of ${kind} of which nothing came yet.
 */
void bundle_init(struct bundle *, enum bundle_kind);

/**
 * bundle_next(B, p, len, F, used):
 * Look for the next frame of ${B} at the start of the ${len} bytes at ${p}.  Return 1
 * and fill ${F} and the bytes that it takes, ${used}; 0 if more bytes are needed; -1
 * if it is none, or none that may stand here.
 */
int bundle_next(struct bundle *, const uint8_t *, size_t, struct frame *,
    size_t *);

/**
 * bundle_whole(B, left):
 * Return nonzero if ${B} may end here, with ${left} bytes that were no frame yet.
 */
int bundle_whole(const struct bundle *, size_t);

#endif
