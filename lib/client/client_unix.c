#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "frame/usock.h"

#include "client/client_impl.h"

/* Longest path of a Unix socket's address. */
#define SOCKET_PATH_MAX	107

/* Bytes asked of the kernel at a time. */
#define READ_CHUNK	65536

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
	char path[SERVER_URL_MAX + 32];
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

	if (F->type == Q->reply) {
		errno = 0;
		if (Q->take_body(Q->ctx, F->body, F->len) == 0)
			return (CLIENT_OK);
		client_set_error(C, (int)server, ERROR_INTERNAL, "",
		    errno == ENOMEM ? "out of memory" :
		    "the server sent a malformed answer");
		return (CLIENT_UNAVAILABLE);
	}
	if (F->type != COMMON_ERROR || common_get_error(F->body, F->len, &E)) {
		client_set_error(C, (int)server, ERROR_INTERNAL, "",
		    "the server does not keep to the protocol");
		return (CLIENT_UNAVAILABLE);
	}
	return (client_judge(C, server, &E));
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
		if (F->id == CLIENT_CALL_ID || (F->id == 0 && F->type == COMMON_ERROR))
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

int
client_unix_start(struct client * C, unsigned server, const struct question * Q)
{
	struct attempt * A = &C->server[server].attempt;

	if ((A->fd = connect_to(C->server[server].url.at, Q->socket)) == -1) {
		client_set_error(C, (int)server, ERROR_UNAVAILABLE, "",
		    strerror(errno));
		return (-1);
	}
	A->sent = 0;
	A->deaf = 0;
	wbuf_reset(&A->in);
	send_some(C, A);
	return (0);
}

void
client_unix_stop(struct attempt * A)
{

	close(A->fd);
	A->fd = -1;
}

enum client_outcome
client_unix_advance(struct client * C, unsigned server,
    const struct question * Q)
{
	struct attempt * A = &C->server[server].attempt;
	enum client_outcome outcome = CLIENT_UNAVAILABLE;
	struct frame F;
	int rc;

	send_some(C, A);
	rc = receive(A, &F);
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
		outcome = judge(C, server, Q, &F);
	client_unix_stop(A);
	if (outcome == CLIENT_UNAVAILABLE)
		C->in_doubt = 1;
	return (outcome);
}
