#ifndef KS_PUBLISH_STEP_H
#define KS_PUBLISH_STEP_H

#include <stddef.h>
#include <stdint.h>

struct actions;
struct publish_state;
struct stage_event;
struct view;

/*
 * The step of the read model: events in, rows and actions out; no I/O, no clock.
 * What ks-apply tells was verified by it; what contradicts itself or this
 * database (an epoch out of order, a root that is not the head's) can only be a
 * fault of this machine, and nothing of its batch is ever served.
 */

/* What is done once a batch is durable. */
enum publish_action {
	PUBLISH_ACT_SIGNED = 1,		/* an epoch is published; no body */
	PUBLISH_ACT_SIGNATURE = 2,	/* a published epoch has one more; no body */
	PUBLISH_ACT_RATIFIED = 3,	/* body: as of FEED_RATIFICATION */
	PUBLISH_ACT_POLICY = 4		/* the policy will change; no body */
};

/**
 * publish_step(P, view, event, actions):
 * Take ${event} into ${P} and ${view} and append to ${actions}.  Return 0; or -1
 * (reported): if ${P}->fault is set then, the events contradict what they
 * claim, and trying again will not help; otherwise memory or the store failed.
 */
int publish_step(struct publish_state *, struct view *,
    const struct stage_event *, struct actions *);

/**
 * publish_step_epoch(P, view, body, len):
 * The same for the EVENT_EPOCH with the ${len} bytes at ${body}.
 */
int publish_step_epoch(struct publish_state *, struct view *, const uint8_t *,
    size_t);

/**
 * publish_fault(P, fmt, ...):
 * Write the line that tells of a contradiction and mark ${P}.  Return -1.
 */
int publish_fault(struct publish_state *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

#endif
