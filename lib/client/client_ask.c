#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bsd/string.h>

#include "base/clock.h"
#include "entry/rule_names.h"
#include "frame/usock.h"

#include "client/client_impl.h"

/* Longest path of a Unix socket's address. */
#define SOCKET_PATH_MAX	107

/* The request id of every frame: a connection carries one question. */
#define CALL_ID		1

/* Bytes asked of the kernel at a time. */
#define READ_CHUNK	65536

/* poll(2) takes an int: longer waits are made of several. */
#define POLL_MS_MAX	60000

void
client_set_error(struct client * C, int server, uint16_t code,
    const char * rule, const char * text)
{

	C->error_server = server;
	C->error.code = code;
	strlcpy(C->error.rule, rule, sizeof(C->error.rule));
	strlcpy(C->error.text, text, sizeof(C->error.text));
}

/* Connect to the socket at ${path}, which may be longer than an address. */
static int
connect_long(char * path)
{
	char link[64 + NAME_MAX];
	char * slash = strrchr(path, '/');
	int dirfd, fd, e;

	if (strlen(path) <= SOCKET_PATH_MAX || slash == NULL)
		return (usock_connect(path));

	/* An address has no room for it: name the directory by a descriptor. */
	*slash = '\0';
	dirfd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	*slash = '/';
	if (dirfd == -1)
		return (-1);
	snprintf(link, sizeof(link), "/proc/self/fd/%d/%s", dirfd, slash + 1);
	fd = usock_connect(link);
	e = errno;
	close(dirfd);
	errno = e;
	return (fd);
}

/* Connect to the socket ${name} of the server ${dir}: DIR/NAME or DIR-NAME. */
static int
connect_to(const char * dir, const char * name)
{
	char path[SERVER_URL_DIR_MAX + 32];
	int fd, e;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if ((fd = connect_long(path)) != -1 || errno != ENOENT)
		return (fd);
	snprintf(path, sizeof(path), "%s-%s", dir, name);
	if ((fd = connect_long(path)) != -1)
		return (fd);
	e = errno == ENOTDIR ? ENOENT : errno;
	errno = e;
	return (-1);
}

/* What the reply ${F} of ${server} to ${Q} amounts to. */
static enum client_outcome
judge(struct client * C, unsigned server, const struct question * Q,
    const struct frame * F)
{
	struct common_error E;

	if (F->type == Q->reply)
		return (CLIENT_OK);
	if (F->type != COMMON_ERROR || common_get_error(F->body, F->len, &E)) {
		client_set_error(C, (int)server, ERROR_INTERNAL, "",
		    "the server does not keep to the protocol");
		return (CLIENT_UNAVAILABLE);
	}
	client_set_error(C, (int)server, E.code, E.rule, E.text);
	strlcpy(C->said[server], E.rule, sizeof(C->said[server]));

	/* One that does not have an epoch yet is behind: another may have it. */
	if (E.code == ERROR_UNAVAILABLE || E.code == ERROR_INTERNAL ||
	    strcmp(E.rule, RULE_EPOCH_UNKNOWN) == 0)
		return (CLIENT_UNAVAILABLE);
	return (CLIENT_REFUSED);
}

/* Begin to ask ${server}.  Return 0, or -1 if it is not there. */
static int
start(struct client * C, unsigned server, const struct question * Q)
{
	struct attempt * A = &C->attempt[server];
	uint64_t now = clock_mono_ms();

	if ((A->fd = connect_to(C->dirs[server], Q->socket)) == -1) {
		client_set_error(C, (int)server, ERROR_UNAVAILABLE, "",
		    strerror(errno));
		return (-1);
	}
	A->sent = 0;
	A->deaf = 0;
	wbuf_reset(&A->in);
	A->deadline_ms = Q->timeout_ms > UINT64_MAX - now ? UINT64_MAX :
	    now + Q->timeout_ms;
	if (A->deadline_ms > C->deadline_ms)
		A->deadline_ms = C->deadline_ms;
	return (0);
}

static void
stop(struct attempt * A)
{

	close(A->fd);
	A->fd = -1;
}

/* Give the server of ${A} what it takes of the frame. */
static void
send_some(const struct client * C, struct attempt * A)
{
	ssize_t n;

	while (A->sent < C->question.len && !A->deaf) {
		n = send(A->fd, C->question.data + A->sent,
		    C->question.len - A->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n >= 0)
			A->sent += (size_t)n;
		else if (errno == EAGAIN)
			return;
		else if (errno != EINTR)
			A->deaf = 1;	/* Why may still be there to read. */
	}
}

/* Look for the answer in what came.  1, 0 or -1 as frame_parse, with errno. */
static int
find_reply(struct attempt * A, struct frame * F)
{
	size_t used, at = 0;
	int rc;

	while ((rc = frame_parse(A->in.data + at, A->in.len - at, F,
	    &used)) == 1) {
		if (F->id == CALL_ID || (F->id == 0 && F->type == COMMON_ERROR))
			return (1);
		at += used;
	}
	if (at > 0) {
		A->in.len -= at;
		memmove(A->in.data, A->in.data + at, A->in.len);
	}
	errno = EPROTO;
	return (rc);
}

