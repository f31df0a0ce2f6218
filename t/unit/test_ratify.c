#include "base/file.h"
#include "entry/limits.h"
#include "entry/rule_names.h"
#include "store/rowkey.h"

#include "test.h"
#include "test_ratify.h"

/* As a process that is killed and started again. */
static int
me_restart(void)
{

	me_stop();
	store_memory_restart(me.store);
	return (me_start());
}

/* The next push that is due; 1, or 0 if there is none. */
static int
me_push(uint64_t now_ms, struct signature_ratification * S)
{
	uint64_t needs, next_ms;
	struct wbuf W;
	int rc;

	wbuf_init(&W, 4096);
	rc = ratify_push_next(&me.push, now_ms, &W, &needs, &next_ms);
	if (rc == 1 && (signature_get_ratification(W.data, W.len, S) ||
	    needs > store_number(me.store)))
		errx(1, "what is pushed is no ratification");
	wbuf_free(&W);
	return (rc);
}

/* Does the server find ${S} valid? */
static int
valid(const struct signature_ratification * S)
{
	const struct wbuf * text = &world.epoch[S->epoch].text;

	return (memcmp(S->key_id, world.vwitness.id, VKEY_ID_LEN) == 0 &&
	    cosignature_verify(world.vwitness.pk, S->time_s,
	    (const char *)text->data, text->len, S->sig) == 0);
}

/* Evidence files go to the directory `evidence` of the working directory. */
static void
enter_dir(void)
{

	if (chdir(test_dir()) || (mkdir("evidence", 0700) && errno != EEXIST))
		err(1, "test directory");
}

/* How many evidence files are there for ${epoch}? */
static int
evidence_files(uint64_t epoch)
{
	char path[64];

	snprintf(path, sizeof(path), "evidence/epoch-%ju.ks-evidence",
	    (uintmax_t)epoch);
	return (access(path, F_OK) == 0);
}

/* Does the file of ${epoch} prove ${rule} to who has the realm file alone? */
static int
proves(uint64_t epoch, const char * rule)
{
	struct evidence_verdict V;
	struct ratify_halted H;
	uint8_t * text;
	size_t len;

	if (ratify_state_halted(&me.state, stage_view(me.stage), &H) != 0 ||
	    file_read(H.path, EVIDENCE_LEN_MAX, &text, &len))
		return (0);
	if (evidence_verify((char *)text, len, world.realm, &V))
		errx(1, "out of memory");
	evidence_free(&V);
	if (V.why != NULL)
		printf("# %s\n", V.why);
	free(text);
	return (V.rule != NULL && strcmp(V.rule, rule) == 0 &&
	    V.epoch == epoch && H.epoch == epoch && strcmp(H.rule, rule) == 0 &&
	    V.quorum[0].satisfied[0] && (world.signers == 1 ||
	    V.quorum[0].satisfied[1]) && !V.quorum[0].satisfied[2]);
}

/* Is nothing of ${epoch} cosigned, in the store or on its way? */
static int
silent(uint64_t epoch)
{
	struct signature_ratification S;
	uint8_t key[ROWKEY_MAX];
	struct bytes row = { NULL, 0, 0 };
	int there;

	there = store_get(me.store, key, rowkey_number(key,
	    RATIFY_TABLE_COSIGNATURE, epoch), &row) == 0;
	bytes_free(&row);
	while (me_push(0, &S))
		there |= S.epoch >= epoch;
	return (!there);
}

static void
honest(void)
{
	struct signature_ratification S;
	uint64_t n = 0;

	world_start();
	honest_epochs();
	CHECK(me_feed(CLOCK_MS) == RATIFY_FED_ON);
	CHECK(me.state.epoch == 3 && me.state.tree.leaves == USERS);
	CHECK(memcmp(me.state.tree.hash, world.tree.hash, TREE_HASH) == 0);
	CHECK(me.state.updates == USERS + 6 && me.state.waiting == 3);
	while (me_push(0, &S)) {
		CHECK(S.epoch == ++n && S.time_s == CLOCK_MS / 1000);
		CHECK(valid(&S));
	}
	CHECK(n == 3);
	world_end();
}

