#include <stdint.h>
#include <string.h>

#include "note/note.h"
#include "store/rowkey.h"
#include "store/store.h"
#include "store/view.h"

#include "test.h"
#include "test_publish.h"

#define ADA "ada@example.org"

/* Ask for ${max} versions of Ada from ${from} on; how many came, -1 for an error. */
static int
versions(struct rig * R, uint64_t from, uint32_t max,
    struct proto_publish_version * list, uint64_t * next)
{
	uint32_t n;

	return (publish_model_history(&R->model, ADA, from, max, list, &n,
	    next) ? -1 : (int)n);
}

static void
test_history(void)
{
	struct proto_publish_version v[8];
	struct rig * R = rig_new();
	uint64_t next;
	uint32_t n;

	rig_update(R, ADA, 0);
	rig_publish(R);
	rig_update(R, "bob@example.org", 0);
	rig_publish(R);
	rig_update(R, ADA, 4);
	rig_update(R, ADA, 5);
	rig_publish(R);
	rig_update(R, ADA, 9);
	rig_publish(R);

	/* Closed, but not signed: it is not told of. */
	rig_update(R, ADA, 10);
	rig_epoch(R);
	CHECK(rig_run(R) == 0);

	CHECK(versions(R, 0, 8, v, &next) == 3 && next == 0);
	CHECK(v[0].epoch == 1 && v[0].version == 0);
	CHECK(v[1].epoch == 3 && v[1].version == 5);
	CHECK(v[2].epoch == 4 && v[2].version == 9);
	CHECK(versions(R, 1, 2, v, &next) == 2 && next == 4);
	CHECK(v[1].epoch == 3);
	CHECK(versions(R, 2, 2, v, &next) == 2 && next == 0);
	CHECK(v[0].epoch == 3 && v[1].epoch == 4);
	CHECK(versions(R, 4, 1, v, &next) == 1 && next == 0);
	CHECK(versions(R, 5, 1, v, &next) == 0 && next == 0);
	CHECK(versions(R, UINT64_MAX, 1, v, &next) == 0 && next == 0);
	CHECK(publish_model_history(&R->model, "nobody@example.org", 0, 8, v, &n,
	    &next) == 0 && n == 0 && next == 0);

	/* The next one is told of once it is signed. */
	rig_sign(R, 0, 5);
	rig_sign(R, 1, 5);
	rig_signed(R, 5);
	CHECK(rig_run(R) == 0);
	CHECK(versions(R, 5, 1, v, &next) == 1 && v[0].version == 10);
	rig_free(R);
}

/* Damage each entry row of Ada: what cannot be read is no absence. */
static int
damage_row(void * cookie, const uint8_t * key, size_t klen, const uint8_t * value,
    size_t vlen)
{

	return (view_put(cookie, key, klen, value, vlen - 1));
}

static void
test_damaged_history(void)
{
	static const uint8_t from = PUBLISH_TABLE_ENTRY, to = from + 1;
	struct proto_publish_version v[8];
	struct rig * R = rig_new();
	struct view * view = stage_view(R->stage);
	uint64_t next;

	rig_update(R, ADA, 0);
	rig_publish(R);
	CHECK(rig_run(R) == 0);
	CHECK(versions(R, 0, 8, v, &next) == 1);
	CHECK(view_scan(view, &from, 1, &to, 1, damage_row, view) == 0);
	CHECK(view_commit(view, NULL) == 0);
	CHECK(versions(R, 0, 8, v, &next) == -1);
	rig_free(R);
}

/* The note of a bundle of ${epoch}. */
static void
first_note(struct rig * R, uint64_t epoch, struct wbuf * W)
{

	wbuf_init(W, NOTE_LEN_MAX);
	CHECK(publish_model_note_first(&R->model, epoch, W) == 0);
}

static int
same(const struct wbuf * a, const struct wbuf * b)
{

	return (a->len == b->len && memcmp(a->data, b->data, a->len) == 0);
}

