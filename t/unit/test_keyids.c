#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hex.h"
#include "codec/wbuf.h"
#include "entry/entry.h"
#include "entry/profile.h"
#include "entry/update.h"
#include "head/head.h"
#include "proto/proto_apply.h"
#include "realm/realm.h"
#include "stage/stage.h"
#include "store/rowkey.h"
#include "store/store.h"
#include "store/view.h"

#include "../../cmd/ks-keyids/keyids_find.h"
#include "../../cmd/ks-keyids/keyids_state.h"
#include "../../cmd/ks-keyids/keyids_step.h"

#include "test.h"

/* Keys that gpg and sq made; see t/unit/test_openpgp.c. */
#define VECTORS		"t/vectors/openpgp/"
#define ALICE		"8ace12ca506747b7c055110d5a739271e9b7f603"
#define ALICE_KEYID	"5a739271e9b7f603"
#define ALICE_SUBKEY	"029f43f8a2013dbd92103d546bfa7ed8409bb1cd"
#define BOB		"22d11cee3fc0dc780dc7c087f5f18e2a96b3191d"
#define BOB_SUBKEY_ID	"9513fc00ae9c027b"
#define DSA		"df7a26a6cfb1a0c44a0e45249c1688412a8989e1"

/* Text of all addresses that were found, a space before each. */
#define FOUND_MAX	(KEYIDS_ADDRESSES_MAX * (USER_LEN_MAX + 1) + 8)

struct reader {
	struct store * store;
	struct stage * stage;
	struct keyids_state state;
	uint64_t position;
};

static struct realm realm;
static struct keyids_found found;

static int
act(void * cookie, const struct action * action, uint64_t needs)
{

	(void)cookie;
	(void)action;
	(void)needs;
	return (-1);
}

static const struct stage_spec spec = { NULL, keyids_step, keyids_finish, act };

static void
reader_start(struct reader * K)
{

	K->stage = stage_new(&spec, &K->state, K->store);
	if (keyids_state_open(&K->state, &realm, stage_view(K->stage)))
		abort();
	K->position = K->state.cursor;
}

static void
reader_stop(struct reader * K)
{

	keyids_state_free(&K->state);
	stage_free(K->stage);
}

static void
reader_new(struct reader * K)
{

	memset(K, 0, sizeof(*K));
	memset(realm.realm_hash, 7, HASH_LEN);
	K->store = store_open_memory();
	reader_start(K);
}

static void
reader_free(struct reader * K)
{

	reader_stop(K);
	store_close(K->store);
}

static int
give(struct reader * K, uint8_t type, const void * body, size_t len)
{
	struct stage_event event = { ++K->position, type, body, len };

	return (stage_run(K->stage, &event, 1));
}

/* An update of the entry ${who} in ${epoch} with this profile. */
static int
give_profile(struct reader * K, uint64_t epoch, uint8_t who,
    const struct wbuf * profile)
{
	static const char policy[] = "policy";
	struct entry E = { .policy = policy, .policy_len = sizeof(policy) - 1 };
	struct proto_apply_update A = { .epoch = epoch };
	struct wbuf entry, update, body;
	struct update_sig S;
	uint8_t index[INDEX_LEN], commitment[HASH_LEN] = { 0 };
	int rc;

	memset(index, who, sizeof(index));
	memset(&S, 7, sizeof(S));
	E.index = index;
	E.commitment = commitment;
	wbuf_init(&entry, ENTRY_LEN_MAX);
	wbuf_init(&update, UPDATE_LEN_MAX);
	wbuf_init(&body, LOG_ENTRY_MAX);
	entry_put(&entry, &E);
	if (update_put(&update, entry.data, entry.len, &S, 1))
		abort();
	A.update = update.data;
	A.update_len = update.len;
	A.profile = profile->data;
	A.profile_len = profile->len;
	proto_apply_put_update(&body, &A);
	rc = give(K, EVENT_UPDATE, body.data, body.len);
	wbuf_free(&entry);
	wbuf_free(&update);
	wbuf_free(&body);
	return (rc);
}

