#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "codec/wbuf.h"
#include "frame/common.h"
#include "frame/frame.h"
#include "frame/usock.h"
#include "loop/loop.h"

#include "daemon/conn.h"
#include "daemon/server.h"

struct peer {
	struct server * S;
	struct conn * conn;
	struct peer * next;
	struct peer ** link;	/* what points at this one */
};

struct server {
	struct loop * L;
	const struct server_spec * spec;
	struct conn_ops ops;
	struct loop_deferred * batch;
	int fd;			/* -1 once drained */
	struct loop_fd * watch;
	struct loop_timer * rest;
	struct peer * peers;
	size_t npeers;
	int bound;		/* we made the socket file, this one: */
	dev_t dev;
	ino_t ino;
};

/* Accept; whether there is room shows when somebody comes. */
static int
listen_more(struct server * S)
{

	if (S->watch == NULL)
		return (0);
	if (loop_fd_want(S->watch, LOOP_READ)) {
		warn("epoll_ctl");
		return (-1);
	}
	return (0);
}

static int
on_rested(void * cookie)
{

	return (listen_more(cookie));
}

static void
peer_free(struct peer * P)
{

	if ((*P->link = P->next) != NULL)
		P->next->link = P->link;
	P->S->npeers--;
	conn_free(P->conn);
	free(P);
}

/* Serve the connection ${fd}. */
static int
peer_new(struct server * S, int fd)
{
	struct peer * P;

	if ((P = malloc(sizeof(*P))) == NULL)
		goto err0;
	if ((P->conn = conn_new(S->L, fd, &S->ops, P, S->batch)) == NULL)
		goto err1;
	P->S = S;
	if ((P->next = S->peers) != NULL)
		P->next->link = &P->next;
	P->link = &S->peers;
	S->peers = P;
	S->npeers++;
	return (0);

err1:
	free(P);
err0:
	return (-1);
}

/* Forget ${P}, and let its user do so. */
static void
peer_end(struct peer * P)
{

	if (P->S->spec->gone != NULL)
		P->S->spec->gone(P->S->spec->ctx, P->conn);
	peer_free(P);
}

/* Who gives way to one more; NULL if all places are used. */
static struct peer *
find_idle(const struct server * S)
{
	const uint64_t now_ms = clock_mono_ms();
	uint64_t most = S->spec->idle_ms != 0 ? S->spec->idle_ms :
	    SERVER_IDLE_MS;
	struct peer * idle = NULL;
	uint64_t ms;

	for (struct peer * P = S->peers; P != NULL; P = P->next) {
		if ((ms = conn_silent_ms(P->conn, now_ms)) < most)
			continue;
		most = ms;
		idle = P;
	}
	return (idle);
}

