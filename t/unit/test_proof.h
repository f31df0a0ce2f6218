#ifndef KS_T_TEST_PROOF_H
#define KS_T_TEST_PROOF_H

/* A realm in memory, from whose tree, epoch log and keys proofs are made. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "chain/chain.h"
#include "codec/wbuf.h"
#include "crypto/sign.h"
#include "entry/index.h"
#include "note/note.h"
#include "policy/policy.h"
#include "proof/proof.h"
#include "realm/realm.h"

#define REALM	"example.org"
#define TIME_MS	1700000000000ULL	/* of the first head */
#define EPOCHS	5
#define TILES	256			/* more than the test's tree takes */

/* What a client asks about. */
enum who { ALICE, ERASED, NOBODY_EMPTY, NOBODY_OTHER };

/* A realm with everything that a proof is made from. */
static struct {
	struct sign_key * replica[3], * witness[2];
	struct vkey vreplica[3], vwitness[2];
	struct vrf_key * vrf;
	struct realm * realm;
	struct {
		uint8_t data[TREE_TILE_MAX];
		size_t len;
	} tile[TILES];
	struct tree_root root;
	uint8_t head[EPOCHS][HEAD_LEN];
	struct wbuf entry, profile;	/* of alice */
	char user[4][32];
} world;

static int
tile_get(void * cookie, uint64_t id, uint8_t * p, size_t * len)
{

	(void)cookie;
	if (id >= TILES || world.tile[id].len == 0)
		return (-1);
	memcpy(p, world.tile[id].data, *len = world.tile[id].len);
	return (0);
}

static int
tile_put(void * cookie, uint64_t id, const uint8_t * p, size_t len)
{

	(void)cookie;
	if (id >= TILES)
		return (-1);
	memcpy(world.tile[id].data, p, world.tile[id].len = len);
	return (0);
}

static const struct tree_nodes nodes = { .get = tile_get, .put = tile_put };

/* The hash of any complete subtree of the epoch log, from its leaves. */
static int
subtree(void * cookie, uint8_t level, uint64_t index, uint8_t * hash)
{
	struct merkle_range R;

	(void)cookie;
	merkle_range_init(&R);
	for (uint64_t i = index << level; i < (index + 1) << level; i++) {
		merkle_leaf_hash(world.head[i], HEAD_LEN, hash);
		merkle_range_append(&R, hash, NULL, NULL);
	}
	merkle_range_root(&R, hash);
	return (0);
}

static void
log_root(uint64_t size, uint8_t * root)
{
	struct merkle_range R;

	if (merkle_range_load(&R, size, subtree, NULL))
		abort();
	merkle_range_root(&R, root);
}

static void
make_realm(void)
{
	struct wbuf P, W;
	struct realm realm;
	struct realm_error error;
	uint8_t seed[SIGN_SEED_LEN], scalar[VRF_SCALAR_LEN];
	char text[VKEY_TEXT_MAX + 1];

	wbuf_init(&P, 8192);
	for (unsigned i = 0; i < 5; i++) {
		int w = i >= 3;
		struct vkey * V = w ? &world.vwitness[i - 3] : &world.vreplica[i];
		struct sign_key * K;

		memset(seed, (int)i + 1, sizeof(seed));
		K = sign_key_from_seed(seed);
		*(w ? &world.witness[i - 3] : &world.replica[i]) = K;
		snprintf(text, sizeof(text), w ? "v%u.example.net" : REALM, i);
		if (vkey_make(V, w ? VKEY_COSIGNATURE : VKEY_ED25519, text,
		    K->pk))
			abort();
		vkey_format(V, text);
		wbuf_printf(&P, "%s n%u %s\n", w ? "witness" : "replica", i,
		    text);
	}
	wbuf_printf(&P, "group r 2 n0 n1 n2\ngroup v any n3 n4\n"
	    "group all2 all r v\nquorum all2\n");
	memset(scalar, 0, sizeof(scalar));
	scalar[0] = 9;
	world.vrf = vrf_key_from_scalar(scalar);
	memset(&realm, 0, sizeof(realm));
	snprintf(realm.name, sizeof(realm.name), REALM);
	snprintf(realm.registration, sizeof(realm.registration), "open");
	memset(realm.nonce, 0x5a, REALM_NONCE_LEN);
	vrf_public(world.vrf, realm.vrf_pk);
	realm.fresh_s = 3600;
	realm.policy_text = (const char *)P.data;
	realm.policy_len = P.len;
	wbuf_init(&W, REALM_FILE_MAX);
	realm_format(&W, &realm);
	if (realm_parse((const char *)W.data, W.len, &world.realm, &error))
		abort();
	wbuf_free(&P);
	wbuf_free(&W);
}

