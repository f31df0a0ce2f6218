#include <sys/queue.h>

#include <err.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include <curl/curl.h>

#include "base/file.h"
#include "base/panic.h"
#include "codec/wbuf.h"
#include "http/multi.h"

#include "etcd/etcd.h"
#include "etcd/etcd_impl.h"

struct etcd_request {
	TAILQ_ENTRY(etcd_request) link;
	struct etcd * E;
	enum etcd_kind kind;
	etcd_callback * callback;
	void * ctx;
	CURL * easy;
	struct wbuf out;	/* what is asked */
	struct wbuf in;		/* what came and was not told yet */
	size_t seen;		/* bytes of it that have no end of a line */
	int fresh;		/* more came */
	int finished;		/* with this: */
	CURLcode code;
	int busy;		/* its callback is running */
	int dead;		/* cancelled meanwhile */
	char why[CURL_ERROR_SIZE];
};

TAILQ_HEAD(requests, etcd_request);

struct etcd {
	struct multi * multi;
	struct curl_slist * headers;
	struct requests requests;
	char url[1024];
	struct curl_blob ca;	/* the files; data is NULL if not given */
	struct curl_blob cert;
	struct curl_blob key;	/* in secret memory */
};

const char *
etcd_url_check(const char * url)
{
	static const char * const loopback[] = {
		"127.0.0.1", "[::1]", "localhost"
	};
	const char * host;
	size_t len;

	if (strlen(url) >= 512)
		return ("is too long");
	if (strncmp(url, "https://", 8) == 0)
		host = url + 8;
	else if (strncmp(url, "http://", 7) == 0)
		host = url + 7;
	else
		return ("does not begin with https:// or http://");
	/* There is no name service in a jail; "localhost" needs none. */
	len = strncmp(host, "localhost", 9) == 0 ? 9 : 0;
	if (*host == '\0' || strspn(host + len, len > 0 ? "0123456789:" :
	    "abcdefABCDEF0123456789.:[]") != strlen(host + len))
		return ("is not a numeric address with a port");
	if (host == url + 8)
		return (NULL);
	for (size_t i = 0; i < sizeof(loopback) / sizeof(loopback[0]); i++) {
		len = strlen(loopback[i]);
		if (strncmp(host, loopback[i], len) == 0 &&
		    (host[len] == '\0' || host[len] == ':'))
			return (NULL);
	}
	return ("is http://, which is for 127.0.0.1, [::1] and localhost only");
}

static void
request_free(struct etcd_request * R)
{

	TAILQ_REMOVE(&R->E->requests, R, link);
	if (R->easy != NULL) {
		(void)curl_multi_remove_handle(multi_curl(R->E->multi),
		    R->easy);
		curl_easy_cleanup(R->easy);
	}
	wbuf_free(&R->out);
	wbuf_free(&R->in);
	free(R);
}

/* Tell ${R} the answer ${A}; the request is gone then if ${last}. */
static int
tell(struct etcd_request * R, struct etcd_answer * A, int last)
{
	int rc;

	if (last)
		A->reply.ended = 1;
	R->busy = 1;
	rc = R->callback(R->ctx, &A->reply);
	R->busy = 0;
	if (last || R->dead || A->reply.ended)
		request_free(R);
	etcd_json_free(A);
	return (rc);
}

/* Tell ${R} one line of its watch, if a whole one is there; 1 if it was. */
static int
tell_line(struct etcd_request * R, int * rc)
{
	struct etcd_answer A;
	uint8_t * end;
	size_t len;

	if (R->in.len == R->seen)
		return (0);
	end = memchr(&R->in.data[R->seen], '\n', R->in.len - R->seen);
	if (end == NULL) {
		R->seen = R->in.len;
		return (0);
	}
	len = (size_t)(end - R->in.data);
	etcd_json_answer(&A, ETCD_WATCH, (const char *)R->in.data, len);
	R->in.len -= len + 1;
	memmove(R->in.data, end + 1, R->in.len);
	R->seen = 0;
	*rc = tell(R, &A, 0);
	return (1);
}