/* The same with the application ${app}, whose value is the bytes at ${p}. */
static int
give_value(struct reader * K, uint64_t epoch, uint8_t who, const char * app,
    const uint8_t * p, size_t len)
{
	static const uint8_t nonce[PROFILE_NONCE_LEN] = { 3 };
	struct profile_app A = { app, strlen(app), p, len };
	struct wbuf profile;
	int rc;

	wbuf_init(&profile, PROFILE_LEN_MAX);
	if (profile_put(&profile, nonce, &A, 1))
		abort();
	rc = give_profile(K, epoch, who, &profile);
	wbuf_free(&profile);
	return (rc);
}

/* The same with the key in the file ${name}, or, if that is NULL, erased. */
static int
give_key(struct reader * K, uint64_t epoch, uint8_t who, const char * name)
{
	struct wbuf erased;
	char path[128];
	uint8_t * key;
	size_t len;
	int rc;

	wbuf_init(&erased, 1);
	if (name == NULL)
		return (give_profile(K, epoch, who, &erased));
	snprintf(path, sizeof(path), VECTORS "%s", name);
	if (file_read(path, 8192, &key, &len))
		abort();
	rc = give_value(K, epoch, who, "pgp", key, len);
	free(key);
	return (rc);
}

static int
give_head(struct reader * K, uint64_t epoch)
{
	uint8_t record[HEAD_LEN];
	struct head H = { .epoch = epoch };

	memcpy(H.realm, realm.realm_hash, HASH_LEN);
	head_put(&H, record);
	return (give(K, EVENT_EPOCH, record, HEAD_LEN));
}

static int
give_signed(struct reader * K, uint64_t epoch)
{
	struct wbuf W;
	int rc;

	wbuf_init(&W, 8);
	proto_apply_put_signed(&W, epoch);
	rc = give(K, EVENT_SIGNED, W.data, W.len);
	wbuf_free(&W);
	return (rc);
}

/* Close ${epoch}, and sign it. */
static int
close_epoch(struct reader * K, uint64_t epoch)
{

	return (give_head(K, epoch) || give_signed(K, epoch) ? -1 : 0);
}

/* Are the addresses that ${hex} finds ${want}, each with a space before it? */
static int
finds(struct reader * K, const char * hex, const char * want)
{
	uint8_t id[KEYIDS_ID_LEN], bytes[KEYIDS_ID_LEN];
	char text[FOUND_MAX] = "";
	size_t len, n = 0;

	if (hex_decode(hex, strlen(hex), bytes, sizeof(bytes), &len) ||
	    keyids_id_pad(id, bytes, len) || keyids_find(K->store, id, &found))
		abort();
	for (unsigned i = 0; i < found.naddresses; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, " %s",
		    found.address[i]);
	if (strcmp(text, want) != 0)
		printf("# %s:%s\n", hex, text);
	return (strcmp(text, want) == 0);
}

static int
count_row(void * cookie, const uint8_t * key, size_t klen, const uint8_t * value,
    size_t vlen)
{
	size_t * n = cookie;

	(void)key;
	(void)klen;
	(void)value;
	(void)vlen;
	(*n)++;
	return (0);
}

static size_t
rows(struct reader * K, uint8_t table)
{
	const uint8_t to = (uint8_t)(table + 1);
	size_t n = 0;

	if (store_scan(K->store, &table, 1, &to, 1, count_row, &n))
		abort();
	return (n);
}

