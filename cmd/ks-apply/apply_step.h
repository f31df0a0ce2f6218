#ifndef KS_APPLY_STEP_H
#define KS_APPLY_STEP_H

#include <stddef.h>
#include <stdint.h>

#include "policy/policy.h"

struct actions;
struct apply_state;
struct log_entry;
struct stage_event;
struct view;

/*
 * What ks-apply makes of a log entry: the stage's prepare and step, and the
 * pieces that they are made of.  Everything here is decided by the state and the
 * entry alone, the same on every replica.
 */

/** Actions of ks-apply. */
enum apply_action {
	APPLY_ACT_OUTCOME = 1	/* request_id[16], u64 epoch, str8 rule */
};

/**
 * apply_prepare(A, events, n):
 * Check signatures and parse policies of the updates among the ${n} log entries
 * ${events}, with all threads of the pool.  The prepare of the stage.
 */
int apply_prepare(void *, const struct stage_event *, size_t);

/**
 * apply_step(A, view, event, i, actions):
 * Step the log entry ${event}, number ${i} of those given to apply_prepare.  The
 * step of the stage.
 */
int apply_step(void *, struct view *, const struct stage_event *, size_t,
    struct actions *);

/**
 * apply_step_update(A, view, E, i, rule), apply_step_delimiter(A, view, E, rule),
 * apply_step_signature(A, view, E, rule),
 * apply_step_ratification(A, view, E, rule),
 * apply_step_approval(A, view, E, rule):
 * Step the entry ${E} of that type, which is at ${A}->index; an update is number
 * ${i} of those given to apply_prepare.  Return 0 and store in ${rule} NULL if it
 * was accepted, or the rule that refuses it, in which case nothing was changed; or
 * return -1 (reported) if this machine failed.
 */
int apply_step_update(struct apply_state *, struct view *,
    const struct log_entry *, size_t, const char **);
int apply_step_delimiter(struct apply_state *, struct view *,
    const struct log_entry *, const char **);
int apply_step_signature(struct apply_state *, struct view *,
    const struct log_entry *, const char **);
int apply_step_ratification(struct apply_state *, struct view *,
    const struct log_entry *, const char **);
int apply_step_approval(struct apply_state *, struct view *,
    const struct log_entry *, const char **);

/**
 * apply_step_policy(A, view):
 * The next epoch is being closed: if a policy is chosen, it is in force from the
 * one after it on; tell so by its event.  Return 0, or -1 (reported).
 */
int apply_step_policy(struct apply_state *, struct view *);

/**
 * apply_find_key(A, epoch, kind, id):
 * Return the key of ${kind} with the key id ${id} in the policy that is in force in
 * ${epoch}, or NULL.
 */
const struct policy_key * apply_find_key(const struct apply_state *, uint64_t,
    enum policy_kind, const uint8_t *);

/**
 * apply_event(A, view, type, body, len):
 * Append an event of ${type} with the ${len} bytes at ${body}.  Return 0, or -1.
 */
int apply_event(struct apply_state *, struct view *, uint8_t, const void *,
    size_t);

#endif
