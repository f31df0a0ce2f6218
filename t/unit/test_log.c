#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "codec/wbuf.h"
#include "entry/limits.h"
#include "log/committed.h"
#include "log/log.h"
#include "proto/list.h"
#include "proto/log_entry.h"
#include "store/store.h"
#include "store/store_memory.h"
#include "store/view.h"

#include "log_entries.h"
#include "test.h"

#define REALM	"example.org"
#define KEY_LEN	9

/* Put and commit the entries number ${from} to ${to}. */
static int
append(struct committed * C, uint32_t from, uint32_t to)
{
	uint8_t entry[1024];
	uint64_t index;

	for (uint32_t i = from; i <= to; i++) {
		if (committed_put(C, entry, entries_make(i, entries_body_len(i), entry),
		    &index) || index != i)
			return (-1);
	}
	return (committed_commit(C));
}

static void
running_hash_is_protocols(void)
{
	struct store * S = store_open_memory();
	struct committed * C;
	uint8_t hash[HASH_LEN], expected[HASH_LEN];

	CHECK(S != NULL && committed_open(S, REALM, &C) == 0);
	entries_hash(REALM, 0, expected);
	CHECK(committed_last(C) == 0);
	CHECK(memcmp(committed_hash(C), expected, HASH_LEN) == 0);
	CHECK(append(C, 1, 10) == 0 && append(C, 11, 50) == 0);
	for (uint32_t i = 1; i <= 51; i++) {
		CHECK(committed_hash_before(C, i, hash) == 0);
		entries_hash(REALM, i - 1, expected);
		CHECK(memcmp(hash, expected, HASH_LEN) == 0);
	}
	CHECK(memcmp(committed_hash(C), expected, HASH_LEN) == 0);
	committed_close(C);
	store_close(S);
}

static void
erasing_keeps_the_hash(void)
{
	struct store * S = store_open_memory(), * S2 = store_open_memory();
	struct committed * C, * C2;
	uint8_t entry[64];
	uint64_t index;
	size_t len = entries_make(1, 5, entry);

	CHECK(committed_open(S, REALM, &C) == 0);
	CHECK(committed_open(S2, REALM, &C2) == 0);
	CHECK(committed_put(C, entry, len, &index) == 0);
	entry[len - 3] = 0;
	CHECK(committed_put(C2, entry, len - 2, &index) == 0);
	CHECK(committed_commit(C) == 0 && committed_commit(C2) == 0);
	CHECK(memcmp(committed_hash(C), committed_hash(C2), HASH_LEN) == 0);
	committed_close(C);
	committed_close(C2);
	store_close(S);
	store_close(S2);
}

static void
reads_are_bounded(void)
{
	struct store * S = store_open_memory();
	struct committed * C;
	size_t bytes;
	long n;

	CHECK(committed_open(S, REALM, &C) == 0);
	CHECK(entries_read(C, REALM, 1, UINT64_MAX, 1000, 10, &bytes) == 0);
	CHECK(append(C, 1, 300) == 0);
	CHECK(entries_read(C, REALM, 1, UINT64_MAX, 1 << 20, 4096, &bytes) == 300);
	CHECK(entries_read(C, REALM, 5, 9, 1 << 20, 4096, &bytes) == 5);
	CHECK(entries_read(C, REALM, 9, 5, 1 << 20, 4096, &bytes) == 0);
	CHECK(entries_read(C, REALM, 300, 400, 1 << 20, 4096, &bytes) == 1);
	CHECK(entries_read(C, REALM, 301, UINT64_MAX, 1 << 20, 4096, &bytes) == 0);
	CHECK(entries_read(C, REALM, 1, UINT64_MAX, 1 << 20, 7, &bytes) == 7);
	CHECK(entries_read(C, REALM, 1, 7, 0, 7, &bytes) == 1);
	for (size_t max = 1; max < 3000; max++) {
		n = entries_read(C, REALM, 40, UINT64_MAX, max, 4096, &bytes);
		CHECK(n >= 1 && (n == 1 || bytes <= max));
		/* As many as fit: the next one would not have. */
		CHECK(bytes + 4 + 27 + entries_body_len(40 + (uint32_t)n) > max);
	}
	committed_close(C);
	store_close(S);
}

