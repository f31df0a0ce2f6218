#ifndef KS_APPLY_SERVE_H
#define KS_APPLY_SERVE_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/server.h"

struct action;
struct apply_propose;
struct apply_state;
struct loop;
struct stage;
struct store;

/*
 * The socket `apply`: followers of events, questions for the newest entry of an
 * index, and those who wait for the outcome of a request.  All that is told is
 * committed.
 */
struct apply_serve;

/** Requests whose outcome is waited for at a time; one more is refused. */
#define APPLY_WAITERS_MAX 65536

/** Of these on one connection: more than ks-admit ever has open. */
#define APPLY_CONN_WAITERS_MAX (APPLY_WAITERS_MAX / 4)

/** An outcome is waited for so long at most: what was never proposed has none. */
#define APPLY_WAIT_MS 120000

/**
 * apply_serve_new(L, A, S, G, P):
 * Return the serving side, on the loop ${L}, of the state ${A} over its store ${S}; the
 * stage ${G} and the proposer ${P} are for STATUS.  NULL if memory is short.  All stay until
 * apply_serve_free.
 */
struct apply_serve * apply_serve_new(struct loop *, const struct apply_state *,
    struct store *, struct stage *, const struct apply_propose *);

/**
 * apply_serve_spec(V, spec):
 * Fill ${spec} for daemon_serve.
 */
void apply_serve_spec(struct apply_serve *, struct server_spec *);

/**
 * apply_serve_outcome(V, action, needs):
 * Carry out the APPLY_ACT_OUTCOME ${action}, durable since commit ${needs}: answer
 * who waits for it.  Return 0, or -1 (reported).
 */
int apply_serve_outcome(struct apply_serve *, const struct action *, uint64_t);

/**
 * apply_serve_push(V):
 * Send to the followers what has been committed since.  Return 0, or -1
 * (reported).
 */
int apply_serve_push(struct apply_serve *);

/**
 * apply_serve_drain(V):
 * Answer all who wait that they may try again later.  Return 0, or -1.
 */
int apply_serve_drain(struct apply_serve *);

/**
 * apply_serve_free(V):
 * Free ${V}.  NULL is fine.
 */
void apply_serve_free(struct apply_serve *);

#endif
