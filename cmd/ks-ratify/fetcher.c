#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bsd/unistd.h>

#include "base/exits.h"
#include "config/config.h"
#include "frame/usock.h"
#include "http/http.h"
#include "jail/jail.h"
#include "loop/loop.h"
#include "store/trace.h"

#include "fetch_face.h"
#include "fetcher.h"

/* The first descriptor that the process keeps; those before are standard ones. */
#define KEEP_FD		3

/* Above those: where those that are kept wait meanwhile. */
#define AWAY_FD		64

/* What the process is. */
struct child {
	struct loop * L;
	struct http * H;
	struct loop_fd * life;
	struct face * face[CONFIG_UPSTREAMS_MAX];
};

/* ks-ratify has left, or is about to. */
static int
on_life(void * cookie, int ready)
{
	struct child * K = cookie;

	(void)ready;
	loop_stop(K->L);
	return (0);
}

/* Close all but ${n} ${fds}, and make them KEEP_FD and those after it. */
static int
keep_only(int * fds, unsigned n)
{

	for (unsigned i = 0; i < n; i++)
		if ((fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, AWAY_FD)) == -1)
			return (-1);
	for (unsigned i = 0; i < n; i++)
		if (dup2(fds[i], (int)(KEEP_FD + i)) == -1)
			return (-1);
	closefrom((int)(KEEP_FD + n));
	for (unsigned i = 0; i < n; i++)
		fds[i] = (int)(KEEP_FD + i);
	return (0);
}

static int
enter_jail(void)
{
	struct jail J;

	jail_init(&J);
	J.tcp = 1;
	jail_add_names(&J);
	jail_add_authorities(&J);
	return (jail_enter(&J));
}

/* Open all that is needed, then give the rights away.  0, or an exit code. */
static int
child_start(struct child * K, const struct config_verifier * config,
    const int * fds, int jailed)
{
	unsigned k = 1;

	if ((K->L = loop_new()) == NULL ||
	    (K->life = loop_fd_new(K->L, fds[0], on_life, K)) == NULL ||
	    loop_fd_want(K->life, LOOP_READ)) {
		warn("fetcher");
		return (EXITS_TEMPORARY);
	}
	K->H = http_new(K->L, config->http_ca[0] != '\0' ? config->http_ca :
	    NULL);
	if (K->H == NULL)
		return (EXITS_PERMANENT);
	for (unsigned i = 0; i < config->nupstreams; i++) {
		if (config->url[i][0] == '\0')
			continue;
		K->face[i] = fetch_face_new(K->L, K->H, config->url[i], fds[k++]);
		if (K->face[i] == NULL)
			return (EXITS_TEMPORARY);
	}
	if (jailed && enter_jail()) {
		warnx("jail: refusing to run without; -J does so");
		return (EXITS_PERMANENT);
	}
	return (0);
}

/* Be the fetcher, until ks-ratify leaves. */
static void
be_child(const struct config_verifier * config, int * fds, unsigned n,
    int jailed)
{
	struct child K;
	uint8_t code = EXITS_TEMPORARY;

	/* SIGTERM and SIGHUP are blocked: they are for ks-ratify. */
	memset(&K, 0, sizeof(K));
	trace_close();
	if (keep_only(fds, n) == 0)
		code = (uint8_t)child_start(&K, config, fds, jailed);
	if (send(fds[0], &code, 1, MSG_NOSIGNAL) != 1 || code != 0)
		_exit(1);
	_exit(loop_run(K.L) ? 1 : 0);
}

/* Make the socket of each URL.  Store them after fds[0], and their number in ${n}. */
static int
listen_all(struct fetcher * F, int * fds, unsigned * n)
{
	const struct config_verifier * config = F->config;

	for (unsigned i = 0; i < config->nupstreams; i++) {
		if (config->url[i][0] == '\0')
			continue;
		fds[*n] = usock_listen(config->upstream[i], 0600);
		if (fds[*n] == -1) {
			warn("%s", config->upstream[i]);
			return (-1);
		}
		(*n)++;
	}
	return (0);
}

/* Wait until the process has told its exit code, 0 if it runs. */
static int
await_start(const struct fetcher * F)
{
	struct pollfd P = { .fd = F->fd, .events = POLLIN };
	uint8_t code;
	int rc;

	while ((rc = poll(&P, 1, FETCHER_START_MS)) == -1 && errno == EINTR)
		continue;
	if (rc == 1 && recv(F->fd, &code, 1, 0) == 1)
		return (code);
	warnx("fetcher: it does not start");
	return (EXITS_TEMPORARY);
}

/* Fork the process with the ${n} ${fds}, of which the first is one end of a pair. */
static int
start(struct fetcher * F, int * fds, unsigned n, int jailed)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) {
		warn("socketpair");
		return (EXITS_TEMPORARY);
	}
	if ((F->pid = fork()) == -1) {
		warn("fork");
		close(pair[0]);
		close(pair[1]);
		return (EXITS_TEMPORARY);
	}
	if (F->pid == 0) {
		close(pair[0]);
		fds[0] = pair[1];
		be_child(F->config, fds, n, jailed);
	}
	close(pair[1]);
	F->fd = pair[0];
	return (await_start(F));
}

int
fetcher_start(struct fetcher * F, const struct config_verifier * config,
    int jailed)
{
	int fds[1 + CONFIG_UPSTREAMS_MAX], rc = 0;
	unsigned n = 1;

	*F = (struct fetcher){ .fd = -1, .config = config };
	if (listen_all(F, fds, &n))
		rc = EXITS_TEMPORARY;
	F->n = n - 1;
	if (rc == 0 && F->n > 0)
		rc = start(F, fds, n, jailed);
	for (unsigned i = 1; i < n; i++)
		close(fds[i]);
	return (rc);
}

/* It has nothing to say: it is gone. */
static int
on_gone(void * cookie, int ready)
{

	(void)cookie;
	(void)ready;
	warnx("fetcher: it has left");
	return (-1);
}

int
fetcher_watch(struct fetcher * F, struct loop * L)
{

	if (F->fd == -1)
		return (0);
	F->watch = loop_fd_new(L, F->fd, on_gone, F);
	if (F->watch != NULL && loop_fd_want(F->watch, LOOP_READ) == 0)
		return (0);
	warn("fetcher");
	return (-1);
}

void
fetcher_stop(struct fetcher * F)
{
	const struct config_verifier * config = F->config;

	if (F->watch != NULL)
		loop_fd_free(F->watch);
	F->watch = NULL;
	if (F->fd != -1) {
		close(F->fd);
		F->fd = -1;
		while (waitpid(F->pid, NULL, 0) == -1 && errno == EINTR)
			continue;
	}
	for (unsigned i = 0, k = 0; k < F->n && i < config->nupstreams; i++) {
		if (config->url[i][0] == '\0')
			continue;
		unlink(config->upstream[i]);
		k++;
	}
	F->n = 0;
}