static void
nothing_pending_is_seen(void)
{
	struct store * S = store_open_memory();
	struct committed * C;
	uint8_t entry[64], before[HASH_LEN];
	uint64_t index;
	size_t bytes;

	CHECK(committed_open(S, REALM, &C) == 0 && append(C, 1, 3) == 0);
	memcpy(before, committed_hash(C), HASH_LEN);
	CHECK(committed_put(C, entry, entries_make(4, 5, entry), &index) == 0);
	CHECK(index == 4 && committed_last(C) == 3);
	CHECK(memcmp(committed_hash(C), before, HASH_LEN) == 0);
	CHECK(entries_read(C, REALM, 1, UINT64_MAX, 1 << 20, 4096, &bytes) == 3);
	committed_close(C);
	CHECK(committed_open(S, REALM, &C) == 0 && committed_last(C) == 3);
	committed_close(C);
	store_close(S);
}

static void
the_place_is_committed_with_the_entries(void)
{
	struct store * S = store_open_memory();
	struct committed_place place = { 7, 99 };
	struct committed * C;
	uint8_t entry[64];
	uint64_t index;

	CHECK(committed_open(S, REALM, &C) == 0 && append(C, 1, 3) == 0);
	CHECK(committed_place(C).cluster == 0 && committed_place(C).revision == 0);
	CHECK(committed_set_place(C, place) == 0);
	CHECK(committed_place(C).cluster == 0);
	CHECK(committed_put(C, entry, entries_make(4, 5, entry), &index) == 0);
	CHECK(committed_put_last(C) == 4 && committed_commit(C) == 0);
	CHECK(committed_place(C).cluster == 7 && committed_place(C).revision == 99);
	place.revision = 100;
	CHECK(committed_set_place(C, place) == 0);
	CHECK(committed_put(C, entry, entries_make(5, 5, entry), &index) == 0);
	committed_discard(C);
	CHECK(committed_put_last(C) == 4 && committed_commits(C) == 2);
	CHECK(committed_commit(C) == 0 && committed_commits(C) == 2);
	CHECK(memcmp(committed_put_hash(C), committed_hash(C), HASH_LEN) == 0);
	CHECK(committed_set_place(C, place) == 0 && committed_commit(C) == 0);
	committed_close(C);
	CHECK(committed_open(S, REALM, &C) == 0 && committed_last(C) == 4);
	CHECK(committed_place(C).cluster == 7 && committed_place(C).revision == 100);
	committed_close(C);
	store_close(S);
}

/* Appending in any batches, closing at any time, gives one log, ever longer. */
static void
a_log_is_a_prefix_of_its_later_self(void)
{
	struct store_options options = { 1 << 20, 0 };
	const char * dir = test_dir();
	struct store * S;
	struct committed * C;
	uint32_t last = 0;
	size_t bytes;

	for (uint32_t batch = 1; batch <= 12; batch++) {
		CHECK(store_open(dir, &options, &S) == 0);
		CHECK(committed_open(S, REALM, &C) == 0);
		CHECK(committed_last(C) == last);
		CHECK(committed_needs(C, last) == 0);
		CHECK(entries_read(C, REALM, 1, UINT64_MAX, 1 << 21, 4096, &bytes) ==
		    (long)last);
		CHECK(append(C, last + 1, last + batch * 3) == 0);
		CHECK(append(C, last + batch * 3 + 1, last + batch * 4) == 0);
		CHECK(committed_commits(C) == 2 && store_number(S) == 2);
		last += batch * 4;
		CHECK(entries_read(C, REALM, 1, UINT64_MAX, 1 << 21, 4096, &bytes) ==
		    (long)last);
		committed_close(C);
		store_close(S);
	}
}

