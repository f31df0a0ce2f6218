#include <err.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <sodium.h>

#include "base/clock.h"
#include "base/exits.h"
#include "codec/rbuf.h"
#include "crypto/sign.h"
#include "crypto/vrf.h"
#include "daemon/daemon.h"
#include "frame/frame.h"
#include "head/head.h"
#include "jail/jail.h"
#include "loop/loop.h"
#include "note/keyfile.h"
#include "policy/history.h"
#include "proto/signature.h"
#include "realm/realm.h"
#include "stage/actions.h"
#include "stage/follow.h"
#include "stage/stage.h"
#include "store/rowkey.h"
#include "store/store.h"
#include "store/view.h"

#include "publish.h"
#include "publish_step.h"

/* Epochs looked through at the start for each verifier's last ratification. */
#define RATIFIED_EPOCHS 4096

static int
step(void * cookie, struct view * view, const struct stage_event * event,
    size_t i, struct actions * actions)
{
	struct publish * P = cookie;

	(void)i;
	return (publish_step(&P->state, view, event, actions));
}

static int
finish(void * cookie, struct view * view)
{
	struct publish * P = cookie;

	if (publish_state_finish(&P->state, view))
		return (-1);
	return (publish_vrf_flush(&P->model.vrf, view));
}

/* Remember that the verifier ${id}, if it is one still, ratified ${epoch}. */
static void
note_ratified(struct publish * P, uint64_t epoch, const uint8_t * id)
{
	int i = policy_find_keyid(
	    policy_history_newest(P->state.policies)->policy, POLICY_WITNESS, id);

	if (i >= 0 && epoch > P->newest[i])
		P->newest[i] = epoch;
}

static int
ratified_row(void * cookie, const uint8_t * key, size_t klen,
    const uint8_t * value, size_t vlen)
{
	struct rbuf R;
	uint64_t epoch;

	(void)value;
	(void)vlen;
	rbuf_init(&R, key + 1, klen - 1);
	epoch = rbuf_get_u64(&R);
	if (R.len == VKEY_ID_LEN)
		note_ratified(cookie, epoch, R.data);
	return (0);
}

/* For STATUS: where the verifiers of the newest policy were. */
static int
read_ratified(struct publish * P)
{
	uint8_t from[ROWKEY_MAX], to[ROWKEY_MAX];
	uint64_t last = P->state.signed_epoch;
	size_t len;

	memset(P->newest, 0, sizeof(P->newest));
	len = rowkey_number(from, PUBLISH_TABLE_RATIFICATION,
	    last > RATIFIED_EPOCHS ? last - RATIFIED_EPOCHS : 0);
	rowkey_number(to, PUBLISH_TABLE_RATIFICATION, last + 1);
	return (store_scan(P->store, from, len, to, len, ratified_row, P) < 0);
}

/* The newest epoch was published: when, if that is news. */
static int
note_published(struct publish * P)
{
	const uint64_t epoch = P->state.signed_epoch;
	struct publish_epoch E;
	struct head H;

	if (epoch <= P->epoch_seen)
		return (0);
	P->epoch_seen = epoch;
	if (publish_model_epoch(&P->model, epoch, &E) ||
	    head_parse(&H, E.head, HEAD_LEN))
		return (-1);
	epochs_seen(&P->epochs, epoch, H.time_ms, clock_wall_ms(),
	    clock_mono_ns() / 1000);
	return (0);
}

static int
act(void * cookie, const struct action * action, uint64_t needs)
{
	struct publish * P = cookie;
	struct signature_ratification S;
	uint64_t us;

	publish_model_changed(&P->model);
	loop_deferred_set(P->wake);
	if (action->kind == PUBLISH_ACT_SIGNED)
		return (note_published(P));
	if (action->kind == PUBLISH_ACT_POLICY)
		return (read_ratified(P) ? -1 : 0);
	if (action->kind != PUBLISH_ACT_RATIFIED)
		return (0);
	if (signature_get_ratification(action->body, action->len, &S))
		return (-1);
	note_ratified(P, S.epoch, S.key_id);
	if (epochs_since(&P->epochs, S.epoch, clock_mono_ns() / 1000, &us) == 0)
		histogram_note(&P->ratification_us, us);
	return (publish_feeds_ratified(P->feeds, S.epoch, action->body, action->len,
	    needs));
}

static const struct stage_spec stage = { NULL, step, finish, act };

/* Something new is served: once for all that came in the turn. */
static int
on_wake(void * cookie)
{
	struct publish * P = cookie;

	if (publish_waits_wake(P->waits))
		return (-1);
	return (publish_feeds_push(P->feeds, NULL));
}

static void
replaying(void * cookie, uint64_t events)
{
	const struct publish * P = cookie;

	warnx("replaying: %" PRIu64 " events, epoch %" PRIu64, events,
	    P->state.closed);
}

