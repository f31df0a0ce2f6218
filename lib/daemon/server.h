#ifndef KS_DAEMON_SERVER_H
#define KS_DAEMON_SERVER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct conn;
struct loop;
struct loop_deferred;
struct wbuf;

/*
 * The server half of the frame protocol: a listening Unix socket, its
 * connections, and a table of what is served.  What breaks the protocol gets an
 * ERROR and a line on standard error, and loses its connection; the daemon
 * stays up.  A peer that goes away is no news.
 */
struct server;

/* Connections at a time; more wait in the kernel's backlog. */
#define SERVER_CONNS_MAX	256

/* When one more waits, that which has been silent for longest, but no shorter than
 * this, gives way, if it waits for nothing: idle ones keep nobody out. */
#define SERVER_IDLE_MS		5000

/* After accept(2) ran out of descriptors, memory or places, it rests so long. */
#define SERVER_REST_MS	250

struct server_handler {
	uint16_t type;
	const char * name;	/* as in PROTOCOL, such as "LOG_PROPOSE" */
	size_t body_min;	/* a body of fewer bytes is malformed */
	size_t body_max;	/* a body of more bytes is malformed */

	/* Serve the request id with this body.  Return 0, conn_malformed(...),
	 * or -1 if the daemon cannot go on. */
	int (* handle)(void *, struct conn *, uint32_t, const uint8_t *, size_t);
};

struct server_spec {
	const char * path;	/* where to listen; unused if fd is not -1 */
	mode_t mode;		/* of the socket at path: 0600 or 0660 */
	int fd;			/* a socket that listens already, or -1 */
	const struct server_handler * handlers;
	size_t nhandlers;
	void * ctx;		/* given to each callback */

	/* Append lines "name value\n" as the answer to STATUS; NULL: not served
	 * (unless by a handler). */
	int (* status)(void *, struct wbuf *);
	/* As in struct conn_ops; may be NULL. */
	int (* drained)(void *, struct conn *);
	/* A connection is about to be freed: forget it.  May be NULL. */
	void (* gone)(void *, struct conn *);
	/* The names of the frames that are sent; may be NULL. */
	const char * (* frame_name)(uint16_t);
	uint64_t idle_ms;	/* instead of SERVER_IDLE_MS, if not 0 */
};

/**
 * server_new(L, spec, batch):
 * Serve on the loop ${L} what ${spec}, which must stay, says; ${batch} as in
 * conn_new.  Return NULL, and say why on standard error, on failure.
 */
struct server * server_new(struct loop *, const struct server_spec *,
    struct loop_deferred *);

/**
 * server_free(S):
 * End all connections, without gone callbacks, and free ${S}; a socket that
 * server_new bound is removed.
 */
void server_free(struct server *);

/**
 * server_drain(S):
 * Accept no connection any more and read no request any more; replies to those
 * that were read can still be sent.
 */
void server_drain(struct server *);

/**
 * server_idle(S):
 * Return nonzero if all that was queued for ${S}'s peers has been written.
 */
int server_idle(const struct server *);

/**
 * server_conns(S):
 * Return how many connections there are.
 */
size_t server_conns(const struct server *);

#endif
