#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <sodium.h>

#include "base/clock.h"
#include "base/panic.h"
#include "loop/loop.h"

#include "web/web_impl.h"

/* Connections that the kernel holds for us until we accept them. */
#define BACKLOG		1024

/* Connections accepted at one listener in one turn, so that others have theirs. */
#define ACCEPT_TURN	64

/* After accept(2) ran out of something, it rests so long. */
#define REST_MS		250

/* How often connections are looked at. */
#define TICK_MS		500

/* Descriptors that are not connections: upstreams, listeners, epoll. */
#define FDS_OTHER	64

/* Memory of one connection beside its body: headers, and what is being sent. */
#define CONN_MEMORY	(2 * (size_t)WEB_HEADER_MAX)

static int
on_engine(void * cookie, int ready)
{

	(void)ready;
	return (web_run(cookie));
}

static int
on_run(void * cookie)
{

	return (web_run(cookie));
}

static int
on_tick(void * cookie)
{
	struct web * W = cookie;

	web_conn_tick(W);
	web_tls_tick(clock_mono_ms());
	loop_timer_set(W->tick, TICK_MS);
	return (web_run(W));
}

int
web_run(struct web * W)
{
	MHD_UNSIGNED_LONG_LONG ms, least = UINT64_MAX;

	for (unsigned i = 0; i < 2; i++) {
		if (W->engine[i].mhd == NULL)
			continue;
		if (MHD_run(W->engine[i].mhd) != MHD_YES) {
			warnx("http: the server library failed");
			return (-1);
		}
		if (MHD_get_timeout(W->engine[i].mhd, &ms) == MHD_YES &&
		    ms < least)
			least = ms;
	}
	if (least != UINT64_MAX)
		loop_timer_set(W->due, least);
	else
		loop_timer_clear(W->due);
	return (0);
}

/* Start the library without (0) or with (1) TLS. */
static int
start_engine(struct web * W, int tls)
{
	struct engine * E = &W->engine[tls];
	const union MHD_DaemonInfo * info;
	struct MHD_OptionItem more[8] = {
		{ MHD_OPTION_CONNECTION_MEMORY_LIMIT, (intptr_t)CONN_MEMORY, NULL },
		{ MHD_OPTION_CONNECTION_LIMIT, WEB_CONNS_MAX + FDS_OTHER, NULL },
		{ MHD_OPTION_CONNECTION_TIMEOUT, WEB_IDLE_S, NULL },
		{ MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL },
		{ MHD_OPTION_END, 0, NULL },
	};
	unsigned flags = MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET |
	    MHD_ALLOW_SUSPEND_RESUME;

	if (E->mhd != NULL)
		return (0);
	if (tls) {
		flags |= MHD_USE_TLS;
		web_tls_options(&more[4]);
	}
	E->mhd = MHD_start_daemon(flags, 0, NULL, NULL, web_request_go, W,
	    MHD_OPTION_NOTIFY_CONNECTION, web_conn_notify, W,
	    MHD_OPTION_NOTIFY_COMPLETED, web_request_over, W,
	    MHD_OPTION_URI_LOG_CALLBACK, web_request_new, W,
	    MHD_OPTION_ARRAY, more, MHD_OPTION_END);
	if (E->mhd == NULL) {
		warnx("http: the server library does not start");
		return (-1);
	}
	info = MHD_get_daemon_info(E->mhd, MHD_DAEMON_INFO_EPOLL_FD);
	E->watch = loop_fd_new(W->L, info->epoll_fd, on_engine, W);
	if (E->watch == NULL || loop_fd_want(E->watch, LOOP_READ)) {
		warn("http");
		return (-1);
	}
	return (0);
}

/* Have as many descriptors as there may be connections, if we may. */
static size_t
raise_limit(void)
{
	struct rlimit R;

	if (getrlimit(RLIMIT_NOFILE, &R))
		return (256);
	if (R.rlim_cur < WEB_CONNS_MAX + FDS_OTHER) {
		R.rlim_cur = R.rlim_max < WEB_CONNS_MAX + FDS_OTHER ?
		    R.rlim_max : WEB_CONNS_MAX + FDS_OTHER;
		(void)setrlimit(RLIMIT_NOFILE, &R);
		(void)getrlimit(RLIMIT_NOFILE, &R);
	}
	if (R.rlim_cur >= WEB_CONNS_MAX + FDS_OTHER)
		return (WEB_CONNS_MAX);
	return (R.rlim_cur > 2 * FDS_OTHER ? R.rlim_cur - FDS_OTHER :
	    R.rlim_cur / 2);
}

/* Keep the ${n} numeric addresses ${from} in ${list}. */
static void
take_peers(char (* list)[WEB_PEER_SIZE], const char * const * from, size_t n)
{
	uint8_t key[BUCKET_KEY_LEN];

	PANIC_UNLESS(n <= WEB_PROXIES_MAX);
	for (size_t i = 0; i < n; i++)
		if (web_peer_parse(from[i], list[i], key))
			panic("web_new: %s is no address", from[i]);
}