/* Send back what was pushed, as the log does. */
static enum ratify_fed
send_back(const struct signature_ratification * S)
{
	enum ratify_fed fed;
	struct wbuf W;

	wbuf_init(&W, 4096);
	signature_put_ratification(&W, S);
	fed = ratify_feed_frame(&me.feed, FEED_RATIFICATION, W.data, W.len,
	    CLOCK_MS, &me.rule);
	wbuf_free(&W);
	return (fed != RATIFY_FED_ON ? fed :
	    ratify_feed_flush(&me.feed, &me.rule));
}

static void
comes_back(void)
{
	struct signature_ratification S[3], bad, none;

	world_start();
	honest_epochs();
	CHECK(me_feed(CLOCK_MS) == RATIFY_FED_ON);
	for (unsigned i = 0; i < 3; i++)
		CHECK(me_push(0, &S[i]) == 1);
	CHECK(me_push(0, &none) == 0);
	CHECK(me_push(RATIFY_RETRY_MS_MIN, &none) == 1 && none.epoch == 1);
	CHECK(memcmp(none.sig, S[0].sig, SIGN_LEN) == 0);

	CHECK(send_back(&S[1]) == RATIFY_FED_ON);
	CHECK(me.state.waiting == 2 && me.state.ratified == 2);
	bad = S[2];
	bad.sig[7] ^= 1;
	CHECK(send_back(&bad) == RATIFY_FED_DROP && me.state.waiting == 2);
	bad = S[2];
	bad.key_id[0] ^= 1;
	CHECK(send_back(&bad) == RATIFY_FED_ON && me.state.waiting == 2);

	/* What has not come back is pushed after a restart, byte for byte. */
	CHECK(me_restart() == 0);
	CHECK(me.state.ratified == 2 && me.state.waiting == 2 && me.from == 1);
	CHECK(me_push(0, &none) == 1 && none.epoch == 1);
	CHECK(none.time_s == S[0].time_s);
	CHECK(memcmp(none.sig, S[0].sig, SIGN_LEN) == 0);
	CHECK(me_push(0, &none) == 1 && none.epoch == 3);
	CHECK(me_push(0, &none) == 0);
	CHECK(send_back(&S[0]) == RATIFY_FED_ON);
	CHECK(send_back(&S[2]) == RATIFY_FED_ON);
	CHECK(me_restart() == 0 && me.state.waiting == 0 && me.from == 3);
	CHECK(me_push(0, &none) == 0);

	/* Epochs that are there already are passed over. */
	CHECK(me_feed(CLOCK_MS + 9000) == RATIFY_FED_ON && me.state.epoch == 3);
	CHECK(me_push(0, &none) == 0);
	world_end();
}

/* An epoch that cosigned before: a new verifier takes its old words for back. */
static void
rebuilt(void)
{
	struct signature_ratification S, none;

	world_start();
	honest_epochs();
	CHECK(me_feed(CLOCK_MS) == RATIFY_FED_ON);
	CHECK(me_push(0, &S) == 1 && S.epoch == 1);
	me_stop();
	store_close(me.store);
	me.store = store_open_memory();
	CHECK(me_start() == 0 && me.state.epoch == 0);
	CHECK(me_feed(CLOCK_MS + 5000) == RATIFY_FED_ON);
	CHECK(send_back(&S) == RATIFY_FED_ON && me.state.waiting == 2);
	CHECK(me_push(0, &none) == 1 && none.epoch == 2);
	world_end();
}

/*
 * A row that cannot be read is not a row that is not there: the verifier stops,
 * blames nobody, and goes on to the same root.
 */
static void
read_fails(void)
{
	unsigned fail = 0;
	enum ratify_fed fed;

	do {
		world_start();
		honest_epochs();
		store_memory_fail_read(me.store, ++fail);
		fed = me_feed(CLOCK_MS);
		CHECK(fed == (store_memory_fail_read(me.store, 0) == 0 ?
		    RATIFY_FED_FAILED : RATIFY_FED_ON));
		CHECK(me_restart() == 0);
		CHECK(me_feed(CLOCK_MS) == RATIFY_FED_ON);
		CHECK(me.state.epoch == 3 && me.state.tree.leaves == USERS);
		CHECK(memcmp(me.state.tree.hash, world.tree.hash,
		    TREE_HASH) == 0);
		world_end();
	} while (fed != RATIFY_FED_ON);
	CHECK(fail > 3);
}

