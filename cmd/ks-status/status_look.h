#ifndef KS_STATUS_STATUS_LOOK_H
#define KS_STATUS_STATUS_LOOK_H

#include <stdint.h>

struct health_look;

/**
 * status_look_ask(L, dir, timeout_ms):
 * Ask each daemon of ${L}, in order, for STATUS, at most ${timeout_ms} each.
 * Return how many answered, or -1 (reported) if memory ran out.
 */
int status_look_ask(struct health_look *, const char *, uint64_t);

#endif
