#ifndef KS_STORE_OVERLAY_H
#define KS_STORE_OVERLAY_H

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#include <bsd/sys/tree.h>

/*
 * An ordered map in memory, private to lib/store: the pending changes of a
 * view, and the rows of the memory double.
 */
struct overlay_row {
	RB_ENTRY(overlay_row) link;
	uint8_t * val;		/* NULL if deleted, never otherwise */
	size_t vlen;
	size_t klen;
	uint8_t key[];
};

RB_HEAD(overlay_tree, overlay_row);

struct overlay {
	struct overlay_tree tree;
	size_t rows;		/* how many */
	size_t bytes;		/* keys and values together */
};

/**
 * overlay_compare(a, alen, b, blen):
 * Return less than, equal to or greater than 0 as the key of ${alen} bytes ${a}
 * is before, the same as or after that of ${blen} bytes ${b}.
 */
int overlay_compare(const void *, size_t, const void *, size_t);

/**
 * overlay_init(O):
 * Make ${O} empty, without freeing anything.
 */
void overlay_init(struct overlay *);

/**
 * overlay_clear(O):
 * Remove and free every row of ${O}.
 */
void overlay_clear(struct overlay *);

/**
 * overlay_set(O, key, klen, val, vlen):
 * Set the row ${key} of ${klen} bytes to a copy of the ${vlen} bytes ${val};
 * a NULL ${val} marks it as deleted.  ${key} and ${val} may point into ${O}.  No
 * row moves or goes away.  Return 0, or -1 if out of memory (nothing changed).
 */
int overlay_set(struct overlay *, const void *, size_t, const void *, size_t);

/**
 * overlay_find(O, key, klen):
 * Return the row ${key} of ${klen} bytes, or NULL.
 */
struct overlay_row * overlay_find(const struct overlay *, const void *, size_t);

/**
 * overlay_from(O, key, klen):
 * Return the first row whose key is at least ${key} of ${klen} bytes, or NULL.
 */
struct overlay_row * overlay_from(const struct overlay *, const void *, size_t);

/**
 * overlay_before(O, key, klen):
 * Return the last row whose key is less than ${key} of ${klen} bytes (the last
 * row of all if ${klen} is 0), or NULL.
 */
struct overlay_row * overlay_before(const struct overlay *, const void *, size_t);

/**
 * overlay_next(row):
 * Return the row after ${row}, or NULL.
 */
struct overlay_row * overlay_next(struct overlay_row *);

/**
 * overlay_apply(O, changes):
 * Carry out ${changes} on ${O}, a map without deleted marks, by moving rows:
 * it cannot fail.  ${changes} is empty then.
 */
void overlay_apply(struct overlay *, struct overlay *);

#endif
