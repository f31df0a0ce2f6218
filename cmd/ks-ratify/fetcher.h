#ifndef KS_RATIFY_FETCHER_H
#define KS_RATIFY_FETCHER_H

#include <stdint.h>
#include <sys/types.h>

struct config_verifier;
struct loop;
struct loop_fd;

/*
 * Publishers behind a URL.  Who holds a cosigning key parses neither TLS nor HTTP: a
 * process of its own, forked before the key is read, speaks them with the servers,
 * and serves each URL as a socket of the protocol `publish`, run/http-N, of which
 * ratify_link makes no difference to others.  It holds nothing, and is believed as
 * little as they are.
 */
struct fetcher {
	int fd;			/* closed when either side leaves; -1: none */
	pid_t pid;
	unsigned n;		/* sockets that were made */
	const struct config_verifier * config;
	struct loop_fd * watch;
};

/* How long the process may take to start. */
#define FETCHER_START_MS	10000

/**
 * fetcher_start(F, config, jailed):
 * Start the fetcher ${F} of the URLs of ${config}, which stays, if there are any; in a
 * jail if ${jailed} is nonzero.  To be called before there are keys in memory, and
 * threads.  Return 0, or the exit code to leave with, after a line on standard error.
 */
int fetcher_start(struct fetcher *, const struct config_verifier *, int);

/**
 * fetcher_watch(F, L):
 * Let a callback of the loop ${L} fail when the process of ${F} is gone.  Return 0 or -1
 * (reported).
 */
int fetcher_watch(struct fetcher *, struct loop *);

/**
 * fetcher_stop(F):
 * End the fetcher ${F}, and remove its sockets.
 */
void fetcher_stop(struct fetcher *);

#endif
