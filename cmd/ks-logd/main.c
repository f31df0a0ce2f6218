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
#include "log/log.h"
#include "realm/realm.h"
#include "store/store.h"

#include "engine.h"
#include "logd.h"

struct program {
	struct logd logd;
	struct config_replica config;
	struct config_engine engine;
	struct realm * realm;
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
open_log(struct program * P)
{
	struct store_options options = {
		.cache_len = (size_t)P->config.cache_mib << 20
	};
	struct logd * X = &P->logd;
	int rc;

	/* The owner may be one that is about to leave: come back later. */
	if (store_open(CONFIG_DATA_LOG, &options, &X->store) != 0)
		return (EXITS_TEMPORARY);
	rc = committed_open(X->store, P->realm->name, &X->committed);
	if (rc != 0)
		return (rc == 1 ? EXITS_PERMANENT : EXITS_TEMPORARY);
	return (logd_engine_open(X, &P->engine, P->realm));
}

static int
on_config(void * ctx, struct daemon * D)
{
	struct program * P = ctx;

	P->logd.daemon = D;
	if (config_replica_read(CONFIG_FILE, &P->config) ||
	    config_engine_read(CONFIG_FILE, &P->engine))
		return (EXITS_PERMANENT);
	if ((P->realm = realm_read(CONFIG_REALM)) == NULL)
		return (EXITS_PERMANENT);
	if (make_dir("data") || make_dir("run"))
		return (EXITS_TEMPORARY);
	return (open_log(P));
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
	struct program * P = ctx;

	jail_add_dir(J, CONFIG_DATA_LOG);
	jail_add_dir(J, "run");
	logd_engine_jail(&P->engine, J);
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

	logd_certs_stop(&P->logd.certs);
	log_close(P->logd.engine);
	logd_peers_free(&P->logd);
	committed_close(P->logd.committed);
	store_close(P->logd.store);
	realm_free(P->realm);
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
