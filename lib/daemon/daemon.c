#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <bsd/stdlib.h>
#include <bsd/string.h>
#include <sodium.h>

#include "base/clock.h"
#include "base/exits.h"
#include "base/panic.h"
#include "jail/jail.h"
#include "loop/loop.h"
#include "store/trace.h"

#include "daemon/conn.h"
#include "daemon/daemon.h"
#include "daemon/server.h"
#include "daemon/upstream.h"

/* A longer log line is written in pieces. */
#define LINE_MAX_LOG	4096

/* Longest name of a program. */
#define NAME_MAX_LOG	32

/* Longest list of option letters. */
#define LETTERS_MAX	64

/* What stops the start without being an error: -h and -V. */
#define START_DONE	(-2)

struct daemon {
	const struct daemon_spec * spec;
	const char * dir;
	int listen_fd;		/* of -l until it is taken, or -1 */
	int ready_fd;		/* of -R, or -1 */
	int no_jail;
	int permanent;		/* what fails next: EXITS_PERMANENT */
	int verbose;
	struct loop * L;
	struct loop_deferred * batch;
	struct loop_signal * signals[5];
	struct server * servers[DAEMON_SERVERS_MAX];
	struct server_spec given;	/* the first one's, with the socket of -l */
	size_t nservers;
	struct upstream * upstreams[DAEMON_UPSTREAMS_MAX];
	size_t nupstreams;
};

static void
usage(const struct daemon_spec * spec, FILE * f)
{

	fprintf(f, "usage: %s [-JhVv] -d DIR [-l FD] [-R FD]%s%s\n", spec->name,
	    spec->usage != NULL && spec->usage[0] != '\0' ? " " : "",
	    spec->usage != NULL ? spec->usage : "");
}

/* Read the number of a descriptor that is open. */
static int
parse_fd(const char * text, int * fd)
{
	const char * why;
	long long n = strtonum(text, 0, 65535, &why);

	if (why != NULL)
		return (-1);
	*fd = (int)n;
	return (0);
}

/* One option; 0, START_DONE, or -1 for wrong usage. */
static int
option(struct daemon * D, int ch, const char * arg)
{

	switch (ch) {
	case 'd':
		D->dir = arg;
		return (0);
	case 'l':
		return (parse_fd(arg, &D->listen_fd));
	case 'R':
		return (parse_fd(arg, &D->ready_fd));
	case 'J':
		D->no_jail = 1;
		return (0);
	case 'v':
		D->verbose++;
		return (0);
	case 'h':
		usage(D->spec, stdout);
		return (START_DONE);
	case 'V':
		printf("%s %s\n", D->spec->name, KS_VERSION);
		return (START_DONE);
	case '?':
		return (-1);
	default:
		if (D->spec->option == NULL)
			return (-1);
		return (D->spec->option(D->spec->ctx, ch, arg));
	}
}

static int
options(struct daemon * D, int argc, char ** argv)
{
	const struct daemon_spec * spec = D->spec;
	char letters[LETTERS_MAX];
	int ch, n, rc;

	n = snprintf(letters, sizeof(letters), "+d:l:R:JhVv%s",
	    spec->options != NULL ? spec->options : "");
	PANIC_UNLESS(n > 0 && (size_t)n < sizeof(letters));
	optind = 1;
	while ((ch = getopt(argc, argv, letters)) != -1) {
		if ((rc = option(D, ch, optarg)) != 0)
			return (rc);
	}
	for (; optind < argc; optind++) {
		if (spec->option == NULL ||
		    spec->option(spec->ctx, 0, argv[optind]))
			return (-1);
	}
	return (D->dir != NULL ? 0 : -1);
}

/* Log lines bear the daemon's name and are written whole. */
static void
open_log(const char * name)
{
	static char buffer[LINE_MAX_LOG];
	static char copy[NAME_MAX_LOG];

	strlcpy(copy, name, sizeof(copy));
	program_invocation_short_name = copy;
	setvbuf(stderr, buffer, _IOLBF, sizeof(buffer));
}

