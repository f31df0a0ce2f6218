#ifndef KS_DAEMON_UPSTREAM_H
#define KS_DAEMON_UPSTREAM_H

#include <stddef.h>
#include <stdint.h>

struct conn;
struct frame;
struct loop;
struct loop_deferred;

/*
 * The client half: a connection to another daemon's socket, made anew whenever
 * it is lost.  What was asked and not answered when it was lost is the owner's
 * business: he asks again when it is up.
 */
struct upstream;

/* Time until the first try to connect anew; it doubles with every failure. */
#define UPSTREAM_WAIT_MS_MIN	20

/* Longest time between two tries. */
#define UPSTREAM_WAIT_MS_MAX	1000

struct upstream_spec {
	const char * path;
	void * ctx;		/* given to each callback */

	/* Each returns 0, or -1 if the daemon cannot go on.  frame is as in
	 * struct conn_ops: a malformed one costs the connection.  It is up: ask
	 * what must be asked.  It is down: nothing asked will be answered. */
	int (* up)(void *, struct upstream *);
	int (* down)(void *, struct upstream *);
	int (* frame)(void *, struct upstream *, const struct frame *);
	/* The names of the frames that are sent; may be NULL. */
	const char * (* frame_name)(uint16_t);
};

/**
 * upstream_new(L, spec, batch):
 * Connect on the loop ${L} as ${spec}, which must stay, says; ${batch} as in
 * conn_new.  up is called from the loop, not from here.  While nobody answers,
 * one line "waiting for PATH" is written, and "connected to PATH" once it ended.
 * Return NULL with errno on failure, which being refused is not.
 */
struct upstream * upstream_new(struct loop *, const struct upstream_spec *,
    struct loop_deferred *);

/**
 * upstream_quiet(U):
 * Write no line of waiting and connecting: the owner of ${U} does, or need not.
 */
void upstream_quiet(struct upstream *);

/**
 * upstream_free(U):
 * Disconnect and free ${U}, without a down callback.
 */
void upstream_free(struct upstream *);

/**
 * upstream_send(U, type, id, body, len, needs):
 * As conn_send; if ${U} is down, nothing happens (up will come).
 */
int upstream_send(struct upstream *, uint16_t, uint32_t, const void *, size_t,
    uint64_t);

/**
 * upstream_conn(U):
 * Return the connection, or NULL while ${U} is down.
 */
struct conn * upstream_conn(struct upstream *);

/**
 * upstream_malformed(U, rule):
 * As conn_malformed, for the frame callback to return.
 */
int upstream_malformed(struct upstream *, const char *);

/**
 * upstream_retry(U):
 * Drop the connection after this callback and connect anew, after a while.
 */
void upstream_retry(struct upstream *);

#endif
