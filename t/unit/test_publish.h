#ifndef KS_T_TEST_PUBLISH_H
#define KS_T_TEST_PUBLISH_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/base64.h"
#include "base/panic.h"
#include "codec/wbuf.h"
#include "crypto/sign.h"
#include "entry/entry.h"
#include "entry/index.h"
#include "entry/profile.h"
#include "entry/update.h"
#include "head/head.h"
#include "merkle/merkle.h"
#include "note/checkpoint.h"
#include "proof/proof.h"
#include "proto/list.h"
#include "proto/policy.h"
#include "proto/proto_apply.h"
#include "proto/signature.h"
#include "realm/realm.h"
#include "stage/stage.h"
#include "store/store.h"
#include "store/view.h"

#include "../../cmd/ks-publish/publish_model.h"
#include "../../cmd/ks-publish/publish_step.h"

#define REPLICAS	3
#define WITNESSES	2
#define KEYS		(REPLICAS + WITNESSES)
#define NAME		"example.org"
#define TIME_MS		1700000000000
#define EVENTS_MAX	1024

/*
 * A realm, and an upstream that makes the events which ks-apply would: it has a
 * tree and an epoch log of its own, so that it agrees with the read model only
 * if both are right.
 */
struct rig {
	struct sign_key * keys[KEYS];
	struct vkey vkeys[KEYS];
	char policy[4096];
	struct vrf_key * vrf;
	struct realm * realm;
	struct realm * reader;		/* whose realm file verifies; NULL: realm */
	uint8_t named[HASH_LEN];	/* the policy that heads name */
	uint64_t number;		/* of it */

	struct store * upstream;	/* the tiles of the upstream's tree */
	struct view * upview;
	struct tiles tiles;
	struct tree_root tree;
	struct merkle_range range;
	struct tree_leaf leaves[64];
	size_t nleaves;
	uint64_t updates;
	uint8_t list[HASH_LEN];		/* of them */
	uint64_t epoch;			/* last closed */
	uint8_t roots[128][HASH_LEN];	/* of the epoch log, by size */

	struct stage_event events[EVENTS_MAX];
	size_t n;			/* made and not run */
	uint64_t position;

	struct store * store;		/* what is tested, from here on */
	struct stage * stage;
	struct publish_state state;
	struct publish_model model;
	unsigned acts[5];		/* actions by kind */
	uint64_t needs;
	unsigned links;			/* of the last proof */
};

static int
rig_step(void * cookie, struct view * view, const struct stage_event * event,
    size_t i, struct actions * actions)
{
	struct rig * R = cookie;

	(void)i;
	return (publish_step(&R->state, view, event, actions));
}

static int
rig_finish(void * cookie, struct view * view)
{
	struct rig * R = cookie;

	if (publish_vrf_flush(&R->model.vrf, view))
		return (-1);
	return (publish_state_finish(&R->state, view));
}

static int
rig_act(void * cookie, const struct action * action, uint64_t needs)
{
	struct rig * R = cookie;

	R->acts[action->kind]++;
	R->needs = needs;
	publish_model_changed(&R->model);
	return (0);
}

static const struct stage_spec rig_spec = { NULL, rig_step, rig_finish, rig_act };

/* Open what is tested on its store, as a start of the process does. */
static void
rig_open(struct rig * R)
{
	static const uint8_t secret[HASH_SALT_LEN] = { 7 };

	PANIC_UNLESS((R->stage = stage_new(&rig_spec, R, R->store)) != NULL);
	PANIC_UNLESS(publish_state_open(&R->state, R->realm, stage_view(R->stage),
	    secret) == 0);
	PANIC_UNLESS(view_commit(stage_view(R->stage), NULL) == 0);
	PANIC_UNLESS(publish_model_init(&R->model, R->realm, R->vrf, R->store,
	    &R->state) == 0);
}

static void
rig_close(struct rig * R)
{

	publish_model_free(&R->model);
	publish_state_free(&R->state);
	stage_free(R->stage);
}

/* Make the keys and the realm file. */
static void
rig_realm(struct rig * R)
{
	uint8_t seed[SIGN_SEED_LEN] = { 1 }, pk[VRF_PK_LEN];
	char text[VKEY_TEXT_MAX + 1], b64[BASE64_SIZE(VRF_PK_LEN)];
	struct realm_error error;
	struct wbuf W;

	wbuf_init(&W, REALM_FILE_MAX);
	PANIC_UNLESS((R->vrf = vrf_key_from_scalar(seed)) != NULL);
	vrf_public(R->vrf, pk);
	base64_encode(pk, sizeof(pk), b64, sizeof(b64));
	wbuf_printf(&W, "ks-realm/v1\nrealm " NAME "\nnonce AAECAwQFBgcICQoLDA0ODw"
	    "==\nvrf %s\nfresh 3600\nregistration open\npolicy\n", b64);
	for (size_t i = 0; i < KEYS; i++) {
		seed[1] = (uint8_t)(i + 1);
		PANIC_UNLESS((R->keys[i] = sign_key_from_seed(seed)) != NULL);
		PANIC_UNLESS(vkey_make(&R->vkeys[i], i < REPLICAS ? VKEY_ED25519 :
		    VKEY_COSIGNATURE, i < REPLICAS ? NAME : "w.example",
		    R->keys[i]->pk) == 0);
		vkey_format(&R->vkeys[i], text);
		wbuf_printf(&W, "%s k%zu %s\n", i < REPLICAS ? "replica" : "witness",
		    i, text);
	}
	wbuf_printf(&W, "group maj 2 k0 k1 k2\ngroup q all maj k3\nquorum q\n");
	PANIC_UNLESS(realm_parse((const char *)W.data, W.len, &R->realm,
	    &error) == 0);
	wbuf_free(&W);
}

