#ifndef KS_INIT_CONF_H
#define KS_INIT_CONF_H

#include "codec/wbuf.h"

#include "net.h"
#include "plan.h"

/**
 * init_conf_replica(W, plan, net, self, engine):
 * Append the configuration of a replica of ${plan} to ${W}: that of the host
 * numbered ${self} from 0 in ${net}, whose log is ordered by ${engine} ("local",
 * or "etcd", or "follow"); if ${net} is NULL it is reached on its own host only.
 */
void init_conf_replica(struct wbuf *, const struct init_plan *,
    const struct init_net *, unsigned, const char *);

/**
 * init_conf_engine(W, net, self, engine):
 * Append to ${W} the lines of that configuration about what orders the log, and
 * the peers; nothing for the engine local.
 */
void init_conf_engine(struct wbuf *, const struct init_net *, unsigned,
    const char *);

/**
 * init_conf_verifier(W, plan, net, number):
 * Append the configuration of the verifier ${number} from 1 to ${W}: it follows the
 * replicas of ${net}, each verifier another one first, or, if ${net} is NULL,
 * replica1 in the folder beside it; the URLs that ${plan} gives replicas are comments.
 */
void init_conf_verifier(struct wbuf *, const struct init_plan *,
    const struct init_net *, unsigned);

#endif