static int
on_term(void * cookie)
{
	struct daemon * D = cookie;

	loop_stop(D->L);
	return (0);
}

static int
on_hangup(void * cookie)
{
	struct daemon * D = cookie;

	return (D->spec->hangup != NULL ? D->spec->hangup(D->spec->ctx) : 0);
}

static int
on_user1(void * cookie)
{
	struct daemon * D = cookie;

	return (D->spec->user(D->spec->ctx, 1));
}

static int
on_user2(void * cookie)
{
	struct daemon * D = cookie;

	return (D->spec->user(D->spec->ctx, 2));
}

static int
on_batch(void * cookie)
{
	struct daemon * D = cookie;

	return (D->spec->batch != NULL ? D->spec->batch(D->spec->ctx) : 0);
}

/* The loop and its signals, before any thread can be started. */
static int
open_loop(struct daemon * D)
{

	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		goto err0;
	if ((D->L = loop_new()) == NULL)
		goto err0;
	D->batch = loop_deferred_new(D->L, LOOP_BATCH, on_batch, D);
	D->signals[0] = loop_signal_new(D->L, SIGTERM, on_term, D);
	D->signals[1] = loop_signal_new(D->L, SIGINT, on_term, D);
	D->signals[2] = loop_signal_new(D->L, SIGHUP, on_hangup, D);
	if (D->batch == NULL || D->signals[0] == NULL ||
	    D->signals[1] == NULL || D->signals[2] == NULL)
		goto err0;
	if (D->spec->user == NULL)
		return (0);
	D->signals[3] = loop_signal_new(D->L, SIGUSR1, on_user1, D);
	D->signals[4] = loop_signal_new(D->L, SIGUSR2, on_user2, D);
	if (D->signals[3] == NULL || D->signals[4] == NULL)
		goto err0;
	return (0);

err0:
	warn("event loop");
	return (EXITS_TEMPORARY);
}

/* Call a phase; what it returns becomes an exit code. */
static int
phase(struct daemon * D, int (* f)(void *, struct daemon *))
{
	int rc;

	if (f == NULL)
		return (0);
	rc = f(D->spec->ctx, D);
	return (rc == -1 ? EXITS_TEMPORARY : rc);
}

static int
enter_jail(struct daemon * D)
{
	struct jail J;
	int rc;

	if (D->no_jail)
		return (0);
	jail_init(&J);
	if (D->spec->jail != NULL && (rc = D->spec->jail(D->spec->ctx, &J)) != 0)
		return (rc == -1 ? EXITS_TEMPORARY : rc);
	if (jail_enter(&J)) {
		warnx("jail: refusing to run without; -J does so");
		return (EXITS_PERMANENT);
	}
	return (0);
}

/* Tell the supervisor; one that does not listen any more is no error. */
static void
tell_ready(struct daemon * D)
{

	if (D->ready_fd == -1)
		return;
	if (write(D->ready_fd, "\n", 1) != 1)
		warn("readiness descriptor %d", D->ready_fd);
	close(D->ready_fd);
	D->ready_fd = -1;
}

static int
start(struct daemon * D)
{
	int rc;

	if ((rc = phase(D, D->spec->config)) != 0)
		return (rc);
	if ((rc = phase(D, D->spec->listen)) != 0)
		return (rc);
	if ((rc = phase(D, D->spec->upstreams)) != 0)
		return (rc);
	if ((rc = enter_jail(D)) != 0)
		return (rc);
	if ((rc = phase(D, D->spec->ready)) != 0)
		return (rc);
	tell_ready(D);
	return (0);
}

/* Is nothing owed to anybody any more? */
static int
is_idle(struct daemon * D)
{

	if (D->spec->busy != NULL && D->spec->busy(D->spec->ctx))
		return (0);
	for (size_t i = 0; i < D->nservers; i++) {
		if (!server_idle(D->servers[i]))
			return (0);
	}
	return (1);
}

