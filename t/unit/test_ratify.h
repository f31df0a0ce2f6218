#ifndef KS_T_TEST_RATIFY_H
#define KS_T_TEST_RATIFY_H

/*
 * A realm of three replicas and one verifier in memory: what the replicas sign
 * is made here with the libraries alone, so that they can be made to lie; the
 * verifier is ks-ratify's own code over a store in memory.
 */

#include <err.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/base64.h"
#include "codec/wbuf.h"
#include "crypto/sign.h"
#include "entry/entry.h"
#include "entry/update.h"
#include "evidence/evidence.h"
#include "frame/frame.h"
#include "head/head.h"
#include "merkle/merkle.h"
#include "note/checkpoint.h"
#include "note/note.h"
#include "policy/history.h"
#include "pool/pool.h"
#include "propose/due.h"
#include "proto/list.h"
#include "proto/policy.h"
#include "proto/proto_publish.h"
#include "proto/signature.h"
#include "realm/realm.h"
#include "stage/stage.h"
#include "store/store.h"
#include "store/store_memory.h"
#include "store/view.h"

#include "../../cmd/ks-ratify/ratify_evidence.h"
#include "../../cmd/ks-ratify/ratify_feed.h"
#include "../../cmd/ks-ratify/ratify_policy.h"
#include "../../cmd/ks-ratify/ratify_push.h"
#include "../../cmd/ks-ratify/ratify_state.h"
#include "../../cmd/ks-ratify/ratify_step.h"

#define REALM		"example.org"
#define TIME_MS		1700000000000ULL	/* of epoch 1 */
#define CLOCK_MS	(TIME_MS + 60000)	/* of the verifier */
#define REPLICAS	3
#define USERS		24
#define EPOCHS		80
#define PENDING		64

/* What is wrong with an epoch. */
enum lie {
	HONEST,
	ROOT, DROPPED, TIME, COUNT, POLICY, SKIPPED, OTHER_REALM, NO_HEAD
};

struct server_epoch {
	struct wbuf updates;		/* body of its FEED_UPDATES */
	struct wbuf policy;		/* of its FEED_POLICY; empty: none */
	struct wbuf head;		/* body of its FEED_HEAD */
	uint8_t record[HEAD_LEN];
	struct wbuf text;		/* of its checkpoint */
};

static struct {
	struct sign_key * replica[REPLICAS], * witness, * user[USERS];
	struct vkey vreplica[REPLICAS], vwitness;
	struct realm * realm;
	struct pool * pool;

	/* The replicas' own state, and what is pending in it. */
	struct store * store;
	struct view * view;
	struct tiles tiles;
	struct tree_root tree;
	struct merkle_range range;
	struct server_epoch epoch[EPOCHS + 1];
	uint64_t last;
	struct wbuf pending[PENDING];
	int applied[PENDING];
	size_t npending;
	unsigned signers;		/* how many replicas sign */
	unsigned first;			/* from this one on */
	uint64_t number;		/* of the policy in force */
	uint8_t policy_hash[HASH_LEN];
	const char * next;		/* policy that the next epoch names */
} world;

/* The verifier, and what it did. */
static struct {
	struct store * store;
	struct stage * stage;
	struct ratify_state state;
	struct ratify_push push;
	struct ratify_feed feed;
	const char * rule;		/* of the last refusal */
	uint64_t from;			/* what it asked for */
	uint64_t acted;			/* pushes that became due */
} me;

static int
me_step(void * cookie, struct view * view, const struct stage_event * event,
    size_t i, struct actions * actions)
{

	(void)cookie;
	return (ratify_step(&me.state, view, event, i, actions));
}

static int
me_finish(void * cookie, struct view * view)
{

	(void)cookie;
	return (ratify_finish(&me.state, view));
}

static int
me_act(void * cookie, const struct action * action, uint64_t needs)
{
	struct rbuf R;
	uint64_t epoch;

	(void)cookie;
	rbuf_init(&R, action->body, action->len);
	epoch = rbuf_get_u64(&R);
	if (action->kind == RATIFY_ACT_BACK)
		return (ratify_push_back(&me.push, epoch));
	ratify_push_add(&me.push, epoch, needs);
	me.acted++;
	return (0);
}

