#ifndef KS_APPLY_PROPOSE_H
#define KS_APPLY_PROPOSE_H

#include <stdint.h>

struct apply_state;
struct config_replica;
struct loop;
struct upstream;
struct wbuf;

/*
 * Proposes the delimiter that closes the next epoch, when due_delimiter says
 * so.  It only reads the state; what becomes of a proposal comes out of the log.
 */
struct apply_propose;

/**
 * apply_propose_new(L, A, config):
 * Return a proposer on the loop ${L} for the state ${A} with the intervals of
 * ${config}, which both stay until apply_propose_free; or NULL with errno.
 */
struct apply_propose * apply_propose_new(struct loop *,
    const struct apply_state *, const struct config_replica *);

/**
 * apply_propose_hint(P, log, leader, last):
 * The log, asked at ${log} (NULL: it is down), says that this replica is likely
 * the ${leader} and that ${last} is the last committed index.
 */
void apply_propose_hint(struct apply_propose *, struct upstream *, int, uint64_t);

/**
 * apply_propose_current(P):
 * Return nonzero if the state has come as far as the log was when it last said
 * so: it is not being rebuilt, or left behind by a long pause.
 */
int apply_propose_current(const struct apply_propose *);

/**
 * apply_propose_consider(P):
 * An input may have changed: propose if it is due, else wait until it is.
 * Return 0, or -1 if memory is short (reported).
 */
int apply_propose_consider(struct apply_propose *);

/**
 * apply_propose_status(P, W):
 * Append to ${W}, for STATUS, whether this replica is likely the leader, how many
 * delimiters were proposed since the start, how many of them again for the same epoch,
 * and how long epochs waited for their majority.
 */
void apply_propose_status(const struct apply_propose *, struct wbuf *);

/**
 * apply_propose_free(P):
 * Free ${P}.  NULL is fine.
 */
void apply_propose_free(struct apply_propose *);

#endif
