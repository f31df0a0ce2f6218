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
#include "proto/proto_apply.h"
#include "proto/signature.h"
#include "realm/realm.h"
#include "stage/stage.h"
#include "store/store.h"
#include "store/view.h"

#include "../../cmd/ks-publish/publish_model.h"
#include "../../cmd/ks-publish/publish_step.h"

#include "test.h"

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
	unsigned acts[4];		/* actions by kind */
	uint64_t needs;
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
static int
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
	memcpy(H.policy, R->realm->policy_hash, HASH_LEN);
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
static int64_t
rig_lookup(struct rig * R, const char * user, uint64_t epoch, uint64_t checkpoint,
    enum proof_result want)
{
	struct proof_verdict V;
	struct proof * P;
	struct wbuf W;
	const char * rule;
	int64_t found = -2;

	wbuf_init(&W, PROOF_LEN_MAX);
	if (publish_model_prove(&R->model, user, epoch, checkpoint, &W) == 0 &&
	    proof_parse((const char *)W.data, W.len, &P, &rule) == 0) {
		if (proof_verify(P, R->realm, NULL, user, TIME_MS + 2000, &V) ==
		    want && V.head.epoch == epoch &&
		    V.checkpoint.size == checkpoint)
			found = V.found == TREE_PRESENT ?
			    (int64_t)V.entry.version : -1;
		proof_free(P);
	}
	wbuf_free(&W);
	return (found);
}

static void
test_proofs(void)
{
	struct rig * R = rig_new();

	rig_update(R, "ada@example.org", 0);
	rig_update(R, "bob@example.org", 0);
	rig_publish(R);
	rig_update(R, "ada@example.org", 4);
	rig_update(R, "eve@example.org", 0);
	rig_update(R, "ada@example.org", 5);
	rig_publish(R);
	rig_publish(R);
	rig_sign(R, REPLICAS, 3);
	CHECK(rig_run(R) == 0);
	CHECK(R->acts[PUBLISH_ACT_SIGNED] == 3);
	CHECK(R->acts[PUBLISH_ACT_RATIFIED] == 1);
	CHECK(R->needs == store_number(R->store) && R->needs == 1);

	/* The note of epoch 3 meets the realm's quorum; those before do not. */
	CHECK(rig_lookup(R, "ada@example.org", 3, 3, PROOF_VERIFIED) == 5);
	CHECK(rig_lookup(R, "ada@example.org", 1, 1, PROOF_INSUFFICIENT) == 0);
	CHECK(rig_lookup(R, "ada@example.org", 1, 3, PROOF_VERIFIED) == 0);
	CHECK(rig_lookup(R, "ada@example.org", 2, 3, PROOF_VERIFIED) == 5);
	CHECK(rig_lookup(R, "bob@example.org", 2, 2, PROOF_INSUFFICIENT) == 0);
	CHECK(rig_lookup(R, "eve@example.org", 1, 3, PROOF_VERIFIED) == -1);
	CHECK(rig_lookup(R, "eve@example.org", 2, 3, PROOF_VERIFIED) == 0);
	CHECK(rig_lookup(R, "nobody@example.org", 3, 3, PROOF_VERIFIED) == -1);
	rig_free(R);
}

static int
count_rows(void * cookie, const uint8_t * key, size_t klen, const uint8_t * value,
    size_t vlen)
{

	(void)key;
	(void)klen;
	(void)value;
	(void)vlen;
	(*(size_t *)cookie)++;
	return (0);
}

/* Run what was made: it must be a fault, and leave nothing behind. */
static int
refused(struct rig * R)
{
	uint64_t number = store_number(R->store);
	size_t before = 0, after = 0;
	int rc;

	store_scan(R->store, NULL, 0, NULL, 0, count_rows, &before);
	rc = rig_run(R);
	store_scan(R->store, NULL, 0, NULL, 0, count_rows, &after);
	return (rc == -1 && R->state.fault && before == after &&
	    number == store_number(R->store));
}

static void
test_faults(void)
{
	struct rig * R;

	for (int kind = 0; kind < 9; kind++) {
		R = rig_new();
		rig_update(R, "ada@example.org", 0);
		rig_publish(R);
		CHECK(rig_run(R) == 0);
		rig_update(R, "bob@example.org", 0);
		switch (kind) {
		case 0:		/* a root that is not the updates' */
			rig_close_epoch(R, 1, 1);
			rig_signed(R, 2);
			break;
		case 1:		/* a count that is not the updates' */
			rig_close_epoch(R, 0, 2);
			break;
		case 2:		/* a head out of order */
			R->epoch++;
			rig_close_epoch(R, 0, 1);
			break;
		case 3:		/* an update of another epoch */
			R->epoch++;
			rig_update(R, "eve@example.org", 0);
			break;
		case 4:		/* an epoch signed twice */
			rig_signed(R, 1);
			break;
		case 5:		/* a ratification before the majority */
			rig_epoch(R);
			rig_sign(R, REPLICAS, 2);
			break;
		case 6:		/* a type that nobody knows */
			rig_event(R, 9, "", 0);
			break;
		case 7:		/* other updates, though with the same root */
			R->list[3] ^= 1;
			rig_epoch(R);
			break;
		case 8:		/* a gap */
			R->position++;
			rig_epoch(R);
			break;
		}
		CHECK(refused(R));
		rig_free(R);
	}
}

