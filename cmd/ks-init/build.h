#ifndef KS_INIT_BUILD_H
#define KS_INIT_BUILD_H

#include "init_tree.h"
#include "net.h"
#include "plan.h"

/**
 * init_build(T, plan, net):
 * Make all that ${plan} asks for in ${T}: new keys, the realm file and the
 * folders of the replicas and verifiers.  They reach each other as ${net} says,
 * and with it several replicas are a cluster of etcd; if it is NULL, there is one
 * replica, and all are on one host.  Return 0, or -1 after a line on standard
 * error.
 */
int init_build(const struct init_tree *, const struct init_plan *,
    const struct init_net *);

#endif
