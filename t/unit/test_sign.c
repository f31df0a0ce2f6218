#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "codec/rbuf.h"
#include "codec/wbuf.h"
#include "crypto/vrf.h"
#include "entry/limits.h"
#include "note/checkpoint.h"
#include "proto/policy.h"
#include "proto/proto_apply.h"
#include "proto/signature.h"
#include "realm/realm.h"
#include "stage/stage.h"
#include "store/rowkey.h"
#include "store/store.h"
#include "store/store_memory.h"
#include "store/view.h"

#include "../../cmd/ks-sign/sign_state.h"

#include "test.h"

#define REALM "example.org"

static struct sign_key * key;
static struct vkey vkey;
static struct realm * realm;

struct signer {
	struct store * store;
	struct stage * stage;
	struct sign_state state;
	uint64_t position;
	unsigned signed_acts, seen_acts;
};

static int
act(void * cookie, const struct action * action, uint64_t needs)
{
	struct signer * S = (struct signer *)((char *)cookie -
	    offsetof(struct signer, state));

	S->signed_acts += action->kind == SIGN_ACT_SIGNED;
	S->seen_acts += action->kind == SIGN_ACT_SEEN;
	return (needs == store_number(S->store) ? 0 : -1);
}

static const struct stage_spec spec = { NULL, sign_step, sign_finish, act };

static void
make_realm(void)
{
	struct vrf_key * vrf = vrf_key_generate();
	struct realm_error error;
	struct realm R;
	struct wbuf P, W;
	char text[VKEY_TEXT_MAX + 1];

	key = sign_key_generate();
	vkey_make(&vkey, VKEY_ED25519, REALM, key->pk);
	vkey_format(&vkey, text);
	wbuf_init(&P, 8192);
	wbuf_init(&W, REALM_FILE_MAX);
	wbuf_printf(&P, "replica r %s\nquorum r\n", text);
	memset(&R, 0, sizeof(R));
	snprintf(R.name, sizeof(R.name), REALM);
	snprintf(R.registration, sizeof(R.registration), "open");
	vrf_public(vrf, R.vrf_pk);
	R.fresh_s = 1;
	R.policy_text = (const char *)P.data;
	R.policy_len = P.len;
	realm_format(&W, &R);
	if (realm_parse((const char *)W.data, W.len, &realm, &error))
		abort();
	vrf_key_free(vrf);
	wbuf_free(&P);
	wbuf_free(&W);
}

static void
signer_start(struct signer * S)
{

	S->stage = stage_new(&spec, &S->state, S->store);
	if (sign_state_open(&S->state, realm, key, vkey.id,
	    stage_view(S->stage)) || view_commit(stage_view(S->stage), NULL))
		abort();
}

static void
signer_stop(struct signer * S)
{

	sign_state_free(&S->state);
	stage_free(S->stage);
}

static void
signer_new(struct signer * S)
{

	if (realm == NULL)
		make_realm();
	memset(S, 0, sizeof(*S));
	S->store = store_open_memory();
	signer_start(S);
}

static void
signer_free(struct signer * S)
{

	signer_stop(S);
	store_close(S->store);
}

/* The head of ${epoch}; ${change} makes it another one. */
static void
make_head(uint64_t epoch, uint8_t change, struct head * H)
{

	memset(H, 0, sizeof(*H));
	memcpy(H->realm, realm->realm_hash, HASH_LEN);
	memcpy(H->policy, realm->policy_hash, HASH_LEN);
	H->epoch = epoch;
	H->time_ms = 1000 * epoch;
	H->root[0] = change;
}

static int
give(struct signer * S, uint8_t type, const void * body, size_t len)
{
	struct stage_event event = { ++S->position, type, body, len };

	return (stage_run(S->stage, &event, 1));
}

static int
give_head(struct signer * S, const struct head * H)
{
	uint8_t record[HEAD_LEN];

	head_put(H, record);
	return (give(S, EVENT_EPOCH, record, HEAD_LEN));
}

/* The row of ${epoch}; its length, or 0. */
static size_t
row_of(struct signer * S, uint64_t epoch, uint8_t row[SIGN_ROW_LEN])
{
	struct bytes B = { NULL, 0, 0 };
	uint8_t k[ROWKEY_MAX];
	size_t len = 0;

	if (store_get(S->store, k, rowkey_number(k, SIGN_TABLE_SIGNED, epoch),
	    &B) == 0 && B.len == SIGN_ROW_LEN)
		memcpy(row, B.data, len = B.len);
	bytes_free(&B);
	return (len);
}

