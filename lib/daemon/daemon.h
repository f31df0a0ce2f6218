#ifndef KS_DAEMON_DAEMON_H
#define KS_DAEMON_DAEMON_H

#include <stddef.h>
#include <stdint.h>

struct jail;
struct loop;
struct server_spec;
struct server;
struct upstream;
struct upstream_spec;
struct wbuf;

/*
 * The skeleton of every daemon: a program is a table of what it does in each
 * phase of its life, in this order.
 *	options, umask, working directory, signals
 *	config		read configuration and keys, open the store
 *	listen		daemon_serve
 *	upstreams	daemon_follow
 *	jail		list what is still needed; then the rights are given away
 *	ready		wipe what is no longer needed, start threads; then the
 *			newline goes to the supervisor
 *	(the loop)
 *	drain		SIGTERM or SIGINT: no request is read any more
 *	free		in any case once config was called, also if it failed
 * A phase returns 0, or the exit code to leave with after having said why; -1
 * stands for EXITS_TEMPORARY.  Any of them may be NULL.
 *
 * Options of every daemon: -d DIR (the working directory; required), -l FD (the
 * listening socket, for the first daemon_serve), -R FD (gets a newline when all
 * is ready), -J (no jail, for debuggers and sanitizers), -v, -h, -V.
 */
struct daemon;

/* After SIGTERM, replies that are owed may take so long; a supervisor kills
 * what takes longer than a few seconds. */
#define DAEMON_DRAIN_MS	3000

/* Servers and upstreams of any one daemon. */
#define DAEMON_SERVERS_MAX	4
#define DAEMON_UPSTREAMS_MAX	24

struct daemon_spec {
	const char * name;	/* such as "ks-logd" */
	const char * usage;	/* own options and arguments, such as "[-p PORT]" */
	const char * options;	/* own letters as of getopt(3), or NULL */
	void * ctx;		/* given to each callback */

	/* An own option and its argument, or 0 and an argument that is none.
	 * Return 0, or -1 for wrong usage. */
	int (* option)(void *, int, const char *);

	int (* config)(void *, struct daemon *);
	int (* listen)(void *, struct daemon *);
	int (* upstreams)(void *, struct daemon *);
	int (* jail)(void *, struct jail *);
	int (* ready)(void *, struct daemon *);

	/* All frames that were there in this turn, on any connection, have been
	 * handed over: commit once for all.  0, or -1 if it cannot go on. */
	int (* batch)(void *);
	int (* hangup)(void *);		/* SIGHUP: 0, or -1 */
	/* SIGUSR1 and SIGUSR2, as 1 and 2: 0, or -1; NULL: not caught. */
	int (* user)(void *, int);
	int (* drain)(void *);
	/* Nonzero while replies are owed to what was accepted; asked after every
	 * turn of draining. */
	int (* busy)(void *);
	void (* free)(void *);
};

/**
 * daemon_main(argc, argv, spec):
 * Be the daemon of ${spec} with the arguments ${argc} and ${argv}.  Return the
 * exit code.  In the jail is what the phase "jail" lists, and nothing else.
 */
int daemon_main(int, char **, const struct daemon_spec *);

/**
 * daemon_loop(D):
 * Return the event loop of ${D}.
 */
struct loop * daemon_loop(struct daemon *);

/**
 * daemon_verbose(D):
 * Return how many times -v was given.
 */
int daemon_verbose(const struct daemon *);

/**
 * daemon_jailed(D):
 * Return nonzero if ${D} enters its jail: -J was not given.
 */
int daemon_jailed(const struct daemon *);

/**
 * daemon_serve(D, spec):
 * Do server_new with ${spec}, which must stay; the first time on the socket of
 * -l if that was given.  ${D} drains and frees it.  Return it, or NULL.
 */
struct server * daemon_serve(struct daemon *, const struct server_spec *);

/**
 * daemon_follow(D, spec):
 * Do upstream_new with ${spec}, which must stay.  ${D} frees it, before it calls
 * free.  Return it, or NULL after a line on standard error.
 */
struct upstream * daemon_follow(struct daemon *, const struct upstream_spec *);

/**
 * daemon_permanent(D):
 * A callback is about to return -1 for a reason that starting again does not
 * mend: leave with EXITS_PERMANENT then, instead of EXITS_TEMPORARY.
 */
void daemon_permanent(struct daemon *);

#endif
