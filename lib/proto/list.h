#ifndef KS_PROTO_LIST_H
#define KS_PROTO_LIST_H

#include <stddef.h>
#include <stdint.h>

struct rbuf;
struct wbuf;

/* A list being written: u32 n, then n elements. */
struct list {
	struct wbuf * W;
	size_t mark;		/* where the count is */
	uint32_t n;		/* elements so far */
};

/**
 * list_begin(L, W):
 * Begin a list at the end of ${W}.
 */
void list_begin(struct list *, struct wbuf *);

/**
 * list_put(L, p, len):
 * Append the element var32 of the ${len} bytes at ${p} to ${L}.
 */
void list_put(struct list *, const void *, size_t);

/**
 * list_end(L):
 * End ${L}: its count is now right.  Failures are those of the buffer.
 */
void list_end(struct list *);

/**
 * list_check(R, n, len_max):
 * Return 0 if exactly ${n} elements var32 of at most ${len_max} bytes are left
 * in ${R}, which is not moved, or -1.
 */
int list_check(const struct rbuf *, uint32_t, size_t);

/**
 * list_next(R, p, len):
 * Take the next element var32 of a list that list_check found right from ${R}:
 * store where it is in ${p} and its length in ${len} and return 1, or return 0
 * after the last one.
 */
int list_next(struct rbuf *, const uint8_t **, size_t *);

/**
 * list_get_u64(p, len, x):
 * Decode the ${len} bytes at ${p} as a body that is one u64, into ${x}.  Return
 * 0 or -1.
 */
int list_get_u64(const uint8_t *, size_t, uint64_t *);

#endif
