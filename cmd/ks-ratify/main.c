#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/exits.h"
#include "codec/rbuf.h"
#include "codec/wbuf.h"
#include "config/config.h"
#include "crypto/sign.h"
#include "daemon/conn.h"
#include "daemon/daemon.h"
#include "daemon/server.h"
#include "frame/common.h"
#include "jail/jail.h"
#include "note/keyfile.h"
#include "policy/history.h"
#include "pool/pool.h"
#include "realm/realm.h"
#include "stage/dump.h"
#include "stage/stage.h"
#include "store/store.h"

#include "fetcher.h"
#include "ratify_evidence.h"
#include "ratify_feed.h"
#include "ratify_link.h"
#include "ratify_policy.h"
#include "ratify_push.h"
#include "ratify_state.h"
#include "ratify_step.h"

/* ks-ratify: replays every update, and cosigns what it reached by itself. */
struct ratify {
	struct config_verifier config;
	struct realm * realm;
	struct sign_key * key;
	struct store * store;
	struct pool * pool;
	struct stage * stage;
	struct ratify_state state;
	struct ratify_push push;
	struct ratify_feed feed;
	struct ratify_link * link;
	struct fetcher fetcher;
	struct server_spec server;
};

static int
step(void * cookie, struct view * view, const struct stage_event * event,
    size_t i, struct actions * actions)
{
	struct ratify * M = cookie;

	return (ratify_step(&M->state, view, event, i, actions));
}

static int
finish(void * cookie, struct view * view)
{
	struct ratify * M = cookie;

	return (ratify_finish(&M->state, view));
}

static int
act(void * cookie, const struct action * action, uint64_t needs)
{
	struct ratify * M = cookie;
	struct rbuf R;
	uint64_t epoch;

	rbuf_init(&R, action->body, action->len);
	epoch = rbuf_get_u64(&R);
	if (action->kind == RATIFY_ACT_BACK)
		return (ratify_push_back(&M->push, epoch));
	ratify_push_add(&M->push, epoch, needs);
	return (0);
}

static const struct stage_spec stage = { NULL, step, finish, act };

/* Read the cosigning key. */
static int
load_key(struct ratify * M)
{
	struct keyfile * file;
	int rc = 0;

	file = keyfile_read_kind(CONFIG_KEY_COSIGN, KEYFILE_COSIGN);
	if (file == NULL)
		return (EXITS_PERMANENT);
	if ((M->key = sign_key_from_seed(file->secret)) == NULL) {
		warn("%s", CONFIG_KEY_COSIGN);
		rc = EXITS_TEMPORARY;
	}
	keyfile_free(file);
	return (rc);
}

/* Does the policy in force in the next epoch have our key? */
static int
cosigns(const struct ratify * M)
{

	return (ratify_policy_own(&M->state, M->state.epoch + 1) != NULL);
}

/* Open the database; a verifier that has halted goes no further. */
static int
open_state(struct ratify * M)
{
	struct store_options options = { 0, 0 };
	int rc;

	options.cache_len = (size_t)M->config.cache_mib << 20;

	/* The owner may be one that is about to leave: come back later. */
	if (store_open(CONFIG_DATA_RATIFY, &options, &M->store) != 0)
		return (EXITS_TEMPORARY);
	if ((M->stage = stage_new(&stage, M, M->store)) == NULL) {
		warn("starting");
		return (EXITS_TEMPORARY);
	}
	rc = ratify_state_open(&M->state, M->realm, M->key,
	    stage_view(M->stage));
	if (rc != 0)
		return (rc == 1 ? EXITS_PERMANENT : EXITS_TEMPORARY);
	rc = ratify_halted_say(&M->state, stage_view(M->stage));
	if (rc != 0)
		return (rc == 1 ? EXITS_PERMANENT : EXITS_TEMPORARY);
	if (!cosigns(M))
		warnx("%s: no verifier of the realm's policy has this key: "
		    "it only follows until one has", CONFIG_KEY_COSIGN);
	ratify_feed_init(&M->feed, &M->state, M->stage);
	return (ratify_push_init(&M->push, &M->state, M->store));
}