static void
signs_the_checkpoint(void)
{
	struct signer S;
	struct head H;
	struct merkle_range range;
	uint8_t row[SIGN_ROW_LEN], root[HASH_LEN], leaf[HASH_LEN];
	struct wbuf text;

	signer_new(&S);
	merkle_range_init(&range);
	wbuf_init(&text, CHECKPOINT_TEXT_MAX);
	for (uint64_t epoch = 1; epoch <= 5; epoch++) {
		make_head(epoch, 0, &H);
		CHECK(give_head(&S, &H) == 0);
		CHECK(row_of(&S, epoch, row) == SIGN_ROW_LEN);
		merkle_leaf_hash(row, HEAD_LEN, leaf);
		merkle_range_append(&range, leaf, NULL, NULL);
		merkle_range_root(&range, root);
		wbuf_reset(&text);
		checkpoint_text(REALM, epoch, root, &text);
		CHECK(sign_verify(vkey.pk, text.data, text.len,
		    row + SIGN_ROW_SIG) == 0);
	}
	CHECK(S.signed_acts == 5);
	wbuf_free(&text);
	signer_free(&S);
}

static void
never_two_for_one_epoch(void)
{
	struct signer S;
	struct head H;
	uint8_t before[SIGN_ROW_LEN], after[SIGN_ROW_LEN];

	signer_new(&S);
	make_head(1, 0, &H);
	CHECK(give_head(&S, &H) == 0 && row_of(&S, 1, before) > 0);

	/* The same again, after a restart too, is no news. */
	CHECK(give_head(&S, &H) == 0);
	signer_stop(&S);
	signer_start(&S);
	CHECK(give_head(&S, &H) == 0 && S.signed_acts == 1);

	/* Another head for it is refused, and nothing of it is kept. */
	make_head(1, 1, &H);
	CHECK(give_head(&S, &H) == -1);
	CHECK(strstr(S.state.refusal, "another head was signed") != NULL);
	CHECK(row_of(&S, 1, after) > 0);
	CHECK(memcmp(before, after, SIGN_ROW_LEN) == 0);
	signer_free(&S);
}

/* Give epoch 1, then ${H}: it must be refused because ${why}. */
static int
refused(const struct head * H, const char * why)
{
	struct signer S;
	struct head first;
	uint8_t row[SIGN_ROW_LEN];
	int ok;

	signer_new(&S);
	make_head(1, 0, &first);
	ok = give_head(&S, &first) == 0 && give_head(&S, H) == -1 &&
	    strstr(S.state.refusal, why) != NULL && S.signed_acts == 1 &&
	    row_of(&S, H->epoch, row) == 0;
	signer_free(&S);
	return (ok);
}

static void
only_the_next_head_of_the_realm(void)
{
	struct head H;

	if (realm == NULL)
		make_realm();
	make_head(3, 0, &H);
	CHECK(refused(&H, "not the next epoch"));
	make_head(2, 0, &H);
	H.realm[0] ^= 1;
	CHECK(refused(&H, "another realm"));
	make_head(2, 0, &H);
	H.policy[0] ^= 1;
	CHECK(refused(&H, "another policy"));
	make_head(2, 0, &H);
	H.time_ms = 999;
	CHECK(refused(&H, "goes back"));
}

static void
a_signature_leaves_after_the_commit(void)
{
	struct signer S;
	struct head H;
	uint8_t row[SIGN_ROW_LEN];

	signer_new(&S);
	store_memory_fail_commit(S.store, 1);
	make_head(1, 0, &H);
	CHECK(give_head(&S, &H) == -1 && S.signed_acts == 0);
	signer_stop(&S);
	store_memory_restart(S.store);
	signer_start(&S);
	CHECK(S.state.epoch == 0 && row_of(&S, 1, row) == 0);

	/* What nobody saw may be signed differently now. */
	make_head(1, 5, &H);
	CHECK(give_head(&S, &H) == 0 && S.signed_acts == 1);
	signer_free(&S);
}

static void
its_own_signature_comes_back(void)
{
	struct signer S;
	struct head H;
	struct signature G;
	struct wbuf W;
	uint8_t row[SIGN_ROW_LEN];

	signer_new(&S);
	make_head(1, 0, &H);
	CHECK(give_head(&S, &H) == 0 && row_of(&S, 1, row) > 0);
	CHECK(row[SIGN_ROW_FLAG] == 0);
	G.epoch = 1;
	memcpy(G.key_id, vkey.id, VKEY_ID_LEN);
	memcpy(G.sig, row + SIGN_ROW_SIG, SIGN_LEN);
	wbuf_init(&W, 256);
	signature_put(&W, &G);
	CHECK(give(&S, EVENT_SIGNATURE, W.data, W.len) == 0);
	CHECK(S.seen_acts == 1 && row_of(&S, 1, row) > 0);
	CHECK(row[SIGN_ROW_FLAG] == 1);

	/* One that it did not make: the key is in other hands. */
	wbuf_reset(&W);
	G.sig[0] ^= 1;
	signature_put(&W, &G);
	CHECK(give(&S, EVENT_SIGNATURE, W.data, W.len) == -1);
	CHECK(strstr(S.state.refusal, "did not make") != NULL);

	/* Another replica's is none of its business. */
	S.state.refusal[0] = '\0';
	G.key_id[0] ^= 1;
	wbuf_reset(&W);
	signature_put(&W, &G);
	CHECK(give(&S, EVENT_SIGNATURE, W.data, W.len) == 0);
	CHECK(S.state.refusal[0] == '\0');
	wbuf_free(&W);
	signer_free(&S);
}