/* Never lower than true, and exact for the newest commits. */
static void
needs_name_the_commit(void)
{
	struct store * S = store_open_memory();
	struct committed * C;
	uint64_t true_number;

	CHECK(committed_open(S, REALM, &C) == 0 && append(C, 1, 5) == 0);
	committed_close(C);
	store_memory_restart(S);
	CHECK(committed_open(S, REALM, &C) == 0);
	for (uint32_t i = 0; i < 3 * COMMITTED_MARKS; i++) {
		CHECK(append(C, 6 + 2 * i, 7 + 2 * i) == 0);
		for (uint64_t k = 0; k <= 7 + 2 * i; k++) {
			true_number = k <= 5 ? 0 : (k - 4) / 2;
			CHECK(committed_needs(C, k) >= true_number);
			if (k <= 5 || true_number + COMMITTED_MARKS > i + 1)
				CHECK(committed_needs(C, k) == true_number);
			CHECK(committed_needs(C, k) <= store_number(S));
		}
	}
	committed_close(C);
	store_close(S);
}

/* The key of the entry ${index} < 256. */
static void
small_key(uint8_t index, uint8_t key[KEY_LEN])
{

	memset(key, 0, KEY_LEN);
	key[0] = 0x02;
	key[KEY_LEN - 1] = index;
}

/* Make a log of ${n}, damage the row of ${index}, and say what opening returns. */
static int
open_damaged(uint32_t n, uint8_t index, size_t at, int flip, int cut)
{
	struct store * S = store_open_memory();
	struct committed * C;
	struct bytes val = { NULL, 0, 0 };
	struct view * V = view_open(S);
	uint8_t key[KEY_LEN];
	int rc = -2;

	if (committed_open(S, REALM, &C) || append(C, 1, n))
		goto done;
	committed_close(C);
	small_key(index, key);
	if (store_get(S, key, KEY_LEN, &val))
		goto done;
	val.data[at] ^= (uint8_t)flip;
	if (cut > 0)
		view_put(V, key, KEY_LEN, val.data, val.len - (size_t)cut);
	else if (cut < 0)
		view_del(V, key, KEY_LEN);
	else
		view_put(V, key, KEY_LEN, val.data, val.len);
	if (view_commit(V, NULL))
		goto done;
	if ((rc = committed_open(S, REALM, &C)) == 0)
		committed_close(C);

done:
	bytes_free(&val);
	view_close(V);
	store_close(S);
	return (rc);
}

static void
damage_is_refused(void)
{
	struct store * S = store_open_memory();
	struct committed * C;

	CHECK(open_damaged(9, 9, 0, 0, 0) == 0);
	CHECK(open_damaged(9, 9, 0, 1, 0) == 1);	/* its hash */
	CHECK(open_damaged(9, 9, 31, 0x80, 0) == 1);
	CHECK(open_damaged(9, 9, 32, 1, 0) == 1);	/* its request id */
	CHECK(open_damaged(9, 9, 48, 1, 0) == 1);	/* its type */
	CHECK(open_damaged(9, 9, 54, 1, 0) == 1);	/* its body */
	CHECK(open_damaged(9, 9, 0, 0, 1) == 1);	/* its end */
	CHECK(open_damaged(9, 8, 3, 1, 0) == 1);	/* the one before */
	CHECK(open_damaged(9, 8, 0, 0, -1) == 1);
	CHECK(open_damaged(9, 1, 0, 0, -1) == 1);	/* the first */
	CHECK(open_damaged(1, 1, 0, 1, 0) == 1);
	CHECK(open_damaged(1, 1, 0, 0, -1) == 0);	/* an empty log */

	/* Another realm's log begins otherwise. */
	CHECK(committed_open(S, REALM, &C) == 0 && append(C, 1, 20) == 0);
	committed_close(C);
	CHECK(committed_open(S, "example.net", &C) == 1);
	CHECK(committed_open(S, REALM, &C) == 0);
	committed_close(C);
	store_close(S);
}

/* What reading the entries ${lo} to ${hi} returns. */
static int
read_rc(struct committed * C, uint64_t lo, uint64_t hi)
{
	uint8_t hash[HASH_LEN];
	struct wbuf W;
	struct list L;
	int rc;

	wbuf_init(&W, 1 << 22);
	list_begin(&L, &W);
	if ((rc = committed_hash_before(C, lo, hash)) == 0)
		rc = committed_read(C, lo, hi, 1 << 20, 4096, &L, hash);
	wbuf_free(&W);
	return (rc);
}

