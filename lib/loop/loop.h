#ifndef KS_LOOP_LOOP_H
#define KS_LOOP_LOOP_H

#include <stdint.h>

/*
 * The event loop of a single-threaded daemon.  One turn: wait for events, call
 * back for every ready descriptor and signal, then for the timers that are
 * due, then for what was deferred to LOOP_BATCH, then to LOOP_FLUSH.
 *
 * Every callback returns 0, or -1 if the daemon cannot go on (it has said why):
 * the turn ends at once and loop_turn and loop_run return -1.  A callback may
 * free anything, the object that calls it back included; what was freed is not
 * called back any more, not even in the same turn.
 */
struct loop;
struct loop_fd;
struct loop_timer;
struct loop_deferred;
struct loop_signal;

/* What a descriptor is watched for, and what it is ready for. */
#define LOOP_READ	1
#define LOOP_WRITE	2
#define LOOP_HANGUP	4	/* error or hang-up: reported, wanted or not */

/* When a deferred callback comes, in one turn. */
enum loop_order {
	LOOP_BATCH = 0,		/* everything that was ready has been read */
	LOOP_FLUSH = 1		/* every batch has been dealt with */
};

/**
 * loop_new(void):
 * Return a new event loop, or NULL with errno.
 */
struct loop * loop_new(void);

/**
 * loop_free(L):
 * Free ${L}.  All that belongs to it must have been freed.
 */
void loop_free(struct loop *);

/**
 * loop_run(L):
 * Do turns until loop_stop.  Return 0, or -1 if a callback or the waiting
 * failed.
 */
int loop_run(struct loop *);

/**
 * loop_stop(L):
 * Make loop_run(${L}) return at the end of the turn.
 */
void loop_stop(struct loop *);

/**
 * loop_turn(L, wait_ms):
 * Do one turn, waiting at most ${wait_ms} milliseconds for something to happen;
 * not at all if something is deferred.  Return 0 or -1 as loop_run.
 */
int loop_turn(struct loop *, uint64_t);

/**
 * loop_fd_new(L, fd, callback, ctx):
 * Watch ${fd}, for nothing yet.  When it is ready, ${callback}(${ctx}, ready) is
 * called with LOOP_READ, LOOP_WRITE and LOOP_HANGUP or'ed.  Return NULL with
 * errno on failure.
 */
struct loop_fd * loop_fd_new(struct loop *, int, int (*)(void *, int), void *);

/**
 * loop_fd_want(W, want):
 * Watch for ${want}, LOOP_READ and LOOP_WRITE or'ed, or 0.  Return 0, or -1
 * with errno.
 */
int loop_fd_want(struct loop_fd *, int);

/**
 * loop_fd_free(W):
 * End the watch.  Do so before closing the descriptor.
 */
void loop_fd_free(struct loop_fd *);

/**
 * loop_timer_new(L, callback, ctx):
 * Return a timer, not set, that calls ${callback}(${ctx}); or NULL with errno.
 */
struct loop_timer * loop_timer_new(struct loop *, int (*)(void *), void *);

/**
 * loop_timer_set(T, delay_ms):
 * Let ${T} call back once, ${delay_ms} milliseconds from now; set anew, it
 * forgets the time before.  Cannot fail.
 */
void loop_timer_set(struct loop_timer *, uint64_t);

/**
 * loop_timer_clear(T):
 * Let ${T} not call back.
 */
void loop_timer_clear(struct loop_timer *);

/**
 * loop_timer_free(T):
 * Free ${T}.
 */
void loop_timer_free(struct loop_timer *);

/**
 * loop_deferred_new(L, order, callback, ctx):
 * Return a callback that can be deferred to ${order} in the turn; or NULL with
 * errno.
 */
struct loop_deferred * loop_deferred_new(struct loop *, enum loop_order,
    int (*)(void *), void *);

/**
 * loop_deferred_set(D):
 * Let ${D} call back once in this turn; in the next if its order is being, or
 * has been, dealt with.  Doing so twice is as once.  Cannot fail.
 */
void loop_deferred_set(struct loop_deferred *);

/**
 * loop_deferred_free(D):
 * Free ${D}.
 */
void loop_deferred_free(struct loop_deferred *);

/**
 * loop_signal_new(L, signo, callback, ctx):
 * Block ${signo} and call ${callback}(${ctx}) when it was sent.  Threads must be
 * started afterwards, so that they inherit the mask.  Return NULL with errno.
 */
struct loop_signal * loop_signal_new(struct loop *, int, int (*)(void *), void *);

/**
 * loop_signal_free(S):
 * Free ${S}; its signal stays blocked.
 */
void loop_signal_free(struct loop_signal *);

#endif
