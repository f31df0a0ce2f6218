#ifndef KS_CODEC_WBUF_H
#define KS_CODEC_WBUF_H

#include <stddef.h>
#include <stdint.h>

/*
 * A growing buffer that is written from front to back, big-endian.  A failure
 * (out of memory, or more than the maximum) sticks: later puts do nothing, and
 * wbuf_failed tells once at the end.  So an encoder is a straight list of puts.
 */
struct wbuf {
	uint8_t * data;		/* NULL while nothing was written */
	size_t len;		/* bytes written */
	size_t cap;		/* bytes allocated */
	size_t len_max;		/* a put beyond this fails */
	int failed;		/* nonzero once a put failed */
};

/**
 * wbuf_init(W, len_max):
 * Make ${W} an empty buffer that will hold at most ${len_max} bytes.
 */
void wbuf_init(struct wbuf *, size_t);

/**
 * wbuf_free(W):
 * Free what ${W} holds; ${W} is then as after wbuf_init.
 */
void wbuf_free(struct wbuf *);

/**
 * wbuf_reset(W):
 * Forget the content and the failure of ${W}, keep its memory.
 */
void wbuf_reset(struct wbuf *);

/**
 * wbuf_failed(W):
 * Return 0 if every put so far succeeded, or -1.
 */
int wbuf_failed(const struct wbuf *);

/**
 * wbuf_fail(W):
 * Make ${W} fail, as if a put had: what was to be written is not to be had.
 */
void wbuf_fail(struct wbuf *);

/**
 * wbuf_put_u8(W, x), wbuf_put_u16(W, x), wbuf_put_u32(W, x), wbuf_put_u64(W, x):
 * Append the unsigned integer ${x}, big-endian, in 1, 2, 4 or 8 bytes.
 */
void wbuf_put_u8(struct wbuf *, uint8_t);
void wbuf_put_u16(struct wbuf *, uint16_t);
void wbuf_put_u32(struct wbuf *, uint32_t);
void wbuf_put_u64(struct wbuf *, uint64_t);

/**
 * wbuf_put_bytes(W, p, len):
 * Append the ${len} bytes at ${p}.  ${p} may be NULL if ${len} is 0.
 */
void wbuf_put_bytes(struct wbuf *, const void *, size_t);

/**
 * wbuf_put_var8(W, p, len), wbuf_put_var16(W, p, len), wbuf_put_var32(W, p, len):
 * Append ${len} as an integer of 1, 2 or 4 bytes, then the ${len} bytes at
 * ${p}.  A ${len} that does not fit the integer is a failure.
 */
void wbuf_put_var8(struct wbuf *, const void *, size_t);
void wbuf_put_var16(struct wbuf *, const void *, size_t);
void wbuf_put_var32(struct wbuf *, const void *, size_t);

/**
 * wbuf_put_str8(W, s):
 * As wbuf_put_var8 for the NUL-terminated string ${s}, without its NUL.
 */
void wbuf_put_str8(struct wbuf *, const char *);

/**
 * wbuf_printf(W, fmt, ...):
 * Append text formatted as by printf(3), without a NUL.
 */
void wbuf_printf(struct wbuf *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

/**
 * wbuf_space(W, len):
 * Append ${len} bytes of undefined content and return where they start, or
 * NULL after a failure.  The pointer is good until the next put.
 */
uint8_t * wbuf_space(struct wbuf *, size_t);

/**
 * wbuf_steal(W, len):
 * Hand the content of ${W} to the caller, who frees it with free(3), and store
 * its length in ${len}; ${W} is then as after wbuf_init.  Return NULL if a put
 * failed (${W} is freed); never NULL for an empty buffer otherwise.
 */
uint8_t * wbuf_steal(struct wbuf *, size_t *);

#endif