/* Start the verifier on its store; 0, or 1 if it has halted, as main does. */
static int
me_start(void)
{
	static const struct stage_spec spec = { NULL, me_step, me_finish,
		me_act };

	me.stage = stage_new(&spec, NULL, me.store);
	if (me.stage == NULL || ratify_state_open(&me.state, world.realm,
	    world.witness, stage_view(me.stage)))
		errx(1, "the verifier does not start");
	me.state.pool = world.pool;
	ratify_feed_init(&me.feed, &me.state, me.stage);
	if (ratify_push_init(&me.push, &me.state, me.store) ||
	    ratify_feed_start(&me.feed, &me.from))
		errx(1, "the verifier does not start");
	return (ratify_halted_say(&me.state, stage_view(me.stage)));
}

static void
me_stop(void)
{

	ratify_feed_free(&me.feed);
	ratify_push_free(&me.push);
	ratify_state_free(&me.state);
	stage_free(me.stage);
}

/* Feed the frame of ${type} if it is not empty. */
static enum ratify_fed
me_frame(uint16_t type, const struct wbuf * W, uint64_t clock_ms)
{

	return (W->len == 0 ? RATIFY_FED_ON : ratify_feed_frame(&me.feed, type,
	    W->data, W->len, clock_ms, &me.rule));
}

/* Feed what the server has from the epoch that was asked for on. */
static enum ratify_fed
me_feed(uint64_t clock_ms)
{
	enum ratify_fed fed;
	uint64_t e;

	if (ratify_feed_start(&me.feed, &me.from))
		return (RATIFY_FED_FAILED);
	for (e = me.from; e <= world.last; e++) {
		struct server_epoch * E = &world.epoch[e];

		if ((fed = me_frame(FEED_UPDATES, &E->updates, clock_ms)) !=
		    RATIFY_FED_ON ||
		    (fed = me_frame(FEED_POLICY, &E->policy, clock_ms)) !=
		    RATIFY_FED_ON ||
		    (fed = me_frame(FEED_HEAD, &E->head, clock_ms)) !=
		    RATIFY_FED_ON)
			return (fed);
	}
	return (RATIFY_FED_ON);
}

static void
user_policy(unsigned user, char * text, size_t size)
{
	char vkey[VKEY_TEXT_MAX + 1];
	struct vkey V;

	if (vkey_make(&V, VKEY_ED25519, "user", world.user[user]->pk))
		errx(1, "vkey_make");
	vkey_format(&V, vkey);
	snprintf(text, size, "key k %s\nquorum k\n", vkey);
}

/* Append an update of ${user} with the policy of ${owner}, signed by ${signer}. */
static void
make_update(struct wbuf * W, unsigned user, uint64_t version, unsigned owner,
    unsigned signer)
{
	uint8_t index[INDEX_LEN], commitment[HASH_LEN];
	struct wbuf entry, message;
	struct update_sig sig;
	char policy[512];
	struct entry E;

	hash_sha256(&user, sizeof(user), index);
	hash_sha256(&version, sizeof(version), commitment);
	user_policy(owner, policy, sizeof(policy));
	E = (struct entry){ index, version, policy, strlen(policy), commitment };
	wbuf_init(&entry, ENTRY_LEN_MAX);
	wbuf_init(&message, 2 * ENTRY_LEN_MAX);
	entry_put(&entry, &E);
	update_message(&message, REALM, entry.data, entry.len);
	memcpy(sig.pk, world.user[signer]->pk, SIGN_PK_LEN);
	sign_make(world.user[signer], message.data, message.len, sig.sig);
	wbuf_init(W, UPDATE_LEN_MAX);
	if (update_put(W, entry.data, entry.len, &sig, 1))
		errx(1, "update_put");
	wbuf_free(&entry);
	wbuf_free(&message);
}

/* An update for the next epoch; return it for spoiling. */
static struct wbuf *
pend(unsigned user, uint64_t version, unsigned owner, unsigned signer)
{
	struct wbuf * W = &world.pending[world.npending];

	make_update(W, user, version, owner, signer);
	world.applied[world.npending++] = 1;
	return (W);
}