static void
make_alice(void)
{
	static const struct profile_app app = { "ssh", 3,
	    (const uint8_t *)"ssh-ed25519 AAAA", 16 };
	uint8_t nonce[PROFILE_NONCE_LEN] = { 3 };
	uint8_t commitment[HASH_LEN], index[INDEX_LEN];
	struct entry E = { index, 7, "key k v\nquorum k\n", 17, commitment };

	wbuf_init(&world.profile, PROFILE_LEN_MAX);
	wbuf_init(&world.entry, ENTRY_LEN_MAX);
	profile_put(&world.profile, nonce, &app, 1);
	profile_commitment(commitment, world.profile.data, world.profile.len);
	index_make(world.vrf, "alice@example.org", index);
	entry_put(&world.entry, &E);
}

/* Twenty users, found by the outcome of looking them up. */
static void
make_users(void)
{
	struct tree_leaf leaf[20];
	struct tree_path path;
	uint8_t index[INDEX_LEN];
	char user[32];

	tree_root_empty(&world.root, world.realm->nonce);
	for (unsigned i = 0; i < 20; i++) {
		snprintf(user, sizeof(user), "user%u@example.org", i);
		index_make(world.vrf, i == 0 ? "alice@example.org" : user,
		    leaf[i].index);
		memset(leaf[i].value, (int)i, TREE_HASH);
	}
	entry_value(leaf[0].value, world.entry.data, world.entry.len);
	if (tree_update(world.realm->nonce, &nodes, &world.root, leaf, 20))
		abort();
	snprintf(world.user[ALICE], 32, "alice@example.org");
	snprintf(world.user[ERASED], 32, "alice@example.org");
	for (unsigned i = 0; world.user[NOBODY_EMPTY][0] == '\0' ||
	    world.user[NOBODY_OTHER][0] == '\0'; i++) {
		snprintf(user, sizeof(user), "nobody%u@example.org", i);
		index_make(world.vrf, user, index);
		if (tree_lookup(world.realm->nonce, &nodes, &world.root, index,
		    &path))
			abort();
		snprintf(world.user[path.kind == TREE_ABSENT_EMPTY ?
		    NOBODY_EMPTY : NOBODY_OTHER], 32, "%s", user);
	}
}

static void
make_world(void)
{
	struct head H;

	if (world.realm != NULL)
		return;
	make_realm();
	make_alice();
	make_users();
	memset(&H, 0, sizeof(H));
	memcpy(H.realm, world.realm->realm_hash, HASH_LEN);
	memcpy(H.policy, world.realm->policy_hash, HASH_LEN);
	memcpy(H.root, world.root.hash, HASH_LEN);
	for (H.epoch = 1; H.epoch <= EPOCHS; H.epoch++) {
		H.time_ms = TIME_MS + 1000 * (H.epoch - 1);
		head_put(&H, world.head[H.epoch - 1]);
	}
}

/* The note on the log of ${size} heads: ${signers}, a bit each, at ${time_s}. */
static inline void
put_note(struct wbuf * W, const char * origin, uint64_t size,
    const uint8_t * root, unsigned signers, uint64_t time_s)
{
	struct wbuf T;
	uint8_t sig[SIGN_LEN];

	wbuf_init(&T, CHECKPOINT_TEXT_MAX + 256);
	checkpoint_text(origin, size, root, &T);
	note_put_text(W, (const char *)T.data, T.len);
	for (unsigned i = 0; i < 5; i++) {
		if (!(signers & 1U << i))
			continue;
		if (i < 3) {
			checkpoint_sign(world.replica[i], (char *)T.data, T.len,
			    sig);
			checkpoint_put_sig(W, &world.vreplica[i], sig);
		} else {
			cosignature_sign(world.witness[i - 3], time_s,
			    (char *)T.data, T.len, sig);
			checkpoint_put_cosig(W, &world.vwitness[i - 3], time_s,
			    sig);
		}
	}
	wbuf_free(&T);
}

