#ifndef KS_HTTPD_HOP_H
#define KS_HTTPD_HOP_H

#include <stddef.h>
#include <stdint.h>

#include "frame/common.h"

struct daemon;
struct frame;
struct web_request;

/*
 * A hop: one connection to the socket of a stage, on which many questions are on
 * their way at a time.
 */
struct hop;

/* Questions of one hop whose answer is awaited; one more is refused. */
#define HOP_ASKS_MAX	1024

/* How long a stage may take to answer, besides what it was asked to wait. */
#define HOP_TIMEOUT_MS	10000

/* A question, until its answer is told. */
struct hop_ask;

/* What came of a question. */
enum hop_outcome {
	HOP_ANSWER = 0,		/* a frame: an answer */
	HOP_MORE,		/* hop_stream: a frame, and more may come */
	HOP_ERROR,		/* the stage sent an ERROR */
	HOP_DOWN,		/* it is away, or went away before it answered */
	HOP_LATE,		/* it did not answer in time */
	HOP_BUSY		/* too many questions wait for it */
};

/* What is told of it; valid during the call. */
struct hop_answer {
	enum hop_outcome outcome;
	const struct frame * frame;		/* HOP_ANSWER, HOP_MORE */
	const struct common_error * error;	/* HOP_ERROR */
};

/**
 * hop_new(D, path):
 * Return a hop of the daemon ${D} to the socket ${path}, which must stay; to be made
 * in the phase "upstreams".  NULL after a line on standard error.
 */
struct hop * hop_new(struct daemon *, const char *);

/**
 * hop_quiet(H):
 * Write no line of waiting for the stage and of being connected again: another hop
 * to it does, or whoever asks tells.
 */
void hop_quiet(struct hop *);

/**
 * hop_free(H):
 * Free ${H}; what was asked is forgotten.  NULL is fine.
 */
void hop_free(struct hop *);

/**
 * hop_path(H), hop_up(H):
 * The socket of ${H}; nonzero if it is connected.
 */
const char * hop_path(const struct hop *);
int hop_up(const struct hop *);

/**
 * hop_ask(H, type, body, len, timeout_ms, callback, ctx):
 * Ask a frame of ${type} with the ${len} bytes at ${body}, and tell
 * ${callback}(${ctx}, answer) once what came of it: the first frame with its number, or
 * that there is none within ${timeout_ms}.  It is never called from here.  The callback
 * returns 0, or -1 if an answer is malformed: the hop is then connected anew.
 * Return the question, for hop_cancel; or NULL if memory ran out.
 */
struct hop_ask * hop_ask(struct hop *, uint16_t, const void *, size_t, uint64_t,
    int (*)(void *, const struct hop_answer *), void *);

/**
 * hop_stream(H, type, body, len, last, timeout_ms, callback, ctx):
 * As hop_ask for a question that several frames answer, one of type ${last} or an ERROR
 * at the end (of ${last} 0: none, until hop_cancel, and no time is set); each that is
 * not the last is told as HOP_MORE.
 */
struct hop_ask * hop_stream(struct hop *, uint16_t, const void *, size_t, uint16_t,
    uint64_t, int (*)(void *, const struct hop_answer *), void *);

/**
 * hop_cancel(A):
 * The answer to ${A}, which was not told yet, is not wanted any more.
 */
void hop_cancel(struct hop_ask *);

/**
 * hop_pause(H, paused):
 * Read nothing from the stage while ${paused} is nonzero.
 */
void hop_pause(struct hop *, int);

/**
 * hop_fail(R, A):
 * Answer ${R} with the error that ${A}, which is no answer, stands for.
 */
void hop_fail(struct web_request *, const struct hop_answer *);

/**
 * hop_malformed(R):
 * Answer ${R} with 502: the stage sent what it must not.  Return -1, for the callback.
 */
int hop_malformed(struct web_request *);

#endif
