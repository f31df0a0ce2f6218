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

/* A socket of curl's. */
struct sock {
	struct http * H;
	curl_socket_t fd;
	struct loop_fd * watch;
};

/* Tell all that ended.  Any of them may start or end calls, hence from the first
 * on after each. */
static int
tell_all(struct http * H)
{
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

/* See which transfers are over. */
static int
gather(struct http * H)
{
	struct http_call * X;
	CURLMsg * msg;
	void * p;
	int left;

	while ((msg = curl_multi_info_read(H->multi, &left)) != NULL) {
		if (msg->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &p);
		X = p;
		X->finished = 1;
		X->code = msg->data.result;
	}
	return (tell_all(H));
}

static int
act(struct http * H, curl_socket_t fd, int mask)
{
	int running;

	if (curl_multi_socket_action(H->multi, fd, mask, &running) != CURLM_OK) {
		warnx("http: curl fails");
		return (-1);
	}
	return (gather(H));
}

static int
on_ready(void * ctx, int ready)
{
	struct sock * S = ctx;
	int mask = 0;

	if (ready & LOOP_READ)
		mask |= CURL_CSELECT_IN;
	if (ready & LOOP_WRITE)
		mask |= CURL_CSELECT_OUT;
	if (ready & LOOP_HANGUP)
		mask |= CURL_CSELECT_ERR;
	return (act(S->H, S->fd, mask));
}

static int
on_timer(void * ctx)
{

	return (act(ctx, CURL_SOCKET_TIMEOUT, 0));
}

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

	resume_all(ctx);
	return (act(ctx, CURL_SOCKET_TIMEOUT, 0));
}

static struct sock *
sock_new(struct http * H, curl_socket_t fd)
{
	struct sock * S;

	if ((S = calloc(1, sizeof(*S))) == NULL)
		return (NULL);
	S->H = H;
	S->fd = fd;
	if ((S->watch = loop_fd_new(H->L, fd, on_ready, S)) == NULL) {
		free(S);
		return (NULL);
	}
	curl_multi_assign(H->multi, fd, S);
	return (S);
}

/* curl wants to know when the socket ${fd} is ready. */
static int
want_socket(CURL * easy, curl_socket_t fd, int what, void * ctx, void * cookie)
{
	struct sock * S = cookie;
	struct http * H = ctx;
	int want = 0;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (S != NULL) {
			loop_fd_free(S->watch);
			free(S);
		}
		curl_multi_assign(H->multi, fd, NULL);
		return (0);
	}
	if (S == NULL && (S = sock_new(H, fd)) == NULL)
		return (-1);
	if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
		want |= LOOP_READ;
	if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
		want |= LOOP_WRITE;
	return (loop_fd_want(S->watch, want));
}

static int
want_timer(CURLM * multi, long ms, void * ctx)
{
	struct http * H = ctx;

	(void)multi;
	if (ms < 0)
		loop_timer_clear(H->timer);
	else
		loop_timer_set(H->timer, (uint64_t)ms);
	return (0);
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

/* Let curl use the loop. */
static int
attach(struct http * H)
{
	int bad = 0;

	if (H->L == NULL)
		return (0);
	if ((H->timer = loop_timer_new(H->L, on_timer, H)) == NULL ||
	    (H->deferred = loop_deferred_new(H->L, LOOP_BATCH, on_deferred,
	    H)) == NULL)
		return (-1);
	bad |= curl_multi_setopt(H->multi, CURLMOPT_SOCKETFUNCTION, want_socket);
	bad |= curl_multi_setopt(H->multi, CURLMOPT_SOCKETDATA, H);
	bad |= curl_multi_setopt(H->multi, CURLMOPT_TIMERFUNCTION, want_timer);
	bad |= curl_multi_setopt(H->multi, CURLMOPT_TIMERDATA, H);
	return (bad ? -1 : 0);
}

struct http *
http_new(struct loop * L, const char * ca)
{
	struct http * H;

	if ((H = calloc(1, sizeof(*H))) == NULL) {
		warn("http");
		return (NULL);
	}
	H->L = L;
	TAILQ_INIT(&H->calls);
	if (read_ca(H, ca))
		goto err2;
	if (curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK) {
		warnx("http: curl fails");
		goto err2;
	}
	if ((H->multi = curl_multi_init()) == NULL || attach(H)) {
		warnx("http: out of memory");
		goto err1;
	}
	return (H);

err1:
	http_free(H);
	return (NULL);
err2:
	free(H->ca.data);
	free(H);
	return (NULL);
}

void
http_free(struct http * H)
{

	if (H == NULL)
		return;
	/* Closing what is kept open still asks for sockets and timers. */
	if (H->multi != NULL)
		(void)curl_multi_cleanup(H->multi);
	if (H->timer != NULL)
		loop_timer_free(H->timer);
	if (H->deferred != NULL)
		loop_deferred_free(H->deferred);
	curl_global_cleanup();
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
	if (curl_multi_poll(H->multi, W, n, timeout_ms > POLL_MS_MAX ?
	    POLL_MS_MAX : (int)timeout_ms, NULL) != CURLM_OK ||
	    curl_multi_perform(H->multi, &running) != CURLM_OK) {
		warnx("http: curl fails");
		return (-1);
	}
	return (gather(H));
}
