#ifndef KS_HEALTH_LOOK_H
#define KS_HEALTH_LOOK_H

#include <stddef.h>
#include <stdint.h>

/*
 * What the daemons of a replica, verifier or edge say of themselves: the list of those
 * that its directory should have, and the answer of each to STATUS.  How they are
 * asked is the caller's affair.
 */

/* Most daemons of a directory. */
#define HEALTH_PROGRAMS_MAX	8

/* Room for why a daemon did not answer. */
#define HEALTH_WHY_SIZE		128

/* One daemon, as it answered. */
struct health_program {
	const char * name;	/* such as "ks-apply" */
	const char * socket;	/* in the directory */
	int up;			/* it answered */
	char why[HEALTH_WHY_SIZE];	/* if not */
	char * text;		/* its lines "name value" */
	size_t len;
};

/* All daemons that a directory should have, upstream before downstream. */
struct health_look {
	size_t n;
	struct health_program program[HEALTH_PROGRAMS_MAX];
};

/* One line of an answer; points into it. */
struct health_line {
	const char * name;
	size_t name_len;
	const char * value;
	size_t value_len;
};

/**
 * health_look_init(L, dir):
 * Make ${L} the list of daemons of the replica, verifier or edge in ${dir}, none
 * of them asked; those that ks.conf may give something to do are among them if it does.
 * Return 0, or -1 after a line on standard error if it is none of these.
 */
int health_look_init(struct health_look *, const char *);

/**
 * health_look_answer(P, text, len):
 * ${P} answered with the ${len} bytes of lines at ${text}, which are copied.  Return 0, or -1
 * (reported) if memory ran out.
 */
int health_look_answer(struct health_program *, const char *, size_t);

/**
 * health_look_silent(P, why):
 * ${P} did not answer, because of ${why}, which is cut to HEALTH_WHY_SIZE.
 */
void health_look_silent(struct health_program *, const char *);

/**
 * health_look_find(L, name):
 * Return the program ${name} of ${L}, or NULL.
 */
const struct health_program * health_look_find(const struct health_look *,
    const char *);

/**
 * health_look_line(P, pos, line):
 * Store in ${line} the line of the answer of ${P} that begins at ${pos}, first 0, and move
 * ${pos} on.  Return 1, or 0 if there is none.
 */
int health_look_line(const struct health_program *, size_t *,
    struct health_line *);

/**
 * health_look_free(L):
 * Free the answers in ${L}, whose list of daemons stays.
 */
void health_look_free(struct health_look *);

#endif
