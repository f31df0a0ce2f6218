#ifndef KS_CODEC_RBUF_H
#define KS_CODEC_RBUF_H

#include <stddef.h>
#include <stdint.h>

/*
 * A cursor over received bytes, big-endian.  It copies nothing: what it hands
 * out points into the input.  A failure sticks, as in wbuf: later gets yield 0
 * or NULL, and rbuf_end, which closes every decoder, tells.
 */
struct rbuf {
	const uint8_t * data;	/* the next byte */
	size_t len;		/* bytes left */
	int failed;		/* nonzero once a get went beyond the end */
};

/**
 * rbuf_init(R, p, len):
 * Make ${R} a cursor at the start of the ${len} bytes at ${p}, which must stay
 * while ${R} or anything it handed out is used.
 */
void rbuf_init(struct rbuf *, const void *, size_t);

/**
 * rbuf_get_u8(R), rbuf_get_u16(R), rbuf_get_u32(R), rbuf_get_u64(R):
 * Take an unsigned big-endian integer of 1, 2, 4 or 8 bytes; 0 after a failure.
 */
uint8_t rbuf_get_u8(struct rbuf *);
uint16_t rbuf_get_u16(struct rbuf *);
uint32_t rbuf_get_u32(struct rbuf *);
uint64_t rbuf_get_u64(struct rbuf *);

/**
 * rbuf_get_bytes(R, len):
 * Take ${len} bytes and return where they are, or NULL after a failure.
 */
const uint8_t * rbuf_get_bytes(struct rbuf *, size_t);

/**
 * rbuf_copy(R, p, len):
 * Take ${len} bytes into ${p}; zeroes after a failure.
 */
void rbuf_copy(struct rbuf *, void *, size_t);

/**
 * rbuf_get_var8(R, len_max, len), rbuf_get_var16(R, len_max, len),
 * rbuf_get_var32(R, len_max, len):
 * Take a length of 1, 2 or 4 bytes, which must be at most ${len_max}, and that
 * many bytes.  Store the length in ${len} and return where the bytes are; after
 * a failure store 0 and return NULL.  Never NULL for a length of 0 otherwise.
 */
const uint8_t * rbuf_get_var8(struct rbuf *, size_t, size_t *);
const uint8_t * rbuf_get_var16(struct rbuf *, size_t, size_t *);
const uint8_t * rbuf_get_var32(struct rbuf *, size_t, size_t *);

/**
 * rbuf_fail(R):
 * Mark ${R} as failed, for a rule that the caller checks in mid-decode.
 */
void rbuf_fail(struct rbuf *);

/**
 * rbuf_end(R):
 * Return 0 if every get succeeded and nothing is left, or -1.
 */
int rbuf_end(const struct rbuf *);

#endif
