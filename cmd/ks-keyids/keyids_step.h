#ifndef KS_KEYIDS_KEYIDS_STEP_H
#define KS_KEYIDS_KEYIDS_STEP_H

#include <stddef.h>

struct actions;
struct stage_event;
struct view;

/**
 * keyids_step(S, view, event, i, actions), keyids_finish(S, view):
 * The step and finish of the stage whose state is ${S}, a struct keyids_state:
 * what an update publishes waits for the majority of its epoch, and then takes
 * the place of what its entry published before.  There are no actions.  Events
 * that contradict themselves make the step fail, after a line, with ${S}->fault
 * set: the process must leave with EXITS_PERMANENT.
 */
int keyids_step(void *, struct view *, const struct stage_event *, size_t,
    struct actions *);
int keyids_finish(void *, struct view *);

#endif