/* Flush what is pending to the replicas' tree; a later one of a user wins. */
static void
flush(void)
{
	struct tree_leaf leaf;
	struct update U;

	for (size_t i = 0; i < world.npending; i++) {
		if (!world.applied[i] || update_parse(&U, world.pending[i].data,
		    world.pending[i].len))
			continue;
		memcpy(leaf.index, U.entry.index, INDEX_LEN);
		entry_value(leaf.value, U.entry_data, U.entry_len);
		if (tree_update(world.realm->nonce, tiles_nodes(&world.tiles),
		    &world.tree, &leaf, 1))
			errx(1, "tree_update");
	}
}

/* Sign the newest epoch's checkpoint, and make its FEED_HEAD. */
static void
sign_epoch(struct server_epoch * E)
{
	struct proto_publish_head H;
	uint8_t sig[SIGN_LEN], root[HASH_LEN];
	struct wbuf note;

	merkle_range_root(&world.range, root);
	wbuf_init(&E->text, CHECKPOINT_TEXT_MAX);
	checkpoint_text(REALM, world.last, root, &E->text);
	wbuf_init(&note, NOTE_LEN_MAX);
	note_put_text(&note, (char *)E->text.data, E->text.len);
	for (unsigned i = world.first; i < world.first + world.signers; i++) {
		checkpoint_sign(world.replica[i], (char *)E->text.data,
		    E->text.len, sig);
		checkpoint_put_sig(&note, &world.vreplica[i], sig);
	}
	H = (struct proto_publish_head){ E->record, note.data, note.len };
	wbuf_init(&E->head, FRAME_BODY_MAX);
	proto_publish_put_head_reply(&E->head, &H);
	wbuf_free(&note);
}

/* Make the FEED_POLICY of the newest epoch, and its head name it. */
static void
name_policy(struct server_epoch * E, struct head * head)
{
	struct proto_policy P = { world.last + 1, world.number + 1, world.next,
		0 };

	wbuf_init(&E->policy, FRAME_BODY_MAX);
	if (world.next != NULL) {
		P.len = strlen(world.next);
		proto_policy_put(&E->policy, &P);
		head_policy(world.next, P.len, world.policy_hash);
		world.number++;
		world.next = NULL;
	}
	memcpy(head->policy, world.policy_hash, HASH_LEN);
}

/* Close the epoch: its head, as ${lie} says, and a majority's signatures. */
static void
close_epoch(enum lie lie)
{
	struct server_epoch * E = &world.epoch[++world.last];
	struct head head;
	struct list list;
	uint8_t leaf[HASH_LEN];

	memset(&head, 0, sizeof(head));
	flush();
	head_list_init(head.list);
	wbuf_init(&E->updates, FRAME_BODY_MAX);
	proto_publish_begin_updates(&list, &E->updates, world.last);
	for (size_t i = 0; i < world.npending; i++) {
		list_put(&list, world.pending[i].data, world.pending[i].len);
		head_list_add(head.list, world.pending[i].data,
		    world.pending[i].len);
		wbuf_free(&world.pending[i]);
	}
	list_end(&list);
	memcpy(head.realm, world.realm->realm_hash, HASH_LEN);
	memcpy(head.root, world.tree.hash, HASH_LEN);
	name_policy(E, &head);
	head.epoch = world.last + (lie == SKIPPED);
	head.time_ms = TIME_MS + 1000 * world.last -
	    (lie == TIME ? 5000 : 0);
	head.updates = world.npending + (lie == COUNT);
	head.root[5] ^= lie == ROOT;
	head.policy[5] ^= lie == POLICY;
	head.realm[5] ^= lie == OTHER_REALM;
	head_put(&head, E->record);
	E->record[3] ^= lie == NO_HEAD;
	world.npending = 0;
	merkle_leaf_hash(E->record, HEAD_LEN, leaf);
	merkle_range_append(&world.range, leaf, NULL, NULL);
	sign_epoch(E);
}

static struct sign_key *
test_key(unsigned n)
{
	uint8_t seed[SIGN_SEED_LEN];

	hash_sha256(&n, sizeof(n), seed);
	return (sign_key_from_seed(seed));
}

/*
 * Append a policy of the replicas from ${first} on up to, not with, ${end}, and
 * the verifier if ${verifier} is nonzero.
 */