static void
commit_fails(void)
{
	struct signature_ratification S;

	world_start();
	honest_epochs();
	store_memory_fail_commit(me.store, 2);
	CHECK(me_feed(CLOCK_MS) == RATIFY_FED_FAILED);
	CHECK(me.acted == 1);
	CHECK(me_restart() == 0 && me.state.epoch == 1);
	CHECK(me_push(0, &S) == 1 && S.epoch == 1);
	CHECK(me_push(0, &S) == 0);
	CHECK(me_feed(CLOCK_MS + 7000) == RATIFY_FED_ON && me.state.epoch == 3);
	CHECK(me_push(0, &S) == 1 && S.epoch == 2);
	CHECK(S.time_s == CLOCK_MS / 1000 + 7 && valid(&S));
	world_end();
}

static void
restart_before_push(void)
{
	struct signature_ratification before, after;

	world_start();
	honest_epochs();
	CHECK(me_feed(CLOCK_MS) == RATIFY_FED_ON);
	CHECK(me_push(0, &before) == 1);
	CHECK(me_restart() == 0);
	CHECK(me_feed(CLOCK_MS + 3600000) == RATIFY_FED_ON);
	CHECK(me_push(0, &after) == 1);
	CHECK(before.epoch == after.epoch && before.time_s == after.time_s);
	CHECK(memcmp(before.sig, after.sig, SIGN_LEN) == 0);
	world_end();
}

/*
 * After honest epochs a majority signs epoch 4 with something wrong in it.
 */
static int
caught(const char * rule)
{
	int ok;

	ok = me_feed(CLOCK_MS) == RATIFY_FED_HALTED && me.state.epoch == 3;
	ok = ok && proves(4, rule) && silent(4);

	/* For ever: over restarts, and an honest epoch does not mend it. */
	ok = ok && me_restart() == 1 && silent(4) && proves(4, rule);
	ok = ok && me_restart() == 1;
	unlink("evidence/epoch-4.ks-evidence");
	return (ok);
}

static void
start_lying(void)
{

	enter_dir();
	world_start();
	honest_epochs();
}

static void
lies_of_heads(void)
{
	static const struct {
		enum lie lie;
		const char * rule;
	} table[] = {
		{ ROOT, RULE_ROOT_MISMATCH },
		{ TIME, RULE_TIME_DECREASES },
		{ COUNT, RULE_UPDATES_COUNT },
		{ SKIPPED, RULE_EPOCH_NOT_NEXT },
		{ OTHER_REALM, RULE_REALM_MISMATCH },
		{ NO_HEAD, RULE_HEAD_MALFORMED },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		start_lying();
		pend(5, 9, 5, 5);
		pend(5, 10, 5, 5);
		pend(6, 9, 6, 6);
		close_epoch(table[i].lie);
		printf("# %s\n", table[i].rule);
		CHECK(caught(table[i].rule));
		world_end();
	}
}

/* The same, in the very first epoch, where nothing comes before. */
static void
lies_at_first(void)
{

	enter_dir();
	world_start();
	pend(0, 0, 0, 0);
	close_epoch(ROOT);
	CHECK(me_feed(CLOCK_MS) == RATIFY_FED_HALTED);
	CHECK(proves(1, RULE_ROOT_MISMATCH) && silent(1));
	CHECK(me_restart() == 1 && me.state.epoch == 0);
	CHECK(unlink("evidence/epoch-1.ks-evidence") == 0);
	world_end();
}

static void
dropped_update(void)
{

	start_lying();
	pend(2, 9, 2, 2);
	pend(5, 9, 5, 5);
	world.applied[1] = 0;
	close_epoch(HONEST);
	CHECK(caught(RULE_ROOT_MISMATCH));
	world_end();
}

static void
not_the_owner(void)
{

	start_lying();
	pend(2, 9, 2, 2);
	pend(5, 9, 7, 7);
	pend(6, 9, 6, 6);
	close_epoch(HONEST);
	CHECK(caught(RULE_OLD_POLICY_UNMET));
	world_end();
	start_lying();
	pend(5, 9, 5, 5);
	pend(5, 10, 5, 7);
	close_epoch(HONEST);
	CHECK(caught(RULE_NEW_POLICY_UNMET));
	world_end();
}

