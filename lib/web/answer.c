#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <sodium.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/panic.h"
#include "loop/loop.h"

#include "web/web_impl.h"

/* Bytes of the hash in an ETag. */
#define ETAG_LEN	16

/* An ETag: quotes, hex, NUL. */
#define ETAG_SIZE	(2 + HEX_SIZE(ETAG_LEN))

/* Bytes of a body in pieces that are asked for at a time. */
#define STREAM_BLOCK	65536

/* Longest text of web_text. */
#define TEXT_MAX	1024

static void
make_etag(const void * body, size_t len, char etag[ETAG_SIZE])
{
	uint8_t h[ETAG_LEN];

	crypto_generichash(h, sizeof(h), body, len, NULL, 0);
	etag[0] = '"';
	hex_encode(h, sizeof(h), &etag[1], HEX_SIZE(ETAG_LEN));
	memcpy(&etag[1 + 2 * ETAG_LEN], "\"", 2);
}

/* Does If-None-Match name ${etag}? */
static int
is_known(const struct web_request * R, const char * etag)
{
	const char * p = web_header(R, "If-None-Match");

	return (p != NULL && (strcmp(p, "*") == 0 || strstr(p, etag) != NULL));
}

/* The headers of every answer. */
static void
put_headers(struct web_request * R, struct MHD_Response * M,
    const struct web_answer * A)
{
	static const char * const cache[] = {
		[WEB_NO_STORE] = "no-store",
		[WEB_NO_CACHE] = "no-cache",
		[WEB_IMMUTABLE] = "public, max-age=31536000, immutable"
	};

	MHD_add_response_header(M, "Content-Type", A->type != NULL ? A->type :
	    "text/plain; charset=utf-8");
	MHD_add_response_header(M, "Cache-Control", cache[A->cache]);
	MHD_add_response_header(M, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(M, "Referrer-Policy", "no-referrer");
	if (A->vary)
		MHD_add_response_header(M, "Vary", "Accept");
	if (R->route != NULL && (R->route->flags & WEB_CORS)) {
		MHD_add_response_header(M, "Access-Control-Allow-Origin", "*");
		MHD_add_response_header(M, "Access-Control-Expose-Headers",
		    "ETag, Ks-Rule, Ks-Cursor, Retry-After");
	}
	for (const char * const * h = A->headers; h != NULL && *h != NULL; h += 2)
		MHD_add_response_header(M, h[0], h[1]);
	if (R->W->draining || R->last)
		MHD_add_response_header(M, "Connection", "close");
}

/* ${M} (or NULL: out of memory) is the answer to ${R}. */
static void
set_response(struct web_request * R, struct MHD_Response * M, unsigned status)
{

	PANIC_UNLESS(R->response == NULL);
	R->response = M;
	R->status = status;
	if (M == NULL)
		R->abandoned = 1;
	if (!R->streamed)
		R->gone = NULL;
	if (!R->inside)
		web_request_resume(R);
}

void
web_answer(struct web_request * R, const struct web_answer * A)
{
	struct MHD_Response * M;
	char etag[ETAG_SIZE] = "";
	unsigned status = A->status != 0 ? A->status : 200;
	size_t len = A->len;

	if (status == 200 && A->cache != WEB_NO_STORE) {
		make_etag(A->body, A->len, etag);
		if (is_known(R, etag)) {
			status = 304;
			len = 0;
		}
	}
	/* The library copies: the cast is only for its prototype. */
	M = MHD_create_response_from_buffer(len, (void *)(uintptr_t)(len > 0 ?
	    A->body : ""), MHD_RESPMEM_MUST_COPY);
	if (M != NULL) {
		put_headers(R, M, A);
		if (etag[0] != '\0')
			MHD_add_response_header(M, "ETag", etag);
	}
	set_response(R, M, status);
}

void
web_text(struct web_request * R, enum web_cache cache, const char * fmt, ...)
{
	char text[TEXT_MAX];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	PANIC_UNLESS(n >= 0 && (size_t)n < sizeof(text));
	web_answer(R, &(struct web_answer){ .body = text, .len = (size_t)n,
	    .cache = cache });
}

/* The body of an error, for free(3); NULL if memory ran out. */
static char *
error_text(int as_json, const char * code, const char * rule, const char * text)
{
	json_t * J;
	char * body = NULL;

	if (!as_json)
		return (asprintf(&body, "%s: %s\n", rule, text) == -1 ? NULL :
		    body);
	J = json_pack("{s:{s:s,s:s,s:s}}", "error", "code", code, "rule", rule,
	    "text", text);
	if (J != NULL)
		body = json_dumps(J, JSON_COMPACT | JSON_PRESERVE_ORDER);
	json_decref(J);
	return (body);
}

void
web_error(struct web_request * R, unsigned status, const char * code,
    const char * rule, const char * text)
{
	const int as_json = web_wants_json(R);
	const char * headers[7] = { "Ks-Rule", rule };
	struct web_answer A = {
		.status = status,
		.type = as_json ? "application/json" : NULL,
		.vary = 1,
		.headers = headers,
	};
	char retry[16];
	char * body;

	snprintf(retry, sizeof(retry), "%u", R->retry_s > 0 ? R->retry_s : 1);
	if (status == 429 || status == 503) {
		headers[2] = "Retry-After";
		headers[3] = retry;
	} else if (status == 405) {
		headers[2] = "Allow";
		headers[3] = R->allow;
	}
	body = error_text(as_json, code, rule, text);
	A.body = body != NULL ? body : "";
	A.len = strlen(A.body);
	web_answer(R, &A);
	free(body);
}

/* The client has taken what there was of ${R}: give more, or wait for it. */
static ssize_t
on_read(void * cookie, uint64_t at, char * buf, size_t max)
{
	struct web_request * R = cookie;
	size_t n;

	(void)at;
	if (R->out_at == R->out.len && !R->ended && !R->aborted && !R->wanted) {
		R->wanted = 1;
		R->inside = 1;
		wbuf_reset(&R->out);
		R->out_at = 0;
		R->more(R->more_ctx);
		R->inside = 0;
	}
	if (R->aborted || wbuf_failed(&R->out))
		return (MHD_CONTENT_READER_END_WITH_ERROR);
	n = R->out.len - R->out_at;
	if (n > max)
		n = max;
	if (n > 0) {
		memcpy(buf, &R->out.data[R->out_at], n);
		R->out_at += n;
		return ((ssize_t)n);
	}
	if (R->ended)
		return (MHD_CONTENT_READER_END_OF_STREAM);
	R->suspended = 1;
	R->asked_ms = clock_mono_ms();
	R->W->counts.waiting++;
	MHD_suspend_connection(R->mhd);
	return (0);
}

void
web_stream(struct web_request * R, const struct web_answer * A,
    void (* more)(void *), void * ctx)
{
	struct MHD_Response * M;

	R->streamed = 1;
	R->more = more;
	R->more_ctx = ctx;
	M = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK,
	    on_read, R, NULL);
	if (M != NULL)
		put_headers(R, M, A);
	set_response(R, M, A->status != 0 ? A->status : 200);
}

void
web_stream_put(struct web_request * R, const void * data, size_t len)
{

	wbuf_put_bytes(&R->out, data, len);
	R->wanted = 0;
	if (!R->inside)
		web_request_resume(R);
}

void
web_stream_end(struct web_request * R)
{

	R->ended = 1;
	R->gone = NULL;
	if (!R->inside)
		web_request_resume(R);
}

void
web_stream_abort(struct web_request * R)
{

	R->aborted = 1;
	R->gone = NULL;
	if (!R->inside)
		web_request_resume(R);
}

enum MHD_Result
web_answer_queue(struct web_request * R)
{
	enum MHD_Result rc;

	if (R->queued)
		return (MHD_YES);
	R->queued = 1;
	MHD_set_connection_option(R->mhd, MHD_CONNECTION_OPTION_TIMEOUT,
	    (unsigned)WEB_STALL_S);
	rc = MHD_queue_response(R->mhd, R->status, R->response);
	return (rc);
}
