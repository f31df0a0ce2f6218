#ifndef KS_BENCH_PIPELINE_H
#define KS_BENCH_PIPELINE_H

#include <stdint.h>

struct frame;
struct samples;
struct wbuf;

/* Most requests in flight. */
#define PIPELINE_DEPTH_MAX	65536

/* What a request callback returns. */
enum pipeline_request {
	PIPELINE_NONE = 0,	/* there is none now, perhaps after a reply */
	PIPELINE_SENT = 1,	/* one whole frame was put */
	PIPELINE_FAILED = -1	/* give up; why was said */
};

/*
 * A load generator: keeps a number of requests in flight on one connection and
 * takes the time of each answer.
 */
struct pipeline {
	int fd;			/* connected stream socket; the caller's */
	unsigned depth;		/* requests in flight, 1 to PIPELINE_DEPTH_MAX */
	void * ctx;

	/* Put the frame of the next request, with this request id, which is
	 * 1 to depth. */
	enum pipeline_request (* request)(void *, struct wbuf *, uint32_t);

	/* The answer to the request of this id came.  Return 0; 1 if it shall not
	 * count as a sample; -1 to give up, after saying why. */
	int (* reply)(void *, uint32_t, const struct frame *);
};

/**
 * pipeline_run(P, times):
 * Keep ${P} going until there is no request any more and each has its answer.
 * Add the time from handing over each request until its answer was there to
 * ${times}.  Return 0, or -1 after a line on standard error.
 */
int pipeline_run(const struct pipeline *, struct samples *);

#endif
