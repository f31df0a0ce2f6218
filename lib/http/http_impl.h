#ifndef KS_HTTP_HTTP_IMPL_H
#define KS_HTTP_HTTP_IMPL_H

#include <sys/queue.h>

#include <curl/curl.h>

#include "codec/wbuf.h"

#include "http/http.h"
#include "http/multi.h"

/* What only lib/http's own files see. */

struct http_call {
	TAILQ_ENTRY(http_call) link;
	struct http * H;
	CURL * easy;
	struct curl_slist * headers;
	struct http_request Q;	/* its strings and body are not ours: */
	char * url;		/* copies */
	void * body;
	uint64_t deadline_ms;	/* of clock_mono_ms; 0: none */
	unsigned redirects;

	/* Of the answer that comes: */
	size_t header_len;
	uint64_t taken;		/* bytes of the body, kept or not */
	struct wbuf in;
	const char * broken;	/* the rule that made us stop */
	int enough;		/* the rest of an error is not wanted */
	int begun;		/* the body: what follows are no headers */
	int resume;		/* http_resume was called */

	int finished;		/* curl has done with it, by: */
	CURLcode code;
	int ended;		/* result is there */
	int told;		/* http_done was called */
	struct http_result result;
	char error[CURL_ERROR_SIZE];
};

TAILQ_HEAD(http_calls, http_call);

struct http {
	struct multi * multi;
	struct loop_deferred * deferred;	/* NULL: there is no loop */
	struct curl_blob ca;		/* data is NULL: the system's */
	struct http_calls calls;
};

/**
 * http_call_finish(X):
 * Curl has done with ${X}, with X->code: fill in how it ended, or begin anew where
 * a redirect leads.
 */
void http_call_finish(struct http_call *);

/**
 * http_call_said(p, len, ctx):
 * As curl's header callback: take one header line of the answer to ${ctx}.
 */
size_t http_call_said(char *, size_t, size_t, void *);

/**
 * http_call_again(X):
 * Send ${X}, with what came forgotten, to its new URL.  Return 0, or -1 if memory is
 * short.
 */
int http_call_again(struct http_call *);

#endif
