#ifndef KS_POOL_POOL_H
#define KS_POOL_POOL_H

#include <stddef.h>

/*
 * Threads for pure work on many independent items (signature checks): the
 * daemons stay single-threaded, and hand a batch out for a moment.
 */
struct pool;

/** Most threads a pool will have, the caller's included. */
#define POOL_THREADS_MAX 64

/**
 * pool_new(threads):
 * Return a pool that works with ${threads} threads, the caller of pool_run
 * being one of them; 0 means one for each processor that this process may use.
 * Return NULL if memory or threads are short.  All signals are blocked in them.
 */
struct pool * pool_new(unsigned int);

/**
 * pool_run(P, work, cookie, n):
 * Call ${work}(${cookie}, i) once for every i below ${n}, in any order and at the
 * same time, and return when all calls have returned.  ${work} must touch
 * nothing that another i touches.  Not to be called from two threads at once.
 */
void pool_run(struct pool *, void (*)(void *, size_t), void *, size_t);

/**
 * pool_free(P):
 * End the threads of ${P} and free it.
 */
void pool_free(struct pool *);

#endif
