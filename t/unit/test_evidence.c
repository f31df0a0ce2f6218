#include "entry/rule_names.h"

#include "test.h"
#include "test_ratify.h"

/* Make the evidence that the verifier would, of the newest epoch, into ${W}. */
static int
gather(struct wbuf * W)
{
	struct proto_publish_updates U;
	struct proto_publish_head H;
	struct server_epoch * E = &world.epoch[world.last];
	struct wbuf event;
	int rc;

	if (proto_publish_get_updates(E->updates.data, E->updates.len, &U) ||
	    proto_publish_get_head_reply(E->head.data, E->head.len, &H))
		return (-1);
	wbuf_init(&event, (size_t)1 << 24);
	wbuf_put_u64(&event, CLOCK_MS);
	wbuf_put_bytes(&event, H.head, HEAD_LEN);
	wbuf_put_u32(&event, U.n);
	wbuf_put_u64(&event, U.list.len);
	wbuf_put_bytes(&event, U.list.data, U.list.len);
	if (E->policy.len > 0) {
		wbuf_put_bytes(&event, E->policy.data + PROTO_POLICY_EPOCH_LEN,
		    E->policy.len - PROTO_POLICY_EPOCH_LEN);
	} else {
		wbuf_put_u64(&event, 0);
		wbuf_put_u16(&event, 0);
	}
	wbuf_put_bytes(&event, H.note, H.note_len);
	wbuf_init(W, EVIDENCE_LEN_MAX);
	rc = ratify_evidence(&me.state, stage_view(me.stage), event.data,
	    event.len, W);
	wbuf_free(&event);
	return (rc);
}

/* Three honest epochs ratified, and the lie of epoch 4 as evidence in ${W}. */
static int
start(enum lie lie, int stranger, const char * rule, struct wbuf * W)
{

	world_start();
	honest_epochs();
	if (me_feed(CLOCK_MS) != RATIFY_FED_ON)
		return (-1);
	pend(3, 8, 3, 3);
	pend(3, 9, 3, 3);
	if (stranger)
		pend(5, 9, 7, 7);
	pend(6, 9, 6, 6);
	close_epoch(lie);
	me.state.rule = rule;
	me.state.broken = stranger ? 2 : 3;
	return (gather(W));
}

/* Whose realm file it is held against; NULL: the first one. */
static const struct realm * reader;
static uint64_t accused = 4;	/* the epoch that it is about */

/* What ${W} proves; NULL: nothing. */
static const char *
proven(const char * text, size_t len)
{
	struct evidence_verdict V;

	if (evidence_verify(text, len, reader != NULL ? reader : world.realm,
	    &V))
		errx(1, "out of memory");
	evidence_free(&V);
	if ((V.rule == NULL) == (V.why == NULL))
		errx(1, "a verdict is one or the other");
	if (V.rule != NULL && V.epoch != accused)
		return ("of another epoch");
	return (V.rule);
}

/* Is what was proven ${want}, both of which may be nothing (NULL)? */
static int
is(const char * rule, const char * want)
{

	return (rule == want ||
	    (rule != NULL && want != NULL && strcmp(rule, want) == 0));
}

/*
 * Change ${W} in every line: a character at its start, middle and end, the line
 * left out, and doubled.  Return 0 if each proves nothing or the same.
 */
static int
alter(const struct wbuf * W, const char * rule)
{
	const char * text = (char *)W->data;
	char * copy = malloc(2 * W->len);
	size_t len, end, at;
	int bad = 0;

	if (!is(proven(text, W->len), rule))
		bad = 1;
	for (size_t i = 0; i < W->len; i = end) {
		end = (size_t)((char *)memchr(text + i, '\n', W->len - i) -
		    text) + 1;
		for (size_t j = 0; j < 3; j++) {
			memcpy(copy, text, W->len);
			at = j == 0 ? i : j == 1 ? (i + end) / 2 : end - 2;
			if (at < i || at >= end)
				at = i;
			copy[at] = copy[at] == 'A' ? 'B' : 'A';
			if (proven(copy, W->len) != NULL &&
			    !is(proven(copy, W->len), rule))
				bad = 1;
		}
		memcpy(copy, text, i);
		memcpy(copy + i, text + end, W->len - end);
		if (proven(copy, W->len - (end - i)) != NULL)
			bad = 1;
		len = end - i;
		memcpy(copy, text, end);
		memcpy(copy + end, text + i, len);
		memcpy(copy + end + len, text + end, W->len - end);
		if (proven(copy, W->len + len) != NULL)
			bad = 1;
	}
	free(copy);
	return (bad);
}

