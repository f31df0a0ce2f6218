#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "loop/loop.h"

#include "http/http_impl.h"

/* Descriptors beside curl's own that http_poll takes. */
#define POLL_FDS_MAX	64

/* curl_multi_poll takes an int: longer waits are made of several. */
#define POLL_MS_MAX	60000

/* Tell all that ended.  Any of them may start or end calls, hence from the first
 * on after each. */
static int
tell_all(void * ctx)
{
	struct http * H = ctx;
	struct http_call * X;

	do {
		TAILQ_FOREACH(X, &H->calls, link) {
			if (X->finished) {
				X->finished = 0;
				http_call_finish(X);
			}
			if (X->ended && !X->told) {
				X->told = 1;
				if (X->Q.done != NULL)
					break;
			}
		}
		if (X != NULL && X->Q.done(X->Q.ctx, &X->result))
			return (-1);
	} while (X != NULL);
	return (0);
}

/* curl has done with the transfer of a call. */
static void
over(void * ctx, CURLcode code)
{
	struct http_call * X = ctx;

	X->finished = 1;
	X->code = code;
}

static const struct multi_spec spec = { over, tell_all };

/* Let those go on that were resumed: curl calls their http_piece from here. */
static void
resume_all(struct http * H)
{
	struct http_call * X;

	TAILQ_FOREACH(X, &H->calls, link) {
		if (!X->resume)
			continue;
		X->resume = 0;
		if (!X->ended)
			(void)curl_easy_pause(X->easy, CURLPAUSE_CONT);
	}
}

static int
on_deferred(void * ctx)
{
	struct http * H = ctx;

	resume_all(H);
	return (multi_run(H->multi));
}

/* Read the file of authorities. */
static int
read_ca(struct http * H, const char * path)
{
	static const char mark[] = "-----BEGIN CERTIFICATE-----";
	uint8_t * buf;

	if (path == NULL)
		return (0);
	if (file_read(path, HTTP_CA_FILE_MAX, &buf, &H->ca.len))
		return (-1);
	H->ca.data = buf;
	H->ca.flags = CURL_BLOB_NOCOPY;
	if (memmem(buf, H->ca.len, mark, sizeof(mark) - 1) == NULL) {
		warnx("%s: there is no certificate in it", path);
		return (-1);
	}
	return (0);
}

struct http *
http_new(struct loop * L, const char * ca)
{
	struct http * H;

	if ((H = calloc(1, sizeof(*H))) == NULL) {
		warn("http");
		return (NULL);
	}
	TAILQ_INIT(&H->calls);
	if (read_ca(H, ca))
		goto err1;
	if ((H->multi = multi_new(L, &spec, H)) == NULL ||
	    (L != NULL && (H->deferred = loop_deferred_new(L, LOOP_BATCH,
	    on_deferred, H)) == NULL)) {
		warnx("http: out of memory");
		goto err1;
	}
	return (H);

err1:
	http_free(H);
	return (NULL);
}

void
http_free(struct http * H)
{

	if (H == NULL)
		return;
	multi_free(H->multi);
	if (H->deferred != NULL)
		loop_deferred_free(H->deferred);
	free(H->ca.data);
	free(H);
}

void
http_resume(struct http_call * X)
{

	X->resume = 1;
	if (X->H->deferred != NULL)
		loop_deferred_set(X->H->deferred);
}

int
http_poll(struct http * H, struct pollfd * fds, unsigned n, uint64_t timeout_ms)
{
	CURLM * curl = multi_curl(H->multi);
	struct curl_waitfd W[POLL_FDS_MAX];
	int running;

	if (n > POLL_FDS_MAX) {
		errno = EINVAL;
		return (-1);
	}
	resume_all(H);
	for (unsigned i = 0; i < n; i++) {
		W[i].fd = fds[i].fd;
		W[i].events = 0;
		if (fds[i].events & POLLIN)
			W[i].events |= CURL_WAIT_POLLIN;
		if (fds[i].events & POLLOUT)
			W[i].events |= CURL_WAIT_POLLOUT;
		W[i].revents = 0;
	}
	if (curl_multi_poll(curl, W, n, timeout_ms > POLL_MS_MAX ?
	    POLL_MS_MAX : (int)timeout_ms, NULL) != CURLM_OK ||
	    curl_multi_perform(curl, &running) != CURLM_OK) {
		warnx("http: curl fails");
		return (-1);
	}
	return (multi_ran(H->multi));
}
