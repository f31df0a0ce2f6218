#ifndef KS_T_ECHO_H
#define KS_T_ECHO_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/server.h"

struct conn;
struct daemon;
struct frame;
struct loop;
struct loop_deferred;
struct wbuf;

/*
 * The server that the tests of connections, servers, upstreams and daemons talk
 * to: ECHO gives its body back, BIG a body of a size, LATER answers in the batch,
 * BAD is always refused.
 */
#define T_ECHO	0x0700
#define T_BIG	0x0701
#define T_LATER	0x0702
#define T_BAD	0x0703
#define BIG_LEN	100000

/* A condition that does not come within this long never will. */
#define PATIENCE_MS	60000

/* What the server has seen; one server at a time. */
struct echo {
	struct loop * L;
	struct daemon * D;
	size_t frames;
	size_t batches;
	struct conn * later[100];
	uint32_t later_id[100];
	size_t nlater;
	size_t peak;		/* most output that was ever queued */
};

extern struct echo echo;
extern const struct server_spec echo_spec;
extern struct loop_deferred * echo_batch;

/**
 * echo_batch_commit(ctx):
 * Answer every LATER that waits: the callback of a batch.
 */
int echo_batch_commit(void *);

/**
 * echo_start(void):
 * Enter a new directory, forget what was seen, and return a server that listens
 * there on "sock", with its loop and batch, for echo_stop; or NULL.
 */
struct server * echo_start(void);

/**
 * echo_stop(S):
 * Free ${S}, its loop and its batch.
 */
void echo_stop(struct server *);

/**
 * echo_next_frame(fd, W, F):
 * Turn the loop until something came on ${fd}, then read a frame into ${W} and
 * ${F}.  Return 0, or -1 if none came.
 */
int echo_next_frame(int, struct wbuf *, struct frame *);

/**
 * echo_turn_until(x, n):
 * Turn the loop until ${x} is ${n}.  Return 0, or -1 if it does not get so.
 */
int echo_turn_until(const size_t *, size_t);

/**
 * echo_turn_until_conns(S, n):
 * Turn the loop until ${S} has ${n} connections.  Return 0, or -1 as above.
 */
int echo_turn_until_conns(struct server *, size_t);

#endif