static int
on_accept(void * cookie, int ready)
{
	struct server * S = cookie;
	struct peer * idle = NULL;
	int fd;

	(void)ready;
	while (S->npeers < SERVER_CONNS_MAX || (idle = find_idle(S)) != NULL) {
		fd = accept4(S->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd != -1 && S->npeers >= SERVER_CONNS_MAX)
			peer_end(idle);
		if (fd != -1 && peer_new(S, fd) == 0)
			continue;
		if (fd != -1)
			close(fd);
		if (fd == -1 && errno == EAGAIN)
			return (0);
		if (fd == -1 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		/* Out of something: it stays ready, so look away for a while. */
		warn("client: accept");
		loop_timer_set(S->rest, SERVER_REST_MS);
		return (loop_fd_want(S->watch, 0));
	}
	/* Somebody waits, it seems: look again in a while. */
	loop_timer_set(S->rest, SERVER_REST_MS);
	return (loop_fd_want(S->watch, 0));
}

/* Answer what breaks the protocol, and end the connection. */
static int
reject(struct conn * C, uint16_t type, uint32_t id, enum error_code code,
    const char * rule)
{

	warnx("client: frame 0x%04x: %s", type, rule);
	conn_finish(C);
	return (conn_error(C, id, code, rule, "", 0));
}

static int
on_malformed(void * ctx, struct conn * C, uint16_t type, uint32_t id,
    const char * rule)
{

	(void)ctx;
	return (reject(C, type, id, ERROR_MALFORMED, rule));
}

static int
give_status(struct server * S, struct conn * C, const struct frame * F)
{
	struct wbuf W;
	int rc = -1;

	if (F->len != 0)
		return (conn_malformed(C, "body-length"));
	wbuf_init(&W, FRAME_BODY_MAX - 4);
	if (S->spec->status(S->spec->ctx, &W))
		goto done;
	if (wbuf_failed(&W)) {
		warnx("client: STATUS: out of memory");
		goto done;
	}
	common_put_status(conn_begin(C, COMMON_STATUS_REPLY, F->id),
	    (const char *)W.data, W.len);
	rc = conn_end(C, 0);

done:
	wbuf_free(&W);
	return (rc);
}

static int
on_frame(void * ctx, struct conn * C, const struct frame * F)
{
	const struct peer * P = ctx;
	const struct server_spec * spec = P->S->spec;
	const struct server_handler * H;

	for (size_t i = 0; i < spec->nhandlers; i++) {
		H = &spec->handlers[i];
		if (H->type != F->type)
			continue;
		if (F->len < H->body_min || F->len > H->body_max)
			return (conn_malformed(C, "body-length"));
		return (H->handle(spec->ctx, C, F->id, F->body, F->len));
	}
	if (F->type == COMMON_STATUS && spec->status != NULL)
		return (give_status(P->S, C, F));
	return (reject(C, F->type, F->id, ERROR_UNKNOWN_TYPE, "frame-type"));
}

static int
on_drained(void * ctx, struct conn * C)
{
	const struct peer * P = ctx;
	const struct server_spec * spec = P->S->spec;

	return (spec->drained != NULL ? spec->drained(spec->ctx, C) : 0);
}

static int
on_closed(void * ctx, struct conn * C)
{
	struct peer * P = ctx;
	struct server * S = P->S;

	(void)C;
	peer_end(P);
	/* There is room, and descriptors, again. */
	return (listen_more(S));
}

/* Get the listening socket: the one given, or one at the path. */
static int
open_socket(struct server * S)
{
	struct stat st;
	socklen_t len = sizeof(int);
	int on = 0;

	if ((S->fd = S->spec->fd) != -1) {
		if (getsockopt(S->fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &len))
			goto err0;
		if (!on) {
			errno = EINVAL;
			goto err0;
		}
		if (fcntl(S->fd, F_SETFL, O_NONBLOCK) ||
		    fcntl(S->fd, F_SETFD, FD_CLOEXEC))
			goto err0;
		return (0);
	}
	if ((S->fd = usock_listen(S->spec->path, S->spec->mode)) == -1) {
		warn("%s", S->spec->path);
		return (-1);
	}
	if (stat(S->spec->path, &st) == 0) {
		S->bound = 1;
		S->dev = st.st_dev;
		S->ino = st.st_ino;
	}
	return (0);

err0:
	warn("listening socket %d", S->fd);
	return (-1);
}

/* Accept no more; remove the socket file if it is still ours. */
static void
close_socket(struct server * S)
{
	struct stat st;

	if (S->fd == -1)
		return;
	loop_fd_free(S->watch);
	S->watch = NULL;
	if (S->bound && stat(S->spec->path, &st) == 0 && st.st_dev == S->dev &&
	    st.st_ino == S->ino)
		unlink(S->spec->path);
	close(S->fd);
	S->fd = -1;
}

struct server *
server_new(struct loop * L, const struct server_spec * spec,
    struct loop_deferred * batch)
{
	struct server * S;

	if ((S = calloc(1, sizeof(*S))) == NULL) {
		warn("listen");
		goto err0;
	}
	S->L = L;
	S->spec = spec;
	S->batch = batch;
	S->ops = (struct conn_ops){ on_frame, on_malformed, on_drained,
	    on_closed, spec->frame_name };
	if (open_socket(S))
		goto err1;
	if ((S->watch = loop_fd_new(L, S->fd, on_accept, S)) == NULL)
		goto err2;
	if ((S->rest = loop_timer_new(L, on_rested, S)) == NULL)
		goto err2;
	if (loop_fd_want(S->watch, LOOP_READ))
		goto err3;
	return (S);

err3:
	loop_timer_free(S->rest);
err2:
	warn("listen");
	close_socket(S);
err1:
	free(S);
err0:
	return (NULL);
}

void
server_free(struct server * S)
{

	if (S == NULL)
		return;
	while (S->peers != NULL)
		peer_free(S->peers);
	close_socket(S);
	loop_timer_free(S->rest);
	free(S);
}

void
server_drain(struct server * S)
{

	close_socket(S);
	for (struct peer * P = S->peers; P != NULL; P = P->next)
		conn_deaf(P->conn);
}

int
server_idle(const struct server * S)
{

	for (const struct peer * P = S->peers; P != NULL; P = P->next) {
		if (conn_queued(P->conn) > 0)
			return (0);
	}
	return (1);
}

size_t
server_conns(const struct server * S)
{

	return (S->npeers);
}