static void
bad_signature(void)
{
	struct wbuf * W;

	start_lying();
	W = pend(5, 9, 5, 5);
	W->data[W->len - 40] ^= 1;
	close_epoch(HONEST);
	CHECK(caught(RULE_SIGNATURE_INVALID));
	world_end();
}

static void
version(void)
{

	start_lying();
	pend(4, 1, 4, 4);
	pend(1, 7, 1, 1);
	close_epoch(HONEST);
	CHECK(caught(RULE_VERSION_MUST_RISE));
	world_end();

	/* Against an update of the same epoch. */
	start_lying();
	pend(4, 5, 4, 4);
	pend(4, 5, 4, 4);
	close_epoch(HONEST);
	CHECK(caught(RULE_VERSION_MUST_RISE));
	world_end();
}

static void
registration(void)
{

	enter_dir();
	world_start();
	for (unsigned i = 0; i < 3; i++) {
		pend(i, 0, i, i);
		close_epoch(HONEST);
	}
	pend(9, 4, 9, 9);
	close_epoch(HONEST);
	CHECK(caught(RULE_REGISTRATION_VERSION));
	world_end();
}

static void
malformed_update(void)
{
	struct wbuf * W;

	start_lying();
	pend(5, 9, 5, 5);
	W = pend(6, 9, 6, 6);
	wbuf_put_u8(W, 0);
	pend(7, 9, 7, 7);
	close_epoch(HONEST);
	CHECK(caught(RULE_UPDATE_MALFORMED));
	world_end();
	start_lying();
	W = pend(5, 9, 5, 5);
	memcpy(strstr((char *)W->data + 50, "quorum"), "quarum", 6);
	close_epoch(HONEST);
	CHECK(caught(RULE_POLICY_MALFORMED));
	world_end();
}

/* Two histories: the other one of epoch 3 shows when the feed begins anew. */
static void
fork_of_the_log(void)
{
	struct tree_root tree;
	struct merkle_range range;

	start_lying();
	free_epochs(2);
	CHECK(me_feed(CLOCK_MS) == RATIFY_FED_ON && me.state.epoch == 2);
	tree = world.tree;
	merkle_range_init(&range);
	for (unsigned i = 1; i <= 2; i++) {
		uint8_t leaf[HASH_LEN];

		merkle_leaf_hash(world.epoch[i].record, HEAD_LEN, leaf);
		merkle_range_append(&range, leaf, NULL, NULL);
	}
	world.range = range;
	close_epoch(HONEST);
	CHECK(me_feed(CLOCK_MS) == RATIFY_FED_ON && me.state.epoch == 3);
	free_epochs(2);
	world.range = range;
	world.tree = tree;
	close_epoch(TIME);
	CHECK(me_feed(CLOCK_MS) == RATIFY_FED_HALTED);
	CHECK(proves(3, RULE_FORK) && silent(4));
	CHECK(me_restart() == 1);
	CHECK(unlink("evidence/epoch-3.ks-evidence") == 0);
	world_end();
}

/*
 * An epoch log that is not the one ratified up to here: what was signed is not
 * opened by the head that came, so nobody can be blamed, and nothing is signed.
 */
static void
forked_before(void)
{

	start_lying();
	CHECK(me_feed(CLOCK_MS) == RATIFY_FED_ON);
	world.range.hash[0][0] ^= 1;
	close_epoch(HONEST);
	CHECK(me_feed(CLOCK_MS) == RATIFY_FED_DROP);
	CHECK(strcmp(me.rule, "epoch-log-mismatch") == 0);
	CHECK(silent(4) && !evidence_files(4) && me_restart() == 0);
	world_end();
}

/* Feed epoch 4 with its head frame from ${E}; the rule of the refusal. */
static const char *
fed_rule(uint64_t clock_ms)
{

	if (me_feed(clock_ms) != RATIFY_FED_DROP)
		return ("not dropped");
	if (!silent(4) || evidence_files(4) || me_restart() != 0 ||
	    me.state.epoch != 3)
		return ("not left alone");
	return (me.rule);
}