/* Read the VRF key and check that it is the realm's. */
static int
read_key(struct publish * P)
{
	struct keyfile * F;
	uint8_t pk[VRF_PK_LEN];

	if ((F = keyfile_read_kind(CONFIG_KEY_VRF, KEYFILE_VRF)) == NULL)
		return (EXITS_PERMANENT);
	P->key = vrf_key_from_scalar(F->secret);
	keyfile_free(F);
	if (P->key == NULL) {
		warn("%s", CONFIG_KEY_VRF);
		return (EXITS_PERMANENT);
	}
	vrf_public(P->key, pk);
	if (memcmp(pk, P->realm->vrf_pk, VRF_PK_LEN) != 0) {
		warnx("%s: not the VRF key of the realm", CONFIG_KEY_VRF);
		return (EXITS_PERMANENT);
	}
	return (0);
}

/* Load the state, or make and commit the first one with a new secret. */
static int
open_state(struct publish * P)
{
	uint8_t secret[HASH_SALT_LEN];
	struct view * view = stage_view(P->stage);
	int rc;

	randombytes_buf(secret, sizeof(secret));
	rc = publish_state_open(&P->state, P->realm, view, secret);
	sodium_memzero(secret, sizeof(secret));
	if (rc != 0)
		return (rc == 1 ? EXITS_PERMANENT : EXITS_TEMPORARY);
	if (publish_state_finish(&P->state, view) || view_commit(view, NULL))
		return (EXITS_TEMPORARY);
	return (0);
}

static int
on_config(void * cookie, struct daemon * D)
{
	struct publish * P = cookie;
	struct store_options options = { 0, 0 };
	int rc;

	if (sign_self_test()) {
		warnx("libsodium fails the self-test of Ed25519");
		return (EXITS_PERMANENT);
	}
	if (config_replica_read(CONFIG_FILE, &P->config) ||
	    (P->realm = realm_read(CONFIG_REALM)) == NULL)
		return (EXITS_PERMANENT);
	if ((rc = read_key(P)) != 0)
		return (rc);
	options.cache_len = (size_t)P->config.cache_mib << 20;

	/* The owner may be one that is about to leave: come back later. */
	if (store_open(CONFIG_DATA_PUBLISH, &options, &P->store) != 0)
		return (EXITS_TEMPORARY);
	if ((P->stage = stage_new(&stage, P, P->store)) == NULL)
		goto memory;
	if ((rc = open_state(P)) != 0)
		return (rc);
	if (publish_model_init(&P->model, P->realm, P->key, P->store, &P->state) ||
	    read_ratified(P))
		return (EXITS_TEMPORARY);
	P->waits = publish_waits_new(P, daemon_loop(D));
	P->feeds = publish_feeds_new(P);
	P->wake = loop_deferred_new(daemon_loop(D), LOOP_BATCH, on_wake, P);
	if (P->waits != NULL && P->feeds != NULL && P->wake != NULL)
		return (0);

memory:
	warn("starting");
	return (EXITS_TEMPORARY);
}

static int
on_listen(void * cookie, struct daemon * D)
{
	struct publish * P = cookie;

	publish_serve_spec(P);
	return (daemon_serve(D, &P->server) == NULL ? -1 : 0);
}

static int
on_upstreams(void * cookie, struct daemon * D)
{
	struct publish * P = cookie;

	P->upstream = (struct stage_follow_spec){ .path = CONFIG_SOCKET_APPLY,
	    .ctx = P, .replaying = replaying };
	P->follow = stage_follow_new(D, P->stage, P->state.cursor, &P->upstream);
	P->ratify = publish_ratify_new(P, D);
	return (P->follow == NULL || P->ratify == NULL ? -1 : 0);
}

static int
on_jail(void * cookie, struct jail * J)
{

	(void)cookie;
	jail_add_dir(J, CONFIG_DATA_PUBLISH);
	jail_add_dir(J, "run");
	return (0);
}

static int
on_drain(void * cookie)
{
	struct publish * P = cookie;

	stage_follow_stop(P->follow);
	publish_feeds_gone(P->feeds, NULL);
	return (publish_waits_drain(P->waits));
}

static void
on_free(void * cookie)
{
	struct publish * P = cookie;

	stage_follow_free(P->follow);
	publish_ratify_free(P->ratify);
	publish_feeds_free(P->feeds);
	publish_waits_free(P->waits);
	loop_deferred_free(P->wake);
	if (P->model.realm != NULL)
		publish_model_free(&P->model);
	if (P->state.realm != NULL)
		publish_state_free(&P->state);
	stage_free(P->stage);
	store_close(P->store);
	vrf_key_free(P->key);
	realm_free(P->realm);
	wbuf_free(&P->body);
}

int
main(int argc, char ** argv)
{
	static struct publish P;
	const struct daemon_spec spec = {
		.name = "ks-publish",
		.usage = "",
		.ctx = &P,
		.config = on_config,
		.listen = on_listen,
		.upstreams = on_upstreams,
		.jail = on_jail,
		.drain = on_drain,
		.free = on_free,
	};
	int rc;

	wbuf_init(&P.body, FRAME_BODY_MAX);
	rc = daemon_main(argc, argv, &spec);

	/* Events that contradict themselves will do so again. */
	return (P.state.fault ? EXITS_PERMANENT : rc);
}