struct web *
web_new(struct loop * L, const struct web_spec * spec)
{
	struct web * W;
	uint8_t seed[16];

	if ((W = calloc(1, sizeof(*W))) == NULL)
		goto err0;
	W->L = L;
	W->spec = spec;
	W->conns_max = raise_limit();
	take_peers(W->proxy, spec->proxies, spec->nproxies);
	take_peers(W->free, spec->free, spec->nfree);
	randombytes_buf(seed, sizeof(seed));
	W->buckets = buckets_new(spec->rate, seed);
	W->due = loop_timer_new(L, on_run, W);
	W->tick = loop_timer_new(L, on_tick, W);
	W->kick = loop_deferred_new(L, LOOP_FLUSH, on_run, W);
	if (W->buckets == NULL || W->due == NULL || W->tick == NULL ||
	    W->kick == NULL)
		goto err1;
	loop_timer_set(W->tick, TICK_MS);
	return (W);

err1:
	web_free(W);
err0:
	warnx("http: out of memory");
	return (NULL);
}

static int
on_rested(void * cookie)
{
	struct listener * N = cookie;

	return (N->watch != NULL && loop_fd_want(N->watch, LOOP_READ) ? -1 : 0);
}

static int
on_accept(void * cookie, int ready)
{
	struct listener * N = cookie;
	struct sockaddr_storage sa = { .ss_family = AF_UNSPEC };
	socklen_t len;
	int fd;

	(void)ready;
	for (int i = 0; i < ACCEPT_TURN; i++) {
		len = sizeof(sa);
		fd = accept4(N->fd, (struct sockaddr *)&sa, &len,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd == -1 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (fd == -1 && errno == EAGAIN)
			break;
		if (fd == -1) {
			warn("http: accept");
			loop_timer_set(N->rest, REST_MS);
			return (loop_fd_want(N->watch, 0));
		}
		web_conn_accept(N->W, fd, N->tls, &sa, len);
	}
	loop_deferred_set(N->W->kick);
	return (0);
}

int
web_listen(struct web * W, const struct sockaddr_storage * sa, socklen_t len,
    int tls)
{
	struct listener * N = &W->listener[W->nlisteners];
	const int on = 1;

	PANIC_UNLESS(W->nlisteners < WEB_LISTENERS_MAX);
	PANIC_UNLESS(!tls || web_tls_ready());
	if (start_engine(W, tls != 0))
		return (-1);
	N->W = W;
	N->tls = tls != 0;
	N->fd = socket(sa->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    0);
	if (N->fd == -1)
		goto err0;
	W->nlisteners++;
	if (setsockopt(N->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)))
		goto err0;
	if (sa->ss_family == AF_INET6 &&
	    setsockopt(N->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)))
		goto err0;
	if (bind(N->fd, (const struct sockaddr *)sa, len) ||
	    listen(N->fd, BACKLOG))
		goto err0;
	N->watch = loop_fd_new(W->L, N->fd, on_accept, N);
	N->rest = loop_timer_new(W->L, on_rested, N);
	if (N->watch == NULL || N->rest == NULL ||
	    loop_fd_want(N->watch, LOOP_READ))
		goto err0;
	return (W->nlisteners - 1);

err0:
	warn("http: listen");
	return (-1);
}

void
web_address(const struct web * W, int i, char text[WEB_PEER_SIZE])
{
	struct sockaddr_storage sa = { .ss_family = AF_UNSPEC };
	socklen_t len = sizeof(sa);
	char host[INET6_ADDRSTRLEN] = "?";
	struct sockaddr_in6 sin6;
	struct sockaddr_in sin;

	(void)getsockname(W->listener[i].fd, (struct sockaddr *)&sa, &len);
	if (sa.ss_family == AF_INET6) {
		memcpy(&sin6, &sa, sizeof(sin6));
		inet_ntop(AF_INET6, &sin6.sin6_addr, host, sizeof(host));
		snprintf(text, WEB_PEER_SIZE, "[%s]:%u", host,
		    ntohs(sin6.sin6_port));
		return;
	}
	memcpy(&sin, &sa, sizeof(sin));
	inet_ntop(AF_INET, &sin.sin_addr, host, sizeof(host));
	snprintf(text, WEB_PEER_SIZE, "%s:%u", host, ntohs(sin.sin_port));
}

static void
close_listeners(struct web * W)
{
	struct listener * N;

	while (W->nlisteners > 0) {
		N = &W->listener[--W->nlisteners];
		loop_fd_free(N->watch);
		loop_timer_free(N->rest);
		if (N->fd != -1)
			close(N->fd);
	}
}

void
web_drain(struct web * W)
{

	W->draining = 1;
	close_listeners(W);
	for (struct web_conn * C = W->first; C != NULL; C = C->next)
		if (C->R == NULL)
			web_conn_close(C);
	loop_deferred_set(W->kick);
}

int
web_busy(const struct web * W)
{

	return (W->active > 0);
}

void
web_free(struct web * W)
{

	if (W == NULL)
		return;
	W->stopping = W->draining = 1;
	close_listeners(W);
	/* The library cannot end what is suspended. */
	for (struct web_conn * C = W->first; C != NULL; C = C->next)
		if (C->R != NULL && C->R->suspended)
			web_request_abandon(C->R);
	for (unsigned i = 0; i < 2; i++) {
		if (W->engine[i].mhd == NULL)
			continue;
		MHD_run(W->engine[i].mhd);
		loop_fd_free(W->engine[i].watch);
		MHD_stop_daemon(W->engine[i].mhd);
	}
	loop_timer_free(W->due);
	loop_timer_free(W->tick);
	loop_deferred_free(W->kick);
	web_tls_free();
	free(W->buckets);
	free(W);
}

const struct web_counts *
web_counts(const struct web * W)
{

	return (&W->counts);
}
