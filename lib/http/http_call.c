#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "entry/rule_names.h"

#include "http/http_impl.h"
#include "http/http_url.h"

/* A server that sends less than this in its time for silence is silent. */
#define BYTES_A_SECOND	1L

/* Gather what comes, or give it away. */
static size_t
on_body(char * p, size_t size, size_t n, void * ctx)
{
	struct http_call * X = ctx;
	size_t len = size * n, room;
	long status = 0;

	X->begun = 1;
	curl_easy_getinfo(X->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status != 200) {
		room = HTTP_ERROR_BODY_MAX - X->in.len;
		wbuf_put_bytes(&X->in, p, len < room ? len : room);
		if (len <= room)
			return (wbuf_failed(&X->in) ? 0 : len);
		X->enough = 1;
		return (0);
	}
	if (len > X->Q.answer_max - X->taken) {
		X->broken = RULE_ANSWER_TOO_LARGE;
		return (0);
	}
	if (X->Q.piece != NULL)
		switch (X->Q.piece(X->Q.ctx, (const uint8_t *)p, len)) {
		case HTTP_TAKEN:
			break;
		case HTTP_FULL:
			return (CURL_WRITEFUNC_PAUSE);
		case HTTP_BAD:
			X->broken = RULE_NOT_A_KEYSERVER;
			return (0);
		}
	else
		wbuf_put_bytes(&X->in, p, len);
	X->taken += len;
	return (wbuf_failed(&X->in) ? 0 : len);
}

