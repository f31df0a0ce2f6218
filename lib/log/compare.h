#ifndef KS_LOG_COMPARE_H
#define KS_LOG_COMPARE_H

#include <stddef.h>
#include <stdint.h>

struct committed;
struct loop;

/*
 * Compares the log with those of the peers, one after the other, at the start and
 * now and then: a running hash that is the same at one index is the same log up to
 * there.  Whoever differs from more peers than agree with him is wrong, or cannot
 * know: he is told, so that he serves nothing; but if those who were away might
 * agree, only after LOG_COMPARE_ROUNDS rounds in a row.
 */
struct log_compare;

/* Time between two rounds. */
#define LOG_COMPARE_MS		5000

/* Rounds in which nobody who was away has come to agree. */
#define LOG_COMPARE_ROUNDS	3

/* Longest time that one peer may take to be connected, and to answer. */
#define LOG_COMPARE_CONNECT_MS	200
#define LOG_COMPARE_ANSWER_MS	2000

struct log_compare_spec {
	const char * const * peers;	/* paths of log sockets */
	size_t npeers;		/* at most LOG_FETCH_PEERS_MAX */
	uint64_t ms;		/* between two rounds; 0: LOG_COMPARE_MS */
	void * ctx;		/* given to each: 0, or -1: cannot go on */

	/* The log is another than theirs, or is damaged; it was reported. */
	int (* differs)(void *);

	/* A peer, by its number, has entries up to this index.  May be NULL. */
	int (* seen)(void *, size_t, uint64_t);

	/* Is a peer's STATUS wanted now?  And here it is.  Both may be NULL. */
	int (* wants)(void *);
	void (* told)(void *, const char *, size_t);
};

/**
 * log_compare_new(L, C, spec):
 * Begin to compare ${C} on the loop ${L}; ${spec} is copied, its paths stay.  Return NULL
 * (reported) if memory is short.
 */
struct log_compare * log_compare_new(struct loop *, struct committed *,
    const struct log_compare_spec *);

/**
 * log_compare_free(X):
 * Stop and free ${X}.  NULL is fine.
 */
void log_compare_free(struct log_compare *);

#endif
