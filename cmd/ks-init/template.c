#include <string.h>

#include "template.h"

/*
 * The assembler puts the very files of share/service into the program, so that
 * they can be read and checked as what they are, and a program that was
 * installed or copied needs to find nothing.  The build runs in the top folder.
 */
#define TEMPLATE(name, file)						\
	__asm__(".section .rodata\n"					\
	    "init_template_" #name ":\n"				\
	    ".incbin \"share/service/" file "\"\n"			\
	    ".byte 0\n"							\
	    ".previous\n");						\
	extern const char init_template_##name[]			\
	    __attribute__((visibility("hidden")))

TEMPLATE(replica_conf, "replica.conf");
TEMPLATE(verifier_conf, "verifier.conf");
TEMPLATE(etcd_conf, "etcd.conf");
TEMPLATE(s6_run, "s6/run");
TEMPLATE(s6_etcd_run, "s6/etcd-run");
TEMPLATE(s6_finish, "s6/finish");
TEMPLATE(s6_log_run, "s6/log-run");
TEMPLATE(s6_notification_fd, "s6/notification-fd");
TEMPLATE(runit_run, "runit/run");
TEMPLATE(runit_finish, "runit/finish");
TEMPLATE(runit_log_run, "runit/log-run");
TEMPLATE(systemd_etcd, "systemd/etcd.service");
TEMPLATE(systemd_daemon, "systemd/daemon.service");
TEMPLATE(systemd_role, "systemd/role.target");

static const char *
text_of(enum init_template which)
{

	switch (which) {
	case INIT_TEMPLATE_REPLICA_CONF:
		return (init_template_replica_conf);
	case INIT_TEMPLATE_VERIFIER_CONF:
		return (init_template_verifier_conf);
	case INIT_TEMPLATE_ETCD_CONF:
		return (init_template_etcd_conf);
	case INIT_TEMPLATE_S6_ETCD_RUN:
		return (init_template_s6_etcd_run);
	case INIT_TEMPLATE_SYSTEMD_ETCD:
		return (init_template_systemd_etcd);
	case INIT_TEMPLATE_S6_RUN:
		return (init_template_s6_run);
	case INIT_TEMPLATE_S6_FINISH:
		return (init_template_s6_finish);
	case INIT_TEMPLATE_S6_LOG_RUN:
		return (init_template_s6_log_run);
	case INIT_TEMPLATE_S6_NOTIFICATION_FD:
		return (init_template_s6_notification_fd);
	case INIT_TEMPLATE_RUNIT_RUN:
		return (init_template_runit_run);
	case INIT_TEMPLATE_RUNIT_FINISH:
		return (init_template_runit_finish);
	case INIT_TEMPLATE_RUNIT_LOG_RUN:
		return (init_template_runit_log_run);
	case INIT_TEMPLATE_SYSTEMD_DAEMON:
		return (init_template_systemd_daemon);
	case INIT_TEMPLATE_SYSTEMD_ROLE:
		break;
	}
	return (init_template_systemd_role);
}

/* The variable whose name ${p} begins with, or NULL. */
static const struct init_var *
variable_at(const char * p, const struct init_var * vars)
{

	for (; vars->name != NULL; vars++)
		if (strncmp(p, vars->name, strlen(vars->name)) == 0)
			return (vars);
	return (NULL);
}

void
init_template_put(struct wbuf * W, enum init_template which,
    const struct init_var * vars)
{
	const struct init_var * var;
	const char * p = text_of(which);
	size_t len;

	while (*p != '\0') {
		len = strcspn(p, "@");
		wbuf_put_bytes(W, p, len);
		p += len;
		if (*p == '\0')
			break;
		if ((var = variable_at(p, vars)) == NULL) {
			wbuf_put_u8(W, '@');
			p++;
			continue;
		}
		wbuf_put_bytes(W, var->value, strlen(var->value));
		p += strlen(var->name);
	}
}