/* Read once.  1 if the answer is in ${F}, 0 if it may come, -1 with errno. */
static int
receive(struct attempt * A, struct frame * F)
{
	uint8_t * p;
	ssize_t n;

	if ((p = wbuf_space(&A->in, READ_CHUNK)) == NULL) {
		errno = ENOMEM;
		return (-1);
	}
	n = recv(A->fd, p, READ_CHUNK, MSG_DONTWAIT);
	A->in.len -= READ_CHUNK - (n > 0 ? (size_t)n : 0);
	if (n > 0)
		return (find_reply(A, F));
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return (0);
	if (n == 0)
		errno = ECONNRESET;
	return (-1);
}

/* Do what can be done with ${server} now; OK or REFUSED is the end. */
static enum client_outcome
advance(struct client * C, unsigned server, const struct question * Q,
    struct frame * F)
{
	struct attempt * A = &C->attempt[server];
	enum client_outcome outcome = CLIENT_UNAVAILABLE;
	struct wbuf W;
	int rc;

	send_some(C, A);
	rc = receive(A, F);
	if (rc == 0 && clock_mono_ms() >= A->deadline_ms) {
		errno = ETIMEDOUT;
		rc = -1;
	}
	if (rc == 0)
		return (CLIENT_UNAVAILABLE);
	if (rc == -1)
		client_set_error(C, (int)server, ERROR_UNAVAILABLE, "",
		    strerror(errno));
	else
		outcome = judge(C, server, Q, F);
	stop(A);
	if (outcome == CLIENT_UNAVAILABLE) {
		C->in_doubt = 1;
		return (outcome);
	}
	C->first = server;
	W = C->reply;
	C->reply = A->in;
	A->in = W;
	return (outcome);
}

/* Wait until one of those who were asked says something, or until ${until}. */
static void
wait_any(const struct client * C, uint64_t until)
{
	struct pollfd P[CLIENT_SERVERS_MAX];
	const struct attempt * A;
	uint64_t now = clock_mono_ms();
	nfds_t n = 0;

	for (unsigned i = 0; i < C->n; i++) {
		A = &C->attempt[i];
		if (A->fd == -1)
			continue;
		P[n].fd = A->fd;
		P[n].events = POLLIN;
		if (A->sent < C->question.len && !A->deaf)
			P[n].events |= POLLOUT;
		n++;
		if (A->deadline_ms < until)
			until = A->deadline_ms;
	}
	until = until > now ? until - now : 0;
	poll(P, n, until > POLL_MS_MAX ? POLL_MS_MAX : (int)until);
}

/* How many are asked now. */
static unsigned
running(const struct client * C)
{
	unsigned n = 0;

	for (unsigned i = 0; i < C->n; i++)
		n += C->attempt[i].fd != -1;
	return (n);
}

/* As client_ask, with the question's frame made. */
static enum client_outcome
race(struct client * C, const struct question * Q, struct frame * F)
{
	enum client_outcome outcome = CLIENT_UNAVAILABLE;
	const unsigned first = C->first;
	uint64_t more_ms = 0;	/* when to ask one more */
	unsigned next = 0, server;

	for (;;) {
		while (next < C->n && (running(C) == 0 ||
		    clock_mono_ms() >= more_ms)) {
			server = (first + next++) % C->n;
			if (C->passed[server] || start(C, server, Q))
				continue;
			send_some(C, &C->attempt[server]);
			more_ms = clock_mono_ms() + CLIENT_PATIENCE_MS;
		}
		if (running(C) == 0)
			return (outcome);
		wait_any(C, next < C->n ? more_ms : UINT64_MAX);
		for (unsigned i = 0; i < C->n; i++) {
			if (C->attempt[i].fd == -1)
				continue;
			outcome = advance(C, i, Q, F);
			if (outcome != CLIENT_UNAVAILABLE)
				return (outcome);
		}
	}
}

enum client_outcome
client_ask(struct client * C, const struct question * Q,
    const struct wbuf * body, struct frame * F)
{
	enum client_outcome outcome;

	C->in_doubt = 0;
	memset(C->said, 0, sizeof(C->said));
	wbuf_reset(&C->question);
	frame_put(&C->question, Q->type, CALL_ID, body->data, body->len);
	if (wbuf_failed(body) || wbuf_failed(&C->question)) {
		client_set_error(C, -1, ERROR_MALFORMED, "",
		    "the question is too long to be sent");
		return (CLIENT_REFUSED);
	}
	client_set_error(C, -1, ERROR_UNAVAILABLE, "",
	    "there is no server to ask");
	outcome = race(C, Q, F);

	/* Those whose answer is not awaited any more. */
	for (unsigned i = 0; i < C->n; i++) {
		if (C->attempt[i].fd == -1)
			continue;
		stop(&C->attempt[i]);
		C->in_doubt = 1;
	}
	return (outcome);
}