static int
is_same_row(void * cookie, const uint8_t * key, size_t klen,
    const uint8_t * value, size_t vlen)
{
	struct bytes row = { NULL, 0, 0 };
	int same;

	same = store_get(cookie, key, klen, &row) == 0 && row.len == vlen &&
	    (vlen == 0 || memcmp(row.data, value, vlen) == 0);
	bytes_free(&row);
	return (same ? 0 : -1);
}

static void
make_history(struct rig * R)
{

	rig_update(R, "ada@example.org", 0);
	rig_update(R, "bob@example.org", 0);
	rig_publish(R);
	rig_update(R, "bob@example.org", 1);
	rig_publish(R);
	rig_sign(R, REPLICAS + 1, 1);
	rig_update(R, "eve@example.org", 0);
	rig_update(R, "eve@example.org", 1);
}

static void
test_restart(void)
{
	struct rig * A = rig_new(), * B = rig_new();
	struct publish_state before;
	size_t rows_a = 0, rows_b = 0;

	make_history(A);
	make_history(B);
	CHECK(rig_run(A) == 0 && rig_run_singly(B) == 0);
	CHECK(A->state.closed == 2 && A->state.signed_epoch == 2);
	CHECK(A->state.updates == 2 && A->state.cursor == A->position);

	/* However they were batched, the same events give the same rows. */
	CHECK(store_scan(A->store, NULL, 0, NULL, 0, is_same_row, B->store) == 0);
	CHECK(store_scan(A->store, NULL, 0, NULL, 0, count_rows, &rows_a) == 0);
	CHECK(store_scan(B->store, NULL, 0, NULL, 0, count_rows, &rows_b) == 0);
	CHECK(rows_a == rows_b);

	/* What a new process reads is what the old one had in memory. */
	before = B->state;
	rig_close(B);
	rig_open(B);
	CHECK(before.cursor == B->state.cursor);
	CHECK(before.closed == B->state.closed);
	CHECK(before.signed_epoch == B->state.signed_epoch);
	CHECK(before.updates == B->state.updates);
	CHECK(memcmp(&before.tree, &B->state.tree, sizeof(before.tree)) == 0);
	CHECK(before.range.size == B->state.range.size);
	CHECK(memcmp(before.range.hash, B->state.range.hash,
	    before.range.n * HASH_LEN) == 0);
	CHECK(memcmp(before.secret, B->state.secret, HASH_SALT_LEN) == 0);
	rig_publish(B);
	rig_sign(B, REPLICAS, 3);
	CHECK(rig_run(B) == 0);
	CHECK(rig_lookup(B, "eve@example.org", 3, 3, PROOF_VERIFIED) == 1);
	CHECK(rig_lookup(B, "bob@example.org", 1, 3, PROOF_VERIFIED) == 0);
	rig_free(A);
	rig_free(B);
}

static void
test_unsigned(void)
{
	struct rig * R = rig_new();
	uint64_t epoch, checkpoint;

	rig_update(R, "ada@example.org", 0);
	rig_epoch(R);
	rig_sign(R, 0, 1);
	CHECK(rig_run(R) == 0);
	CHECK(R->state.closed == 1 && R->state.signed_epoch == 0);
	CHECK(R->acts[PUBLISH_ACT_SIGNED] == 0);
	CHECK(publish_model_choose(&R->model, 0, 0, 0, &epoch, &checkpoint) ==
	    PUBLISH_NOT_YET);
	CHECK(publish_model_choose(&R->model, 0, 1, 0, &epoch, &checkpoint) ==
	    PUBLISH_NOT_YET);
	rig_sign(R, 1, 1);
	rig_signed(R, 1);
	CHECK(rig_run(R) == 0);
	CHECK(R->acts[PUBLISH_ACT_SIGNED] == 1);
	CHECK(publish_model_choose(&R->model, 0, 1, 0, &epoch, &checkpoint) ==
	    PUBLISH_WAIT && epoch == 1 && checkpoint == 1);
	rig_free(R);
}

/* The newest epoch that meets the policy ${text}. */
static uint64_t
best(struct rig * R, const char * text)
{
	struct publish_policy * C;
	const char * rule;
	uint64_t epoch;

	if (publish_model_policy(&R->model, text, strlen(text), &C, &rule) ||
	    publish_model_best(&R->model, C, &epoch))
		return (UINT64_MAX);
	return (epoch);
}