static void
not_a_majority(void)
{
	struct server_epoch * E;

	start_lying();
	world.signers = 1;
	pend(5, 9, 7, 7);
	close_epoch(ROOT);
	CHECK(strcmp(fed_rule(CLOCK_MS), "majority-missing") == 0);
	free_epochs(3);
	world_end();

	/* A note with a signature that does not verify is nobody's word. */
	start_lying();
	close_epoch(ROOT);
	E = &world.epoch[4];
	E->head.data[E->head.len - 20] ^= 1;
	CHECK(me_feed(CLOCK_MS) == RATIFY_FED_DROP && silent(4));
	CHECK(!evidence_files(4));
	world_end();
}

/* A publisher that lies alone is refused and cannot make anybody a liar. */
static void
publisher_lies(void)
{
	struct proto_publish_updates U;
	struct server_epoch * E = &world.epoch[4];
	struct wbuf good;
	struct list list;
	const uint8_t * p;
	size_t len;

	start_lying();
	pend(5, 9, 5, 5);
	pend(6, 9, 6, 6);
	close_epoch(HONEST);
	good = E->updates;
	CHECK(proto_publish_get_updates(good.data, good.len, &U) == 0);
	wbuf_init(&E->updates, FRAME_BODY_MAX);
	proto_publish_begin_updates(&list, &E->updates, 4);
	CHECK(list_next(&U.list, &p, &len) == 1);
	list_put(&list, p, len);
	list_end(&list);
	CHECK(strcmp(fed_rule(CLOCK_MS), "updates-mismatch") == 0);
	wbuf_free(&E->updates);
	E->updates = good;

	/* Another head than the signed one. */
	E->head.data[60] ^= 1;
	CHECK(strcmp(fed_rule(CLOCK_MS), "epoch-log-mismatch") == 0);
	E->head.data[60] ^= 1;

	/* An epoch left out. */
	world.epoch[5] = world.epoch[4];
	world.epoch[4] = world.epoch[3];
	CHECK(me_feed(CLOCK_MS) == RATIFY_FED_DROP);
	CHECK(strcmp(me.rule, RULE_EPOCH_NOT_NEXT) == 0);
	world.epoch[4] = world.epoch[5];

	/* And the truth is taken still. */
	CHECK(me_feed(CLOCK_MS) == RATIFY_FED_ON && me.state.epoch == 4);
	world_end();
}

static void
clock_behind(void)
{

	start_lying();
	close_epoch(HONEST);
	CHECK(strcmp(fed_rule(TIME_MS + 3000), "not dropped") == 0);
	world_end();
	start_lying();
	CHECK(me_feed(TIME_MS + 3000 - CLOCK_SKEW_MS) == RATIFY_FED_ON);
	close_epoch(HONEST);
	CHECK(strcmp(fed_rule(TIME_MS + 3999 - CLOCK_SKEW_MS),
	    RULE_TIME_FUTURE) == 0);
	CHECK(me_feed(TIME_MS + 4000 - CLOCK_SKEW_MS) == RATIFY_FED_ON);
	CHECK(me.state.epoch == 4);
	world_end();
}

/* A crash between the file and the row: the file is found again. */
static void
halt_fails(void)
{

	start_lying();
	CHECK(me_feed(CLOCK_MS) == RATIFY_FED_ON);
	close_epoch(ROOT);
	store_memory_fail_commit(me.store, 1);
	CHECK(me_feed(CLOCK_MS) == RATIFY_FED_FAILED && evidence_files(4));
	CHECK(me_restart() == 0 && silent(4));
	CHECK(caught(RULE_ROOT_MISMATCH));
	CHECK(access("evidence/epoch-4.2.ks-evidence", F_OK) == -1);
	world_end();
}

static void
many_waiting(void)
{
	struct signature_ratification S;
	uint64_t n = RATIFY_PUSH_MAX + 10, next = 1;

	world_start();
	for (uint64_t i = 0; i < n; i++)
		close_epoch(HONEST);
	CHECK(me_feed(CLOCK_MS) == RATIFY_FED_ON && me.state.waiting == n);
	while (next <= n) {
		CHECK(me_push(0, &S) == 1 && S.epoch == next++);
		CHECK(send_back(&S) == RATIFY_FED_ON);
	}
	CHECK(me_push(0, &S) == 0 && me.state.waiting == 0);
	world_end();
}

