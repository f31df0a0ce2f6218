#ifndef KS_APPLY_WAITERS_H
#define KS_APPLY_WAITERS_H

#include <stddef.h>
#include <stdint.h>

struct conn;

/*
 * Who waits for the outcome of which request: several may for one.
 */
struct apply_waiters;

/**
 * apply_waiters_new(max):
 * Return an empty set of at most ${max} waiters, or NULL.
 */
struct apply_waiters * apply_waiters_new(size_t);

/**
 * apply_waiters_add(S, request_id, C, id):
 * Request ${id} of ${C} waits for the 16 bytes ${request_id}.  Return 0, or -1 if
 * there are too many or memory is short.
 */
int apply_waiters_add(struct apply_waiters *, const uint8_t *, struct conn *,
    uint32_t);

/**
 * apply_waiters_take(S, request_id, C, id):
 * Remove one who waits for ${request_id} and store him in ${C} and ${id}; return
 * 1, or 0 if nobody waits.
 */
int apply_waiters_take(struct apply_waiters *, const uint8_t *, struct conn **,
    uint32_t *);

/**
 * apply_waiters_take_any(S, C, id):
 * As apply_waiters_take, for whatever request.
 */
int apply_waiters_take_any(struct apply_waiters *, struct conn **, uint32_t *);

/**
 * apply_waiters_gone(S, C):
 * Remove all who wait on the connection ${C}.
 */
void apply_waiters_gone(struct apply_waiters *, const struct conn *);

/**
 * apply_waiters_count(S):
 * Return how many wait.
 */
size_t apply_waiters_count(const struct apply_waiters *);

/**
 * apply_waiters_free(S):
 * Free ${S}.  NULL is fine.
 */
void apply_waiters_free(struct apply_waiters *);

#endif
