#ifndef KS_LOG_ETCD_H
#define KS_LOG_ETCD_H

#include <stddef.h>
#include <stdint.h>

#include "etcd/etcd.h"
#include "log/fetch.h"

struct committed;
struct log_engine;
struct log_events;
struct loop;

struct log_etcd_options {
	struct etcd_options etcd;
	const char * realm;
	const char * name;	/* of this replica in the realm policy */
	const char * peers[LOG_FETCH_PEERS_MAX];	/* their log sockets */
	size_t npeers;
	uint64_t keep;		/* revisions that stay in etcd, whoever has them */
	uint64_t max;		/* at most, whoever lags; at least keep */
};

/**
 * log_etcd_new(L, C, options, events, ctx):
 * Return the engine of a log whose order is that of an etcd cluster (PROTOCOL
 * section 6), on the loop ${L}.  ${C}, the strings of ${options}, and ${events}, which
 * are called with ${ctx}, stay until log_close.  What was proposed in a turn is one
 * put at log_flush; what is proposed while a put is unanswered waits for the next,
 * so that acknowledged proposals keep their order.  Return NULL (reported in one
 * line) if that cannot ever be: a file or the URL is wrong, or ${C} was not made
 * by this engine; or if memory is short.
 */
struct log_engine * log_etcd_new(struct loop *, struct committed *,
    const struct log_etcd_options *, const struct log_events *, void *);

#endif