/* Answer what was accepted. */
static int
drain(struct daemon * D)
{
	uint64_t deadline = clock_mono_ms() + DAEMON_DRAIN_MS;
	uint64_t now;

	for (size_t i = 0; i < D->nservers; i++)
		server_drain(D->servers[i]);
	if (D->spec->drain != NULL && D->spec->drain(D->spec->ctx))
		return (-1);
	/* One turn more for what is deferred. */
	if (loop_turn(D->L, 0))
		return (-1);
	while (!is_idle(D) && (now = clock_mono_ms()) < deadline) {
		if (loop_turn(D->L, deadline - now))
			return (-1);
	}
	if (!is_idle(D))
		warnx("stopping: replies are still owed");
	return (0);
}

static int
run(struct daemon * D)
{

	if (loop_run(D->L) || drain(D))
		return (D->permanent ? EXITS_PERMANENT : EXITS_TEMPORARY);
	return (0);
}

/* What the skeleton opened: first those who may call back. */
static void
close_peers(struct daemon * D)
{

	while (D->nupstreams > 0)
		upstream_free(D->upstreams[--D->nupstreams]);
	while (D->nservers > 0)
		server_free(D->servers[--D->nservers]);
}

static void
close_loop(struct daemon * D)
{

	for (size_t i = 0; i < sizeof(D->signals) / sizeof(D->signals[0]); i++)
		loop_signal_free(D->signals[i]);
	loop_deferred_free(D->batch);
	loop_free(D->L);
}

int
daemon_main(int argc, char ** argv, const struct daemon_spec * spec)
{
	struct daemon D = { .spec = spec, .listen_fd = -1, .ready_fd = -1 };
	int rc;

	open_log(spec->name);
	if ((rc = options(&D, argc, argv)) != 0) {
		if (rc == START_DONE)
			return (fflush(stdout) ? EXITS_TEMPORARY : 0);
		usage(spec, stderr);
		return (EXITS_USAGE);
	}
	umask(077);
	if (sodium_init() < 0) {
		warnx("sodium_init failed");
		return (EXITS_TEMPORARY);
	}
	/* Before chdir, as the directory of the trace may be a relative path. */
	if (trace_open(spec->name))
		return (EXITS_TEMPORARY);
	if (chdir(D.dir)) {
		rc = errno == ENOENT || errno == ENOTDIR || errno == EACCES ?
		    EXITS_PERMANENT : EXITS_TEMPORARY;
		warn("%s", D.dir);
		trace_close();
		return (rc);
	}
	if ((rc = open_loop(&D)) != 0)
		goto done;
	if ((rc = start(&D)) == 0)
		rc = run(&D);
	close_peers(&D);
	if (spec->free != NULL)
		spec->free(spec->ctx);

done:
	close_loop(&D);
	trace_close();
	return (rc);
}

struct loop *
daemon_loop(struct daemon * D)
{

	return (D->L);
}

int
daemon_verbose(const struct daemon * D)
{

	return (D->verbose);
}

int
daemon_jailed(const struct daemon * D)
{

	return (!D->no_jail);
}

struct server *
daemon_serve(struct daemon * D, const struct server_spec * spec)
{
	struct server * S;

	PANIC_UNLESS(D->nservers < DAEMON_SERVERS_MAX);
	if (D->listen_fd != -1) {
		D->given = *spec;
		D->given.fd = D->listen_fd;
		D->listen_fd = -1;
		spec = &D->given;
	}
	if ((S = server_new(D->L, spec, D->batch)) != NULL)
		D->servers[D->nservers++] = S;
	return (S);
}

struct upstream *
daemon_follow(struct daemon * D, const struct upstream_spec * spec)
{
	struct upstream * U;

	PANIC_UNLESS(D->nupstreams < DAEMON_UPSTREAMS_MAX);
	if ((U = upstream_new(D->L, spec, D->batch)) != NULL)
		D->upstreams[D->nupstreams++] = U;
	else
		warn("%s", spec->path);
	return (U);
}

void
daemon_permanent(struct daemon * D)
{

	D->permanent = 1;
}