/* How many signature lines a note has. */
static unsigned
lines(const struct wbuf * W)
{
	unsigned n = 0;

	for (size_t i = 0; i + 1 < W->len; i++)
		n += W->data[i] == '\n' && W->data[i + 1] == 0xe2;
	return (n);
}

static void
test_first_majority(void)
{
	struct rig * R = rig_new(), * S = rig_new();
	struct wbuf a, b, c;

	/* The same log: 2 signs before 0, then 1, and a verifier. */
	for (int i = 0; i < 2; i++) {
		struct rig * X = i == 0 ? R : S;

		rig_update(X, ADA, 0);
		rig_epoch(X);
		rig_sign(X, 2, 1);
		rig_sign(X, 0, 1);
		rig_signed(X, 1);
	}
	CHECK(rig_run(R) == 0);
	first_note(R, 1, &a);
	CHECK(lines(&a) == 2);

	/* One has seen it all in one batch, the other each by itself. */
	rig_sign(S, 1, 1);
	rig_sign(S, REPLICAS, 1);
	CHECK(rig_run(S) == 0);
	rig_sign(R, 1, 1);
	rig_sign(R, REPLICAS, 1);
	CHECK(rig_run_singly(R) == 0);
	first_note(R, 1, &b);
	first_note(S, 1, &c);
	CHECK(same(&a, &b) && same(&a, &c));
	wbuf_free(&b);
	wbuf_free(&c);

	/* It is also the same after a restart. */
	rig_close(R);
	rig_open(R);
	first_note(R, 1, &b);
	CHECK(same(&a, &b));
	wbuf_free(&a);
	wbuf_free(&b);
	rig_free(R);
	rig_free(S);
}

static void
test_no_majority_row(void)
{
	struct rig * R = rig_new();
	struct view * view = stage_view(R->stage);
	uint8_t key[ROWKEY_MAX];
	size_t klen = rowkey_number(key, PUBLISH_TABLE_MAJORITY, 1);
	struct wbuf W;

	rig_publish(R);
	rig_sign(R, 1, 1);
	rig_sign(R, REPLICAS, 1);
	CHECK(rig_run(R) == 0);
	CHECK(view_del(view, key, klen) == 0 && view_commit(view, NULL) == 0);
	first_note(R, 1, &W);
	CHECK(lines(&W) == 3);
	wbuf_free(&W);

	/* A row that is no list of key ids is an error. */
	CHECK(view_put(view, key, klen, "abcde", 5) == 0);
	CHECK(view_commit(view, NULL) == 0);
	wbuf_init(&W, NOTE_LEN_MAX);
	CHECK(publish_model_note_first(&R->model, 1, &W) == -1);
	wbuf_free(&W);
	rig_free(R);
}

static void
test_ratifications(void)
{
	struct proto_publish_ratifications S;
	struct rig * R = rig_new();

	rig_publish(R);
	rig_publish(R);
	rig_sign(R, REPLICAS, 1);
	rig_sign(R, REPLICAS + 1, 1);
	CHECK(rig_run(R) == 0);
	CHECK(publish_model_ratifications(&R->model, 1, &S) == 0);
	CHECK(S.epoch == 1 && S.n == 2);
	CHECK(memcmp(S.list[0].key_id, S.list[1].key_id, VKEY_ID_LEN) < 0);
	CHECK(S.list[1].epoch == 1 && S.list[1].time_s == TIME_MS / 1000 + 1);
	CHECK(publish_model_ratifications(&R->model, 2, &S) == 0 && S.n == 0);
	rig_free(R);
}

static const struct test tests[] = {
	{ "the history of an entry has the signed versions, oldest first, by pages",
	    test_history },
	{ "a damaged entry is an error of the history", test_damaged_history },
	{ "the note of a bundle has the first majority, everywhere and for ever",
	    test_first_majority },
	{ "without its row the note has all signatures; a damaged row is an error",
	    test_no_majority_row },
	{ "the ratifications of an epoch are those that came out of the log",
	    test_ratifications },
};

TESTS(tests)