static void
altered(void)
{
	static const struct {
		enum lie lie;
		int stranger;
		const char * rule;
	} table[] = {
		{ ROOT, 0, RULE_ROOT_MISMATCH },
		{ COUNT, 0, RULE_UPDATES_COUNT },
		{ TIME, 0, RULE_TIME_DECREASES },
		{ HONEST, 1, RULE_OLD_POLICY_UNMET },
	};
	struct wbuf W;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		CHECK(start(table[i].lie, table[i].stranger, table[i].rule,
		    &W) == 0);
		CHECK(alter(&W, table[i].rule) == 0);
		wbuf_free(&W);
		world_end();
	}
}

static void
honest(void)
{
	static const char * const rules[] = {
		RULE_ROOT_MISMATCH, RULE_UPDATES_COUNT, RULE_TIME_DECREASES,
		RULE_OLD_POLICY_UNMET, RULE_HEAD_MALFORMED, RULE_FORK,
		RULE_POLICY_MALFORMED, RULE_EPOCH_NOT_NEXT, RULE_REALM_MISMATCH
	};
	struct wbuf W;

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		CHECK(start(HONEST, 0, rules[i], &W) == 0);
		CHECK(alter(&W, NULL) == 0);
		wbuf_free(&W);
		world_end();
	}
}

/* Swap, in evidence from an honest epoch, what no signature covers alone. */
static void
forged(void)
{
	struct server_epoch * E;
	struct evidence_verdict V;
	struct wbuf W, good;

	/* Another list of updates under the same signed head. */
	CHECK(start(HONEST, 0, RULE_ROOT_MISMATCH, &W) == 0);
	wbuf_free(&W);
	E = &world.epoch[4];
	good = E->updates;
	E->updates = world.epoch[1].updates;
	E->updates.data[7] = 4;
	me.state.broken = 0;
	me.state.rule = RULE_UPDATES_COUNT;
	CHECK(gather(&W) == 0);
	CHECK(evidence_verify((char *)W.data, W.len, world.realm, &V) == 0);
	evidence_free(&V);
	CHECK(V.rule == NULL);
	CHECK(strcmp(V.why, "the updates are not those of the signed head") == 0);
	E->updates.data[7] = 1;
	E->updates = good;
	wbuf_free(&W);

	/* Another head under the same signed checkpoint. */
	E->head.data[60] ^= 1;
	me.state.rule = RULE_ROOT_MISMATCH;
	me.state.broken = 3;
	CHECK(gather(&W) == 0);
	CHECK(evidence_verify((char *)W.data, W.len, world.realm, &V) == 0);
	evidence_free(&V);
	CHECK(V.rule == NULL && strcmp(V.why,
	    "the heads are not those of the signed epoch log") == 0);
	wbuf_free(&W);
	world_end();
}

static void
minority(void)
{
	struct evidence_verdict V;
	struct wbuf W;

	world_start();
	honest_epochs();
	CHECK(me_feed(CLOCK_MS) == RATIFY_FED_ON);
	world.signers = 1;
	close_epoch(ROOT);
	me.state.rule = RULE_ROOT_MISMATCH;
	CHECK(gather(&W) == 0);
	CHECK(evidence_verify((char *)W.data, W.len, world.realm, &V) == 0);
	evidence_free(&V);
	CHECK(V.rule == NULL && strcmp(V.why,
	    "a majority of the replicas has not signed the note") == 0);
	CHECK(V.notes == 0);
	wbuf_free(&W);
	world_end();
}

static void
fork_needs_two(void)
{
	static const struct chain none;
	struct proto_publish_head H;
	struct evidence_verdict V;
	struct wbuf W;

	world_start();
	honest_epochs();
	CHECK(proto_publish_get_head_reply(world.epoch[3].head.data,
	    world.epoch[3].head.len, &H) == 0);
	wbuf_init(&W, EVIDENCE_LEN_MAX);
	evidence_put_fork(&W, REALM, 3, &none, (const char *)H.note,
	    H.note_len, (const char *)H.note, H.note_len);
	CHECK(evidence_verify((char *)W.data, W.len, world.realm, &V) == 0);
	evidence_free(&V);
	CHECK(V.rule == NULL && V.notes == 2);
	CHECK(strcmp(V.why, "both notes are of one history") == 0);
	wbuf_free(&W);
	world_end();
}

static void
another_rule(void)
{
	struct wbuf W;

	CHECK(start(ROOT, 0, RULE_UPDATES_COUNT, &W) == 0);
	CHECK(proven((char *)W.data, W.len) == NULL);
	wbuf_free(&W);
	world_end();
	CHECK(start(HONEST, 1, RULE_SIGNATURE_INVALID, &W) == 0);
	CHECK(proven((char *)W.data, W.len) == NULL);
	wbuf_free(&W);
	world_end();
}

/* The realm file with another policy in it. */
static void
make_reader(struct realm * realm, const struct wbuf * policy)
{
	struct policy_error error;

	*realm = *world.realm;
	if (policy_parse_realm((char *)policy->data, policy->len, REALM,
	    &realm->policy, &error))
		errx(1, "policy_parse_realm");
	head_policy((char *)policy->data, policy->len, realm->policy_hash);
	reader = realm;
}

