#include <err.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/exits.h"
#include "codec/wbuf.h"
#include "config/config.h"
#include "daemon/conn.h"
#include "daemon/daemon.h"
#include "daemon/server.h"
#include "entry/rule_names.h"
#include "jail/jail.h"
#include "proto/proto_keyids.h"
#include "realm/realm.h"
#include "stage/actions.h"
#include "stage/dump.h"
#include "stage/follow.h"
#include "stage/stage.h"
#include "store/store.h"
#include "store/view.h"

#include "keyids_find.h"
#include "keyids_state.h"
#include "keyids_step.h"

/* ks-keyids: who has published an OpenPGP key, by its fingerprint or key id. */
struct keyids {
	struct config_replica config;
	struct realm * realm;
	struct store * store;
	struct stage * stage;
	struct keyids_state state;
	struct keyids_found found;	/* scratch */
	struct stage_follow_spec follow_spec;
	struct stage_follow * follow;
	struct server_spec server;
	uint64_t searches, hits;
};

static int
act(void * cookie, const struct action * action, uint64_t needs)
{

	(void)cookie;
	(void)action;
	(void)needs;
	return (0);
}

static const struct stage_spec stage = { NULL, keyids_step, keyids_finish, act };

static void
replaying(void * cookie, uint64_t events)
{
	const struct keyids * K = cookie;

	warnx("replaying: %" PRIu64 " events, epoch %" PRIu64, events,
	    K->state.closed);
}

static int
on_config(void * cookie, struct daemon * D)
{
	struct keyids * K = cookie;
	struct store_options options = { 0, 0 };
	int rc;

	(void)D;
	if (config_replica_read(CONFIG_FILE, &K->config) ||
	    (K->realm = realm_read(CONFIG_REALM)) == NULL)
		return (EXITS_PERMANENT);
	if (!K->config.keyids) {
		warnx(CONFIG_FILE ": the realm did not choose to have keys found "
		    "by fingerprint: keyids is no");
		return (EXITS_PERMANENT);
	}
	options.cache_len = (size_t)K->config.cache_mib << 20;

	/* The owner may be one that is about to leave: come back later. */
	if (store_open(CONFIG_DATA_KEYIDS, &options, &K->store) != 0)
		return (EXITS_TEMPORARY);
	if ((K->stage = stage_new(&stage, &K->state, K->store)) == NULL) {
		warn("starting");
		return (EXITS_TEMPORARY);
	}
	if ((rc = keyids_state_open(&K->state, K->realm,
	    stage_view(K->stage))) != 0)
		return (rc == 1 ? EXITS_PERMANENT : EXITS_TEMPORARY);
	return (0);
}

static int
handle_find(void * cookie, struct conn * C, uint32_t id, const uint8_t * body,
    size_t len)
{
	struct keyids * K = cookie;
	uint8_t key[KEYIDS_ID_LEN];
	struct wbuf * W;
	const uint8_t * p;
	size_t n;

	if (proto_keyids_get_find(body, len, &p, &n))
		return (conn_malformed(C, "frame-malformed"));
	if (keyids_id_pad(key, p, n))
		return (conn_error(C, id, ERROR_REFUSED, RULE_KEY_ID_MALFORMED,
		    rule_text(RULE_KEY_ID_MALFORMED), 0));
	K->searches++;
	if (keyids_find(K->store, key, &K->found)) {
		if (store_dead(K->store))
			return (-1);
		return (conn_error(C, id, ERROR_INTERNAL, "internal",
		    "this replica cannot read what it has stored", 0));
	}
	K->hits += K->found.naddresses > 0;
	W = conn_begin(C, KEYIDS_FOUND, id);
	proto_keyids_put_found(W, K->state.signed_epoch, K->found.more,
	    (uint8_t)K->found.naddresses);
	for (unsigned i = 0; i < K->found.naddresses; i++)
		proto_keyids_put_address(W, K->found.address[i],
		    strlen(K->found.address[i]));
	return (conn_end(C, store_number(K->store)));
}

static int
handle_dump(void * cookie, struct conn * C, uint32_t id, const uint8_t * body,
    size_t len)
{
	struct keyids * K = cookie;

	return (dump_serve(K->store, C, id, body, len));
}

static int
status(void * cookie, struct wbuf * W)
{
	struct keyids * K = cookie;

	wbuf_printf(W, "closed %" PRIu64 "\n", K->state.closed);
	wbuf_printf(W, "signed %" PRIu64 "\n", K->state.signed_epoch);
	wbuf_printf(W, "entries %" PRIu64 "\n", K->state.entries);
	wbuf_printf(W, "ids %" PRIu64 "\n", K->state.ids);
	wbuf_printf(W, "keys_read %" PRIu64 "\n", K->state.read);
	wbuf_printf(W, "keys_unread %" PRIu64 "\n", K->state.unread);
	wbuf_printf(W, "searches %" PRIu64 "\n", K->searches);
	wbuf_printf(W, "searches_found %" PRIu64 "\n", K->hits);
	stage_follow_status(K->follow, W);
	stage_status(K->stage, W);
	return (0);
}

static const struct server_handler handlers[] = {
	{ KEYIDS_FIND, "KEYIDS_FIND", 1, 1 + UINT8_MAX, handle_find },
	{ COMMON_DUMP, "DUMP", DUMP_BODY_MIN, DUMP_BODY_MAX, handle_dump },
};

static const char *
frame_name(uint16_t type)
{

	return (type == KEYIDS_FOUND ? "KEYIDS_FOUND" : NULL);
}

static int
on_listen(void * cookie, struct daemon * D)
{
	struct keyids * K = cookie;

	K->server = (struct server_spec){ .path = CONFIG_SOCKET_KEYIDS,
	    .mode = 0660, .fd = -1, .handlers = handlers,
	    .nhandlers = sizeof(handlers) / sizeof(handlers[0]), .ctx = K,
	    .status = status, .frame_name = frame_name };
	return (daemon_serve(D, &K->server) == NULL ? -1 : 0);
}

static int
on_upstreams(void * cookie, struct daemon * D)
{
	struct keyids * K = cookie;

	K->follow_spec = (struct stage_follow_spec){ .path = CONFIG_SOCKET_APPLY,
	    .ctx = K, .replaying = replaying };
	K->follow = stage_follow_new(D, K->stage, K->state.cursor,
	    &K->follow_spec);
	return (K->follow == NULL ? -1 : 0);
}

static int
on_jail(void * cookie, struct jail * J)
{

	(void)cookie;
	jail_add_dir(J, CONFIG_DATA_KEYIDS);
	jail_add_dir(J, "run");
	return (0);
}

static int
on_drain(void * cookie)
{
	struct keyids * K = cookie;

	stage_follow_stop(K->follow);
	return (0);
}

static void
on_free(void * cookie)
{
	struct keyids * K = cookie;

	stage_follow_free(K->follow);
	if (K->state.realm != NULL)
		keyids_state_free(&K->state);
	stage_free(K->stage);
	store_close(K->store);
	realm_free(K->realm);
}

int
main(int argc, char ** argv)
{
	static struct keyids K;
	const struct daemon_spec spec = {
		.name = "ks-keyids",
		.usage = "",
		.ctx = &K,
		.config = on_config,
		.listen = on_listen,
		.upstreams = on_upstreams,
		.jail = on_jail,
		.drain = on_drain,
		.free = on_free,
	};
	int rc = daemon_main(argc, argv, &spec);

	/* Events that contradict themselves will do so again. */
	return (K.state.fault ? EXITS_PERMANENT : rc);
}