static struct rig *
rig_new(void)
{
	struct rig * R;

	PANIC_UNLESS((R = calloc(1, sizeof(*R))) != NULL);
	rig_realm(R);
	PANIC_UNLESS((R->upstream = store_open_memory()) != NULL);
	PANIC_UNLESS((R->upview = view_open(R->upstream)) != NULL);
	PANIC_UNLESS(tiles_init(&R->tiles, R->upview, NULL, TILES_DELETE, 64) == 0);
	tree_root_empty(&R->tree, R->realm->nonce);
	merkle_range_init(&R->range);
	head_list_init(R->list);
	memcpy(R->named, R->realm->policy_hash, HASH_LEN);
	R->number = 1;
	PANIC_UNLESS((R->store = store_open_memory()) != NULL);
	rig_open(R);
	return (R);
}

static void
rig_drop_events(struct rig * R)
{

	for (size_t i = 0; i < R->n; i++)
		free((void *)(uintptr_t)R->events[i].body);
	R->position -= R->n;
	R->n = 0;
}

static void
rig_free(struct rig * R)
{

	rig_drop_events(R);
	rig_close(R);
	store_close(R->store);
	tiles_free(&R->tiles);
	view_close(R->upview);
	store_close(R->upstream);
	for (size_t i = 0; i < KEYS; i++)
		sign_key_free(R->keys[i]);
	vrf_key_free(R->vrf);
	realm_free(R->realm);
	realm_free(R->reader);
	free(R);
}

static void
rig_event(struct rig * R, uint8_t type, const void * body, size_t len)
{
	uint8_t * copy = malloc(len > 0 ? len : 1);

	PANIC_UNLESS(copy != NULL && R->n < EVENTS_MAX);
	memcpy(copy, body, len);
	R->events[R->n++] = (struct stage_event){ ++R->position, type, copy, len };
}

/* Run all events made so far in one batch; what stage_run returns. */
static int
rig_run(struct rig * R)
{
	int rc = stage_run(R->stage, R->events, R->n);
	uint64_t position = R->position;

	rig_drop_events(R);
	R->position = position;
	return (rc);
}

/* One batch for each event. */
static inline int
rig_run_singly(struct rig * R)
{
	uint64_t position = R->position;
	int rc = 0;

	for (size_t i = 0; i < R->n && rc == 0; i++)
		rc = stage_run(R->stage, &R->events[i], 1);
	rig_drop_events(R);
	R->position = position;
	return (rc);
}

/* The update of ${user} to ${version}, whose profile says so too. */
static void
rig_update(struct rig * R, const char * user, uint64_t version)
{
	uint8_t nonce[PROFILE_NONCE_LEN] = { (uint8_t)version };
	uint8_t index[INDEX_LEN], commitment[HASH_LEN];
	struct profile_app app = { "mail", 4, (const uint8_t *)user,
	    strlen(user) };
	struct update_sig sig = { { 1 }, { 2 } };
	struct entry E = { index, version, "policy", 6, commitment };
	struct wbuf profile, entry, update, body;
	struct proto_apply_update U;

	wbuf_init(&profile, PROFILE_LEN_MAX);
	wbuf_init(&entry, ENTRY_LEN_MAX);
	wbuf_init(&update, UPDATE_LEN_MAX);
	wbuf_init(&body, LOG_ENTRY_MAX);
	PANIC_UNLESS(profile_put(&profile, nonce, &app, 1) == 0);
	profile_commitment(commitment, profile.data, profile.len);
	index_make(R->vrf, user, index);
	entry_put(&entry, &E);
	PANIC_UNLESS(update_put(&update, entry.data, entry.len, &sig, 1) == 0);
	U = (struct proto_apply_update){ R->epoch + 1, update.data, update.len,
	    profile.data, profile.len };
	proto_apply_put_update(&body, &U);
	rig_event(R, EVENT_UPDATE, body.data, body.len);

	/* The upstream keeps the last leaf of each index. */
	size_t i = 0;
	while (i < R->nleaves &&
	    memcmp(R->leaves[i].index, index, INDEX_LEN) != 0)
		i++;
	if (i == R->nleaves)
		R->nleaves++;
	memcpy(R->leaves[i].index, index, INDEX_LEN);
	entry_value(R->leaves[i].value, entry.data, entry.len);
	head_list_add(R->list, update.data, update.len);
	R->updates++;
	wbuf_free(&profile);
	wbuf_free(&entry);
	wbuf_free(&update);
	wbuf_free(&body);
}

