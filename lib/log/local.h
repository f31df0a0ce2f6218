#ifndef KS_LOG_LOCAL_H
#define KS_LOG_LOCAL_H

struct committed;
struct log_engine;
struct log_events;

/**
 * log_local_new(C, events, ctx):
 * Return the engine of a log that has one replica, for ever, and is always its
 * leader: what was proposed until log_flush is committed there in one commit
 * of ${C}, in the order of the calls; as soon as LOG_BATCH_MAX proposals or
 * LOG_BATCH_LEN_MAX bytes wait, already in log_propose.  ${C} and ${events}, which
 * are called with ${ctx}, stay until log_close.  failed and hint are never called.
 * Return NULL (reported) if memory is short.
 */
struct log_engine * log_local_new(struct committed *, const struct log_events *,
    void *);

#endif