static void
a_key_is_found_once_its_epoch_is_signed(void)
{
	struct reader K;

	reader_new(&K);
	CHECK(give_key(&K, 1, 1, "alice.pgp") == 0);
	CHECK(finds(&K, ALICE, ""));
	CHECK(give_head(&K, 1) == 0);
	CHECK(finds(&K, ALICE, ""));

	/* Of the next epoch, while this one has no majority. */
	CHECK(give_key(&K, 2, 2, "bob.pgp") == 0);
	reader_stop(&K);
	reader_start(&K);
	CHECK(give_signed(&K, 1) == 0);
	CHECK(finds(&K, ALICE, " alice@home.example alice@example.org"));
	CHECK(finds(&K, ALICE_KEYID, " alice@home.example alice@example.org"));
	CHECK(finds(&K, ALICE_SUBKEY, " alice@home.example alice@example.org"));
	CHECK(finds(&K, BOB, ""));
	CHECK(close_epoch(&K, 2) == 0);
	CHECK(finds(&K, BOB, " bob@example.org"));
	CHECK(finds(&K, BOB_SUBKEY_ID, " bob@example.org"));
	CHECK(finds(&K, DSA, ""));
	CHECK(K.state.entries == 2 && K.state.ids == rows(&K, KEYIDS_TABLE_ID));
	CHECK(K.state.ids == 12 && rows(&K, KEYIDS_TABLE_PENDING) == 0);
	reader_free(&K);
}

static void
what_a_newer_version_has_not_is_gone(void)
{
	struct reader K;

	reader_new(&K);
	CHECK(give_key(&K, 1, 1, "alice.pgp") == 0);
	CHECK(give_key(&K, 1, 2, "alice.pgp") == 0);
	CHECK(close_epoch(&K, 1) == 0);

	/* Of several in one epoch the last counts. */
	CHECK(give_key(&K, 2, 1, "revoked.pgp") == 0);
	CHECK(give_key(&K, 2, 1, "bob.pgp") == 0);
	CHECK(close_epoch(&K, 2) == 0);
	CHECK(finds(&K, BOB, " bob@example.org"));
	CHECK(finds(&K, ALICE, " alice@home.example alice@example.org"));
	CHECK(rows(&K, KEYIDS_TABLE_KEYS) == 2);

	/* An erased profile, and one without a key. */
	CHECK(give_key(&K, 3, 1, NULL) == 0);
	CHECK(give_value(&K, 3, 2, "ssh", (const uint8_t *)"x", 1) == 0);
	CHECK(close_epoch(&K, 3) == 0);
	CHECK(finds(&K, BOB, "") && finds(&K, ALICE, ""));
	CHECK(rows(&K, KEYIDS_TABLE_KEYS) == 0 && rows(&K, KEYIDS_TABLE_ID) == 0);
	CHECK(K.state.entries == 0 && K.state.ids == 0);
	reader_free(&K);
}

static void
who_had_it_first_comes_first(void)
{
	struct reader K;

	reader_new(&K);
	CHECK(give_key(&K, 1, 9, "alice.pgp") == 0 && close_epoch(&K, 1) == 0);
	CHECK(give_key(&K, 2, 1, "two.pgp") == 0 && close_epoch(&K, 2) == 0);

	/* The first one publishes his key again: he keeps his place. */
	CHECK(give_key(&K, 3, 9, "alice.asc") == 0 && close_epoch(&K, 3) == 0);
	CHECK(finds(&K, ALICE,
	    " alice@home.example alice@example.org rsa@example.org"));
	CHECK(found.nentries == 2 && found.more == 0);
	CHECK(found.entry[0].naddresses == 2 && found.entry[1].naddresses == 3);

	/* He gives it up, and comes back behind the other. */
	CHECK(give_key(&K, 4, 9, NULL) == 0 && close_epoch(&K, 4) == 0);
	CHECK(give_key(&K, 5, 9, "alice.pgp") == 0 && close_epoch(&K, 5) == 0);
	CHECK(finds(&K, ALICE,
	    " alice@home.example alice@example.org rsa@example.org"));
	CHECK(found.entry[0].naddresses == 3 && found.entry[1].naddresses == 2);
	reader_free(&K);
}