/* Close the epoch; ${flip} is or'ed into a byte of the root in its head. */
static void
rig_close_epoch(struct rig * R, uint8_t flip, uint64_t count)
{
	uint8_t record[HEAD_LEN], leaf[HASH_LEN];
	struct head H;

	PANIC_UNLESS(tree_update(R->realm->nonce, tiles_nodes(&R->tiles), &R->tree,
	    R->leaves, R->nleaves) == 0);
	memcpy(H.realm, R->realm->realm_hash, HASH_LEN);
	memcpy(H.policy, R->named, HASH_LEN);
	memcpy(H.root, R->tree.hash, HASH_LEN);
	H.root[9] ^= flip;
	memcpy(H.list, R->list, HASH_LEN);
	H.epoch = ++R->epoch;
	H.time_ms = TIME_MS + R->epoch;
	H.updates = count;
	head_put(&H, record);
	merkle_leaf_hash(record, HEAD_LEN, leaf);
	PANIC_UNLESS(merkle_range_append(&R->range, leaf, NULL, NULL) == 0);
	merkle_range_root(&R->range, R->roots[R->epoch]);
	rig_event(R, EVENT_EPOCH, record, HEAD_LEN);
	head_list_init(R->list);
	R->nleaves = 0;
	R->updates = 0;
}

static void
rig_epoch(struct rig * R)
{

	rig_close_epoch(R, 0, R->updates);
}

/* The next head will name the policy ${text}, with the next number. */
static inline void
rig_policy(struct rig * R, const char * text)
{
	const struct proto_policy P = { R->epoch + 2, ++R->number, text,
	    strlen(text) };
	struct wbuf W;

	wbuf_init(&W, LOG_ENTRY_MAX);
	proto_policy_put(&W, &P);
	rig_event(R, EVENT_POLICY, W.data, W.len);
	wbuf_free(&W);
	head_policy(text, strlen(text), R->named);
}

/* Key ${i} signs or ratifies ${epoch}. */
static void
rig_sign(struct rig * R, size_t i, uint64_t epoch)
{
	struct signature S = { .epoch = epoch };
	struct signature_ratification T = { .epoch = epoch };
	struct wbuf text, body;

	wbuf_init(&text, CHECKPOINT_TEXT_MAX);
	wbuf_init(&body, 1024);
	checkpoint_text(NAME, epoch, R->roots[epoch], &text);
	if (i < REPLICAS) {
		memcpy(S.key_id, R->vkeys[i].id, VKEY_ID_LEN);
		checkpoint_sign(R->keys[i], (const char *)text.data, text.len,
		    S.sig);
		signature_put(&body, &S);
		rig_event(R, EVENT_SIGNATURE, body.data, body.len);
	} else {
		T.time_s = TIME_MS / 1000 + 1;
		memcpy(T.key_id, R->vkeys[i].id, VKEY_ID_LEN);
		PANIC_UNLESS(cosignature_sign(R->keys[i], T.time_s,
		    (const char *)text.data, text.len, T.sig) == 0);
		signature_put_ratification(&body, &T);
		rig_event(R, EVENT_RATIFICATION, body.data, body.len);
	}
	wbuf_free(&text);
	wbuf_free(&body);
}

static void
rig_signed(struct rig * R, uint64_t epoch)
{
	struct wbuf body;

	wbuf_init(&body, 8);
	proto_apply_put_signed(&body, epoch);
	rig_event(R, EVENT_SIGNED, body.data, body.len);
	wbuf_free(&body);
}

/* Close an epoch and let two replicas sign it. */
static void
rig_publish(struct rig * R)
{

	rig_epoch(R);
	rig_sign(R, 0, R->epoch);
	rig_sign(R, 2, R->epoch);
	rig_signed(R, R->epoch);
}

/*
 * Prove ${user} at ${epoch} under ${checkpoint} and verify it as a client does:
 * the version found, -1 for an absence, -2 for anything else.
 */
static inline int64_t
rig_lookup(struct rig * R, const char * user, uint64_t epoch, uint64_t checkpoint,
    enum proof_result want)
{
	struct proof_verdict V;
	struct proof * P;
	struct wbuf W;
	const char * rule;
	int64_t found = -2;
	struct realm * reader = R->reader != NULL ? R->reader : R->realm;
	struct publish_policy * C;

	wbuf_init(&W, PROOF_LEN_MAX);
	if (publish_model_policy(&R->model, "", 0, reader->policy_hash, &C,
	    &rule) == 0 && publish_model_prove(&R->model, user, C->known, epoch,
	    checkpoint, &W, &rule) == 0 &&
	    proof_parse((const char *)W.data, W.len, &P, &rule) == 0) {
		R->links = P->chain.n;
		if (proof_verify(P, reader, NULL, user, epoch, TIME_MS + 2000,
		    &V) == want && V.head.epoch == epoch &&
		    V.checkpoint.size == checkpoint)
			found = V.found == TREE_PRESENT ?
			    (int64_t)V.entry.version : -1;
		proof_free(P);
	}
	wbuf_free(&W);
	return (found);
}

#endif
