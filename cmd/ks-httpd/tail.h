#ifndef KS_HTTPD_TAIL_H
#define KS_HTTPD_TAIL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "daemon/upstream.h"

#include "tail_ring.h"

struct daemon;
struct loop_deferred;
struct loop_timer;

/*
 * The one TAIL that ks-httpd follows, over a connection of its own, and those who wait
 * for what comes over it: one stream upstream, however many poll.
 */

/* Most who wait at a time. */
#define TAIL_WAITS_MAX 4096

/* Longest time that one waits. */
#define TAIL_WAIT_MAX_MS 30000

/* Somebody who waits for an event or an epoch; its owner keeps it. */
struct tail_wait {
	uint64_t number;	/* for an event after this one, if epoch is 0 */
	uint64_t epoch;		/* for the head of this epoch */
	uint64_t deadline_ms;	/* of clock_mono_ms */
	/* It came, or the time is over: the wait has ended.  0 or -1. */
	int (* done)(void *);
	void * ctx;
	int waits;		/* nonzero while it does */
	TAILQ_ENTRY(tail_wait) link;
};

struct tail {
	struct tail_ring ring;
	struct upstream_spec spec;
	struct upstream * upstream;
	struct loop_timer * timer;
	struct loop_deferred * wake;
	TAILQ_HEAD(, tail_wait) waits;
	size_t nwaits;
	int draining;
};

/**
 * tail_start(T, D), tail_free(T):
 * Make ${T}, which is zeroed, follow the tail of ks-publish in the daemon ${D}; free
 * what it holds, after all waits have ended.  Return 0, or -1 after a line on standard
 * error.
 */
int tail_start(struct tail *, struct daemon *);
void tail_free(struct tail *);

/**
 * tail_up(T):
 * Return nonzero if ks-publish is there.
 */
int tail_up(const struct tail *);

/**
 * tail_wait(T, W, wait_ms):
 * Let ${W}, of which number, epoch, done and ctx are set, wait for at most ${wait_ms},
 * or TAIL_WAIT_MAX_MS.  Its done is not called from here.  Return 0, or -1 if too
 * many wait.
 */
int tail_wait(struct tail *, struct tail_wait *, uint64_t);

/**
 * tail_wait_cancel(T, W):
 * Let ${W} wait no more, if it does.
 */
void tail_wait_cancel(struct tail *, struct tail_wait *);

/**
 * tail_drain(T):
 * End all waits, and those to come at once, as the daemon stops.  Return 0 or -1.
 */
int tail_drain(struct tail *);

#endif
