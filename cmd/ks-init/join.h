#ifndef KS_INIT_JOIN_H
#define KS_INIT_JOIN_H

#include "plan.h"

/**
 * init_join(plan):
 * Make the folder plan->dir of a further replica, named as that, for the realm of
 * the replica in plan->from: a standby, with a member of etcd that is in no
 * cluster yet.  Print what the others have to be told, and where.  Return the exit
 * code, after a line on standard error unless it is 0.
 */
int init_join(const struct init_plan *);

#endif
