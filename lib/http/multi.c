#include <err.h>
#include <stdlib.h>

#include "loop/loop.h"

#include "http/multi.h"

struct multi {
	struct loop * L;		/* NULL: none */
	const struct multi_spec * spec;
	void * ctx;
	CURLM * curl;
	struct loop_timer * timer;
};

/* A socket of curl's. */
struct sock {
	struct multi * M;
	curl_socket_t fd;
	struct loop_fd * watch;
};

int
multi_ran(struct multi * M)
{
	CURLMsg * msg;
	void * p;
	int left;

	while ((msg = curl_multi_info_read(M->curl, &left)) != NULL) {
		if (msg->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &p);
		M->spec->over(p, msg->data.result);
	}
	return (M->spec->after(M->ctx));
}

static int
act(struct multi * M, curl_socket_t fd, int mask)
{
	int running;

	if (curl_multi_socket_action(M->curl, fd, mask, &running) != CURLM_OK) {
		warnx("http: curl fails");
		return (-1);
	}
	return (multi_ran(M));
}

int
multi_run(struct multi * M)
{

	return (act(M, CURL_SOCKET_TIMEOUT, 0));
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
	return (act(S->M, S->fd, mask));
}

static int
on_timer(void * ctx)
{

	return (multi_run(ctx));
}

static struct sock *
sock_new(struct multi * M, curl_socket_t fd)
{
	struct sock * S;

	if ((S = calloc(1, sizeof(*S))) == NULL)
		return (NULL);
	S->M = M;
	S->fd = fd;
	if ((S->watch = loop_fd_new(M->L, fd, on_ready, S)) == NULL) {
		free(S);
		return (NULL);
	}
	curl_multi_assign(M->curl, fd, S);
	return (S);
}

/* curl wants to know when the socket ${fd} is ready. */
static int
want_socket(CURL * easy, curl_socket_t fd, int what, void * ctx, void * cookie)
{
	struct sock * S = cookie;
	struct multi * M = ctx;
	int want = 0;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (S != NULL) {
			loop_fd_free(S->watch);
			free(S);
		}
		curl_multi_assign(M->curl, fd, NULL);
		return (0);
	}
	if (S == NULL && (S = sock_new(M, fd)) == NULL)
		return (-1);
	if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
		want |= LOOP_READ;
	if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
		want |= LOOP_WRITE;
	return (loop_fd_want(S->watch, want));
}

static int
want_timer(CURLM * curl, long ms, void * ctx)
{
	struct multi * M = ctx;

	(void)curl;
	if (ms < 0)
		loop_timer_clear(M->timer);
	else
		loop_timer_set(M->timer, (uint64_t)ms);
	return (0);
}

/* Let curl use the loop. */
static int
attach(struct multi * M)
{
	int bad = 0;

	if ((M->timer = loop_timer_new(M->L, on_timer, M)) == NULL)
		return (-1);
	bad |= curl_multi_setopt(M->curl, CURLMOPT_SOCKETFUNCTION, want_socket);
	bad |= curl_multi_setopt(M->curl, CURLMOPT_SOCKETDATA, M);
	bad |= curl_multi_setopt(M->curl, CURLMOPT_TIMERFUNCTION, want_timer);
	bad |= curl_multi_setopt(M->curl, CURLMOPT_TIMERDATA, M);
	return (bad ? -1 : 0);
}

struct multi *
multi_new(struct loop * L, const struct multi_spec * spec, void * ctx)
{
	struct multi * M;

	if (curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK)
		return (NULL);
	if ((M = calloc(1, sizeof(*M))) == NULL) {
		curl_global_cleanup();
		return (NULL);
	}
	M->L = L;
	M->spec = spec;
	M->ctx = ctx;
	if ((M->curl = curl_multi_init()) == NULL ||
	    (L != NULL && attach(M))) {
		multi_free(M);
		return (NULL);
	}
	return (M);
}

void
multi_free(struct multi * M)
{

	if (M == NULL)
		return;
	/* Closing what is kept open still asks for sockets and timers. */
	if (M->curl != NULL)
		(void)curl_multi_cleanup(M->curl);
	if (M->timer != NULL)
		loop_timer_free(M->timer);
	curl_global_cleanup();
	free(M);
}

CURLM *
multi_curl(struct multi * M)
{

	return (M->curl);
}