/* The transfer of ${R} is over: tell how it ended. */
static int
tell_end(struct etcd_request * R)
{
	struct etcd_answer A;
	const char * text = (const char *)R->in.data;
	char status[64];
	long http = 0;

	curl_easy_getinfo(R->easy, CURLINFO_RESPONSE_CODE, &http);
	memset(&A, 0, sizeof(A));
	if (wbuf_failed(&R->in)) {
		etcd_json_why(&A, "the answer is too long");
	} else if (R->code != CURLE_OK) {
		etcd_json_why(&A, R->why[0] != '\0' ? R->why :
		    curl_easy_strerror(R->code));
	} else if (R->in.len > 0 && R->in.data[0] == '{') {
		etcd_json_answer(&A, R->kind, text, R->in.len);
	}
	if (A.reply.why == NULL && R->kind == ETCD_WATCH)
		etcd_json_why(&A, "the watch ended");
	if (A.reply.why == NULL && (http != 200 || A.rows == NULL)) {
		snprintf(status, sizeof(status), "HTTP status %ld", http);
		etcd_json_why(&A, status);
	}
	A.reply.answered = http != 0;
	return (tell(R, &A, 1));
}

/* Tell everybody what came.  Any of them may make or cancel requests, hence from
 * the first on after each. */
static int
tell_all(void * ctx)
{
	struct etcd * E = ctx;
	struct etcd_request * R;
	int rc = 0;

	do {
		TAILQ_FOREACH(R, &E->requests, link) {
			if (R->fresh && R->kind == ETCD_WATCH &&
			    tell_line(R, &rc))
				break;
			R->fresh = 0;
			if (R->finished) {
				rc = tell_end(R);
				break;
			}
		}
	} while (R != NULL && rc == 0);
	return (rc);
}

static void
over(void * ctx, CURLcode code)
{
	struct etcd_request * R = ctx;

	R->finished = 1;
	R->code = code;
}

static const struct multi_spec spec = { over, tell_all };

/* Only gathers: nobody may be told from inside curl. */
static size_t
on_body(char * p, size_t size, size_t n, void * ctx)
{
	struct etcd_request * R = ctx;

	wbuf_put_bytes(&R->in, p, size * n);
	R->fresh = 1;
	return (wbuf_failed(&R->in) ? 0 : size * n);
}

