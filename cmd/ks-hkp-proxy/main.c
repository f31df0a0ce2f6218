#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/stdlib.h>

#include "base/clock.h"
#include "base/exits.h"
#include "client/client.h"
#include "client/setup.h"
#include "client/tool.h"
#include "config/config.h"
#include "crypto/sha1.h"
#include "jail/jail.h"
#include "loop/loop.h"
#include "proto/proto_publish.h"
#include "realm/realm.h"
#include "web/web.h"

#include "crew.h"
#include "proxy.h"

#define USAGE	"[-hJV] -r REALM.CONF [-C FILE] [-l ADDRESS:PORT] [-q FILE] [-R FD]\n" \
		"                    [-s SERVER] [-w SECONDS]"

/* Where gpg looks for a keyserver at hkp://127.0.0.1. */
#define LISTEN	"127.0.0.1:11371"

/* How long to wait for the quorum unless -w says otherwise: gpg waits too. */
#define WAIT_S	5

/* Requests that are awaited when it is told to stop may take so long. */
#define DRAIN_MS	3000

/* ks-hkp-proxy: HKP on the user's own machine, with proofs verified there. */
struct program {
	const char * realm;
	const char * policy;
	const char * ca;
	const char * servers[CLIENT_SERVERS_MAX];
	unsigned nservers;
	struct config_address listen[WEB_LISTENERS_MAX];
	unsigned nlisten;
	uint64_t wait_ms;
	int ready_fd;
	int no_jail;

	struct setup setup;
	struct loop * loop;
	struct loop_signal * signals[3];
	struct web_spec spec;
	struct web * web;
	struct proxy proxy;
	int lost;		/* nonzero: a process has left by itself */
};

/* Take the option ${ch} with its argument; 0, or -1 for wrong usage. */
static int
option(struct program * P, int ch, const char * arg)
{
	const char * why = NULL;

	switch (ch) {
	case 'r':
		P->realm = arg;
		return (0);
	case 'q':
		P->policy = arg;
		return (0);
	case 'C':
		P->ca = arg;
		return (0);
	case 'J':
		P->no_jail = 1;
		return (0);
	case 's':
		if (P->nservers == CLIENT_SERVERS_MAX)
			return (-1);
		P->servers[P->nservers++] = arg;
		return (0);
	case 'l':
		if (P->nlisten < WEB_LISTENERS_MAX &&
		    config_address_parse(arg, &P->listen[P->nlisten]) == 0) {
			P->nlisten++;
			return (0);
		}
		warnx("-l %s: not ADDRESS:PORT, or too many", arg);
		return (-1);
	case 'w':
		P->wait_ms = 1000 * (uint64_t)strtonum(arg, 0,
		    LOOKUP_WAIT_MAX_MS / 1000, &why);
		break;
	case 'R':
		P->ready_fd = (int)strtonum(arg, 0, 65535, &why);
		break;
	default:
		return (-1);
	}
	if (why != NULL)
		warnx("-%c %s: %s", ch, arg, why);
	return (why != NULL ? -1 : 0);
}

/* What one of the processes looks up with: a client of its own. */
static const struct setup *
set_up(void * cookie)
{
	struct program * P = cookie;

	if (setup_servers(&P->setup, P->realm, P->servers, P->nservers, P->ca))
		return (NULL);
	return (&P->setup);
}

static int
on_lost(void * cookie)
{
	struct program * P = cookie;

	P->lost = 1;
	loop_stop(P->loop);
	return (0);
}

static int
on_stop(void * cookie)
{
	struct program * P = cookie;

	loop_stop(P->loop);
	return (0);
}

static int
on_hangup(void * cookie)
{

	(void)cookie;	/* a terminal that goes away is none of our business */
	return (0);
}

