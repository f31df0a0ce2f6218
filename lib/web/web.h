#ifndef KS_WEB_WEB_H
#define KS_WEB_WEB_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct loop;

/*
 * An HTTP/1.1 server on an event loop.  A program gives it a table of routes; a
 * handler answers at once or later, whole or in pieces.  Methods, HEAD, ETag and
 * 304, errors as text or JSON, limits and the headers that every answer has are
 * dealt with here, once.
 */
struct web;
struct web_request;

/* Most bytes of a request line and its headers together. */
#define WEB_HEADER_MAX		16384

/* Most bytes of the bodies of all requests together: a 503 beyond. */
#define WEB_BODIES_MAX		67108864

/* Within so long of its first byte a whole request must have arrived. */
#define WEB_REQUEST_MS		15000

/* A connection without a request ends after so long. */
#define WEB_IDLE_S		60

/* A client that takes nothing of its answer for so long is dropped. */
#define WEB_STALL_S		30

/* One that waits and has closed its half is taken to be gone after so long. */
#define WEB_HALF_MS		2000

/* Connections at a time, if there are descriptors for them; one more, and that
 * which has been idle for longest gives way. */
#define WEB_CONNS_MAX		4096

/* Requests that wait for an answer to come later: a 503 beyond. */
#define WEB_WAITING_MAX		1024

/* Those of one address, once a quarter of all are taken: the same. */
#define WEB_WAITING_PEER_MAX	128

/* Segments of a path, and arguments of a query. */
#define WEB_SEGMENTS_MAX	16
#define WEB_ARGS_MAX		16

/* Listening addresses, and addresses of proxies, or of those who are not limited. */
#define WEB_LISTENERS_MAX	8
#define WEB_PROXIES_MAX		8

/* Bytes that hold any address of a client as text. */
#define WEB_PEER_SIZE		64

/* Flags of a route. */
#define WEB_CORS	1	/* pages of other origins may read the answer */
#define WEB_FREE	2	/* not counted for the limit of requests */

struct web_route {
	/* "GET" stands for HEAD too. */
	const char * method;

	/* Segments, after each '/', literal or "*" for any one that is not empty;
	 * a last "**" for all that follow, at least one.  A literal comes before
	 * "*" before "**", wherever it stands in the table. */
	const char * path;

	size_t body_max;	/* of POST */
	unsigned flags;

	/* Answer the request, now or later.  0, or -1 if memory ran out: a 500. */
	int (* handle)(void *, struct web_request *);
};

/* What is told of each answer, when it is sent or cut off. */
struct web_served {
	const struct web_route * route;	/* NULL: none */
	unsigned status;		/* 0: the client went away before */
	uint64_t took_ns;		/* from the request line on */
};

struct web_spec {
	const struct web_route * routes;
	size_t nroutes;
	void * ctx;			/* given to each callback */

	/* May be NULL. */
	void (* served)(void *, const struct web_served *);

	unsigned rate;			/* requests a second of one address; 0: any */
	unsigned conns;			/* connections of one address; 0: any */
	const char * const * proxies;	/* numeric: whose X-Forwarded-For counts */
	size_t nproxies;
	const char * const * free;	/* numeric: whose requests are not limited */
	size_t nfree;
};

/* How long an answer is good. */
enum web_cache {
	WEB_NO_STORE = 0,
	WEB_NO_CACHE,		/* ask again whether it changed */
	WEB_IMMUTABLE		/* for ever */
};

struct web_answer {
	unsigned status;	/* 0: 200 */
	const char * type;	/* NULL: text/plain; charset=utf-8 */
	const void * body;
	size_t len;
	enum web_cache cache;	/* with an ETag, unless WEB_NO_STORE */
	int vary;		/* nonzero: it depends on Accept */
	const char * const * headers;	/* further: name, value, ..., NULL; or NULL */
};

/* What came of the server so far. */
struct web_counts {
	uint64_t accepted;	/* connections */
	uint64_t turned_away;	/* too many of one address, or of all */
	uint64_t evicted;	/* idle ones that gave way */
	uint64_t timed_out;	/* requests that did not arrive in time */
	uint64_t requests;
	uint64_t limited;	/* answered with 429 */
	size_t conns;		/* now */
	size_t waiting;		/* requests whose answer is to come, now */
};

/**
 * web_new(L, spec):
 * Return a server on the loop ${L}, of ${spec}, which must stay; it does not
 * listen yet.  NULL after a line on standard error.
 */
struct web * web_new(struct loop *, const struct web_spec *);

/**
 * web_listen(W, sa, len, tls):
 * Listen at the TCP address ${sa} of ${len} bytes; with TLS if ${tls} is nonzero:
 * web_certificate must have been called.  Return the number of the listener, or -1
 * after a line on standard error.
 */
int web_listen(struct web *, const struct sockaddr_storage *, socklen_t, int);

/**
 * web_address(W, i, text):
 * Write the address of listener ${i}, with the port that the kernel chose if it was
 * to, to ${text} as "ADDRESS:PORT".
 */
void web_address(const struct web *, int, char[WEB_PEER_SIZE]);

