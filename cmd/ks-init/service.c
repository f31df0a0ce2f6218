#include "service.h"
#include "template.h"

/* A folder of services: what its files are made from. */
struct place {
	const struct init_tree * T;
	const char * role;
	unsigned number;
	struct wbuf * W;
};

/* Write ${which} as the file ${name} in the folder of ${daemon}. */
static int
put_file(const struct place * P, const char * daemon, const char * name,
    mode_t mode, enum init_template which)
{
	const struct init_var vars[] = {
		{ "@PROGRAM@", daemon },
		{ NULL, NULL }
	};

	init_template_put(P->W, which, vars);
	return (init_tree_write(P->T, mode, P->W, "%s%u/service/%s/%s",
	    P->role, P->number, daemon, name));
}

/* Make the folder of ${daemon}, that of its logger, and that of its log. */
static int
make_folders(const struct place * P, const char * daemon)
{

	return (init_tree_mkdir(P->T, 0755, "%s%u/service/%s", P->role,
	    P->number, daemon) ||
	    init_tree_mkdir(P->T, 0755, "%s%u/service/%s/log", P->role,
	    P->number, daemon) ||
	    init_tree_mkdir(P->T, 0700, "%s%u/log/%s", P->role, P->number,
	    daemon) ? -1 : 0);
}

static int
make_s6(const struct place * P, const char * daemon)
{

	return (make_folders(P, daemon) ||
	    put_file(P, daemon, "run", 0755, INIT_TEMPLATE_S6_RUN) ||
	    put_file(P, daemon, "finish", 0755, INIT_TEMPLATE_S6_FINISH) ||
	    put_file(P, daemon, "notification-fd", 0644,
	    INIT_TEMPLATE_S6_NOTIFICATION_FD) ||
	    put_file(P, daemon, "log/run", 0755,
	    INIT_TEMPLATE_S6_LOG_RUN) ? -1 : 0);
}

static int
make_runit(const struct place * P, const char * daemon)
{

	return (make_folders(P, daemon) ||
	    put_file(P, daemon, "run", 0755, INIT_TEMPLATE_RUNIT_RUN) ||
	    put_file(P, daemon, "finish", 0755, INIT_TEMPLATE_RUNIT_FINISH) ||
	    put_file(P, daemon, "log/run", 0755,
	    INIT_TEMPLATE_RUNIT_LOG_RUN) ? -1 : 0);
}

/* The units of all daemons, and the target that wants them. */
static int
make_systemd(const struct place * P, const char * const * daemons)
{
	struct wbuf wants;
	struct init_var vars[] = {
		{ "@ROLE@", P->role },
		{ "@PROGRAM@", "" },
		{ "@WANTS@", "" },
		{ NULL, NULL }
	};
	int rc = -1;

	wbuf_init(&wants, 4096);
	for (; *daemons != NULL; daemons++) {
		wbuf_printf(&wants, "Wants=%s@%%i.service\n", *daemons);
		vars[1].value = *daemons;
		init_template_put(P->W, INIT_TEMPLATE_SYSTEMD_DAEMON, vars);
		if (init_tree_write(P->T, 0644, P->W,
		    "%s%u/service/%s@.service", P->role, P->number, *daemons))
			goto out;
	}
	wbuf_put_u8(&wants, 0);
	if (wbuf_failed(&wants))
		goto out;
	vars[2].value = (const char *)wants.data;
	init_template_put(P->W, INIT_TEMPLATE_SYSTEMD_ROLE, vars);
	rc = init_tree_write(P->T, 0644, P->W, "%s%u/service/ks-%s@.target",
	    P->role, P->number, P->role);
out:
	wbuf_free(&wants);
	return (rc);
}

int
init_service_make(const struct init_tree * T, enum init_supervisor supervisor,
    const char * role, unsigned number, const char * const * daemons,
    struct wbuf * W)
{
	const struct place P = { T, role, number, W };

	if (init_tree_mkdir(T, 0755, "%s%u/service", role, number))
		return (-1);
	if (supervisor == INIT_SYSTEMD)
		return (make_systemd(&P, daemons));
	if (init_tree_mkdir(T, 0700, "%s%u/log", role, number))
		return (-1);
	for (; *daemons != NULL; daemons++)
		if ((supervisor == INIT_S6 ? make_s6 : make_runit)(&P, *daemons))
			return (-1);
	return (0);
}
