#include <string.h>
#include <unistd.h>

#include "service.h"
#include "template.h"

#define ETCD	"etcd"

/* A folder's daemons, upstream first, with room for those of the flags. */
struct list {
	const char * name[10];
	unsigned n;
};

static void
add(struct list * L, const char * name)
{

	L->name[L->n++] = name;
}

static void
make_list(struct list * L, enum init_place place, unsigned more)
{

	L->n = 0;
	if (more & (INIT_SERVICE_ETCD | INIT_SERVICE_ETCD_DOWN))
		add(L, ETCD);
	if (more & INIT_SERVICE_LINK)
		add(L, "ks-link");
	if (place == INIT_VERIFIER) {
		add(L, "ks-ratify");
		return;
	}
	add(L, "ks-logd");
	add(L, "ks-apply");
	add(L, "ks-sign");
	add(L, "ks-publish");
	add(L, "ks-admit");
	if (more & INIT_SERVICE_KEYIDS)
		add(L, "ks-keyids");
	if (more & INIT_SERVICE_HTTPD)
		add(L, "ks-httpd");
}

static int
is_etcd(const char * daemon)
{

	return (strcmp(daemon, ETCD) == 0);
}

/* Was the last file ${name} of the service of ${daemon} written before? */
static int
is_kept(const struct init_folder * F, const char * daemon, const char * name)
{
	char path[INIT_PATH_MAX + 1];

	return (F->T->there && !is_etcd(daemon) && init_tree_path(F->T, path,
	    "%sservice/%s%s", F->at, daemon, name) == 0 &&
	    access(path, F_OK) == 0);
}

/* Write ${which} as the file ${name} in the folder of ${daemon}. */
static int
put_file(const struct init_folder * F, struct wbuf * W, const char * daemon,
    const char * name, mode_t mode, enum init_template which)
{
	const struct init_var vars[] = {
		{ "@PROGRAM@", daemon },
		{ NULL, NULL }
	};

	init_template_put(W, which, vars);
	return (init_tree_write(F->T, mode, W, "%sservice/%s/%s", F->at,
	    daemon, name));
}

/* Make the folder of ${daemon}, that of its logger, and that of its log. */
static int
make_folders(const struct init_folder * F, const char * daemon)
{

	return (init_tree_mkdir(F->T, 0755, "%sservice/%s", F->at, daemon) ||
	    init_tree_mkdir(F->T, 0755, "%sservice/%s/log", F->at, daemon) ||
	    init_tree_mkdir(F->T, 0700, "%slog/%s", F->at, daemon) ? -1 : 0);
}

/* The service of etcd, which both supervisors run in the same way. */
static int
put_etcd(const struct init_folder * F, struct wbuf * W, unsigned more)
{

	if (put_file(F, W, ETCD, "run", 0755, INIT_TEMPLATE_S6_ETCD_RUN))
		return (-1);
	if ((more & INIT_SERVICE_ETCD_DOWN) == 0)
		return (0);
	return (init_tree_write(F->T, 0644, W, "%sservice/" ETCD "/down",
	    F->at));
}

static int
make_s6(const struct init_folder * F, struct wbuf * W, const char * daemon,
    unsigned more)
{

	if (make_folders(F, daemon) || put_file(F, W, daemon, "log/run", 0755,
	    INIT_TEMPLATE_S6_LOG_RUN))
		return (-1);
	if (is_etcd(daemon))
		return (put_etcd(F, W, more));
	return (put_file(F, W, daemon, "finish", 0755,
	    INIT_TEMPLATE_S6_FINISH) || put_file(F, W, daemon,
	    "notification-fd", 0644, INIT_TEMPLATE_S6_NOTIFICATION_FD) ||
	    put_file(F, W, daemon, "run", 0755, INIT_TEMPLATE_S6_RUN) ? -1 : 0);
}

static int
make_runit(const struct init_folder * F, struct wbuf * W, const char * daemon,
    unsigned more)
{

	if (make_folders(F, daemon) || put_file(F, W, daemon, "log/run", 0755,
	    INIT_TEMPLATE_RUNIT_LOG_RUN))
		return (-1);
	if (is_etcd(daemon))
		return (put_etcd(F, W, more));
	return (put_file(F, W, daemon, "finish", 0755,
	    INIT_TEMPLATE_RUNIT_FINISH) || put_file(F, W, daemon, "run", 0755,
	    INIT_TEMPLATE_RUNIT_RUN) ? -1 : 0);
}

/* The units of all daemons, and the target that wants them. */
static int
make_systemd(const struct init_folder * F, struct wbuf * W,
    const struct list * L, unsigned more)
{
	const char * role = F->place == INIT_REPLICA ? "replica" : "verifier";
	struct wbuf wants;
	struct init_var vars[] = {
		{ "@ROLE@", role },
		{ "@PROGRAM@", "" },
		{ "@WANTS@", "" },
		{ NULL, NULL }
	};
	int rc = -1;

	wbuf_init(&wants, 4096);
	for (unsigned i = 0; i < L->n; i++) {
		const int etcd = is_etcd(L->name[i]);
		const char * unit = etcd ? "ks-" ETCD : L->name[i];

		if (!etcd || (more & INIT_SERVICE_ETCD_DOWN) == 0)
			wbuf_printf(&wants, "Wants=%s@%%i.service\n", unit);
		if (is_kept(F, unit, "@.service"))
			continue;
		vars[1].value = L->name[i];
		init_template_put(W, etcd ? INIT_TEMPLATE_SYSTEMD_ETCD :
		    INIT_TEMPLATE_SYSTEMD_DAEMON, vars);
		if (init_tree_write(F->T, 0644, W, "%sservice/%s@.service",
		    F->at, unit))
			goto out;
	}
	wbuf_put_u8(&wants, 0);
	if (wbuf_failed(&wants))
		goto out;
	vars[2].value = (const char *)wants.data;
	init_template_put(W, INIT_TEMPLATE_SYSTEMD_ROLE, vars);
	rc = init_tree_write(F->T, 0644, W, "%sservice/ks-%s@.target", F->at,
	    role);
out:
	wbuf_free(&wants);
	return (rc);
}

int
init_service_make(const struct init_folder * F,
    enum init_supervisor supervisor, unsigned more, struct wbuf * W)
{
	struct list L;

	make_list(&L, F->place, more);
	if (init_tree_mkdir(F->T, 0755, "%sservice", F->at))
		return (-1);
	if (supervisor == INIT_SYSTEMD)
		return (make_systemd(F, W, &L, more));
	if (init_tree_mkdir(F->T, 0700, "%slog", F->at))
		return (-1);
	for (unsigned i = 0; i < L.n; i++)
		if (!is_kept(F, L.name[i], "/run") && (supervisor == INIT_S6 ? make_s6 : make_runit)(F, W,
		    L.name[i], more))
			return (-1);
	return (0);
}