/* A policy as a string, for wbuf_free. */
static const char *
make_policy(struct wbuf * W, unsigned first, unsigned end, int verifier)
{

	wbuf_init(W, POLICY_LEN_MAX + 1);
	put_policy(W, first, end, verifier);
	wbuf_put_u8(W, 0);
	return ((const char *)W->data);
}

/* Is ${epoch} there, and not cosigned? */
static int
only_followed(uint64_t epoch)
{
	static const uint8_t none[SIGN_LEN];
	struct bytes row = { NULL, 0, 0 };
	uint8_t key[ROWKEY_MAX];
	struct ratify_row R;
	int ok;

	ok = store_get(me.store, key, rowkey_number(key,
	    RATIFY_TABLE_COSIGNATURE, epoch), &row) == 0 &&
	    ratify_row_get(row.data, row.len, &R) == 0 && R.time_s == 0 &&
	    memcmp(R.sig, none, SIGN_LEN) == 0;
	bytes_free(&row);
	return (ok && store_get(me.store, key, rowkey_number(key,
	    RATIFY_TABLE_WAITING, epoch), &row) == 1);
}

static void
policies(void)
{
	struct signature_ratification S;
	struct wbuf one, two;

	start_lying();
	world.next = make_policy(&one, 2, 3, 0);
	close_epoch(HONEST);
	CHECK(me_feed(CLOCK_MS) == RATIFY_FED_ON && me.state.epoch == 4);
	for (uint64_t e = 1; e <= 4; e++)
		CHECK(me_push(0, &S) == 1 && S.epoch == e && valid(&S));

	/* Those of before are nobody now. */
	close_epoch(HONEST);
	CHECK(me_feed(CLOCK_MS) == RATIFY_FED_DROP);
	CHECK(strcmp(me.rule, "majority-missing") == 0);
	free_epochs(4);
	CHECK(me_restart() == 0);
	merkle_range_init(&world.range);
	for (unsigned i = 1; i <= 4; i++) {
		uint8_t leaf[HASH_LEN];

		merkle_leaf_hash(world.epoch[i].record, HEAD_LEN, leaf);
		merkle_range_append(&world.range, leaf, NULL, NULL);
	}
	world.first = 2;
	world.signers = 1;
	close_epoch(HONEST);
	world.next = make_policy(&two, 0, 3, 1);
	close_epoch(HONEST);
	CHECK(me_feed(CLOCK_MS) == RATIFY_FED_ON && me.state.epoch == 6);
	CHECK(only_followed(5) && only_followed(6) && me.state.waiting == 4);
	CHECK(me_restart() == 0);
	world.first = 0;
	world.signers = 2;
	close_epoch(HONEST);
	CHECK(me_feed(CLOCK_MS) == RATIFY_FED_ON && me.state.epoch == 7);
	CHECK(me.state.waiting == 5);
	for (uint64_t e = 1; e <= 4; e++)
		CHECK(me_push(0, &S) == 1 && S.epoch == e);
	CHECK(me_push(0, &S) == 1 && S.epoch == 7 && valid(&S));
	CHECK(send_back(&S) == RATIFY_FED_ON && me.state.waiting == 4);
	CHECK(me_push(0, &S) == 0);

	/* Another realm file than this database began with. */
	me_stop();
	world.realm->policy_hash[0] ^= 1;
	me.stage = stage_new(&(struct stage_spec){ NULL, me_step, me_finish,
	    me_act }, NULL, me.store);
	CHECK(ratify_state_open(&me.state, world.realm, world.witness,
	    stage_view(me.stage)) == 1);
	world.realm->policy_hash[0] ^= 1;
	ratify_state_free(&me.state);
	stage_free(me.stage);
	CHECK(me_start() == 0);
	wbuf_free(&one);
	wbuf_free(&two);
	world_end();
}

