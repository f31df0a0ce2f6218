#ifndef KS_CLIENT_CLIENT_IMPL_H
#define KS_CLIENT_CLIENT_IMPL_H

#include "client/client.h"
#include "client/server_url.h"
#include "codec/wbuf.h"
#include "frame/frame.h"

struct http;
struct http_call;

/* What only lib/client's own files see. */

/* The request id of every frame: a connection carries one question. */
#define CLIENT_CALL_ID	1

/* A question on its way to one server, over a Unix connection or over HTTP. */
struct attempt {
	int fd;			/* -1: none */
	size_t sent;		/* bytes of the frame */
	int deaf;		/* it takes no more, but may have answered */
	struct wbuf in;
	struct http_call * call;	/* NULL: none */
	uint64_t deadline_ms;
};

struct client_server {
	struct server_url url;
	int passed;		/* not asked any more */

	/* Of the last question: */
	struct attempt attempt;
	char said[COMMON_RULE_MAX + 1];		/* the rule that it told */
	int unusable;		/* it will not do, however often it is asked: */
	struct common_error error;	/* for this reason */
};

struct client {
	unsigned n;
	unsigned first;		/* the server that is asked first */
	struct client_server server[CLIENT_SERVERS_MAX];
	uint64_t deadline_ms;	/* with its grace; UINT64_MAX: none */
	const char * ca;	/* file of authorities; NULL: the system's */
	struct http * http;	/* NULL: no server needs it */
	struct wbuf path;	/* of a question over HTTP */

	/* Of the last question: */
	struct wbuf question;	/* its frame */
	struct common_error error;
	int error_server;	/* -1: none */
	int in_doubt;
};

/* One question in both of its forms, and what takes its answer. */
struct question {
	uint64_t timeout_ms;
	void * ctx;		/* of what takes the answer */

	/* As a frame: */
	const char * socket;	/* in the server's directory */
	uint16_t type;
	uint16_t reply;		/* type of the answer */
	const struct wbuf * body;
	/* Takes the answer's body; 0, or -1 with errno if it is malformed. */
	int (* take_body)(void *, const uint8_t *, size_t);

	/* Over HTTP: the path, with arguments, is in the client's. */
	const char * accept;	/* the Content-Type of the answer */
	size_t answer_max;
	const char * sent_type;	/* of what is sent; NULL: nothing is, but asked */
	const void * sent;
	size_t sent_len;
	/* As take_body, for the body of an answer with status 200. */
	int (* take_text)(void *, const uint8_t *, size_t);
};

/**
 * client_set_error(C, server, code, rule, text):
 * Store why there is no answer; ${server} is -1 if it is about none.
 */
void client_set_error(struct client *, int, uint16_t, const char *,
    const char *);

/**
 * client_judge(C, server, E):
 * ${server} said ${E}.  Return what that amounts to.
 */
enum client_outcome client_judge(struct client *, unsigned,
    const struct common_error *);

/**
 * client_ask(C, Q):
 * Put ${Q} to one server of ${C} after the other, to each while those before it are
 * still awaited, until one answers or refuses.
 */
enum client_outcome client_ask(struct client *, const struct question *);

/*
 * The two kinds of attempts.  start begins to ask the server: 0, or -1 if that
 * cannot be.  advance does what can be done now: CLIENT_OK or CLIENT_REFUSED is the
 * end of the question; otherwise the attempt may be over or not.  stop forgets one
 * that is not over.
 */
int client_unix_start(struct client *, unsigned, const struct question *);
enum client_outcome client_unix_advance(struct client *, unsigned,
    const struct question *);
void client_unix_stop(struct attempt *);
int client_http_start(struct client *, unsigned, const struct question *);
enum client_outcome client_http_advance(struct client *, unsigned,
    const struct question *);
void client_http_stop(struct attempt *);

#endif