static int
on_config(void * cookie, struct daemon * D)
{
	struct ratify * M = cookie;
	int rc;

	if (sign_self_test()) {
		warnx("libsodium fails the self-test of Ed25519");
		return (EXITS_PERMANENT);
	}
	if (config_verifier_read(CONFIG_FILE, &M->config))
		return (EXITS_PERMANENT);
	/* Before there is anything in this process that it should not have. */
	if ((rc = fetcher_start(&M->fetcher, &M->config, daemon_jailed(D))) != 0)
		return (rc);
	if ((M->realm = realm_read(CONFIG_REALM)) == NULL)
		return (EXITS_PERMANENT);
	if (mkdir(CONFIG_EVIDENCE, 0700) && errno != EEXIST) {
		warn("%s", CONFIG_EVIDENCE);
		return (EXITS_TEMPORARY);
	}
	if ((rc = load_key(M)) != 0)
		return (rc);
	return (open_state(M));
}

static int
handle_dump(void * cookie, struct conn * C, uint32_t id, const uint8_t * body,
    size_t len)
{
	struct ratify * M = cookie;

	return (dump_serve(M->store, C, id, body, len));
}

static int
status(void * cookie, struct wbuf * W)
{
	struct ratify * M = cookie;

	wbuf_printf(W, "epoch %" PRIu64 "\n", M->state.epoch);
	wbuf_printf(W, "ratified %" PRIu64 "\n", M->state.ratified);
	wbuf_printf(W, "pending %" PRIu64 "\n", M->state.waiting);
	wbuf_printf(W, "users %" PRIu64 "\n", M->state.tree.leaves);
	wbuf_printf(W, "policy %" PRIu64 "\n",
	    ratify_policy_at(&M->state, M->state.epoch + 1)->number);
	wbuf_printf(W, "cosigning %d\n", cosigns(M));
	/* One that has halted does not run. */
	wbuf_printf(W, "halted 0\n");
	ratify_link_status(M->link, W);
	stage_status(M->stage, W);
	return (0);
}

static const struct server_handler handlers[] = {
	{ COMMON_DUMP, "DUMP", DUMP_BODY_MIN, DUMP_BODY_MAX, handle_dump },
};

static int
on_listen(void * cookie, struct daemon * D)
{
	struct ratify * M = cookie;

	M->server.path = CONFIG_SOCKET_RATIFY;
	M->server.mode = 0600;
	M->server.fd = -1;
	M->server.handlers = handlers;
	M->server.nhandlers = sizeof(handlers) / sizeof(handlers[0]);
	M->server.ctx = M;
	M->server.status = status;
	return (daemon_serve(D, &M->server) == NULL ? -1 : 0);
}

static int
on_upstreams(void * cookie, struct daemon * D)
{
	struct ratify * M = cookie;

	if (fetcher_watch(&M->fetcher, daemon_loop(D)))
		return (-1);
	M->link = ratify_link_new(D, &M->config, &M->feed, &M->push);
	return (M->link == NULL ? -1 : 0);
}

static int
on_jail(void * cookie, struct jail * J)
{

	(void)cookie;
	jail_add_dir(J, CONFIG_DATA_RATIFY);
	jail_add_dir(J, "run");
	jail_add_dir(J, CONFIG_EVIDENCE);
	return (0);
}

/* Threads start in the jail, as Landlock binds those that are yet to come. */
static int
on_ready(void * cookie, struct daemon * D)
{
	struct ratify * M = cookie;

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
	struct ratify * M = cookie;

	ratify_link_stop(M->link);
	return (0);
}

static void
on_free(void * cookie)
{
	struct ratify * M = cookie;

	fetcher_stop(&M->fetcher);
	ratify_link_free(M->link);
	if (M->feed.state != NULL)
		ratify_feed_free(&M->feed);
	ratify_push_free(&M->push);
	if (M->state.realm != NULL)
		ratify_state_free(&M->state);
	stage_free(M->stage);
	pool_free(M->pool);
	store_close(M->store);
	sign_key_free(M->key);
	realm_free(M->realm);
}

int
main(int argc, char ** argv)
{
	struct ratify M;
	const struct daemon_spec spec = {
		.name = "ks-ratify",
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
	M.fetcher.fd = -1;
	return (daemon_main(argc, argv, &spec));
}