/* The first policy is there whatever came of the first epoch that was fed. */
static void
first_policy(void)
{
	struct wbuf text;

	enter_dir();
	world_start();
	close_epoch(POLICY);
	CHECK(me_feed(CLOCK_MS) == RATIFY_FED_DROP);
	free_epochs(0);
	merkle_range_init(&world.range);
	close_epoch(HONEST);
	world.next = make_policy(&text, 0, 2, 1);
	close_epoch(HONEST);
	CHECK(me_feed(CLOCK_MS) == RATIFY_FED_ON && me.state.epoch == 2);
	CHECK(me_restart() == 0);
	CHECK(ratify_policy_at(&me.state, 2)->number == 1);
	CHECK(ratify_policy_at(&me.state, 3)->number == 2);
	wbuf_free(&text);
	world_end();
}

static void
policy_lies(void)
{
	struct server_epoch * E = &world.epoch[4];
	struct wbuf good, text, again;

	/* The head names another, and nothing is told of it. */
	start_lying();
	close_epoch(POLICY);
	CHECK(strcmp(fed_rule(CLOCK_MS), "policy-mismatch") == 0);
	world_end();

	start_lying();
	world.next = make_policy(&text, 0, 2, 1);
	close_epoch(HONEST);
	good = E->policy;
	wbuf_init(&E->policy, FRAME_BODY_MAX);
	CHECK(strcmp(fed_rule(CLOCK_MS), "policy-mismatch") == 0);

	/* Another text, another epoch, another number. */
	for (unsigned i = 0; i < 3; i++) {
		static const size_t at[] = { 7, 15, 40 };

		wbuf_reset(&E->policy);
		wbuf_put_bytes(&E->policy, good.data, good.len);
		E->policy.data[at[i]] ^= 1;
		CHECK(strcmp(fed_rule(CLOCK_MS), "policy-mismatch") == 0);
	}
	wbuf_reset(&E->policy);
	wbuf_put_bytes(&E->policy, good.data, 20);
	CHECK(strcmp(fed_rule(CLOCK_MS), "frame-malformed") == 0);
	wbuf_free(&E->policy);
	E->policy = good;

	/* Told twice; and told where the head names no other. */
	again = E->updates;
	CHECK(ratify_feed_start(&me.feed, &me.from) == 0);
	me.feed.next = 4;
	CHECK(me_frame(FEED_POLICY, &good, CLOCK_MS) == RATIFY_FED_ON);
	CHECK(me_frame(FEED_POLICY, &good, CLOCK_MS) == RATIFY_FED_DROP);
	CHECK(me_feed(CLOCK_MS) == RATIFY_FED_ON && me.state.epoch == 4);
	CHECK(E->updates.data == again.data);
	close_epoch(HONEST);
	wbuf_put_bytes(&world.epoch[5].policy, good.data, good.len);
	world.epoch[5].policy.data[7]++;
	world.epoch[5].policy.data[15]++;
	CHECK(me_feed(CLOCK_MS) == RATIFY_FED_DROP);
	CHECK(strcmp(me.rule, "policy-mismatch") == 0);
	wbuf_reset(&world.epoch[5].policy);
	CHECK(me_feed(CLOCK_MS) == RATIFY_FED_ON && me.state.epoch == 5);
	wbuf_free(&text);
	world_end();
}

/* After a change of the policy to r2 alone, a lie and a fork of its own. */
static void
lies_later(void)
{
	struct merkle_range range;
	struct wbuf text;

	start_lying();
	world.next = make_policy(&text, 2, 3, 1);
	close_epoch(HONEST);
	world.first = 2;
	world.signers = 1;
	pend(5, 9, 7, 7);
	close_epoch(HONEST);
	CHECK(me_feed(CLOCK_MS) == RATIFY_FED_HALTED);
	CHECK(proves(5, RULE_OLD_POLICY_UNMET) && me_restart() == 1);
	CHECK(unlink("evidence/epoch-5.ks-evidence") == 0);
	world_end();

	start_lying();
	world.next = (char *)text.data;
	close_epoch(HONEST);
	world.first = 2;
	world.signers = 1;
	range = world.range;
	close_epoch(HONEST);
	CHECK(me_feed(CLOCK_MS) == RATIFY_FED_ON && me.state.epoch == 5);
	free_epochs(4);
	world.range = range;
	close_epoch(TIME);
	CHECK(me_feed(CLOCK_MS) == RATIFY_FED_HALTED);
	CHECK(proves(5, RULE_FORK) && me_restart() == 1);
	CHECK(unlink("evidence/epoch-5.ks-evidence") == 0);
	wbuf_free(&text);
	world_end();
}

