#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/exits.h"
#include "config/config.h"
#include "daemon/daemon.h"
#include "daemon/server.h"
#include "jail/jail.h"
#include "log/committed.h"
#include "log/local.h"
#include "log/log.h"
#include "realm/realm.h"
#include "store/store.h"

#include "logd.h"

struct program {
	struct logd logd;
	struct server_spec serve;
};

/* Make the directory ${path} if it is missing. */
static int
make_dir(const char * path)
{

	if (mkdir(path, 0700) == 0 || errno == EEXIST)
		return (0);
	warn("%s", path);
	return (-1);
}

static int
open_log(struct logd * X, const char * realm, uint64_t cache_mib)
{
	struct store_options options = { .cache_len = (size_t)cache_mib << 20 };
	int rc;

	/* The owner may be one that is about to leave: come back later. */
	if (store_open(CONFIG_DATA_LOG, &options, &X->store) != 0)
		return (EXITS_TEMPORARY);
	if ((rc = committed_open(X->store, realm, &X->committed)) != 0)
		return (rc == 1 ? EXITS_PERMANENT : EXITS_TEMPORARY);
	X->engine = log_local_new(X->committed, &logd_events, X);
	return (X->engine != NULL ? 0 : EXITS_TEMPORARY);
}

static int
on_config(void * ctx, struct daemon * D)
{
	struct program * P = ctx;
	struct config_replica config;
	struct realm * R;
	int rc;

	(void)D;
	if (config_replica_read(CONFIG_FILE, &config))
		return (EXITS_PERMANENT);
	if ((R = realm_read(CONFIG_REALM)) == NULL)
		return (EXITS_PERMANENT);
	if (make_dir("data") || make_dir("run"))
		rc = EXITS_TEMPORARY;
	else
		rc = open_log(&P->logd, R->name, config.cache_mib);
	realm_free(R);
	return (rc);
}

static int
on_listen(void * ctx, struct daemon * D)
{
	struct program * P = ctx;

	logd_serve_spec(&P->logd, &P->serve);
	return (daemon_serve(D, &P->serve) != NULL ? 0 : -1);
}

static int
on_jail(void * ctx, struct jail * J)
{

	(void)ctx;
	jail_add_dir(J, CONFIG_DATA_LOG);
	jail_add_dir(J, "run");
	return (0);
}

static int
on_batch(void * ctx)
{
	struct program * P = ctx;

	return (log_flush(P->logd.engine));
}

static int
on_drain(void * ctx)
{
	struct program * P = ctx;

	P->logd.draining = 1;
	return (0);
}

static int
on_busy(void * ctx)
{
	struct program * P = ctx;

	return (log_waiting(P->logd.engine) > 0);
}

static void
on_free(void * ctx)
{
	struct program * P = ctx;

	log_close(P->logd.engine);
	logd_peers_free(&P->logd);
	committed_close(P->logd.committed);
	store_close(P->logd.store);
}

int
main(int argc, char ** argv)
{
	static struct program P;
	static const struct daemon_spec spec = {
		.name = "ks-logd",
		.ctx = &P,
		.config = on_config,
		.listen = on_listen,
		.jail = on_jail,
		.batch = on_batch,
		.drain = on_drain,
		.busy = on_busy,
		.free = on_free
	};

	TAILQ_INIT(&P.logd.peers);
	return (daemon_main(argc, argv, &spec));
}
