#ifndef KS_CLIENT_CLIENT_IMPL_H
#define KS_CLIENT_CLIENT_IMPL_H

#include "client/client.h"
#include "client/server_url.h"
#include "codec/wbuf.h"
#include "frame/frame.h"

/* What only lib/client's own files see. */

/* A question on its way to one server. */
struct attempt {
	int fd;			/* -1: none */
	size_t sent;		/* bytes of the frame */
	int deaf;		/* it takes no more, but may have answered */
	struct wbuf in;
	uint64_t deadline_ms;
};

struct client {
	unsigned n;
	unsigned first;		/* the server that is asked first */
	char dirs[CLIENT_SERVERS_MAX][SERVER_URL_DIR_MAX + 1];
	int passed[CLIENT_SERVERS_MAX];		/* not asked any more */
	uint64_t deadline_ms;	/* with its grace; UINT64_MAX: none */

	/* Of the last question: */
	char said[CLIENT_SERVERS_MAX][COMMON_RULE_MAX + 1];
	struct attempt attempt[CLIENT_SERVERS_MAX];
	struct wbuf question;	/* its frame */
	struct wbuf reply;	/* holds the reply */
	struct common_error error;
	int error_server;	/* -1: none */
	int in_doubt;
};

/* One question, and how its answer is recognised. */
struct question {
	const char * socket;	/* in the server's directory */
	uint16_t type;
	uint16_t reply;		/* type of the answer */
	uint64_t timeout_ms;
};

/**
 * client_set_error(C, server, code, rule, text):
 * Store why there is no answer; ${server} is -1 if it is about none.
 */
void client_set_error(struct client *, int, uint16_t, const char *,
    const char *);

/**
 * client_malformed(C):
 * Store that the answer of the server that answered last was of the right type but
 * malformed; return CLIENT_UNAVAILABLE.
 */
enum client_outcome client_malformed(struct client *);

/**
 * client_ask(C, Q, body, F):
 * Put ${Q} with the ${body} to one server of ${C} after the other, to each while
 * those before it are still awaited, until one answers or refuses.  The answer is
 * then in ${F}, which points into ${C}.
 */
enum client_outcome client_ask(struct client *, const struct question *,
    const struct wbuf *, struct frame *);

#endif
