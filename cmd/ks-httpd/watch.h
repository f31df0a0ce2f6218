#ifndef KS_HTTPD_WATCH_H
#define KS_HTTPD_WATCH_H

#include <stdint.h>

#include "config/config.h"
#include "health/judge.h"
#include "health/look.h"

struct daemon;
struct loop;
struct wbuf;

/*
 * How the replica is: the watch asks every daemon of it for STATUS now and then, and
 * whenever somebody wants to know and the last answers are not young, and judges
 * what they say.
 */
struct watch;

/* Answers so young are told again: however many ask, the stages are not troubled. */
#define WATCH_FRESH_MS	1000

/* Time between two looks that nobody asked for: from them is seen what lags, and for
 * how long. */
#define WATCH_PAUSE_MS	5000

/* A daemon that does not answer within so long counts as down. */
#define WATCH_ANSWER_MS	2000

/* After the start, daemons that cannot be reached are asked again so soon, for as long as
 * WATCH_ANSWER_MS: the connections are being made. */
#define WATCH_START_MS	50

/* What a stage must have reached is what the one before it had, at least so long ago. */
#define WATCH_LAG_MS	5000

/* Somebody who wants to know; private to watch.c but for its memory. */
struct watch_wait {
	void (* tell)(void *);
	void * ctx;
	struct watch_wait * next;
	struct watch_wait ** prev;
};

/* This process's own answer to STATUS, as the others see it. */
struct watch_self {
	const char * name;	/* of the program, as in health_look */
	int (* status)(void *, struct wbuf *);
	void * ctx;
};

/**
 * watch_new(D, self):
 * In the daemon ${D}, watch the daemons of the directory at hand; for the phase "config":
 * it reads ks.conf.  The answer of ${self}, which must stay, is had without asking.
 * Return NULL after a line on standard error.
 */
struct watch * watch_new(struct daemon *, const struct watch_self *);

/**
 * watch_connect(W):
 * Make the connections to the daemons; for the phase "upstreams".  Return 0, or -1
 * (reported).
 */
int watch_connect(struct watch *);

/**
 * watch_want(W, wait, tell, ctx):
 * Call ${tell}(${ctx}) once there are answers that are young, unless watch_forget comes
 * before.  Return 1 if there are already: it is not called then.  Return 0 else.
 */
int watch_want(struct watch *, struct watch_wait *, void (*)(void *), void *);

/**
 * watch_forget(wait):
 * What ${wait}, which was not told yet, wanted is not wanted any more.
 */
void watch_forget(struct watch_wait *);

/**
 * watch_look(W), watch_summary(W):
 * The last answers of all daemons, and what they amount to.
 */
const struct health_look * watch_look(const struct watch *);
const struct health_summary * watch_summary(const struct watch *);

/**
 * watch_free(W):
 * Free ${W}, whose connections are gone or go with it; NULL is fine.
 */
void watch_free(struct watch *);

#endif
