#ifndef KS_STATUS_STATUS_LOOK_H
#define KS_STATUS_STATUS_LOOK_H

#include <stddef.h>
#include <stdint.h>

/* Most daemons of a directory. */
#define STATUS_PROGRAMS_MAX	6

/* Room for why a daemon did not answer. */
#define STATUS_WHY_SIZE		128

/* One daemon, as it answered. */
struct status_program {
	const char * name;	/* such as "ks-apply" */
	const char * socket;	/* in the directory */
	int up;			/* it answered */
	char why[STATUS_WHY_SIZE];	/* if not */
	char * text;		/* its lines "name value" */
	size_t len;
};

/* All daemons that a directory should have, upstream before downstream. */
struct status_look {
	size_t n;
	struct status_program program[STATUS_PROGRAMS_MAX];
};

/**
 * status_look_init(L, dir):
 * Make ${L} the list of daemons of the replica, verifier or edge in ${dir}, none
 * of them asked; ks-link is among them if ks.conf gives it something to do.
 * Return 0, or -1 after a line on standard error if it is none of these.
 */
int status_look_init(struct status_look *, const char *);

/**
 * status_look_ask(L, dir, timeout_ms):
 * Ask each daemon of ${L}, in order, for STATUS, at most ${timeout_ms} each.
 * Return how many answered, or -1 (reported) if memory ran out.
 */
int status_look_ask(struct status_look *, const char *, uint64_t);

/**
 * status_look_find(L, name):
 * Return the program ${name} of ${L}, or NULL.
 */
const struct status_program * status_look_find(const struct status_look *,
    const char *);

/**
 * status_look_free(L):
 * Free the answers in ${L}, whose list of daemons stays.
 */
void status_look_free(struct status_look *);

#endif
