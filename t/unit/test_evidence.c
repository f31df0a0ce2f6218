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

/* What ${W} proves; NULL: nothing. */
static const char *
proven(const char * text, size_t len)
{
	struct evidence_verdict V;

	if (evidence_verify(text, len, world.realm, &V))
		errx(1, "out of memory");
	if ((V.rule == NULL) == (V.why == NULL))
		errx(1, "a verdict is one or the other");
	if (V.rule != NULL && V.epoch != 4)
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
		RULE_POLICY_CHANGED, RULE_EPOCH_NOT_NEXT, RULE_REALM_MISMATCH
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
	CHECK(V.rule == NULL && strcmp(V.why,
	    "a majority of the replicas has not signed the note") == 0);
	CHECK(V.notes == 0);
	wbuf_free(&W);
	world_end();
}

static void
fork_needs_two(void)
{
	struct proto_publish_head H;
	struct evidence_verdict V;
	struct wbuf W;

	world_start();
	honest_epochs();
	CHECK(proto_publish_get_head_reply(world.epoch[3].head.data,
	    world.epoch[3].head.len, &H) == 0);
	wbuf_init(&W, EVIDENCE_LEN_MAX);
	evidence_put_fork(&W, REALM, 3, (const char *)H.note, H.note_len,
	    (const char *)H.note, H.note_len);
	CHECK(evidence_verify((char *)W.data, W.len, world.realm, &V) == 0);
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
	{ "evidence is known by its first line", known_by_label },
};

TESTS(tests)
