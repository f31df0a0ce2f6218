#ifndef KS_INIT_REALM_TEXT_H
#define KS_INIT_REALM_TEXT_H

#include "codec/wbuf.h"

#include "plan.h"

/**
 * init_realm_text(W, plan, public, place, number):
 * Append the realm file of the realm of ${plan} with the keys ${public} to ${W},
 * for the folder ${place}, of the replica or verifier ${number} from 1: the
 * server lines are relative to that folder, all else is the same in each.
 */
void init_realm_text(struct wbuf *, const struct init_plan *,
    const struct init_public *, enum init_place, unsigned);

#endif
