#ifndef KS_INIT_BUILD_H
#define KS_INIT_BUILD_H

#include "init_tree.h"
#include "plan.h"

/**
 * init_build(T, plan):
 * Make all that ${plan} asks for in ${T}: new keys, the realm file and the
 * folders of the replicas and verifiers.  Return 0, or -1 after a line on
 * standard error.
 */
int init_build(const struct init_tree *, const struct init_plan *);

#endif
