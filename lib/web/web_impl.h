#ifndef KS_WEB_WEB_IMPL_H
#define KS_WEB_WEB_IMPL_H

#include <microhttpd.h>

#include "codec/wbuf.h"
#include "web/bucket.h"
#include "web/target.h"
#include "web/web.h"

/* What only lib/web's own files see. */

/* A connection. */
struct web_conn {
	struct web * W;
	struct web_conn * prev;		/* the longest idle first */
	struct web_conn * next;
	int fd;
	int tls;
	int dying;			/* shut down: the library will notice */
	struct web_request * R;		/* from its request line on, or NULL */
	uint64_t begun_ms;		/* the first byte of a request; 0: none */
	uint64_t bytes;			/* received when it became idle */
	uint64_t idle_ms;		/* since when it has no request */
	uint64_t half_ms;		/* seen to be half closed, with none; 0: not */
	struct sockaddr_storage sa;
	uint8_t key[BUCKET_KEY_LEN];
	int by_proxy;
};

struct web_request {
	struct web * W;
	struct web_conn * conn;
	struct MHD_Connection * mhd;
	const struct web_route * route;
	struct target target;
	const char * why;		/* the target is malformed */
	char * uri;			/* as it came, without its query */
	char * text;			/* what target points into */
	char peer[WEB_PEER_SIZE];
	uint8_t key[BUCKET_KEY_LEN];	/* what stands for it */
	char allow[64];
	char method[8];
	struct wbuf body;
	size_t body_held;		/* that has come */
	size_t body_kept;		/* counted in bodies */
	uint64_t begun_ns;
	uint64_t asked_ms;		/* when its handler was called */
	unsigned retry_s;		/* for Retry-After */
	int seen;			/* its headers are there */
	int too_large;
	int last;			/* of its connection */
	int asked;			/* its handler was called */
	int inside;			/* the library is calling us about it */
	int suspended;
	int abandoned;

	struct MHD_Response * response;
	unsigned status;
	int queued;

	int streamed;
	int wanted;			/* more was called, and nothing put since */
	int ended;
	int aborted;
	struct wbuf out;
	size_t out_at;
	void (* more)(void *);
	void * more_ctx;

	void (* gone)(void *);
	void * gone_ctx;
};

struct listener {
	struct web * W;
	int fd;
	int tls;
	struct loop_fd * watch;
	struct loop_timer * rest;
};

/* A daemon of the library, without and with TLS. */
struct engine {
	struct MHD_Daemon * mhd;
	struct loop_fd * watch;
};

struct web {
	struct loop * L;
	const struct web_spec * spec;
	struct engine engine[2];
	struct loop_timer * due;	/* when the library wants to be run */
	struct loop_timer * tick;
	struct loop_deferred * kick;
	struct listener listener[WEB_LISTENERS_MAX];
	int nlisteners;
	struct buckets * buckets;
	char proxy[WEB_PROXIES_MAX][WEB_PEER_SIZE];
	char free[WEB_PROXIES_MAX][WEB_PEER_SIZE];
	struct web_conn * first;
	struct web_conn * last;
	size_t conns_max;
	struct web_conn * entering;	/* being given to the library */
	size_t active;			/* requests, until they are completed */
	size_t bodies;			/* bytes */
	struct web_counts counts;
	int draining;
	int stopping;
};

/**
 * web_run(W):
 * Let the library do what can be done.  Return 0, or -1.
 */
int web_run(struct web *);

/* conn.c */

/**
 * web_conn_accept(W, fd, tls, sa, len):
 * Take over the accepted socket ${fd} of the peer ${sa}.
 */
void web_conn_accept(struct web *, int, int, const struct sockaddr_storage *,
    socklen_t);

/**
 * web_conn_notify(cookie, mhd, slot, what):
 * For MHD_OPTION_NOTIFY_CONNECTION.
 */
void web_conn_notify(void *, struct MHD_Connection *, void **,
    enum MHD_ConnectionNotificationCode);

/**
 * web_conn_rest(C):
 * The request of ${C} is over.
 */
void web_conn_rest(struct web_conn *);

/**
 * web_conn_shut(C):
 * End ${C}, soon.
 */
void web_conn_shut(struct web_conn *);

/**
 * web_conn_close(C):
 * Hear no more of ${C}; what was written to it still arrives.
 */
void web_conn_close(struct web_conn *);

/**
 * web_conn_tick(W):
 * End what takes too long.
 */
void web_conn_tick(struct web *);

/* request.c */

/**
 * web_request_new(cookie, uri, mhd):
 * For MHD_OPTION_URI_LOG_CALLBACK: the request line is there.
 */
void * web_request_new(void *, const char *, struct MHD_Connection *);

/**
 * web_request_go(cookie, mhd, url, method, version, data, len, slot):
 * For MHD_start_daemon: headers, body, and whenever it is resumed.
 */
enum MHD_Result web_request_go(void *, struct MHD_Connection *, const char *,
    const char *, const char *, const char *, size_t *, void **);

/**
 * web_request_over(cookie, mhd, slot, how):
 * For MHD_OPTION_NOTIFY_COMPLETED.
 */
void web_request_over(void *, struct MHD_Connection *, void **,
    enum MHD_RequestTerminationCode);

/**
 * web_request_end(R):
 * ${R} is over: tell so, and free it.
 */
void web_request_end(struct web_request *);

/**
 * web_request_abandon(R):
 * The client of ${R}, which waits, is gone.
 */
void web_request_abandon(struct web_request *);

/**
 * web_request_resume(R):
 * Let the library go on with ${R}.
 */
void web_request_resume(struct web_request *);

/**
 * web_answer_queue(R):
 * Give the answer of ${R} to the library.
 */
enum MHD_Result web_answer_queue(struct web_request *);

/* peer.c */

/**
 * web_peer_text(sa, text):
 * Write the numeric address ${sa} to ${text}: there is one text for each.
 */
void web_peer_text(const struct sockaddr_storage *, char[WEB_PEER_SIZE]);

/**
 * web_peer_parse(text, peer, key):
 * Write the numeric address ${text} as web_peer_text would to ${peer}, and what stands
 * for it in buckets to ${key}.  0; or -1, and nothing is written, if it is none.
 */
int web_peer_parse(const char *, char[WEB_PEER_SIZE], uint8_t[BUCKET_KEY_LEN]);

/**
 * web_peer_among(list, n, peer):
 * Return nonzero if ${peer} is one of the ${n} of ${list}, all as of web_peer_text.
 */
int web_peer_among(char (*)[WEB_PEER_SIZE], size_t, const char *);

/**
 * web_peer_find(R):
 * Store in ${R} who asks.
 */
void web_peer_find(struct web_request *);

/* tls.c */

/**
 * web_tls_options(options):
 * Fill in the options of a daemon with TLS, four.
 */
void web_tls_options(struct MHD_OptionItem *);

/**
 * web_tls_ready(void), web_tls_tick(now_ms):
 * Nonzero if there is a certificate; free those that no handshake uses any more.
 */
int web_tls_ready(void);
void web_tls_tick(uint64_t);

/**
 * web_tls_free(void):
 * Free all certificates.
 */
void web_tls_free(void);

#endif