static void
what_is_no_key_is_passed_over(void)
{
	uint8_t junk[2000];
	struct reader K;

	reader_new(&K);
	for (size_t i = 0; i < sizeof(junk); i++)
		junk[i] = (uint8_t)(0xc6 ^ (i * i));
	CHECK(give_value(&K, 1, 1, "pgp", junk, sizeof(junk)) == 0);
	CHECK(give_value(&K, 1, 2, "pgp", junk, 0) == 0);
	CHECK(give_key(&K, 1, 3, "secret.pgp") == 0);
	CHECK(give_key(&K, 1, 4, "dsa.pgp") == 0);
	CHECK(give_key(&K, 1, 5, "alice.pgp") == 0);
	CHECK(close_epoch(&K, 1) == 0);
	CHECK(K.state.read == 5 && K.state.unread == 3);

	/* A key without an address leads nowhere. */
	CHECK(finds(&K, DSA, ""));
	CHECK(finds(&K, ALICE, " alice@home.example alice@example.org"));
	CHECK(K.state.entries == 1);
	reader_free(&K);
}

static void
an_answer_is_bounded(void)
{
	struct reader K;

	reader_new(&K);
	for (uint8_t i = 0; i < KEYIDS_ENTRIES_MAX; i++)
		CHECK(give_key(&K, 1, i, "bob.pgp") == 0);
	CHECK(close_epoch(&K, 1) == 0);
	CHECK(finds(&K, BOB, " bob@example.org") && found.more == 0);
	CHECK(give_key(&K, 2, 200, "bob.pgp") == 0 && close_epoch(&K, 2) == 0);
	CHECK(finds(&K, BOB, " bob@example.org") && found.more == 1);
	CHECK(found.nentries == KEYIDS_ENTRIES_MAX);
	reader_free(&K);
}

static void
addresses_of_all_entries_are_told_in_turn(void)
{
	uint8_t id[KEYIDS_ID_LEN] = { 5 }, key[ROWKEY_MAX], index[INDEX_LEN];
	struct keyids_record R = { .naddresses = KEYIDS_ADDRESSES_MAX,
		.nids = 1 };
	struct reader K;
	struct view * V;
	struct wbuf W;
	size_t len;

	reader_new(&K);
	CHECK((V = view_open(K.store)) != NULL);
	wbuf_init(&W, KEYIDS_RECORD_MAX);
	memcpy(R.id[0].id, id, sizeof(id));
	for (uint8_t who = 1; who <= 3; who++) {
		memset(index, who, sizeof(index));
		for (unsigned i = 0; i < R.naddresses; i++)
			snprintf(R.address[i], sizeof(R.address[i]), "u%u-%u", who,
			    i);
		wbuf_reset(&W);
		keyids_record_put(&R, &W);
		CHECK(view_put(V, key, rowkey_named(key, KEYIDS_TABLE_KEYS, index,
		    INDEX_LEN), W.data, W.len) == 0);

		/* The first of them has it as a subkey only. */
		len = rowkey_named(key, KEYIDS_TABLE_ID, id, sizeof(id));
		len = rowkey_u8(key, len, who == 1);
		len = rowkey_u64(key, len, 1);
		len = rowkey_bytes(key, len, index, INDEX_LEN);
		CHECK(view_put(V, key, len, NULL, 0) == 0);
	}
	CHECK(view_commit(V, NULL) == 0);
	view_close(V);
	CHECK(keyids_find(K.store, id, &found) == 0);
	CHECK(found.naddresses == KEYIDS_ADDRESSES_MAX && found.more == 1);
	CHECK(strcmp(found.address[0], "u2-0") == 0);
	CHECK(strcmp(found.address[1], "u3-0") == 0);
	CHECK(strcmp(found.address[2], "u1-0") == 0);
	CHECK(strcmp(found.address[3], "u2-1") == 0);
	wbuf_free(&W);
	reader_free(&K);
}