static void
unmake_reader(struct realm * realm)
{

	policy_free(realm->policy);
	reader = NULL;
}

/*
 * The policy has changed: r2 signs alone, then r0 and r1, and the lie is in an
 * epoch of theirs.  Who holds any realm file up to then can see it.
 */
static void
other_policies(void)
{
	struct wbuf one, two, bare, W;
	struct realm realm;
	char * cut, * at;

	world_start();
	honest_epochs();
	wbuf_init(&one, POLICY_LEN_MAX);
	wbuf_init(&two, POLICY_LEN_MAX);
	put_policy(&one, 2, 3, 0);
	put_policy(&two, 0, 2, 1);
	wbuf_put_u8(&one, 0);
	wbuf_put_u8(&two, 0);
	one.len--;
	two.len--;
	world.next = (char *)one.data;
	close_epoch(HONEST);
	world.first = 2;
	world.signers = 1;
	world.next = (char *)two.data;
	close_epoch(HONEST);
	world.first = 0;
	world.signers = 2;
	CHECK(me_feed(CLOCK_MS) == RATIFY_FED_ON && me.state.epoch == 5);
	pend(3, 8, 3, 3);
	close_epoch(ROOT);
	accused = 6;
	me.state.rule = RULE_ROOT_MISMATCH;
	me.state.broken = 1;
	CHECK(gather(&W) == 0);
	CHECK(strstr((char *)W.data, "\npolicies 2\npolicy ") != NULL);
	CHECK(alter(&W, RULE_ROOT_MISMATCH) == 0);
	make_reader(&realm, &one);
	CHECK(is(proven((char *)W.data, W.len), RULE_ROOT_MISMATCH));
	unmake_reader(&realm);
	make_reader(&realm, &two);
	CHECK(is(proven((char *)W.data, W.len), RULE_ROOT_MISMATCH));
	unmake_reader(&realm);

	/* Without the chain it is of a policy that was not in force any more. */
	cut = strstr((char *)W.data, "policies 2\n");
	at = strstr((char *)W.data, "\nbefore ");
	CHECK(cut != NULL && at != NULL);
	while (strncmp(at, "\nnote ", 6) != 0)
		at--;
	wbuf_init(&bare, EVIDENCE_LEN_MAX);
	wbuf_put_bytes(&bare, W.data, (size_t)(cut - (char *)W.data));
	wbuf_printf(&bare, "policies 0");
	wbuf_put_bytes(&bare, at, W.len - (size_t)(at - (char *)W.data));
	CHECK(proven((char *)bare.data, bare.len) == NULL);
	wbuf_free(&bare);

	/* One that the realm never had. */
	wbuf_printf(&one, "# never\n");
	make_reader(&realm, &one);
	CHECK(proven((char *)W.data, W.len) == NULL);
	unmake_reader(&realm);
	accused = 4;
	wbuf_free(&W);
	wbuf_free(&one);
	wbuf_free(&two);
	world_end();
}

/* What a majority names for a policy, and is none. */
static void
no_policy(void)
{
	struct wbuf W;
	char * at;

	world_start();
	honest_epochs();
	CHECK(me_feed(CLOCK_MS) == RATIFY_FED_ON);
	world.next = "quorum none\n";
	close_epoch(HONEST);
	me.state.rule = RULE_POLICY_MALFORMED;
	CHECK(gather(&W) == 0);
	CHECK(alter(&W, RULE_POLICY_MALFORMED) == 0);

	/* Without its text nobody knows what it is. */
	at = strstr((char *)W.data, "\nnext-policy ");
	CHECK(at != NULL);
	W.len = (size_t)(at - (char *)W.data);
	wbuf_printf(&W, "\nnext-policy -\nupdates 0\n");
	CHECK(proven((char *)W.data, W.len) == NULL);
	wbuf_free(&W);
	world_end();
}

static void
known_by_label(void)
{

	CHECK(evidence_is("ks-evidence/v1\nrealm", 20));
	CHECK(!evidence_is("ks-evidence/v1", 14));
	CHECK(!evidence_is("ks-proof/v1\nrealm ", 18));
	CHECK(!evidence_is("", 0));
}

static const struct test tests[] = {
	{ "evidence that is altered in any line proves nothing, or the same",
	    altered },
	{ "an honest epoch proves nothing, whatever is said of it", honest },
	{ "honest signatures cannot be put under other heads or updates",
	    forged },
	{ "what a majority did not sign proves nothing", minority },
	{ "a fork takes two histories", fork_needs_two },
	{ "evidence that states another rule than the broken one proves nothing",
	    another_rule },
	{ "evidence proves as much after the realm's policy has changed",
	    other_policies },
	{ "a majority that names what is no policy leaves evidence", no_policy },
	{ "evidence is known by its first line", known_by_label },
};

TESTS(tests)
