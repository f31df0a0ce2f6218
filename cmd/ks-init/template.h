#ifndef KS_INIT_TEMPLATE_H
#define KS_INIT_TEMPLATE_H

#include "codec/wbuf.h"

/* The files of share/service, which are built into the program. */
enum init_template {
	INIT_TEMPLATE_REPLICA_CONF,
	INIT_TEMPLATE_VERIFIER_CONF,
	INIT_TEMPLATE_ETCD_CONF,
	INIT_TEMPLATE_S6_ETCD_RUN,
	INIT_TEMPLATE_SYSTEMD_ETCD,
	INIT_TEMPLATE_S6_RUN,
	INIT_TEMPLATE_S6_FINISH,
	INIT_TEMPLATE_S6_LOG_RUN,
	INIT_TEMPLATE_S6_NOTIFICATION_FD,
	INIT_TEMPLATE_RUNIT_RUN,
	INIT_TEMPLATE_RUNIT_FINISH,
	INIT_TEMPLATE_RUNIT_LOG_RUN,
	INIT_TEMPLATE_SYSTEMD_DAEMON,
	INIT_TEMPLATE_SYSTEMD_ROLE
};

/* What "@NAME@" in a template stands for. */
struct init_var {
	const char * name;	/* with both "@"; NULL ends a list */
	const char * value;
};

/**
 * init_template_put(W, which, vars):
 * Append the template ${which} to ${W}, with each of ${vars}, which ends with a
 * name NULL, in place of its name.  Any other "@" stays.
 */
void init_template_put(struct wbuf *, enum init_template,
    const struct init_var *);

#endif
