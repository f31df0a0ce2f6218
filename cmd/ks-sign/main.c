#include <err.h>
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
#include "note/vkey.h"
#include "realm/realm.h"
#include "stage/dump.h"
#include "stage/follow.h"
#include "stage/stage.h"
#include "store/store.h"
#include "store/view.h"

#include "sign_propose.h"
#include "sign_state.h"

/* ks-sign: signs each epoch head of this replica once, and proposes it. */
struct sign {
	struct daemon * daemon;
	struct config_replica config;
	struct realm * realm;
	struct sign_key * key;
	struct store * store;
	struct stage * stage;
	struct sign_state state;
	struct sign_propose * propose;
	struct stage_follow_spec follow_spec;
	struct stage_follow * follow;
	struct server_spec server;
	int signs;			/* in the next epoch, as last said */
};

/* sign_step, and what becomes of the process when it refuses. */
static int
step(void * cookie, struct view * view, const struct stage_event * event,
    size_t i, struct actions * actions)
{
	struct sign * M = cookie;

	if (sign_step(&M->state, view, event, i, actions) == 0)
		return (0);
	if (M->state.refusal[0] != '\0') {
		warnx("%s", M->state.refusal);
		daemon_permanent(M->daemon);
	}
	return (-1);
}

static int
finish(void * cookie, struct view * view)
{
	struct sign * M = cookie;
	const uint64_t next = M->state.epoch + 1;

	if (M->signs != sign_state_signs(&M->state, next)) {
		M->signs = !M->signs;
		warnx(M->signs ? "from epoch %" PRIu64 " on %s is a replica's "
		    "key: it signs" : "from epoch %" PRIu64 " on %s is no "
		    "replica's key: nothing is signed", next, CONFIG_KEY_SIGN);
	}
	return (sign_finish(&M->state, view));
}

static int
act(void * cookie, const struct action * action, uint64_t needs)
{
	struct sign * M = cookie;
	struct rbuf R;
	uint64_t epoch;

	rbuf_init(&R, action->body, action->len);
	epoch = rbuf_get_u64(&R);
	if (action->kind == SIGN_ACT_SIGNED)
		return (sign_propose_signed(M->propose, epoch, needs));
	return (sign_propose_seen(M->propose, epoch));
}

static const struct stage_spec stage = { NULL, step, finish, act };

/* Read the signing key, and make its id in this realm. */
static int
load_key(struct sign * M, uint8_t id[VKEY_ID_LEN])
{
	struct keyfile * file;
	struct vkey vkey;
	int rc = EXITS_PERMANENT;

	if ((file = keyfile_read_kind(CONFIG_KEY_SIGN, KEYFILE_ED25519)) == NULL)
		return (EXITS_PERMANENT);
	if ((M->key = sign_key_from_seed(file->secret)) == NULL) {
		warn("%s", CONFIG_KEY_SIGN);
		rc = EXITS_TEMPORARY;
		goto done;
	}
	if (vkey_make(&vkey, VKEY_ED25519, M->realm->name, M->key->pk)) {
		warnx("%s: no key that a replica can have", CONFIG_KEY_SIGN);
		goto done;
	}
	memcpy(id, vkey.id, VKEY_ID_LEN);
	rc = 0;
done:
	keyfile_free(file);
	return (rc);
}

static int
on_config(void * cookie, struct daemon * D)
{
	struct sign * M = cookie;
	struct store_options options = { 0, 0 };
	uint8_t id[VKEY_ID_LEN];
	int rc;

	M->daemon = D;
	if (sign_self_test()) {
		warnx("libsodium fails the self-test of Ed25519");
		return (EXITS_PERMANENT);
	}
	if (config_replica_read(CONFIG_FILE, &M->config) ||
	    (M->realm = realm_read(CONFIG_REALM)) == NULL)
		return (EXITS_PERMANENT);
	if ((rc = load_key(M, id)) != 0)
		return (rc);

	/* The owner may be one that is about to leave: come back later. */
	if (store_open(CONFIG_DATA_SIGN, &options, &M->store) != 0)
		return (EXITS_TEMPORARY);
	if ((M->stage = stage_new(&stage, M, M->store)) == NULL) {
		warn("starting");
		return (EXITS_TEMPORARY);
	}
	if ((rc = sign_state_open(&M->state, M->realm, M->key, id,
	    stage_view(M->stage))) != 0)
		return (rc == 1 ? EXITS_PERMANENT : EXITS_TEMPORARY);
	if (view_commit(stage_view(M->stage), NULL))
		return (EXITS_TEMPORARY);
	M->signs = sign_state_signs(&M->state, M->state.epoch + 1);
	if (!M->signs)
		warnx("%s is no replica's key in the policy of epoch %" PRIu64
		    ": nothing is signed until it is", CONFIG_KEY_SIGN,
		    M->state.epoch + 1);
	return (0);
}

static int
handle_dump(void * cookie, struct conn * C, uint32_t id, const uint8_t * body,
    size_t len)
{
	struct sign * M = cookie;

	return (dump_serve(M->store, C, id, body, len));
}

static int
status(void * cookie, struct wbuf * W)
{
	struct sign * M = cookie;

	wbuf_printf(W, "epoch %" PRIu64 "\n", M->state.epoch);
	wbuf_printf(W, "time_ms %" PRIu64 "\n", M->state.time_ms);
	wbuf_printf(W, "signing %d\n",
	    sign_state_signs(&M->state, M->state.epoch + 1) != 0);
	stage_follow_status(M->follow, W);
	sign_propose_status(M->propose, W);
	stage_status(M->stage, W);
	return (0);
}

static const struct server_handler handlers[] = {
	{ COMMON_DUMP, "DUMP", DUMP_BODY_MIN, DUMP_BODY_MAX, handle_dump },
};

static int
on_listen(void * cookie, struct daemon * D)
{
	struct sign * M = cookie;

	M->server.path = CONFIG_SOCKET_SIGN;
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
	struct sign * M = cookie;

	M->propose = sign_propose_new(D, &M->state, M->store);
	if (M->propose == NULL)
		return (-1);
	M->follow_spec.path = CONFIG_SOCKET_APPLY;
	M->follow = stage_follow_new(D, M->stage, M->state.cursor,
	    &M->follow_spec);
	return (M->follow == NULL ? -1 : 0);
}

static int
on_jail(void * cookie, struct jail * J)
{

	(void)cookie;
	jail_add_dir(J, CONFIG_DATA_SIGN);
	jail_add_dir(J, "run");
	return (0);
}

static int
on_drain(void * cookie)
{
	struct sign * M = cookie;

	stage_follow_stop(M->follow);
	return (0);
}

static void
on_free(void * cookie)
{
	struct sign * M = cookie;

	stage_follow_free(M->follow);
	sign_propose_free(M->propose);
	if (M->state.realm != NULL)
		sign_state_free(&M->state);
	stage_free(M->stage);
	store_close(M->store);
	sign_key_free(M->key);
	realm_free(M->realm);
}

int
main(int argc, char ** argv)
{
	struct sign M;
	const struct daemon_spec spec = {
		.name = "ks-sign",
		.usage = "",
		.ctx = &M,
		.config = on_config,
		.listen = on_listen,
		.upstreams = on_upstreams,
		.jail = on_jail,
		.drain = on_drain,
		.free = on_free,
	};

	memset(&M, 0, sizeof(M));
	return (daemon_main(argc, argv, &spec));
}
