#ifndef KS_DAEMON_CONN_H
#define KS_DAEMON_CONN_H

#include <stddef.h>
#include <stdint.h>

#include "frame/common.h"

struct frame;
struct loop;
struct loop_deferred;
struct wbuf;

/*
 * A connection that carries frames both ways, on a nonblocking stream socket of
 * an event loop.  In one turn all whole frames that are there are handed over,
 * then the batch callback comes, then what was queued is written in one go.
 *
 * Memory is bounded: a peer that does not read what it is sent is not read from
 * either (above CONN_OUT_MAX until below CONN_OUT_LOW), and dropped above
 * CONN_OUT_HARD.
 */
struct conn;

/* Queued output above which nothing more is read from the peer. */
#define CONN_OUT_MAX	4194304

/* Queued output below which reading goes on, and streams may push more. */
#define CONN_OUT_LOW	262144

/* Queued output above which a peer that does not read is dropped: replies to
 * what had been read before the line was crossed fit in between. */
#define CONN_OUT_HARD	16777216

/* Bytes read from one connection in one turn, so that none starves the others. */
#define CONN_TURN_MAX	262144

/* What a program has a bounded number of, counted for each connection. */
enum conn_hold {
	CONN_WAITS,		/* requests that wait for their answer */
	CONN_BYTES,		/* bytes kept for them */
	CONN_STREAMS,		/* streams without an end */
	CONN_HOLDS		/* how many there are of these */
};

/* What a frame callback returns for a frame that breaks the protocol. */
#define CONN_MALFORMED	1

/*
 * What the owner of a connection is told.  Each returns 0, or -1 if the daemon
 * cannot go on.  The connection may be freed in any of them.
 */
struct conn_ops {
	/* A frame came; it is good until the callback returns.  May return
	 * CONN_MALFORMED, best by return (conn_malformed(...)). */
	int (* frame)(void *, struct conn *, const struct frame *);

	/* What came breaks the rule named; no frame will follow.  Of a length
	 * that is none, type and id are 0. */
	int (* malformed)(void *, struct conn *, uint16_t, uint32_t, const char *);

	/* Queued output fell below CONN_OUT_LOW after having been at or above it.
	 * May be NULL. */
	int (* drained)(void *, struct conn *);

	/* The connection has ended, by the peer or after conn_finish: free it. */
	int (* closed)(void *, struct conn *);

	/* The name of a frame type for the trace, or NULL.  May itself be NULL. */
	const char * (* frame_name)(uint16_t);
};

/**
 * conn_new(L, fd, ops, ctx, batch):
 * Carry frames on ${fd}, which must be nonblocking and is closed by conn_free,
 * on the loop ${L}, and tell ${ops} with ${ctx}.  In each turn in which frames
 * were handed over, ${batch} (which may be NULL) is set.  Return NULL with
 * errno on failure; ${fd} is then still the caller's.
 */
struct conn * conn_new(struct loop *, int, const struct conn_ops *, void *,
    struct loop_deferred *);

/**
 * conn_free(C):
 * Close ${C} and free it, and what is queued.
 */
void conn_free(struct conn *);

/**
 * conn_send(C, type, id, body, len, needs):
 * Queue a frame of ${type} and ${id} with the ${len} bytes at ${body}, at most
 * FRAME_BODY_MAX.  It depends on the store's commit number ${needs} (0: on
 * nothing), which the trace is told before the frame is first offered to the
 * kernel.  Return 0, also if ${C} has ended or will be dropped
 * for CONN_OUT_HARD; or -1 if out of memory.
 */
int conn_send(struct conn *, uint16_t, uint32_t, const void *, size_t, uint64_t);

/**
 * conn_begin(C, type, id):
 * Begin to queue a frame of ${type} and ${id}; return the buffer to put its
 * body into.  Nothing else may be done with ${C} until conn_end.
 */
struct wbuf * conn_begin(struct conn *, uint16_t, uint32_t);

/**
 * conn_end(C, needs):
 * End the frame that conn_begin began; otherwise as conn_send.
 */
int conn_end(struct conn *, uint64_t);

/**
 * conn_error(C, id, code, rule, text, needs):
 * Queue an ERROR about the request ${id}, as common_put_error and conn_send.
 */
int conn_error(struct conn *, uint32_t, enum error_code, const char *,
    const char *, uint64_t);

/**
 * conn_malformed(C, rule):
 * Say that the frame being handed over breaks ${rule}, a word as of an ERROR
 * and of static storage.  Return CONN_MALFORMED, for the callback to return.
 */
int conn_malformed(struct conn *, const char *);

/**
 * conn_queued(C):
 * Return how many bytes are queued and not yet taken by the kernel.
 */
size_t conn_queued(const struct conn *);

/**
 * conn_room(C):
 * Return nonzero if a stream may push more: less than CONN_OUT_LOW is queued, and
 * ${C} is not lost (the queue of one that is lost stays empty, whatever is pushed).
 * Otherwise it waits for drained, or for the end.
 */
int conn_room(const struct conn *);

/**
 * conn_pause(C, paused):
 * Hand over no more frames, and read none, while ${paused} is nonzero.
 */
void conn_pause(struct conn *, int);

/**
 * conn_deaf(C):
 * Hand over no more frames, for ever.  What is queued is still written, and
 * more may be queued.
 */
void conn_deaf(struct conn *);

/**
 * conn_finish(C):
 * As conn_deaf, and end the connection once all that is queued is written.
 */
void conn_finish(struct conn *);

/**
 * conn_silent_ms(C, now_ms):
 * Return for how long, at ${now_ms} of clock_mono_ms, no frame has come over ${C}
 * or gone out; 0 if it holds anything (conn_hold).
 */
uint64_t conn_silent_ms(const struct conn *, uint64_t);

/**
 * conn_tag(C), conn_set_tag(C, tag):
 * Return and set a pointer that the user of a connection which another module
 * owns may keep with it; NULL at first.
 */
void * conn_tag(const struct conn *);
void conn_set_tag(struct conn *, void *);

/**
 * conn_hold(C, what, n, max):
 * Count that ${C} holds ${n} more of ${what}.  Return 0; or -1, and count nothing, if
 * it would hold more than ${max} then: no connection gets all there is.
 */
int conn_hold(struct conn *, enum conn_hold, size_t, size_t);

/**
 * conn_release(C, what, n):
 * Count that ${C} holds ${n} less of ${what}; more than it holds is a panic.  What a
 * connection holds when it is freed needs no release.
 */
void conn_release(struct conn *, enum conn_hold, size_t);

#endif
