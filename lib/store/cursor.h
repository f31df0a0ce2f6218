#ifndef KS_STORE_CURSOR_H
#define KS_STORE_CURSOR_H

#include "store/backend.h"

/*
 * The committed rows of a range, in order, a bufferful at a time; private to
 * lib/store.
 */
struct cursor {
	struct store * S;
	struct backend_rows rows;
	int filled;		/* rows holds some that were not taken yet */
	const uint8_t * to;	/* upper bound, of the caller */
	size_t tolen;
	size_t seeklen;
	uint8_t seek[STORE_KEY_MAX + 1];	/* where to fill from next */
};

/**
 * cursor_init(C, S, from, fromlen, to, tolen):
 * Make ${C} a cursor over the range of ${S}, given as to store_scan.  ${to} must
 * stay until cursor_free.
 */
void cursor_init(struct cursor *, struct store *, const void *, size_t,
    const void *, size_t);

/**
 * cursor_next(C, row):
 * Take the next row into ${row}, good until the next call.  Return 0, 1 at the
 * end, or -1.
 */
int cursor_next(struct cursor *, struct backend_row *);

/**
 * cursor_free(C):
 * Free what ${C} holds.
 */
void cursor_free(struct cursor *);

#endif