/* The loop, and what listens on it. */
static int
listen_all(struct program * P)
{
	char address[WEB_PEER_SIZE];
	int i;

	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR ||
	    (P->loop = loop_new()) == NULL ||
	    (P->signals[0] = loop_signal_new(P->loop, SIGTERM, on_stop, P)) ==
	    NULL || (P->signals[1] = loop_signal_new(P->loop, SIGINT, on_stop,
	    P)) == NULL || (P->signals[2] = loop_signal_new(P->loop, SIGHUP,
	    on_hangup, P)) == NULL ||
	    crew_start(P->proxy.crew, P->loop, on_lost, P)) {
		warn("event loop");
		return (-1);
	}
	P->spec.routes = proxy_routes;
	P->spec.nroutes = proxy_nroutes;
	P->spec.ctx = &P->proxy;
	if ((P->web = web_new(P->loop, &P->spec)) == NULL)
		return (-1);
	for (unsigned k = 0; k < P->nlisten; k++) {
		if ((i = web_listen(P->web, &P->listen[k].sa, P->listen[k].len,
		    0)) == -1)
			return (-1);
		web_address(P->web, i, address);
		warnx("listening at %s", address);
	}
	return (0);
}

/* From here on this process parses what comes from others, and may do nothing. */
static int
enter_jail(const struct program * P)
{
	struct jail J;

	if (P->no_jail)
		return (0);
	jail_init(&J);
	if (jail_enter(&J) == 0)
		return (0);
	warnx("jail: refusing to run without; -J does so");
	return (-1);
}

static void
tell_ready(struct program * P)
{

	if (P->ready_fd == -1)
		return;
	if (write(P->ready_fd, "\n", 1) != 1)
		warn("readiness descriptor %d", P->ready_fd);
	close(P->ready_fd);
}

/* Answer what was asked. */
static int
drain(struct program * P)
{
	uint64_t deadline = clock_mono_ms() + DRAIN_MS, now;

	web_drain(P->web);
	while (web_busy(P->web) && (now = clock_mono_ms()) < deadline)
		if (loop_turn(P->loop, deadline - now))
			return (-1);
	return (0);
}

static int
run(struct program * P)
{
	uint8_t sum[SHA1_LEN];

	if (setup_realm(&P->setup, P->realm, P->policy))
		return (EXITS_PERMANENT);
	P->proxy.realm = P->setup.realm->name;

	/* The same is done in each process; here it shows what is wrong. */
	if (set_up(P) == NULL)
		return (EXITS_PERMANENT);
	client_free(P->setup.client);
	P->setup.client = NULL;
	if (sha1("", 0, sum)) {
		warnx("libcrypto: makes no SHA-1, which OpenPGP needs");
		return (EXITS_PERMANENT);
	}
	if ((P->proxy.crew = crew_new(set_up, P, P->wait_ms)) == NULL)
		return (EXITS_TEMPORARY);
	if (listen_all(P))
		return (EXITS_TEMPORARY);
	if (enter_jail(P))
		return (EXITS_PERMANENT);
	tell_ready(P);
	if (loop_run(P->loop) || drain(P) || P->lost)
		return (EXITS_TEMPORARY);
	return (EXITS_OK);
}

static void
free_program(struct program * P)
{

	web_free(P->web);
	crew_free(P->proxy.crew);
	for (size_t i = 0; i < sizeof(P->signals) / sizeof(P->signals[0]); i++)
		if (P->signals[i] != NULL)
			loop_signal_free(P->signals[i]);
	if (P->loop != NULL)
		loop_free(P->loop);
	setup_free(&P->setup);
}

int
main(int argc, char ** argv)
{
	static struct program P = { .wait_ms = WAIT_S * 1000, .ready_fd = -1 };
	int ch, code;

	while ((ch = getopt(argc, argv, "hJVC:l:q:r:R:s:w:")) != -1) {
		if (ch == 'h')
			return (tool_usage(USAGE, EXITS_OK));
		if (ch == 'V')
			return (tool_version());
		if (option(&P, ch, optarg))
			return (tool_usage(USAGE, EXITS_USAGE));
	}
	if (P.realm == NULL || optind != argc)
		return (tool_usage(USAGE, EXITS_USAGE));
	if (P.nlisten == 0 && config_address_parse(LISTEN,
	    &P.listen[P.nlisten++]))
		return (EXITS_PERMANENT);
	if (tool_start())
		return (EXITS_PERMANENT);
	code = run(&P);
	free_program(&P);
	return (tool_finish(code));
}