static int
set_tls(struct http * H, CURL * C)
{
	int bad = 0;

	bad |= curl_easy_setopt(C, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
	bad |= curl_easy_setopt(C, CURLOPT_SSL_VERIFYPEER, 1L);
	bad |= curl_easy_setopt(C, CURLOPT_SSL_VERIFYHOST, 2L);
	if (H->ca.data == NULL)
		return (bad);
	bad |= curl_easy_setopt(C, CURLOPT_CAPATH, NULL);
	bad |= curl_easy_setopt(C, CURLOPT_CAINFO_BLOB, &H->ca);
	return (bad);
}

/* How long the transfer may take from now on. */
static int
set_time(struct http_call * X)
{
	uint64_t now = clock_mono_ms(), left = 0;

	if (X->deadline_ms > 0)
		left = X->deadline_ms > now ? X->deadline_ms - now : 1;
	if (left > INT32_MAX)
		left = INT32_MAX;
	return (curl_easy_setopt(X->easy, CURLOPT_TIMEOUT_MS, (long)left));
}

static int
set_request(struct http_call * X)
{
	const struct http_request * Q = &X->Q;
	CURL * C = X->easy;
	int bad = 0;

	bad |= curl_easy_setopt(C, CURLOPT_URL, X->url);
	bad |= curl_easy_setopt(C, CURLOPT_HTTPHEADER, X->headers);
	if (Q->body != NULL) {
		bad |= curl_easy_setopt(C, CURLOPT_POST, 1L);
		bad |= curl_easy_setopt(C, CURLOPT_POSTFIELDS, X->body);
		bad |= curl_easy_setopt(C, CURLOPT_POSTFIELDSIZE_LARGE,
		    (curl_off_t)Q->body_len);
	}
	if (Q->stall_ms > 0) {
		bad |= curl_easy_setopt(C, CURLOPT_LOW_SPEED_LIMIT,
		    BYTES_A_SECOND);
		bad |= curl_easy_setopt(C, CURLOPT_LOW_SPEED_TIME,
		    (long)((Q->stall_ms + 999) / 1000));
	}
	return (bad | set_time(X));
}

static int
set_options(struct http_call * X)
{
	CURL * C = X->easy;
	int bad = 0;

	bad |= curl_easy_setopt(C, CURLOPT_PROTOCOLS_STR, "http,https");
	bad |= curl_easy_setopt(C, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	bad |= curl_easy_setopt(C, CURLOPT_HTTP09_ALLOWED, 0L);
	bad |= curl_easy_setopt(C, CURLOPT_FOLLOWLOCATION, 0L);
	bad |= curl_easy_setopt(C, CURLOPT_PROXY, "");
	bad |= curl_easy_setopt(C, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	bad |= curl_easy_setopt(C, CURLOPT_NOSIGNAL, 1L);
	/* One who leaves need not wait for a name server that does not answer. */
	bad |= curl_easy_setopt(C, CURLOPT_QUICK_EXIT, 1L);
	bad |= curl_easy_setopt(C, CURLOPT_TCP_KEEPALIVE, 1L);
	bad |= curl_easy_setopt(C, CURLOPT_USERAGENT, "ks/" KS_VERSION);
	bad |= curl_easy_setopt(C, CURLOPT_CONNECTTIMEOUT_MS,
	    (long)HTTP_CONNECT_MS);
	bad |= curl_easy_setopt(C, CURLOPT_ERRORBUFFER, X->error);
	bad |= curl_easy_setopt(C, CURLOPT_PRIVATE, X);
	bad |= curl_easy_setopt(C, CURLOPT_HEADERFUNCTION, http_call_said);
	bad |= curl_easy_setopt(C, CURLOPT_HEADERDATA, X);
	bad |= curl_easy_setopt(C, CURLOPT_WRITEFUNCTION, on_body);
	bad |= curl_easy_setopt(C, CURLOPT_WRITEDATA, X);
	return (bad | set_tls(X->H, C) | set_request(X));
}

static int
add_header(struct http_call * X, const char * name, const char * value)
{
	char line[256];
	struct curl_slist * L;

	if (value == NULL)
		return (0);
	snprintf(line, sizeof(line), "%s%s", name, value);
	if ((L = curl_slist_append(X->headers, line)) == NULL)
		return (-1);
	X->headers = L;
	return (0);
}

/* Make what the request needs; 0, or -1 if memory is short. */
static int
copy_request(struct http_call * X)
{
	struct http_request * Q = &X->Q;

	if ((X->url = strdup(Q->url)) == NULL)
		return (-1);
	if (Q->body != NULL) {
		if ((X->body = malloc(Q->body_len + 1)) == NULL)
			return (-1);
		memcpy(X->body, Q->body, Q->body_len);
		if (add_header(X, "Content-Type: ", Q->type))
			return (-1);
	}
	/* curl would wait for leave to send what is long: a turn more. */
	return (add_header(X, "Accept: ", Q->accept) ||
	    add_header(X, "Expect:", "") ? -1 : 0);
}

struct http_call *
http_start(struct http * H, const struct http_request * Q)
{
	struct http_call * X;

	if (!http_url_is(Q->url)) {
		errno = EINVAL;
		return (NULL);
	}
	if ((X = calloc(1, sizeof(*X))) == NULL)
		return (NULL);
	X->H = H;
	X->Q = *Q;
	wbuf_init(&X->in, Q->answer_max > HTTP_ERROR_BODY_MAX ?
	    Q->answer_max : HTTP_ERROR_BODY_MAX);
	if (Q->timeout_ms > 0 && Q->timeout_ms < UINT64_MAX / 2)
		X->deadline_ms = clock_mono_ms() + Q->timeout_ms;
	TAILQ_INSERT_TAIL(&H->calls, X, link);
	if (copy_request(X) || (X->easy = curl_easy_init()) == NULL ||
	    set_options(X) ||
	    curl_multi_add_handle(multi_curl(H->multi), X->easy) != CURLM_OK) {
		http_end(X);
		errno = ENOMEM;
		return (NULL);
	}
	X->Q.url = X->url;
	X->Q.body = X->body;
	X->Q.type = X->Q.accept = NULL;
	return (X);
}

int
http_call_again(struct http_call * X)
{

	memset(&X->result, 0, sizeof(X->result));
	X->header_len = 0;
	X->taken = 0;
	wbuf_reset(&X->in);
	X->enough = 0;
	X->begun = 0;
	X->error[0] = '\0';
	if (curl_easy_setopt(X->easy, CURLOPT_URL, X->url) != CURLE_OK ||
	    set_time(X) ||
	    curl_multi_add_handle(multi_curl(X->H->multi), X->easy) != CURLM_OK)
		return (-1);
	return (0);
}

const struct http_result *
http_result(const struct http_call * X)
{

	return (X->ended ? &X->result : NULL);
}

void
http_end(struct http_call * X)
{

	if (X == NULL)
		return;
	TAILQ_REMOVE(&X->H->calls, X, link);
	if (X->easy != NULL) {
		(void)curl_multi_remove_handle(multi_curl(X->H->multi), X->easy);
		curl_easy_cleanup(X->easy);
	}
	curl_slist_free_all(X->headers);
	wbuf_free(&X->in);
	free(X->body);
	free(X->url);
	free(X);
}
