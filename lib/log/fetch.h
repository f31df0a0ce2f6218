#ifndef KS_LOG_FETCH_H
#define KS_LOG_FETCH_H

#include <stddef.h>
#include <stdint.h>

struct committed;
struct loop;

/*
 * Fetches the entries that a log lacks from the log sockets of peers, one after
 * the other, until one of them has brought it to a place from which its engine
 * goes on.  Each entry must follow, by the running hash, from the last one here,
 * and all of them lead to the hash that the peer told with its place.
 */
struct log_fetch;

/* Peers of any one replica. */
#define LOG_FETCH_PEERS_MAX	8

/* A peer that says nothing for so long is left for the next one. */
#define LOG_FETCH_ANSWER_MS	10000

/* Time between two peers. */
#define LOG_FETCH_AGAIN_MS	500

/* Bytes of entries asked for at once. */
#define LOG_FETCH_LEN		((uint32_t)512 * 1024)

struct log_fetch_spec {
	const char * const * peers;	/* paths of sockets */
	size_t npeers;		/* at most LOG_FETCH_PEERS_MAX */
	uint64_t cluster;	/* that of the engine, hence of the peer's place */
	uint64_t revision_min;	/* least revision of a place that helps */
	void * ctx;		/* given to each: 0, or -1 (reported): cannot go on */
	int (* took)(void *);	/* more entries were committed */
	int (* done)(void *);	/* the last ones, with the place; free the fetch */
};

/**
 * log_fetch_new(L, C, spec):
 * Begin to fetch into ${C}, which has nothing pending, on the loop ${L}; ${spec} is copied,
 * its paths stay.  Until done, each commit sets a place of revision 0: whoever
 * starts again then knows that he has to fetch.  Return NULL (reported) if memory
 * is short.
 */
struct log_fetch * log_fetch_new(struct loop *, struct committed *,
    const struct log_fetch_spec *);

/**
 * log_fetch_free(F):
 * Stop and free ${F}.  NULL is fine.
 */
void log_fetch_free(struct log_fetch *);

#endif
