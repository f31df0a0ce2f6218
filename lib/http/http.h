#ifndef KS_HTTP_HTTP_H
#define KS_HTTP_HTTP_H

#include <stddef.h>
#include <stdint.h>

#include "frame/common.h"

struct loop;
struct pollfd;

/*
 * A client of HTTP and HTTPS servers (libcurl).  Certificates and host names are
 * always checked, and there is no way not to; a request never changes to another
 * scheme, host or port, whatever the server says; no proxy, cookie, password or
 * compressed answer.  What a server says is bounded in size and time.
 *
 * With an event loop (http_new) everything happens in its turns; without, in
 * http_poll.
 */
struct http;
struct http_call;

/* Longest wait for a connection: name, TCP and TLS. */
#define HTTP_CONNECT_MS		10000

/* Redirects that are followed, all to the same scheme, host and port. */
#define HTTP_REDIRECTS_MAX	3

/* Most bytes of all header lines of an answer, interim ones included: twenty
 * times what a keyserver and a proxy before it send. */
#define HTTP_HEADER_MAX		((size_t)32 * 1024)

/* Most bytes of the body of an error that are kept; the rest is not read. */
#define HTTP_ERROR_BODY_MAX	((size_t)4096)

/* Most bytes of a file of certificates: a whole system store fits. */
#define HTTP_CA_FILE_MAX	((size_t)4 * 1024 * 1024)

/* Longest header values that are kept; longer ones count as missing. */
#define HTTP_TYPE_MAX		127
#define HTTP_CURSOR_MAX		127

/* Bytes that hold any reason for a person, with a NUL. */
#define HTTP_WHY_MAX		256

/* How a request ended. */
enum http_end {
	HTTP_ANSWERED = 0,	/* there is a whole answer, of whatever status */
	HTTP_FAILED,		/* none came: trying again later may help */
	HTTP_REJECTED		/* none that can be accepted: it will not help */
};

/* What http_piece answers. */
enum http_take {
	HTTP_TAKEN = 0,		/* go on */
	HTTP_FULL,		/* not taken: stop until http_resume, then again */
	HTTP_BAD		/* end the request, as HTTP_REJECTED */
};

/* How a request ended; good as long as the call. */
struct http_result {
	enum http_end end;
	unsigned status;		/* 200 to 599; 0 if no answer began */
	char rule[COMMON_RULE_MAX + 1];	/* of a rejection: our rule; else Ks-Rule,
					 * "" if missing or no rule's name */
	char why[HTTP_WHY_MAX];		/* if not answered: one line */
	char type[HTTP_TYPE_MAX + 1];	/* Content-Type without parameters, in
					 * lower case; "" if missing */
	char cursor[HTTP_CURSOR_MAX + 1];	/* Ks-Cursor, or "" */
	uint64_t retry_after_s;		/* Retry-After, or 0 */
	const uint8_t * body;		/* what http_piece did not take */
	size_t len;
	int sent;			/* the server may have got the request */
};

/**
 * http_done(ctx, result):
 * Is told that the call ended by ${result}, from the loop or from http_poll.  It may
 * start and end any calls, this one included.  Returns 0, or -1 if the program
 * cannot go on.
 */
typedef int http_done(void *, const struct http_result *);

/**
 * http_piece(ctx, p, len):
 * Is told the next ${len} bytes at ${p} of the body of an answer with status 200.
 * It must not start, end or resume any calls.
 */
typedef enum http_take http_piece(void *, const uint8_t *, size_t);

/* A request; copied, all of it, by http_start. */
struct http_request {
	const char * url;	/* http:// or https:// */
	const char * accept;	/* NULL: anything */
	const char * type;	/* of the body */
	const void * body;	/* NULL: GET; else POST */
	size_t body_len;
	size_t answer_max;	/* bytes of the body of an answer with status 200 */
	uint64_t timeout_ms;	/* for the whole, connecting included; 0: none */
	uint64_t stall_ms;	/* longest silence of the server; 0: any */
	http_piece * piece;	/* NULL: the body is gathered */
	http_done * done;	/* NULL: see http_result */
	void * ctx;		/* of both */
};

/**
 * http_new(L, ca):
 * Return a client on the event loop ${L}, or if that is NULL one for http_poll.  It
 * trusts the certificate authorities in the file ${ca}, in PEM, and no others; those
 * of the system if ${ca} is NULL.  The file is read now, the store of the system at each
 * connection.  Return NULL (reported) if the file is wrong or memory is short.
 */
struct http * http_new(struct loop *, const char *);

/**
 * http_free(H):
 * Free ${H}, whose calls must have been ended.  NULL is fine.
 */
void http_free(struct http *);

/**
 * http_start(H, Q):
 * Begin the request ${Q} and return the call, for http_end; or NULL with errno
 * (ENOMEM, EINVAL for a URL that is none of http or https).  Nothing is called back
 * from here.
 */
struct http_call * http_start(struct http *, const struct http_request *);

/**
 * http_result(X):
 * Return how ${X} ended, or NULL while it has not.
 */
const struct http_result * http_result(const struct http_call *);

/**
 * http_resume(X):
 * Let the piece that was not taken, and what follows, be told to ${X}'s http_piece
 * soon.
 */
void http_resume(struct http_call *);

/**
 * http_end(X):
 * Free ${X}, and break off what has not ended: nothing is called back any more.  NULL
 * is fine.
 */
void http_end(struct http_call *);

/**
 * http_poll(H, fds, n, timeout_ms):
 * Wait until one of the ${n} ${fds}, as for poll(2), is ready, or something came
 * for a call of ${H}, at most ${timeout_ms}, and deal with the calls of ${H}; the revents of
 * ${fds} are filled in.  Return 0, or -1 if a callback or the waiting failed.
 */
int http_poll(struct http *, struct pollfd *, unsigned, uint64_t);

#endif
