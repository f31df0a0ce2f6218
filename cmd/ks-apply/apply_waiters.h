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
 * apply_waiters_add(S, request_id, C, id, until_ms):
 * Request ${id} of ${C} waits for the 16 bytes ${request_id}, until ${until_ms}, which
 * is not before that of any other.  Return 0, or -1 if there are too many or memory is
 * short.
 */
int apply_waiters_add(struct apply_waiters *, const uint8_t *, struct conn *,
    uint32_t, uint64_t);

/**
 * apply_waiters_take(S, request_id, C, id):
 * Remove one who waits for ${request_id} and store him in ${C} and ${id}; return
 * 1, or 0 if nobody waits.
 */
int apply_waiters_take(struct apply_waiters *, const uint8_t *, struct conn **,
    uint32_t *);

/**
 * apply_waiters_until(S):
 * Return until when the oldest of ${S} waits; UINT64_MAX if there is none.
 */
uint64_t apply_waiters_until(const struct apply_waiters *);

/**
 * apply_waiters_take_old(S, now_ms, C, id):
 * As apply_waiters_take, for the oldest one if he waited until ${now_ms} or earlier;
 * at UINT64_MAX everybody has.
 */
int apply_waiters_take_old(struct apply_waiters *, uint64_t, struct conn **,
    uint32_t *);

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
