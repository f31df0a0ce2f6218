#ifndef KS_STORE_VIEW_H
#define KS_STORE_VIEW_H

#include <stddef.h>
#include <stdint.h>

#include "store/bytes.h"
#include "store/store.h"

/*
 * A store as it will be: what is committed, overlaid with puts and deletes that
 * are not yet.  A step reads and writes here; then one view_commit makes all of
 * it durable, and only then does the program act.
 */
struct view;

/**
 * view_open(S):
 * Return a view of ${S} with nothing pending, or NULL if out of memory.
 */
struct view * view_open(struct store *);

/**
 * view_close(V):
 * Discard what is pending and free ${V}.  NULL is fine.
 */
void view_close(struct view *);

/**
 * view_get(V, key, klen, val):
 * As store_get, pending changes included.
 */
int view_get(struct view *, const void *, size_t, struct bytes *);

/**
 * view_put(V, key, klen, val, vlen):
 * Set the row of the ${klen} bytes ${key} (1 to STORE_KEY_MAX) to the ${vlen}
 * bytes ${val} (0 to STORE_VALUE_MAX), pending.  Both are copied.  Return 0, or -1
 * if out of memory; view_commit then fails too, so that the caller may check
 * only there.
 */
int view_put(struct view *, const void *, size_t, const void *, size_t);

/**
 * view_del(V, key, klen):
 * Remove the row of the ${klen} bytes ${key} if there is one, pending.  Return
 * as view_put.
 */
int view_del(struct view *, const void *, size_t);

/**
 * view_scan(V, from, fromlen, to, tolen, row, cookie):
 * As store_scan, pending changes included.  ${row} may put and delete in ${V}:
 * changes after the current key are met, others not; it must not commit or
 * discard.  Its value is good until it changes that very row.
 */
int view_scan(struct view *, const void *, size_t, const void *, size_t,
    store_row *, void *);

/**
 * view_last(V, from, fromlen, to, tolen, key, val):
 * As store_last, pending changes included.
 */
int view_last(struct view *, const void *, size_t, const void *, size_t,
    struct bytes *, struct bytes *);

/**
 * view_pending(V, bytes):
 * Return how many rows the pending changes put or delete, and store in
 * ${bytes}, unless NULL, how long their keys and values are together.
 */
size_t view_pending(const struct view *, size_t *);

/**
 * view_commit(V, number):
 * Make all pending changes durable in one transaction, in the order of keys,
 * and store its number in ${number} unless NULL: 1, 2, 3... in one run of the
 * process.  Nothing is pending then.  If nothing was, do nothing: the number
 * is that of the last commit.  What the program does because of these changes
 * needs this number (trace_send in store/trace.h).
 * Return 0, or -1 (reported): the store is dead, nothing may be acknowledged,
 * leave with EXITS_TEMPORARY.
 */
int view_commit(struct view *, uint64_t *);

/**
 * view_discard(V):
 * Forget all pending changes, and a failure of view_put.
 */
void view_discard(struct view *);

#endif