/* Does an event stop the reader, for good, and leave no row? */
static int
stops(int (* give_event)(struct reader *))
{
	struct reader K;
	int ok;

	reader_new(&K);
	ok = give_key(&K, 1, 1, "alice.pgp") == 0 && close_epoch(&K, 1) == 0 &&
	    give_event(&K) == -1 && K.state.fault &&
	    rows(&K, KEYIDS_TABLE_PENDING) == 0;
	reader_stop(&K);
	reader_start(&K);
	ok = ok && finds(&K, ALICE, " alice@home.example alice@example.org");
	reader_free(&K);
	return (ok);
}

static int
late_update(struct reader * K)
{

	return (give_key(K, 1, 2, "bob.pgp"));
}

static int
early_epoch(struct reader * K)
{

	return (give_head(K, 3));
}

static int
second_majority(struct reader * K)
{

	return (give_signed(K, 1));
}

static int
gap(struct reader * K)
{

	K->position++;
	return (give_key(K, 2, 2, "bob.pgp"));
}

static int
no_update(struct reader * K)
{

	return (give(K, EVENT_UPDATE, "x", 1));
}

static int
other_realm(struct reader * K)
{
	uint8_t record[HEAD_LEN];
	struct head H = { .epoch = 2 };

	head_put(&H, record);
	return (give(K, EVENT_EPOCH, record, HEAD_LEN));
}

static void
events_that_contradict_themselves_stop_it(void)
{

	CHECK(stops(late_update));
	CHECK(stops(early_epoch));
	CHECK(stops(second_majority));
	CHECK(stops(gap));
	CHECK(stops(no_update));
	CHECK(stops(other_realm));
}

static void
records_are_decoded_strictly(void)
{
	static struct keyids_record R, X;
	uint8_t * copy;
	struct wbuf W, Y;

	R.naddresses = 2;
	snprintf(R.address[0], sizeof(R.address[0]), "a@b.example");
	snprintf(R.address[1], sizeof(R.address[1]), "c");
	R.nids = 2;
	R.id[0].subkey = 1;
	R.id[1].since = 3;
	wbuf_init(&W, KEYIDS_RECORD_MAX);
	wbuf_init(&Y, KEYIDS_RECORD_MAX);
	keyids_record_put(&R, &W);
	CHECK(keyids_record_get(&X, W.data, W.len) == 0);
	for (size_t len = 0; len < W.len; len++) {
		CHECK((copy = malloc(len + 1)) != NULL);
		memcpy(copy, W.data, len);
		CHECK(keyids_record_get(&X, copy, len) == -1);
		free(copy);
	}
	for (size_t i = 0; i < 256 * W.len; i++) {
		uint8_t was = W.data[i / 256];

		W.data[i / 256] = (uint8_t)i;
		if (keyids_record_get(&X, W.data, W.len) == 0) {
			wbuf_reset(&Y);
			keyids_record_put(&X, &Y);
			CHECK(W.len == Y.len && memcmp(W.data, Y.data, W.len) == 0);
		}
		W.data[i / 256] = was;
	}
	wbuf_put_u8(&W, 0);
	CHECK(keyids_record_get(&X, W.data, W.len) == -1);
	wbuf_free(&W);
	wbuf_free(&Y);
}

static const struct test tests[] = {
	{ "a key is found once a majority has signed its epoch",
	    a_key_is_found_once_its_epoch_is_signed },
	{ "what a newer version has not, or was erased, is not found any more",
	    what_a_newer_version_has_not_is_gone },
	{ "of several who publish a key, who had it first comes first",
	    who_had_it_first_comes_first },
	{ "what is no key is counted and passed over",
	    what_is_no_key_is_passed_over },
	{ "an answer is bounded, and says when there is more",
	    an_answer_is_bounded },
	{ "the addresses of all who publish a key are told in turn, subkeys last",
	    addresses_of_all_entries_are_told_in_turn },
	{ "events that contradict themselves stop it, and leave nothing",
	    events_that_contradict_themselves_stop_it },
	{ "a record has one encoding, and its decoder never goes wrong",
	    records_are_decoded_strictly },
};
TESTS(tests)