static void
put_policy(struct wbuf * W, unsigned first, unsigned end, int verifier)
{
	char vkey[VKEY_TEXT_MAX + 1];

	for (unsigned i = first; i < end; i++) {
		vkey_format(&world.vreplica[i], vkey);
		wbuf_printf(W, "replica r%u %s\n", i, vkey);
	}
	vkey_format(&world.vwitness, vkey);
	if (verifier)
		wbuf_printf(W, "witness w %s\n", vkey);
	wbuf_printf(W, "group g %u", (end - first) / 2 + 1);
	for (unsigned i = first; i < end; i++)
		wbuf_printf(W, " r%u", i);
	wbuf_printf(W, "\nquorum g\n");
}

static void
make_realm(void)
{
	struct realm_error error;
	struct wbuf W;

	wbuf_init(&W, REALM_FILE_MAX);
	wbuf_printf(&W, "ks-realm/v1\nrealm " REALM "\n"
	    "nonce AAECAwQFBgcICQoLDA0ODw==\n"
	    "vrf 4vKuCmq8TnGohKlhxQBRX1jjC2qlgt2NtqZZReCNLXY=\n"
	    "fresh 3600\nregistration open\npolicy\n");
	for (unsigned i = 0; i < REPLICAS; i++)
		vkey_make(&world.vreplica[i], VKEY_ED25519, REALM,
		    world.replica[i]->pk);
	vkey_make(&world.vwitness, VKEY_COSIGNATURE, "verifier.example",
	    world.witness->pk);
	put_policy(&W, 0, REPLICAS, 1);
	if (realm_parse((char *)W.data, W.len, &world.realm, &error))
		errx(1, "realm: line %u: %s", error.line, error.rule);
	wbuf_free(&W);
	world.number = 1;
	memcpy(world.policy_hash, world.realm->policy_hash, HASH_LEN);
}

/* Keys, the realm, replicas without an epoch, a verifier without one. */
static void
world_start(void)
{

	memset(&world, 0, sizeof(world));
	memset(&me, 0, sizeof(me));
	for (unsigned i = 0; i < REPLICAS; i++)
		world.replica[i] = test_key(i);
	world.witness = test_key(100);
	for (unsigned i = 0; i < USERS; i++)
		world.user[i] = test_key(200 + i);
	make_realm();
	world.pool = pool_new(2);
	world.store = store_open_memory();
	world.view = view_open(world.store);
	if (tiles_init(&world.tiles, world.view, NULL, TILES_DELETE, 64))
		errx(1, "tiles_init");
	tree_root_empty(&world.tree, world.realm->nonce);
	merkle_range_init(&world.range);
	world.signers = 2;
	me.store = store_open_memory();
	me_start();
}

/* Forget the epochs that the replicas have made since ${last}. */
static void
free_epochs(uint64_t last)
{

	for (; world.last > last; world.last--) {
		wbuf_free(&world.epoch[world.last].updates);
		wbuf_free(&world.epoch[world.last].policy);
		wbuf_free(&world.epoch[world.last].head);
		wbuf_free(&world.epoch[world.last].text);
	}
}

static void
world_end(void)
{

	me_stop();
	store_close(me.store);
	free_epochs(0);
	for (size_t i = 0; i < world.npending; i++)
		wbuf_free(&world.pending[i]);
	tiles_free(&world.tiles);
	view_close(world.view);
	store_close(world.store);
	pool_free(world.pool);
	realm_free(world.realm);
	for (unsigned i = 0; i < REPLICAS; i++)
		sign_key_free(world.replica[i]);
	sign_key_free(world.witness);
	for (unsigned i = 0; i < USERS; i++)
		sign_key_free(world.user[i]);
}

/* Three honest epochs: registrations, updates, two of one user, none at all. */
static void
honest_epochs(void)
{

	for (unsigned i = 0; i < USERS / 2; i++)
		pend(i, 0, i, i);
	close_epoch(HONEST);
	for (unsigned i = 0; i < 4; i++)
		pend(i, 3, i, i);
	pend(1, 7, 1, 1);
	for (unsigned i = USERS / 2; i < USERS; i++)
		pend(i, 0, i, i);
	pend(USERS - 1, 2, USERS - 1, USERS - 1);
	close_epoch(HONEST);
	close_epoch(HONEST);
}

#endif