/* The text of a policy whose replica is this one, or some other. */
static const char *
policy_of(int ours)
{
	static char texts[2][1000];
	uint8_t seed[SIGN_SEED_LEN] = { 9 };
	char text[VKEY_TEXT_MAX + 1];
	struct sign_key * other = sign_key_from_seed(seed);
	struct vkey V = vkey;

	if (!ours)
		vkey_make(&V, VKEY_ED25519, REALM, other->pk);
	sign_key_free(other);
	vkey_format(&V, text);
	snprintf(texts[ours], sizeof(texts[ours]), "replica s %s\nquorum s\n",
	    text);
	return (texts[ours]);
}

/* Tell that from ${epoch} on the policy ${number} is ${text}. */
static int
give_policy(struct signer * S, uint64_t epoch, uint64_t number, const char * text)
{
	const struct proto_policy P = { epoch, number, text, strlen(text) };
	struct wbuf W;
	int rc;

	wbuf_init(&W, 16384);
	proto_policy_put(&W, &P);
	rc = give(S, EVENT_POLICY, W.data, W.len);
	wbuf_free(&W);
	return (rc);
}

/* The head of ${epoch} that names ${text}. */
static int
give_naming(struct signer * S, uint64_t epoch, const char * text)
{
	struct head H;

	make_head(epoch, 0, &H);
	head_policy(text, strlen(text), H.policy);
	return (give_head(S, &H));
}

static void
signs_while_in_force(void)
{
	static const uint8_t nothing[SIGN_LEN];
	struct signer S;
	struct head H;
	uint8_t row[SIGN_ROW_LEN], root[HASH_LEN];
	struct wbuf text;

	signer_new(&S);
	make_head(1, 0, &H);
	CHECK(give_head(&S, &H) == 0);

	/* It is told that it will not be a replica; that epoch is still its own. */
	CHECK(give_policy(&S, 3, 2, policy_of(0)) == 0);
	CHECK(sign_state_signs(&S.state, 2) && !sign_state_signs(&S.state, 3));
	signer_stop(&S);
	signer_start(&S);
	S.position = S.state.cursor;
	CHECK(give_head(&S, &H) == 0);
	CHECK(give_policy(&S, 3, 2, policy_of(0)) == 0);
	CHECK(give_naming(&S, 2, policy_of(0)) == 0 && S.signed_acts == 2);

	/* Two epochs that it only notes, and over a restart. */
	CHECK(give_naming(&S, 3, policy_of(0)) == 0);
	CHECK(row_of(&S, 3, row) > 0 && row[SIGN_ROW_FLAG] == 2);
	CHECK(memcmp(row + SIGN_ROW_SIG, nothing, SIGN_LEN) == 0);
	signer_stop(&S);
	signer_start(&S);
	CHECK(S.state.epoch == 3 && !sign_state_signs(&S.state, 4));
	CHECK(give_policy(&S, 5, 3, policy_of(1)) == 0);
	CHECK(give_naming(&S, 4, policy_of(1)) == 0 && S.signed_acts == 2);
	CHECK(row_of(&S, 4, row) > 0 && row[SIGN_ROW_FLAG] == 2);

	/* And then one in which its key is in force, over the whole log. */
	CHECK(give_naming(&S, 5, policy_of(1)) == 0 && S.signed_acts == 3);
	CHECK(row_of(&S, 5, row) > 0 && row[SIGN_ROW_FLAG] == 0);
	merkle_range_root(&S.state.range, root);
	wbuf_init(&text, CHECKPOINT_TEXT_MAX);
	checkpoint_text(REALM, 5, root, &text);
	CHECK(sign_verify(vkey.pk, text.data, text.len, row + SIGN_ROW_SIG) == 0);
	wbuf_free(&text);

	/* What it noted it will not see changed. */
	make_head(3, 1, &H);
	CHECK(give_head(&S, &H) == -1);
	CHECK(strstr(S.state.refusal, "another head") != NULL);
	signer_free(&S);
}

