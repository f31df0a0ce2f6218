#include <err.h>
#include <string.h>

#include "base/exits.h"
#include "config/config.h"
#include "crypto/sign.h"
#include "daemon/daemon.h"
#include "jail/jail.h"
#include "pool/pool.h"
#include "realm/realm.h"
#include "stage/stage.h"
#include "store/store.h"
#include "store/view.h"

#include "apply_log.h"
#include "apply_propose.h"
#include "apply_serve.h"
#include "apply_state.h"
#include "apply_step.h"

/* ks-apply: the state machine.  Log entries in; entries, epochs, events out. */
struct apply {
	struct config_replica config;
	struct realm * realm;
	struct store * store;
	struct pool * pool;
	struct stage * stage;
	struct apply_state state;
	struct apply_propose * propose;
	struct apply_serve * serve;
	struct server_spec server;
	struct apply_log * log;
};

static int
act(void * cookie, const struct action * action, uint64_t needs)
{
	struct apply_state * A = cookie;
	struct apply * M = (struct apply *)((char *)A -
	    offsetof(struct apply, state));

	return (apply_serve_outcome(M->serve, action, needs));
}

static const struct stage_spec stage = { apply_prepare, apply_step,
	apply_state_finish, act };

static int
on_config(void * cookie, struct daemon * D)
{
	struct apply * M = cookie;
	struct store_options options = { 0, 0 };
	int rc;

	if (sign_self_test()) {
		warnx("libsodium fails the self-test of Ed25519");
		return (EXITS_PERMANENT);
	}
	if (config_replica_read(CONFIG_FILE, &M->config) ||
	    (M->realm = realm_read(CONFIG_REALM)) == NULL)
		return (EXITS_PERMANENT);
	options.cache_len = (size_t)M->config.cache_mib << 20;

	/* The owner may be one that is about to leave: come back later. */
	if (store_open(CONFIG_DATA_APPLY, &options, &M->store) != 0)
		return (EXITS_TEMPORARY);
	if ((M->stage = stage_new(&stage, &M->state, M->store)) == NULL)
		goto memory;
	if ((rc = apply_state_open(&M->state, M->realm,
	    stage_view(M->stage))) != 0)
		return (rc == 1 ? EXITS_PERMANENT : EXITS_TEMPORARY);
	if (view_commit(stage_view(M->stage), NULL))
		return (EXITS_TEMPORARY);
	M->propose = apply_propose_new(daemon_loop(D), &M->state, &M->config);
	M->serve = apply_serve_new(daemon_loop(D), &M->state, M->store,
	    M->stage, M->propose);
	if (M->propose != NULL && M->serve != NULL)
		return (0);

memory:
	warn("starting");
	return (EXITS_TEMPORARY);
}

static int
on_listen(void * cookie, struct daemon * D)
{
	struct apply * M = cookie;

	apply_serve_spec(M->serve, &M->server);
	M->server.path = CONFIG_SOCKET_APPLY;
	return (daemon_serve(D, &M->server) == NULL ? -1 : 0);
}

static int
on_upstreams(void * cookie, struct daemon * D)
{
	struct apply * M = cookie;

	M->log = apply_log_new(D, &M->state, M->stage, M->serve, M->propose);
	return (M->log == NULL ? -1 : 0);
}

static int
on_jail(void * cookie, struct jail * J)
{

	(void)cookie;
	jail_add_dir(J, CONFIG_DATA_APPLY);
	jail_add_dir(J, "run");
	return (0);
}

/* Threads start in the jail, as Landlock binds those that are yet to come. */
static int
on_ready(void * cookie, struct daemon * D)
{
	struct apply * M = cookie;

	(void)D;
	if ((M->pool = pool_new(0)) == NULL) {
		warn("threads");
		return (EXITS_TEMPORARY);
	}
	M->state.pool = M->pool;
	return (0);
}

static int
on_drain(void * cookie)
{
	struct apply * M = cookie;

	apply_log_stop(M->log);
	return (apply_serve_drain(M->serve));
}

static void
on_free(void * cookie)
{
	struct apply * M = cookie;

	apply_log_free(M->log);
	apply_serve_free(M->serve);
	apply_propose_free(M->propose);
	if (M->state.realm != NULL)
		apply_state_free(&M->state);
	stage_free(M->stage);
	pool_free(M->pool);
	store_close(M->store);
	realm_free(M->realm);
}

int
main(int argc, char ** argv)
{
	struct apply M;
	const struct daemon_spec spec = {
		.name = "ks-apply",
		.usage = "",
		.ctx = &M,
		.config = on_config,
		.listen = on_listen,
		.upstreams = on_upstreams,
		.jail = on_jail,
		.ready = on_ready,
		.drain = on_drain,
		.free = on_free,
	};

	memset(&M, 0, sizeof(M));
	return (daemon_main(argc, argv, &spec));
}
