#ifndef KS_LOG_FOLLOW_H
#define KS_LOG_FOLLOW_H

#include <stddef.h>
#include <stdint.h>

struct committed;
struct log_engine;
struct log_events;
struct loop;

/* A peer that does not take a connection for so long is left for the next one. */
#define LOG_FOLLOW_CONNECT_MS	500

/* So is one that owes an answer for so long. */
#define LOG_FOLLOW_ANSWER_MS	3000

/* Time between two peers; and between two questions whether the peer is there. */
#define LOG_FOLLOW_AGAIN_MS	100
#define LOG_FOLLOW_LOOK_MS	1000

/* Proposals, or bytes of them not yet sent, above which log_full says so. */
#define LOG_FOLLOW_WAITING_MAX	1024
#define LOG_FOLLOW_QUEUE_MAX	((size_t)1024 * 1024)

/* An entry that the peer has committed is waited for so long. */
#define LOG_FOLLOW_PUT_MS	8000

/**
 * log_follow_new(L, C, peers, npeers, events, ctx):
 * Return the engine of a standby, on the loop ${L}: it copies the log of one of its
 * ${npeers} ${peers}, paths of log sockets, into ${C}, and hands what is proposed on to
 * the same one.  It never leads.  ${C}, the paths and ${events}, which are called with
 * ${ctx}, stay until log_close.  It goes on to the next peer when one is away, is
 * behind another one, does not answer or takes nothing.  Return NULL (reported) if
 * memory is short.
 */
struct log_engine * log_follow_new(struct loop *, struct committed *,
    const char * const *, size_t, const struct log_events *, void *);

#endif
