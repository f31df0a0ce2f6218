#ifndef KS_INIT_CONVERT_H
#define KS_INIT_CONVERT_H

#include "plan.h"

/**
 * init_convert(plan):
 * Turn the folder plan->from of a realm's only replica into one beside an etcd
 * member, whose cluster is this one: certificates, configuration and services are
 * added, and ks-logd takes its log over when it is started next.  Print what is to
 * be done.  Return the exit code, after a line on standard error unless it is 0:
 * EXITS_TEMPORARY if its ks-logd runs.
 */
int init_convert(const struct init_plan *);

#endif