static void
no_policy(void)
{

	start_lying();
	world.next = "quorum none\n";
	close_epoch(HONEST);
	CHECK(caught(RULE_POLICY_MALFORMED));
	world_end();

	/* A rule before it is the one that is broken. */
	start_lying();
	world.next = "quorum none\n";
	close_epoch(TIME);
	CHECK(caught(RULE_TIME_DECREASES));
	world_end();
}

/* More changes of the policy than evidence may tell. */
static void
long_chain(void)
{
	const unsigned n = POLICY_CHAIN_MAX + 2;
	struct chain C;
	struct wbuf text[2];
	uint64_t last;

	start_lying();
	for (unsigned i = 0; i < 2; i++)
		make_policy(&text[i], 0, 3 - i, 1);
	for (unsigned i = 0; i < n; i++) {
		world.next = (char *)text[(i + 1) % 2].data;
		close_epoch(HONEST);
	}
	last = world.last;
	CHECK(me_feed(CLOCK_MS) == RATIFY_FED_ON && me.state.epoch == last);
	CHECK(ratify_policy_chain(&me.state, stage_view(me.stage), last + 1,
	    &C) == 0);
	CHECK(C.n == POLICY_CHAIN_MAX);
	CHECK(memcmp(C.link[C.n - 1].head, world.epoch[last].record,
	    HEAD_LEN) == 0);
	chain_free(&C);
	CHECK(ratify_policy_chain(&me.state, stage_view(me.stage), 5,
	    &C) == 0);
	CHECK(C.n == 1 && memcmp(C.link[0].head, world.epoch[4].record,
	    HEAD_LEN) == 0);
	chain_free(&C);
	close_epoch(ROOT);
	CHECK(me_feed(CLOCK_MS) == RATIFY_FED_HALTED);
	CHECK(proves(last + 1, RULE_ROOT_MISMATCH));
	wbuf_free(&text[0]);
	wbuf_free(&text[1]);
	world_end();
}

static const struct test tests[] = {
	{ "honest epochs are replayed to the same root and cosigned", honest },
	{ "a cosignature is pushed until it comes back, always the same one",
	    comes_back },
	{ "a verifier that lost its database takes its old cosignatures for its own",
	    rebuilt },
	{ "a row that cannot be read is never taken for one that is not there",
	    read_fails },
	{ "nothing is pushed whose commit failed", commit_fails },
	{ "a restart between commit and push pushes the same cosignature",
	    restart_before_push },
	{ "a majority that lies in a head leaves evidence", lies_of_heads },
	{ "a majority that lies in the first epoch leaves evidence",
	    lies_at_first },
	{ "an update that is listed and not carried out leaves evidence",
	    dropped_update },
	{ "an entry changed without its owner leaves evidence", not_the_owner },
	{ "an update with a bad signature leaves evidence", bad_signature },
	{ "a version that does not rise leaves evidence", version },
	{ "a new user with a version leaves evidence", registration },
	{ "an update that does not decode leaves evidence", malformed_update },
	{ "two histories of one epoch leave evidence", fork_of_the_log },
	{ "an epoch log that does not go on from ours is not cosigned",
	    forked_before },
	{ "what a majority did not sign halts nobody", not_a_majority },
	{ "a publisher that lies is refused, and blames nobody else",
	    publisher_lies },
	{ "a head from the future waits for the clock", clock_behind },
	{ "a crash while halting halts in the end, with one file", halt_fails },
	{ "what waits beyond the window is found in the store", many_waiting },
	{ "each epoch is judged, and cosigned or not, by the policy in force in it",
	    policies },
	{ "the first policy is kept from the start", first_policy },
	{ "a policy that is not told as the head names it blames nobody",
	    policy_lies },
	{ "a majority that lies under a later policy leaves evidence",
	    lies_later },
	{ "a policy of a majority that is none leaves evidence", no_policy },
	{ "evidence has the newest links of a long chain", long_chain },
};

TESTS(tests)