static void
damage_in_the_middle_is_not_read(void)
{
	struct store * S = store_open_memory();
	struct committed * C;
	struct view * V = view_open(S);
	uint8_t key[KEY_LEN], hash[HASH_LEN];
	struct bytes val = { NULL, 0, 0 };
	size_t bytes;

	CHECK(committed_open(S, REALM, &C) == 0 && append(C, 1, 20) == 0);
	small_key(10, key);
	/* One bit: of the hash, the request id, the type, the body. */
	CHECK(store_get(S, key, KEY_LEN, &val) == 0);
	for (size_t at = 0; at < 54; at += at < 32 ? 31 : 1) {
		if (at > 48 && at < 53)
			continue;	/* the length of the body */
		val.data[at] ^= 4;
		CHECK(view_put(V, key, KEY_LEN, val.data, val.len) == 0);
		CHECK(view_commit(V, NULL) == 0);
		CHECK(read_rc(C, 9, 11) == 1 && read_rc(C, 10, 10) == 1);
		CHECK(read_rc(C, 1, 9) == 0 && read_rc(C, 12, 20) == 0);
		val.data[at] ^= 4;
	}
	CHECK(view_put(V, key, KEY_LEN, val.data, val.len) == 0);
	CHECK(view_commit(V, NULL) == 0 && read_rc(C, 9, 11) == 0);
	bytes_free(&val);
	CHECK(view_put(V, key, KEY_LEN, "short", 5) == 0);
	CHECK(view_commit(V, NULL) == 0);
	CHECK(entries_read(C, REALM, 1, 9, 1 << 20, 4096, &bytes) == 9);
	CHECK(entries_read(C, REALM, 9, 11, 1 << 20, 4096, &bytes) == -1);
	CHECK(view_del(V, key, KEY_LEN) == 0 && view_commit(V, NULL) == 0);
	CHECK(entries_read(C, REALM, 9, 11, 1 << 20, 4096, &bytes) == -1);
	CHECK(entries_read(C, REALM, 9, 10, 1 << 20, 4096, &bytes) == -1);
	CHECK(entries_read(C, REALM, 12, 20, 1 << 20, 4096, &bytes) == 9);
	CHECK(committed_hash_before(C, 11, hash) == 1);
	view_close(V);
	committed_close(C);
	store_close(S);
}

static void
only_the_shape_is_checked(void)
{
	static uint8_t entry[LOG_ENTRY_MAX + 1];
	size_t len = entries_make(1, 100, entry);

	CHECK(log_check(entry, len) == NULL);
	CHECK(strcmp(log_check(entry, len - 1), "entry-malformed") == 0);
	CHECK(log_check_time(entry, len, 0) == NULL);
	CHECK(log_check(entry, len + 1) != NULL);
	CHECK(log_check(entry, 0) != NULL);
	for (int type = 0; type < 256; type++) {
		entry[REQUEST_ID_LEN] = (uint8_t)type;
		CHECK((log_check(entry, len) == NULL) ==
		    (type >= 1 && type <= 5));
	}
	len = entries_make(1, LOG_ENTRY_MAX - 27, entry);
	CHECK(len == LOG_ENTRY_MAX && log_check(entry, len) == NULL);
	len = entries_make(1, LOG_ENTRY_MAX - 26, entry);
	CHECK(log_check(entry, len) != NULL);
}

static const struct test tests[] = {
	{ "the running hash is that of PROTOCOL", running_hash_is_protocols },
	{ "erasing a profile keeps the running hash", erasing_keeps_the_hash },
	{ "reads are bounded by index, number and bytes, and give at least one",
	    reads_are_bounded },
	{ "what is not committed is not seen", nothing_pending_is_seen },
	{ "the place in a shared engine is committed with the entries, or not at all",
	    the_place_is_committed_with_the_entries },
	{ "whatever the batches and restarts, the log only grows",
	    a_log_is_a_prefix_of_its_later_self },
	{ "needs name the commit, never an earlier one", needs_name_the_commit },
	{ "a damaged tail or head, or another realm's log, is refused",
	    damage_is_refused },
	{ "a damaged or missing entry is not read over",
	    damage_in_the_middle_is_not_read },
	{ "of a proposal only the shape is checked", only_the_shape_is_checked }
};

TESTS(tests)
