#ifndef KS_LOOP_IMPL_H
#define KS_LOOP_IMPL_H

#include <stddef.h>
#include <stdint.h>

#include "loop/loop.h"

/* What loop.c and timer.c share; nobody else includes this. */
struct loop {
	int epfd;
	int stopped;
	struct loop_fd * dead;			/* freed in this turn */
	struct loop_deferred * first[2];	/* by order: set, in order */
	struct loop_deferred * last[2];
	struct loop_deferred * running;		/* set before the order began */
	struct loop_timer ** heap;		/* the set timers, soonest first */
	size_t nset;
	size_t ntimers;				/* set or not */
	size_t heap_cap;			/* >= ntimers: setting cannot fail */
};

/**
 * loop_timers_wait(L, wait_ms):
 * Return ${wait_ms} or the time until the first timer is due, if that is less.
 */
uint64_t loop_timers_wait(struct loop *, uint64_t);

/**
 * loop_timers_run(L):
 * Call back the timers that are due.  Return 0, or -1 if one of them failed.
 */
int loop_timers_run(struct loop *);

#endif