static int
set_tls(struct etcd * E, CURL * C)
{
	int bad = 0;

	bad |= curl_easy_setopt(C, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
	bad |= curl_easy_setopt(C, CURLOPT_SSL_VERIFYPEER, 1L);
	bad |= curl_easy_setopt(C, CURLOPT_SSL_VERIFYHOST, 2L);
	bad |= curl_easy_setopt(C, CURLOPT_CAPATH, NULL);
	if (E->ca.data != NULL)
		bad |= curl_easy_setopt(C, CURLOPT_CAINFO_BLOB, &E->ca);
	if (E->cert.data != NULL) {
		bad |= curl_easy_setopt(C, CURLOPT_SSLCERT_BLOB, &E->cert);
		bad |= curl_easy_setopt(C, CURLOPT_SSLKEY_BLOB, &E->key);
	}
	return (bad);
}

static int
set_options(struct etcd_request * R, const char * path, uint64_t timeout_ms)
{
	struct etcd * E = R->E;
	CURL * C = R->easy;
	char url[sizeof(E->url) + 64];
	int bad = 0;

	snprintf(url, sizeof(url), "%s%s", E->url, path);
	bad |= curl_easy_setopt(C, CURLOPT_URL, url);
	bad |= curl_easy_setopt(C, CURLOPT_PROTOCOLS_STR,
	    E->ca.data != NULL ? "https" : "http");
	bad |= curl_easy_setopt(C, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	bad |= curl_easy_setopt(C, CURLOPT_FOLLOWLOCATION, 0L);
	bad |= curl_easy_setopt(C, CURLOPT_PROXY, "");
	bad |= curl_easy_setopt(C, CURLOPT_NOSIGNAL, 1L);
	bad |= curl_easy_setopt(C, CURLOPT_TCP_KEEPALIVE, 1L);
	bad |= curl_easy_setopt(C, CURLOPT_CONNECTTIMEOUT_MS,
	    (long)ETCD_CONNECT_MS);
	bad |= curl_easy_setopt(C, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	bad |= curl_easy_setopt(C, CURLOPT_ERRORBUFFER, R->why);
	bad |= curl_easy_setopt(C, CURLOPT_PRIVATE, R);
	bad |= curl_easy_setopt(C, CURLOPT_HTTPHEADER, E->headers);
	bad |= curl_easy_setopt(C, CURLOPT_POSTFIELDS, R->out.data);
	bad |= curl_easy_setopt(C, CURLOPT_POSTFIELDSIZE_LARGE,
	    (curl_off_t)R->out.len);
	bad |= curl_easy_setopt(C, CURLOPT_WRITEFUNCTION, on_body);
	bad |= curl_easy_setopt(C, CURLOPT_WRITEDATA, R);
	bad |= curl_easy_setopt(C, CURLOPT_BUFFERSIZE, 256L * 1024);
	return (bad | set_tls(E, C));
}

struct etcd_request *
etcd_request_new(struct etcd * E, enum etcd_kind kind, etcd_callback * callback,
    void * ctx)
{
	struct etcd_request * R;

	if ((R = calloc(1, sizeof(*R))) == NULL) {
		warn("etcd");
		return (NULL);
	}
	R->E = E;
	R->kind = kind;
	R->callback = callback;
	R->ctx = ctx;
	wbuf_init(&R->out, 2 * ETCD_VALUE_MAX);
	wbuf_init(&R->in, ETCD_ANSWER_MAX);
	TAILQ_INSERT_TAIL(&E->requests, R, link);
	return (R);
}

struct wbuf *
etcd_request_out(struct etcd_request * R)
{

	return (&R->out);
}

struct etcd_request *
etcd_request_start(struct etcd_request * R, const char * path,
    uint64_t timeout_ms)
{

	if (wbuf_failed(&R->out) || (R->easy = curl_easy_init()) == NULL ||
	    set_options(R, path, timeout_ms) ||
	    curl_multi_add_handle(multi_curl(R->E->multi), R->easy) != CURLM_OK) {
		warnx("etcd: out of memory");
		request_free(R);
		return (NULL);
	}
	return (R);
}

void
etcd_cancel(struct etcd_request * R)
{

	if (R == NULL)
		return;
	if (R->busy)
		R->dead = 1;
	else
		request_free(R);
}

/* Read a file of options; "" is none. */
static int
read_pem(const char * path, struct curl_blob * B)
{
	uint8_t * buf;

	if (*path == '\0')
		return (0);
	if (file_read(path, ETCD_FILE_MAX, &buf, &B->len))
		return (-1);
	B->data = buf;
	B->flags = CURL_BLOB_NOCOPY;
	return (0);
}

static int
read_key(const char * path, struct curl_blob * B)
{

	if (*path == '\0')
		return (0);
	if ((B->data = sodium_malloc(ETCD_FILE_MAX)) == NULL) {
		warn("%s", path);
		return (-1);
	}
	B->flags = CURL_BLOB_NOCOPY;
	return (file_read_secret(path, B->data, ETCD_FILE_MAX, &B->len));
}

static int
read_files(struct etcd * E, const struct etcd_options * options)
{
	const char * rule = etcd_url_check(options->url);

	if (rule == NULL && strncmp(options->url, "https:", 6) == 0 &&
	    *options->ca == '\0')
		rule = "is https://, which needs the file etcd_ca";
	if (rule == NULL && strncmp(options->url, "http:", 5) == 0 &&
	    (*options->ca != '\0' || *options->cert != '\0'))
		rule = "is http://, which takes no certificates";
	if (rule == NULL && (*options->cert == '\0') != (*options->key == '\0'))
		rule = "has etcd_cert or etcd_key alone: give both";
	if (rule != NULL) {
		warnx("etcd_url %.200s: it %s", options->url, rule);
		return (-1);
	}
	snprintf(E->url, sizeof(E->url), "%s", options->url);
	if (read_pem(options->ca, &E->ca) || read_pem(options->cert, &E->cert) ||
	    read_key(options->key, &E->key))
		return (-1);
	return (0);
}

struct etcd *
etcd_open(struct loop * L, const struct etcd_options * options)
{
	struct etcd * E;

	if ((E = calloc(1, sizeof(*E))) == NULL) {
		warn("etcd");
		return (NULL);
	}
	TAILQ_INIT(&E->requests);
	if (read_files(E, options))
		goto err1;
	/* curl would wait for leave to send what is long: a turn more. */
	if ((E->headers = curl_slist_append(NULL, "Expect:")) == NULL ||
	    (E->multi = multi_new(L, &spec, E)) == NULL) {
		warnx("etcd: out of memory");
		goto err1;
	}
	return (E);

err1:
	etcd_close(E);
	return (NULL);
}

void
etcd_close(struct etcd * E)
{
	struct etcd_request * R;

	if (E == NULL)
		return;
	while ((R = TAILQ_FIRST(&E->requests)) != NULL)
		request_free(R);
	multi_free(E->multi);
	curl_slist_free_all(E->headers);
	free(E->ca.data);
	free(E->cert.data);
	sodium_free(E->key.data);
	free(E);
}
