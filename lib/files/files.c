#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bsd/unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/panic.h"
#include "crypto/secret.h"
#include "jail/jail.h"

#include "files/files.h"

/* The reader's end of the socket pair. */
#define READER_FD	3

/* Each file goes over the pair as its length and its bytes, in their order. */

/* A length that stands for a file that could not be read. */
#define LEN_NONE	UINT32_MAX

static int
write_all(int fd, const void * data, size_t len)
{
	const uint8_t * p = data;
	ssize_t n;

	while (len > 0) {
		n = send(fd, p, len, MSG_NOSIGNAL);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return (-1);
		p += n;
		len -= (size_t)n;
	}
	return (0);
}

/* Read ${file} and send it. */
static int
give(const struct files_one * file)
{
	uint32_t len = LEN_NONE;
	uint8_t * p = NULL;
	size_t n = 0;
	int rc;

	if (file->secret) {
		if ((p = secret_alloc(file->len_max)) != NULL &&
		    file_read_secret(file->path, p, file->len_max, &n) == 0)
			len = (uint32_t)n;
	} else if (file_read(file->path, file->len_max, &p, &n) == 0) {
		len = (uint32_t)n;
	}
	rc = write_all(READER_FD, &len, sizeof(len));
	if (rc == 0 && len != LEN_NONE)
		rc = write_all(READER_FD, p, n);
	if (file->secret)
		secret_free(p);
	else if (len != LEN_NONE)
		free(p);
	return (rc);
}

/* Be the reader, until the other end is closed. */
static void
be_reader(const struct files * F, int fd, int jailed)
{
	const char * beneath = ".";
	struct jail J;
	uint8_t word;
	ssize_t n;

	/* SIGTERM and SIGHUP are blocked: they are for the daemon. */
	if (dup2(fd, READER_FD) == -1)
		_exit(1);
	closefrom(READER_FD + 1);
	jail_init(&J);
	for (unsigned i = 0; i < F->n; i++)
		if (F->file[i].path[0] == '/')
			beneath = "/";
	jail_add_file(&J, beneath);
	if (jailed && jail_enter(&J))
		_exit(1);
	for (;;) {
		n = recv(READER_FD, &word, 1, 0);
		if (n == -1 && errno == EINTR)
			continue;
		if (n != 1)
			_exit(0);
		for (unsigned i = 0; i < F->n; i++)
			if (give(&F->file[i]))
				_exit(0);
	}
}

int
files_start(struct files * F, const struct files_one * file, unsigned n,
    int jailed)
{
	int fd[2];

	PANIC_UNLESS(n <= FILES_MAX);
	F->fd = -1;
	F->n = n;
	memcpy(F->file, file, n * sizeof(*file));
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd)) {
		warn("socketpair");
		return (-1);
	}
	if ((F->pid = fork()) == -1) {
		warn("fork");
		close(fd[0]);
		close(fd[1]);
		return (-1);
	}
	if (F->pid == 0)
		be_reader(F, fd[1], jailed);
	close(fd[1]);
	F->fd = fd[0];
	return (0);
}

/* Read exactly ${len} bytes by the time ${deadline_ms}. */
static int
read_all(int fd, void * data, size_t len, uint64_t deadline_ms)
{
	struct pollfd P = { .fd = fd, .events = POLLIN };
	uint8_t * p = data;
	uint64_t now;
	ssize_t n;

	while (len > 0) {
		now = clock_mono_ms();
		if (now >= deadline_ms ||
		    poll(&P, 1, (int)(deadline_ms - now)) == 0) {
			errno = ETIMEDOUT;
			return (-1);
		}
		n = recv(fd, p, len, MSG_DONTWAIT);
		if (n == -1 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n == 0)
			errno = ECONNRESET;
		if (n <= 0)
			return (-1);
		p += n;
		len -= (size_t)n;
	}
	return (0);
}

/* Take ${file}.  0; 1 if the reader could not read it, and said so; or -1. */
static int
take(int fd, const struct files_one * file, uint8_t ** p, size_t * n,
    uint64_t deadline_ms)
{
	uint32_t len;

	if (read_all(fd, &len, sizeof(len), deadline_ms))
		return (-1);
	if (len == LEN_NONE)
		return (1);
	if (len > file->len_max) {
		errno = EPROTO;
		return (-1);
	}
	*p = file->secret ? secret_alloc(len + (size_t)1) :
	    malloc(len + (size_t)1);
	if (*p == NULL)
		return (-1);
	*n = len;
	(*p)[len] = '\0';
	return (read_all(fd, *p, len, deadline_ms));
}

int
files_get(struct files * F, struct files_got * G)
{
	const uint64_t deadline_ms = clock_mono_ms() + FILES_WAIT_MS;
	int rc = 0, bad = 0;

	memset(G, 0, sizeof(*G));
	if (F->fd == -1 || write_all(F->fd, "", 1))
		rc = -1;
	for (unsigned i = 0; i < F->n && rc != -1; i++) {
		rc = take(F->fd, &F->file[i], &G->data[i], &G->len[i],
		    deadline_ms);
		bad |= rc;
	}
	if (rc == -1) {
		/* What it may still send would be taken for what comes next. */
		warnx("the files cannot be read again: start this daemon anew");
		if (F->fd != -1)
			close(F->fd);
		F->fd = -1;
	}
	return (rc == -1 || bad ? -1 : 0);
}

void
files_free(const struct files * F, struct files_got * G)
{

	for (unsigned i = 0; i < F->n; i++) {
		if (F->file[i].secret)
			secret_free(G->data[i]);
		else
			free(G->data[i]);
	}
	memset(G, 0, sizeof(*G));
}

void
files_stop(struct files * F)
{

	if (F->fd == -1)
		return;
	close(F->fd);
	F->fd = -1;
	while (waitpid(F->pid, NULL, 0) == -1 && errno == EINTR)
		continue;
}