/*
 * The realm's policies, one after the other: the realm file's; n0 alone, with a
 * verifier of its own; n1 and n2, with the other verifier.
 */
#define ERAS	3
static struct {
	char text[POLICY_LEN_MAX];
	uint64_t named;		/* epoch whose head names it; 0: the first */
} eras[ERAS] = { [1] = { .named = 2 }, [2] = { .named = 4 } };

/* Make the heads of the world name the policies of the eras. */
static inline void
make_eras(void)
{
	char n[5][VKEY_TEXT_MAX + 1];
	struct head H;

	make_world();
	for (unsigned i = 0; i < 5; i++)
		vkey_format(i < 3 ? &world.vreplica[i] : &world.vwitness[i - 3],
		    n[i]);
	snprintf(eras[0].text, POLICY_LEN_MAX, "%s", world.realm->policy_text);
	snprintf(eras[1].text, POLICY_LEN_MAX, "replica n0 %s\nwitness n3 %s\n"
	    "group g all n0 n3\nquorum g\n", n[0], n[3]);
	snprintf(eras[2].text, POLICY_LEN_MAX, "replica n1 %s\nreplica n2 %s\n"
	    "witness n4 %s\ngroup g all n1 n2 n4\nquorum g\n", n[1], n[2],
	    n[4]);
	for (uint64_t e = 1, era = 0; e <= EPOCHS; e++) {
		if (era + 1 < ERAS && eras[era + 1].named == e)
			era++;
		if (head_parse(&H, world.head[e - 1], HEAD_LEN))
			abort();
		head_policy(eras[era].text, strlen(eras[era].text), H.policy);
		head_put(&H, world.head[e - 1]);
	}
}

/* The link to the policy of ${era}, its note by ${signers} in ${note}. */
static inline void
make_link(struct chain_link * K, unsigned era, unsigned signers,
    struct wbuf * note)
{
	const uint64_t e = eras[era].named;
	uint8_t root[HASH_LEN];

	memset(K, 0, sizeof(*K));
	K->policy = eras[era].text;
	K->policy_len = strlen(K->policy);
	memcpy(K->head, world.head[e - 1], HEAD_LEN);
	if (merkle_inclusion(e, e - 1, subtree, NULL, K->inclusion,
	    &K->ninclusion))
		abort();
	log_root(e, root);
	wbuf_init(note, 65536);
	put_note(note, REALM, e, root, signers, TIME_MS / 1000);
	K->note = (const char *)note->data;
	K->note_len = note->len;
}

/* What a test changes before the proof is made. */
struct wish {
	enum who who;
	uint64_t epoch, size;
	unsigned signers;
	uint64_t time_s;
	const char * origin;
	struct wbuf note;
	uint8_t root[HASH_LEN];		/* of the epoch log */
};

/* The raw proof of ${I}: everything right, for a test to break. */
static inline void
make_proof(struct proof * P, struct wish * I)
{
	uint8_t index[INDEX_LEN];

	memset(P, 0, sizeof(*P));
	snprintf(P->realm, sizeof(P->realm), "%s", REALM);
	snprintf(P->user, sizeof(P->user), "%s", world.user[I->who]);
	index_prove(world.vrf, P->user, index, P->vrf);
	memcpy(P->head, world.head[I->epoch - 1], HEAD_LEN);
	if (tree_lookup(world.realm->nonce, &nodes, &world.root, index,
	    &P->path))
		abort();
	if (P->path.kind == TREE_PRESENT) {
		P->entry = world.entry.data;
		P->entry_len = world.entry.len;
		P->profile = world.profile.data;
		P->profile_len = I->who == ERASED ? 0 : world.profile.len;
	}
	P->leaf = I->epoch - 1;
	if (merkle_inclusion(I->size, P->leaf, subtree, NULL, P->inclusion,
	    &P->ninclusion))
		abort();
	log_root(I->size, I->root);
	wbuf_init(&I->note, 65536);
	put_note(&I->note, I->origin, I->size, I->root, I->signers,
	    I->time_s);
	P->note = (const char *)I->note.data;
	P->note_len = I->note.len;
}

static inline void
wish_init(struct wish * I, enum who who)
{

	make_world();
	memset(I, 0, sizeof(*I));
	I->who = who;
	I->epoch = I->size = EPOCHS;
	I->signers = 31;
	I->time_s = TIME_MS / 1000 + 10;
	I->origin = REALM;
}

#endif
