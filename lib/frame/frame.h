#ifndef KS_FRAME_FRAME_H
#define KS_FRAME_FRAME_H

#include <stddef.h>
#include <stdint.h>

struct wbuf;

/*
 * A frame, the unit between our processes, big-endian:
 *	u32 length (of all that follows), u16 type, u32 request id, body.
 * A reply carries the id of its request.  Id 0 means "no request".
 */

/* Most bytes after the length: no message of ours is larger, so nobody has to
 * hold more than this for a peer that has not finished its frame. */
#define FRAME_LEN_MAX	1048576

/* Fewest bytes after the length: type and request id. */
#define FRAME_LEN_MIN	6

/* Bytes before the body: length, type, request id. */
#define FRAME_HEADER	10

/* Most bytes of a body. */
#define FRAME_BODY_MAX	(FRAME_LEN_MAX - FRAME_LEN_MIN)

struct frame {
	uint16_t type;
	uint32_t id;		/* the request that this is, or answers */
	const uint8_t * body;	/* points into what was parsed */
	size_t len;		/* bytes at body */
};

/**
 * frame_parse(data, len, F, used):
 * Look for a whole frame at the start of the ${len} bytes at ${data}.  Return 1
 * and fill in ${F} and ${used}, the bytes that the frame takes, if it is there;
 * 0 if more bytes are needed; -1 if its length is below FRAME_LEN_MIN or above
 * FRAME_LEN_MAX, which shows as soon as the length is there.
 */
int frame_parse(const uint8_t *, size_t, struct frame *, size_t *);

/**
 * frame_put(W, type, id, body, len):
 * Append a frame of ${type} and ${id} with the ${len} bytes at ${body} to ${W}.
 * A ${len} above FRAME_BODY_MAX is a failure of ${W}.
 */
void frame_put(struct wbuf *, uint16_t, uint32_t, const void *, size_t);

/**
 * frame_begin(W, type, id):
 * Append the start of a frame to ${W}, so that its body can be put straight
 * into ${W}; return the mark to give to frame_end.
 */
size_t frame_begin(struct wbuf *, uint16_t, uint32_t);

/**
 * frame_end(W, mark):
 * End the frame that frame_begin, which returned ${mark}, began in ${W}: all
 * that was put since is its body.  A body above FRAME_BODY_MAX is a failure of
 * ${W}.
 */
void frame_end(struct wbuf *, size_t);

#endif