/* A signer whose key is replaced, on the same store. */
static void
a_key_is_replaced(void)
{
	struct sign_key * old, * other;
	struct vkey vold;
	struct signer S;
	struct head H;
	uint8_t seed[SIGN_SEED_LEN] = { 9 }, row[SIGN_ROW_LEN];

	signer_new(&S);
	old = key;
	vold = vkey;
	other = sign_key_from_seed(seed);
	make_head(1, 0, &H);
	CHECK(give_head(&S, &H) == 0);

	/* Epoch 3 is the other key's, and is noted with the old one. */
	CHECK(give_policy(&S, 3, 2, policy_of(0)) == 0);
	CHECK(give_naming(&S, 2, policy_of(0)) == 0);
	CHECK(give_naming(&S, 3, policy_of(0)) == 0 && S.signed_acts == 2);
	signer_stop(&S);
	signer_start(&S);
	S.position = S.state.cursor;
	CHECK(give_naming(&S, 3, policy_of(0)) == 0 && S.signed_acts == 2);

	/* With the other one it is signed when it is told again, and only then. */
	signer_stop(&S);
	vkey_make(&vkey, VKEY_ED25519, REALM, other->pk);
	key = other;
	signer_start(&S);
	S.position = S.state.cursor;
	make_head(3, 1, &H);
	CHECK(give_head(&S, &H) == -1);
	S.position = S.state.cursor;
	S.state.refusal[0] = '\0';
	CHECK(give_naming(&S, 3, policy_of(0)) == 0 && S.signed_acts == 3);
	CHECK(row_of(&S, 3, row) > 0 && row[SIGN_ROW_FLAG] == SIGN_FLAG_OPEN);
	CHECK(memcmp(row + SIGN_ROW_KEY, vkey.id, VKEY_ID_LEN) == 0);
	CHECK(row_of(&S, 2, row) > 0 &&
	    memcmp(row + SIGN_ROW_KEY, vold.id, VKEY_ID_LEN) == 0);
	S.position = S.state.cursor;
	CHECK(give_naming(&S, 3, policy_of(0)) == 0 && S.signed_acts == 3);
	CHECK(give_naming(&S, 4, policy_of(0)) == 0 && S.signed_acts == 4);
	signer_free(&S);
	key = old;
	vkey = vold;
	sign_key_free(other);
}

/* After epoch 1, an event of the policy and a head: refused because ${why}? */
static int
policy_refused(uint64_t epoch, uint64_t number, const char * text,
    const char * named, const char * why)
{
	struct signer S;
	struct head H;
	uint8_t row[SIGN_ROW_LEN];
	int ok;

	signer_new(&S);
	make_head(1, 0, &H);
	ok = give_head(&S, &H) == 0;
	if (text == NULL || give_policy(&S, epoch, number, text) == 0)
		ok = ok && give_naming(&S, 2, named) == -1;
	ok = ok && strstr(S.state.refusal, why) != NULL &&
	    row_of(&S, 2, row) == 0;
	signer_free(&S);
	return (ok);
}

static void
only_the_policy_that_was_told(void)
{

	if (realm == NULL)
		make_realm();
	CHECK(policy_refused(0, 0, NULL, policy_of(0), "another policy"));
	CHECK(policy_refused(3, 2, policy_of(0), realm->policy_text,
	    "another policy"));
	CHECK(policy_refused(3, 2, policy_of(0), policy_of(1),
	    "another policy"));
	CHECK(policy_refused(4, 2, policy_of(0), NULL, "another epoch"));
	CHECK(policy_refused(2, 2, policy_of(0), NULL, "another epoch"));
	CHECK(policy_refused(1, 1, policy_of(0), NULL, "another epoch"));
	CHECK(policy_refused(3, 3, policy_of(0), NULL, "does not follow"));
	CHECK(policy_refused(3, 2, "quorum none\n", NULL, "does not follow"));
}

static const struct test tests[] = {
	{ "only epochs in which its key is a replica's are signed, the others "
	    "noted", signs_while_in_force },
	{ "a key that is put in the place of another signs from the last epoch on",
	    a_key_is_replaced },
	{ "a head names the policy in force, or the one told just before",
	    only_the_policy_that_was_told },
	{ "what is signed is the checkpoint rebuilt from the heads",
	    signs_the_checkpoint },
	{ "never two heads are signed for one epoch, over restarts",
	    never_two_for_one_epoch },
	{ "only the next head of its realm and policy is signed, and time does "
	    "not go back", only_the_next_head_of_the_realm },
	{ "a signature that is not durable never leaves",
	    a_signature_leaves_after_the_commit },
	{ "a signature under its key that it did not make stops it",
	    its_own_signature_comes_back },
};
TESTS(tests)
