#include <stdint.h>
#include <string.h>

#include "policy/history.h"
#include "store/store.h"
#include "store/view.h"

#include "test.h"
#include "test_publish.h"

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
	CHECK(R->needs == store_number(R->store) && R->needs == 2);

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

/* A policy of replica ${i} alone, with the verifier ${w} in its quorum. */
static const char *
policy_of(struct rig * R, unsigned i, unsigned w)
{
	static char text[4][2048];
	static unsigned turn;
	char r[VKEY_TEXT_MAX + 1], v[VKEY_TEXT_MAX + 1];
	char * p = text[turn++ % 4];

	vkey_format(&R->vkeys[i], r);
	vkey_format(&R->vkeys[w], v);
	snprintf(p, sizeof(text[0]), "witness w %s\nreplica r %s\n"
	    "group g all w r\nquorum g\n", v, r);
	return (p);
}

static void
test_faults(void)
{
	struct rig * R;

	for (int kind = 0; kind < 12; kind++) {
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
		case 9:		/* another policy than that of the event */
			rig_policy(R, policy_of(R, 0, 3));
			R->named[0] ^= 1;
			rig_epoch(R);
			break;
		case 10:	/* a policy for another epoch */
			R->epoch++;
			rig_policy(R, policy_of(R, 0, 3));
			break;
		case 11:	/* a policy that is none */
			rig_policy(R, "quorum none\n");
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
	rig_policy(R, policy_of(R, 0, 3));
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

	/* It stops between a policy and the head that names it, and goes on. */
	rig_policy(B, policy_of(B, 1, 3));
	CHECK(rig_run(B) == 0);
	rig_close(B);
	rig_open(B);
	CHECK(policy_history_newest(B->state.policies)->number == 3);
	rig_epoch(B);
	rig_sign(B, 0, 3);
	rig_signed(B, 3);
	rig_sign(B, REPLICAS, 2);
	rig_sign(B, REPLICAS, 3);
	CHECK(rig_run(B) == 0);
	CHECK(rig_lookup(B, "eve@example.org", 3, 3, PROOF_VERIFIED) == 1);
	CHECK(B->links == 2);
	CHECK(rig_lookup(B, "bob@example.org", 1, 3, PROOF_VERIFIED) == 0);
	rig_free(A);
	rig_free(B);
}

static void
test_unsigned(void)
{
	struct rig * R = rig_new();
	struct publish_policy C = { .best = 0 };
	uint64_t epoch, checkpoint;

	rig_update(R, "ada@example.org", 0);
	rig_epoch(R);
	rig_sign(R, 0, 1);
	CHECK(rig_run(R) == 0);
	CHECK(R->state.closed == 1 && R->state.signed_epoch == 0);
	CHECK(R->acts[PUBLISH_ACT_SIGNED] == 0);
	C.limit = R->state.signed_epoch;
	CHECK(publish_model_choose(&C, 0, 0, &epoch, &checkpoint) ==
	    PUBLISH_NOT_YET);
	CHECK(publish_model_choose(&C, 1, 0, &epoch, &checkpoint) ==
	    PUBLISH_NOT_YET);
	rig_sign(R, 1, 1);
	rig_signed(R, 1);
	CHECK(rig_run(R) == 0);
	CHECK(R->acts[PUBLISH_ACT_SIGNED] == 1);
	C.limit = R->state.signed_epoch;
	CHECK(publish_model_choose(&C, 1, 0, &epoch, &checkpoint) ==
	    PUBLISH_WAIT && epoch == 1 && checkpoint == 1);
	rig_free(R);
}

/* The newest epoch that meets the policy ${text}. */
static uint64_t
best(struct rig * R, const char * text)
{
	struct publish_policy * C;
	const char * rule;

	if (publish_model_policy(&R->model, text, strlen(text),
	    R->realm->policy_hash, &C, &rule) ||
	    publish_model_best(&R->model, C))
		return (UINT64_MAX);
	return (C->best);
}

static void
test_quorum(void)
{
	struct rig * R = rig_new();
	char w4[VKEY_TEXT_MAX + 1], r1[VKEY_TEXT_MAX + 1], text[3][1024];
	const struct publish_policy C = { .best = 2, .limit = 3 };
	uint64_t epoch, checkpoint;

	vkey_format(&R->vkeys[4], w4);
	vkey_format(&R->vkeys[1], r1);
	snprintf(text[0], sizeof(text[0]), "witness w %s\nquorum w\n", w4);
	snprintf(text[1], sizeof(text[1]), "replica r %s\nquorum r\n", r1);
	snprintf(text[2], sizeof(text[2]), "witness w %s\nquorum none\n", w4);
	for (int i = 0; i < 3; i++)
		rig_publish(R);
	rig_sign(R, REPLICAS, 1);
	CHECK(rig_run(R) == 0);
	CHECK(best(R, "") == 1);
	CHECK(best(R, "quorum none\n") == 0);
	CHECK(best(R, text[2]) == 0);
	CHECK(best(R, text[0]) == 0);
	CHECK(best(R, "nonsense\n") == UINT64_MAX);

	/* What comes later is seen, one beyond the majority too. */
	rig_sign(R, REPLICAS, 2);
	rig_sign(R, REPLICAS + 1, 1);
	rig_sign(R, 1, 3);
	CHECK(best(R, text[1]) == 0);
	CHECK(rig_run(R) == 0);
	CHECK(best(R, "") == 2 && best(R, text[0]) == 1 && best(R, text[1]) == 3);

	CHECK(publish_model_choose(&C, 0, 0, &epoch, &checkpoint) ==
	    PUBLISH_PROVE && epoch == 2 && checkpoint == 2);
	CHECK(publish_model_choose(&C, 1, 0, &epoch, &checkpoint) ==
	    PUBLISH_PROVE && epoch == 1 && checkpoint == 2);
	CHECK(publish_model_choose(&C, 0, 3, &epoch, &checkpoint) ==
	    PUBLISH_WAIT && epoch == 3 && checkpoint == 3);
	CHECK(publish_model_choose(&C, 3, 0, &epoch, &checkpoint) ==
	    PUBLISH_WAIT && epoch == 3 && checkpoint == 3);
	CHECK(publish_model_choose(&C, 1, 4, &epoch, &checkpoint) ==
	    PUBLISH_NOT_YET);

	/* Only LOOKBACK_EPOCHS_MAX epochs are looked at. */
	for (uint64_t e = 4; e < 2 + LOOKBACK_EPOCHS_MAX; e++)
		rig_publish(R);
	CHECK(rig_run(R) == 0 && best(R, "") == 2);
	rig_publish(R);
	CHECK(rig_run(R) == 0 && best(R, "") == 0);
	rig_free(R);
}

/* Who reads with a realm file that has ${text} as its policy. */
static void
read_with(struct rig * R, const char * text)
{
	struct realm_error error;
	struct realm copy = *R->realm;
	struct wbuf W;

	wbuf_init(&W, REALM_FILE_MAX);
	copy.policy_text = text;
	copy.policy_len = strlen(text);
	realm_format(&W, &copy);
	realm_free(R->reader);
	PANIC_UNLESS(realm_parse((const char *)W.data, W.len, &R->reader,
	    &error) == 0);
	wbuf_free(&W);
}

/* How far whoever has the policy ${text} is led: limit and best. */
static int
led(struct rig * R, const char * text, uint64_t limit, uint64_t best_epoch)
{
	uint8_t hash[HASH_LEN];
	struct publish_policy * C;
	const char * rule;

	head_policy(text, strlen(text), hash);
	return (publish_model_policy(&R->model, "", 0, hash, &C, &rule) == 0 &&
	    publish_model_best(&R->model, C) == 0 && C->limit == limit &&
	    C->best == best_epoch);
}

/*
 * Three policies: k0 to k2 and w3 for epochs 1 and 2, k0 and w4 for 3, k1 and w3
 * from 4 on.
 */
static void
test_chain(void)
{
	struct rig * R = rig_new();
	const char * first = R->realm->policy_text;
	const char * second = policy_of(R, 0, 4), * third = policy_of(R, 1, 3);

	rig_update(R, "ada@example.org", 0);
	rig_publish(R);
	rig_policy(R, second);
	rig_publish(R);
	rig_policy(R, third);
	rig_epoch(R);
	rig_sign(R, 0, 3);
	rig_signed(R, 3);
	rig_update(R, "ada@example.org", 5);
	rig_epoch(R);
	rig_sign(R, 1, 4);
	rig_signed(R, 4);
	rig_sign(R, 3, 1);
	CHECK(rig_run(R) == 0 && R->acts[PUBLISH_ACT_POLICY] == 2);

	/* Nobody ratified 2, which names the second: the old go up to 1. */
	CHECK(led(R, first, 1, 1) && led(R, second, 2, 0) && led(R, third, 4, 0));
	rig_sign(R, 3, 2);
	rig_sign(R, 3, 4);
	CHECK(rig_run(R) == 0);
	CHECK(led(R, first, 2, 2) && led(R, second, 2, 0) && led(R, third, 4, 4));
	CHECK(rig_lookup(R, "ada@example.org", 2, 2, PROOF_VERIFIED) == 0 &&
	    R->links == 1);
	CHECK(rig_lookup(R, "ada@example.org", 1, 2, PROOF_VERIFIED) == 0 &&
	    R->links == 0);

	/* A link that is not met is never shown. */
	CHECK(rig_lookup(R, "ada@example.org", 4, 4, PROOF_VERIFIED) == -2);
	rig_sign(R, 4, 3);
	CHECK(rig_run(R) == 0);
	CHECK(led(R, first, 4, 4) && led(R, second, 4, 4) && led(R, third, 4, 4));
	CHECK(rig_lookup(R, "ada@example.org", 4, 4, PROOF_VERIFIED) == 5 &&
	    R->links == 2);
	CHECK(rig_lookup(R, "ada@example.org", 2, 3, PROOF_VERIFIED) == 0 &&
	    R->links == 1);
	rig_close(R);
	rig_open(R);
	CHECK(rig_lookup(R, "ada@example.org", 1, 4, PROOF_VERIFIED) == 0 &&
	    R->links == 2);
	read_with(R, second);
	CHECK(rig_lookup(R, "ada@example.org", 4, 4, PROOF_VERIFIED) == 5 &&
	    R->links == 1);
	read_with(R, third);
	CHECK(rig_lookup(R, "ada@example.org", 4, 4, PROOF_VERIFIED) == 5 &&
	    R->links == 0);

	/* The first again: its newest place counts. */
	rig_policy(R, first);
	rig_epoch(R);
	rig_sign(R, 1, 5);
	rig_signed(R, 5);
	rig_sign(R, 3, 5);
	CHECK(rig_run(R) == 0 && led(R, first, 5, 0));
	rig_publish(R);
	rig_sign(R, 3, 6);
	CHECK(rig_run(R) == 0 && led(R, first, 6, 6));
	read_with(R, first);
	CHECK(rig_lookup(R, "ada@example.org", 6, 6, PROOF_VERIFIED) == 5 &&
	    R->links == 0);
	rig_free(R);
}

/* The id of the first signature line in the note of ${epoch}. */
static int
first_line_is(struct rig * R, uint64_t epoch, const struct vkey * V)
{
	const uint8_t * text;
	const char * rule;
	struct note * N;
	size_t len;
	int ok;

	if (publish_model_note(&R->model, epoch, &text, &len) ||
	    note_parse(&N, text, len, &rule))
		return (0);
	ok = memcmp(N->sigs[0].id, V->id, VKEY_ID_LEN) == 0;
	note_free(N);
	return (ok);
}

static void
test_note_order(void)
{
	struct rig * R = rig_new();
	char k0[VKEY_TEXT_MAX + 1], k2[VKEY_TEXT_MAX + 1], text[1024];

	vkey_format(&R->vkeys[0], k0);
	vkey_format(&R->vkeys[2], k2);
	snprintf(text, sizeof(text), "replica b %s\nreplica a %s\nquorum a\n", k2,
	    k0);
	rig_policy(R, text);
	rig_publish(R);
	rig_publish(R);
	CHECK(rig_run(R) == 0);
	CHECK(first_line_is(R, 1, &R->vkeys[0]));
	CHECK(first_line_is(R, 2, &R->vkeys[2]));
	rig_free(R);
}

static void
test_chain_limits(void)
{
	struct rig * R = rig_new();
	const char * a = policy_of(R, 0, 3), * b = policy_of(R, 1, 3);
	const struct policy_era * known;
	struct publish_policy * C;
	const char * rule;
	uint8_t hash[HASH_LEN];
	struct chain chain;
	uint64_t epoch, checkpoint;

	/* Each epoch has another policy than the one before. */
	for (unsigned i = 1; i <= POLICY_CHAIN_MAX + 2; i++) {
		rig_policy(R, i % 2 ? a : b);
		rig_epoch(R);
		if (i == 1)
			rig_sign(R, 2, i);
		rig_sign(R, i == 1 || i % 2 == 0 ? 0 : 1, i);
		rig_signed(R, i);
		rig_sign(R, 3, i);
	}
	CHECK(rig_run(R) == 0);
	memset(&chain, 0, sizeof(chain));
	known = policy_history_at(R->state.policies, 1);
	CHECK(publish_model_chain(&R->model, known, POLICY_CHAIN_MAX,
	    POLICY_CHAIN_MAX, &chain, &rule) == 0);
	CHECK(chain.n == POLICY_CHAIN_MAX);
	CHECK(publish_model_chain(&R->model, known, POLICY_CHAIN_MAX + 1,
	    POLICY_CHAIN_MAX + 1, &chain, &rule) == -1 && rule != NULL &&
	    strcmp(rule, RULE_POLICY_CHAIN_TOO_LONG) == 0);
	known = policy_history_at(R->state.policies, 2);
	CHECK(publish_model_chain(&R->model, known, POLICY_CHAIN_MAX + 1,
	    POLICY_CHAIN_MAX + 1, &chain, &rule) == 0);
	CHECK(chain.n == POLICY_CHAIN_MAX);

	/* A policy that the realm never had. */
	head_policy("quorum none\n", 12, hash);
	CHECK(publish_model_policy(&R->model, "", 0, hash, &C, &rule) == -1 &&
	    rule != NULL && strcmp(rule, RULE_POLICY_UNKNOWN) == 0);

	/* What is out of reach is not yet there. */
	C = &(struct publish_policy){ .limit = 1, .best = 1 };
	CHECK(publish_model_choose(C, 0, 2, &epoch, &checkpoint) ==
	    PUBLISH_NOT_YET);
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
	CHECK(rig_run(R) == 0 && store_number(R->store) == 3);
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
	{ "a proof leads from the policy of the reader to that of the realm, as far "
	    "as the old quorums have signed", test_chain },
	{ "a note has its lines in the order of the policy of its epoch",
	    test_note_order },
	{ "a chain has a longest length, and begins with a policy of the realm",
	    test_chain_limits },
	{ "a missing row is an error, never an absence", test_damage },
	{ "VRF proofs are remembered, for users that exist also on disk",
	    test_vrf_cache },
};

TESTS(tests)
