#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bsd/string.h>

#include "frame/usock.h"
#include "loop/loop.h"

#include "carry.h"
#include "gate.h"

/* Connections that the kernel holds for us until we accept them. */
#define BACKLOG		128

/* Connections accepted at one gate in one turn, so that others have theirs. */
#define ACCEPT_TURN	32

struct gate {
	struct carrier * M;
	const struct config_link_to * to;	/* NULL: TCP */
	int fd;					/* -1 once closed */
	struct loop_fd * watch;
	struct loop_timer * rest;
	int resting;
	char address[CONFIG_PATH_MAX + 1];
	char said[LINK_RULE_MAX + 1];		/* of gate_news */
	dev_t dev;				/* the socket file, if ours */
	ino_t ino;
};

/* Write the address ${sa} to ${text}, which has CONFIG_ADDRESS_MAX + 1 bytes. */
static void
put_address(const struct sockaddr_storage * sa, char * text)
{
	char host[INET6_ADDRSTRLEN] = "?";
	struct sockaddr_in6 sin6;
	struct sockaddr_in sin;

	if (sa->ss_family == AF_INET6) {
		memcpy(&sin6, sa, sizeof(sin6));
		inet_ntop(AF_INET6, &sin6.sin6_addr, host, sizeof(host));
		snprintf(text, CONFIG_ADDRESS_MAX + 1, "[%s]:%u", host,
		    ntohs(sin6.sin6_port));
		return;
	}
	memcpy(&sin, sa, sizeof(sin));
	inet_ntop(AF_INET, &sin.sin_addr, host, sizeof(host));
	snprintf(text, CONFIG_ADDRESS_MAX + 1, "%s:%u", host,
	    ntohs(sin.sin_port));
}

int
gate_update(struct carrier * M)
{
	const int room = carry_count(M, CARRY_OUT, -1) < CARRIER_OUT_MAX;
	struct gate * G;

	for (size_t i = 0; i < M->ngates; i++) {
		G = M->gate[i];
		if (G->watch == NULL)
			continue;
		if (loop_fd_want(G->watch, !G->resting &&
		    (G->to == NULL || room) ? LOOP_READ : 0)) {
			warn("epoll_ctl");
			return (-1);
		}
	}
	return (0);
}

static int
on_rested(void * cookie)
{
	struct gate * G = cookie;

	G->resting = 0;
	return (gate_update(G->M));
}

/* Accept one connection.  Return 1 if there is none, or not now. */
static int
accept_one(struct gate * G)
{
	struct sockaddr_storage sa = { .ss_family = AF_UNSPEC };
	char from[CONFIG_ADDRESS_MAX + 1] = "";
	socklen_t len = sizeof(sa);
	int fd;

	fd = accept4(G->fd, (struct sockaddr *)&sa, &len,
	    SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd == -1 && (errno == EINTR || errno == ECONNABORTED))
		return (0);
	if (fd == -1 && errno == EAGAIN)
		return (1);
	if (fd != -1 && G->to == NULL) {
		put_address(&sa, from);
		if (carry_accept(G->M, G, fd, from) == 0)
			return (0);
	} else if (fd != -1 && carry_dial(G->M, G, G->to, fd) == 0) {
		return (0);
	}
	/* Out of something: it stays ready, so look away for a while. */
	warn("%s: accept", G->address);
	if (fd != -1)
		close(fd);
	G->resting = 1;
	loop_timer_set(G->rest, SERVER_REST_MS);
	return (1);
}

static int
on_accept(void * cookie, int ready)
{
	struct gate * G = cookie;

	(void)ready;
	for (int i = 0; i < ACCEPT_TURN; i++) {
		if (G->to != NULL &&
		    carry_count(G->M, CARRY_OUT, -1) >= CARRIER_OUT_MAX)
			break;
		if (accept_one(G))
			break;
	}
	return (gate_update(G->M));
}

/* Listen on TCP; store the port that the kernel chose, if it was to. */
static int
listen_tcp(struct gate * G, const struct config_address * A)
{
	struct sockaddr_storage sa = { .ss_family = AF_UNSPEC };
	socklen_t len = sizeof(sa);
	const int on = 1;

	G->fd = socket(A->sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0);
	if (G->fd == -1)
		goto err0;
	if (setsockopt(G->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    bind(G->fd, (const struct sockaddr *)&A->sa, A->len) ||
	    listen(G->fd, BACKLOG) ||
	    getsockname(G->fd, (struct sockaddr *)&sa, &len))
		goto err0;
	put_address(&sa, G->address);
	return (0);

err0:
	warn("link_listen %s", A->text);
	return (-1);
}

static int
listen_local(struct gate * G)
{
	/* As the socket at the other end: who may open the folder may use it. */
	const mode_t mode = strcmp(G->to->service, "log") == 0 ? 0600 : 0660;
	struct stat st;

	strlcpy(G->address, G->to->socket, sizeof(G->address));
	if ((G->fd = usock_listen(G->address, mode)) == -1) {
		warn("%s", G->address);
		return (-1);
	}
	if (stat(G->address, &st) == 0) {
		G->dev = st.st_dev;
		G->ino = st.st_ino;
	}
	return (0);
}

/* Accept no more; remove the socket file if it is still ours. */
static void
close_one(struct gate * G)
{
	struct stat st;

	loop_fd_free(G->watch);
	G->watch = NULL;
	if (G->fd == -1)
		return;
	if (G->ino != 0 && stat(G->address, &st) == 0 &&
	    st.st_dev == G->dev && st.st_ino == G->ino)
		unlink(G->address);
	close(G->fd);
	G->fd = -1;
}

int
gate_new(struct carrier * M, const struct config_link_to * to)
{
	struct gate * G;

	if ((G = calloc(1, sizeof(*G))) == NULL) {
		warn("listen");
		return (-1);
	}
	G->M = M;
	G->to = to;
	G->fd = -1;
	if (to == NULL ? listen_tcp(G, &M->config.listen) : listen_local(G))
		goto err0;
	if ((G->watch = loop_fd_new(M->loop, G->fd, on_accept, G)) == NULL ||
	    (G->rest = loop_timer_new(M->loop, on_rested, G)) == NULL) {
		warn("listen");
		goto err0;
	}
	M->gate[M->ngates++] = G;
	return (gate_update(M));

err0:
	close_one(G);
	free(G);
	return (-1);
}

void
gate_close(struct carrier * M)
{

	for (size_t i = 0; i < M->ngates; i++)
		close_one(M->gate[i]);
}

void
gate_free(struct carrier * M)
{

	gate_close(M);
	while (M->ngates > 0) {
		M->ngates--;
		loop_timer_free(M->gate[M->ngates]->rest);
		free(M->gate[M->ngates]);
	}
}

const char *
gate_address(const struct gate * G)
{

	return (G->address);
}

int
gate_news(struct gate * G, const char * rule)
{

	if (strcmp(G->said, rule) == 0)
		return (0);
	strlcpy(G->said, rule, sizeof(G->said));
	return (1);
}
