#ifndef KS_RATIFY_LINK_H
#define KS_RATIFY_LINK_H

#include <stdint.h>

struct config_verifier;
struct daemon;
struct ratify_feed;
struct ratify_push;
struct ratify_state;
struct wbuf;

/*
 * The connections to the publishers: asks the one that ratify_choice says for
 * the feed, gives what comes to ratify_feed, and sends what ratify_push says,
 * when it says so.
 */
struct ratify_link;

/** A replay gets a line once in so long. */
#define RATIFY_REPORT_MS 1000

/** So many epochs and updates, together, in that time are a replay. */
#define RATIFY_REPORT_MIN 32

/**
 * ratify_link_new(D, config, F, P):
 * In the daemon ${D}, follow the publishers of ${config} for ${F} and ${P}; all
 * stay.  To be called in the phase "upstreams".  Return NULL after a line on
 * standard error.
 */
struct ratify_link * ratify_link_new(struct daemon *,
    const struct config_verifier *, struct ratify_feed *, struct ratify_push *);

/**
 * ratify_link_stop(K):
 * Take nothing more: for the phase "drain".
 */
void ratify_link_stop(struct ratify_link *);

/**
 * ratify_link_status(K, W):
 * Append lines for STATUS to ${W}.
 */
void ratify_link_status(const struct ratify_link *, struct wbuf *);

/**
 * ratify_link_free(K):
 * Free ${K}, in the phase "free".  NULL is fine.
 */
void ratify_link_free(struct ratify_link *);

#endif