static void
test_quorum(void)
{
	struct rig * R = rig_new();
	char w4[VKEY_TEXT_MAX + 1], r1[VKEY_TEXT_MAX + 1], text[2][1024];
	uint64_t epoch, checkpoint;

	vkey_format(&R->vkeys[4], w4);
	vkey_format(&R->vkeys[1], r1);
	snprintf(text[0], sizeof(text[0]), "witness w %s\nquorum w\n", w4);
	snprintf(text[1], sizeof(text[1]), "replica r %s\nquorum r\n", r1);
	for (int i = 0; i < 3; i++)
		rig_publish(R);
	rig_sign(R, REPLICAS, 1);
	CHECK(rig_run(R) == 0);
	CHECK(best(R, "") == 1);
	CHECK(best(R, "quorum none\n") == 3);
	CHECK(best(R, text[0]) == 0);
	CHECK(best(R, "nonsense\n") == UINT64_MAX);

	/* What comes later is seen, one beyond the majority too. */
	rig_sign(R, REPLICAS, 2);
	rig_sign(R, REPLICAS + 1, 1);
	rig_sign(R, 1, 3);
	CHECK(best(R, text[1]) == 0);
	CHECK(rig_run(R) == 0);
	CHECK(best(R, "") == 2 && best(R, text[0]) == 1 && best(R, text[1]) == 3);

	CHECK(publish_model_choose(&R->model, 2, 0, 0, &epoch, &checkpoint) ==
	    PUBLISH_PROVE && epoch == 2 && checkpoint == 2);
	CHECK(publish_model_choose(&R->model, 2, 1, 0, &epoch, &checkpoint) ==
	    PUBLISH_PROVE && epoch == 1 && checkpoint == 2);
	CHECK(publish_model_choose(&R->model, 2, 0, 3, &epoch, &checkpoint) ==
	    PUBLISH_WAIT && epoch == 3 && checkpoint == 3);
	CHECK(publish_model_choose(&R->model, 2, 3, 0, &epoch, &checkpoint) ==
	    PUBLISH_WAIT && epoch == 3 && checkpoint == 3);
	CHECK(publish_model_choose(&R->model, 2, 1, 4, &epoch, &checkpoint) ==
	    PUBLISH_NOT_YET);

	/* Only LOOKBACK_EPOCHS_MAX epochs are looked at. */
	for (uint64_t e = 4; e < 2 + LOOKBACK_EPOCHS_MAX; e++)
		rig_publish(R);
	CHECK(rig_run(R) == 0 && best(R, "") == 2);
	rig_publish(R);
	CHECK(rig_run(R) == 0 && best(R, "") == 0);
	rig_free(R);
}

static int
delete_row(void * cookie, const uint8_t * key, size_t klen, const uint8_t * value,
    size_t vlen)
{

	(void)value;
	(void)vlen;
	return (view_del(cookie, key, klen));
}

static void
test_damage(void)
{
	static const enum publish_table tables[] = { PUBLISH_TABLE_ENTRY,
	    PUBLISH_TABLE_PROFILE, PUBLISH_TABLE_EPOCH, PUBLISH_TABLE_SUBTREE,
	    (enum publish_table)TILES_TABLE };
	uint8_t from, to;
	struct rig * R;
	struct view * view;

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		R = rig_new();
		rig_update(R, "ada@example.org", 0);
		rig_publish(R);
		rig_publish(R);
		CHECK(rig_run(R) == 0);
		from = (uint8_t)tables[i];
		to = (uint8_t)(from + 1);
		view = stage_view(R->stage);
		CHECK(view_scan(view, &from, 1, &to, to != 0, delete_row,
		    view) == 0);
		CHECK(view_pending(view, NULL) > 0);
		CHECK(view_commit(view, NULL) == 0);
		CHECK(rig_lookup(R, "ada@example.org", 2, 2,
		    PROOF_INSUFFICIENT) == -2);
		rig_free(R);
	}
}

static void
test_vrf_cache(void)
{
	struct rig * R = rig_new();

	rig_update(R, "ada@example.org", 0);
	rig_publish(R);
	CHECK(rig_run(R) == 0);
	for (int i = 0; i < 3; i++) {
		CHECK(rig_lookup(R, "ada@example.org", 1, 1,
		    PROOF_INSUFFICIENT) == 0);
		CHECK(rig_lookup(R, "nobody@example.org", 1, 1,
		    PROOF_INSUFFICIENT) == -1);
	}
	CHECK(R->model.vrf.made == 2 && R->model.vrf.remembered == 4);

	/* A proof of a user that exists survives, with the next batch. */
	rig_publish(R);
	CHECK(rig_run(R) == 0 && store_number(R->store) == 2);
	rig_close(R);
	rig_open(R);
	CHECK(rig_lookup(R, "ada@example.org", 2, 2, PROOF_INSUFFICIENT) == 0);
	CHECK(R->model.vrf.made == 0);
	CHECK(rig_lookup(R, "nobody@example.org", 2, 2, PROOF_INSUFFICIENT) == -1);
	CHECK(R->model.vrf.made == 1);
	rig_free(R);
}

static const struct test tests[] = {
	{ "lookups at any published epoch give proofs that verify", test_proofs },
	{ "events that contradict themselves commit nothing", test_faults },
	{ "batching and restarts do not show in what is stored", test_restart },
	{ "nothing of an epoch is served before it is signed", test_unsigned },
	{ "the newest epoch that meets a policy is found, not far back",
	    test_quorum },
	{ "a missing row is an error, never an absence", test_damage },
	{ "VRF proofs are remembered, for users that exist also on disk",
	    test_vrf_cache },
};

TESTS(tests)
