#ifndef KS_STORE_BYTES_H
#define KS_STORE_BYTES_H

#include <stddef.h>
#include <stdint.h>

/*
 * A value of its own memory that is read into again and again; all zeroes is
 * the empty one.  A read replaces the content and keeps the memory, so that a
 * loop of lookups allocates only while values get longer.
 */
struct bytes {
	uint8_t * data;		/* NULL while nothing was ever stored */
	size_t len;		/* bytes of content */
	size_t cap;		/* bytes allocated */
};

/**
 * bytes_reserve(b, cap):
 * Make room for ${cap} bytes in ${b}.  The content stays.  Return 0, or -1 if
 * out of memory.
 */
int bytes_reserve(struct bytes *, size_t);

/**
 * bytes_set(b, p, len):
 * Make a copy of the ${len} bytes at ${p} the content of ${b}.  Return 0, or -1
 * if out of memory (the content is then what it was).
 */
int bytes_set(struct bytes *, const void *, size_t);

/**
 * bytes_free(b):
 * Free what ${b} holds; it is then the empty one.
 */
void bytes_free(struct bytes *);

#endif