/**
 * web_certificate(cert, cert_len, key, key_len):
 * Use the PEM certificate chain ${cert} and key ${key} for the TLS handshakes that
 * begin from now on, in the whole process.  Return 0; or -1, and all stays as it
 * was, after a line on standard error.
 */
int web_certificate(const void *, size_t, const void *, size_t);

/**
 * web_drain(W):
 * Accept no connection and no request any more; what was asked is answered.
 */
void web_drain(struct web *);

/**
 * web_busy(W):
 * Return nonzero if an answer is owed or not sent yet.
 */
int web_busy(const struct web *);

/**
 * web_free(W):
 * End everything (those that wait are told that they are gone) and free ${W}; NULL
 * is fine.
 */
void web_free(struct web *);

/**
 * web_counts(W):
 * Return what came of ${W} so far.
 */
const struct web_counts * web_counts(const struct web *);

/*
 * The request.  What is handed out is good until it is answered.
 */

/**
 * web_ctx(R), web_method(R), web_path(R):
 * The ctx of the spec; GET, HEAD or POST; the path as it came, without the query.
 */
void * web_ctx(const struct web_request *);
const char * web_method(const struct web_request *);
const char * web_path(const struct web_request *);

/**
 * web_segment(R, i):
 * Segment ${i} of the path, from 0, percent-decoded; NULL if there are less.
 */
const char * web_segment(const struct web_request *, unsigned);

/**
 * web_arg(R, name):
 * The value of the argument ${name} of the query, percent-decoded ('+' is a space);
 * "" if it has none; NULL if it is not there.
 */
const char * web_arg(const struct web_request *, const char *);

/**
 * web_args_only(R, names):
 * Return 0 if each argument is one of the words of ${names}, separated by spaces, and
 * none comes twice; `format` is always allowed.  Otherwise answer with 400
 * `argument-malformed` and return -1: the handler then returns 0.
 */
int web_args_only(struct web_request *, const char *);

/**
 * web_arg_u64(R, name, min, max, x):
 * Store in ${x} the decimal argument ${name} if it is there.  Return 0; or answer with
 * 400 `argument-malformed`, if it is not a number from ${min} to ${max}, and return -1.
 */
int web_arg_u64(struct web_request *, const char *, uint64_t, uint64_t,
    uint64_t *);

/**
 * web_segment_u64(R, i, min, max, x):
 * The same of the segment ${i}, which must be there.
 */
int web_segment_u64(struct web_request *, unsigned, uint64_t, uint64_t,
    uint64_t *);

/**
 * web_header(R, name):
 * The value of the header ${name}, or NULL.
 */
const char * web_header(const struct web_request *, const char *);

/**
 * web_body(R, len):
 * The body and its length in ${len}; a NUL follows it.
 */
const uint8_t * web_body(const struct web_request *, size_t *);

/**
 * web_wants_json(R):
 * Return nonzero if the client prefers JSON to text, by Accept or ?format=json.
 */
int web_wants_json(const struct web_request *);

/**
 * web_peer(R):
 * The address of the client, numeric, as a trusted proxy says if it came by one; "" if
 * what that says is no address.
 */
const char * web_peer(const struct web_request *);

/*
 * The answer: one of web_answer, web_error and web_stream for each request, from its
 * handler or later.  Unless it is streamed, ${R} is gone with that.
 */

/**
 * web_answer(R, A):
 * Answer ${R} with a copy of what ${A} says.
 */
void web_answer(struct web_request *, const struct web_answer *);

/**
 * web_text(R, cache, fmt, ...):
 * Answer ${R} with status 200 and a short text.
 */
void web_text(struct web_request *, enum web_cache, const char *, ...)
    __attribute__((format(printf, 3, 4)));

/**
 * web_error(R, status, code, rule, text):
 * Answer ${R} with an error as HTTP.md says.  With 405, 429 and 503 goes what the
 * client must know.
 */
void web_error(struct web_request *, unsigned, const char *, const char *,
    const char *);

/**
 * web_on_gone(R, gone, ctx):
 * Call ${gone}(${ctx}) if the client goes away, or the server ends, before ${R} is
 * answered, or its stream ended; ${R} is then not to be used any more.
 */
void web_on_gone(struct web_request *, void (*)(void *), void *);

/**
 * web_stream(R, A, more, ctx):
 * Begin to answer ${R} with what ${A} says but a body in pieces.  ${more}(${ctx}) is
 * called when the client has taken what there was (first soon after the return of
 * this): then web_stream_put, _end or _abort is due, now or later.
 */
void web_stream(struct web_request *, const struct web_answer *,
    void (*)(void *), void *);

/**
 * web_stream_put(R, data, len):
 * Send a copy of ${len} > 0 bytes at ${data}.
 */
void web_stream_put(struct web_request *, const void *, size_t);

/**
 * web_stream_end(R), web_stream_abort(R):
 * The answer is complete; or cut it off so that the client notices.  ${R} is gone.
 */
void web_stream_end(struct web_request *);
void web_stream_abort(struct web_request *);

#endif
