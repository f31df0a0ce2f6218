#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "codec/rbuf.h"
#include "codec/wbuf.h"
#include "entry/limits.h"
#include "log/committed.h"
#include "log/local.h"
#include "log/log.h"
#include "proto/list.h"
#include "proto/log_entry.h"
#include "store/store.h"
#include "store/store_memory.h"
#include "store/view.h"

#include "test.h"

#define REALM	"example.org"
#define KEY_LEN	9

/* What an engine told, in order. */
struct told {
	uint32_t ids[3 * LOG_BATCH_MAX];	/* of proposed */
	uint64_t indices[3 * LOG_BATCH_MAX];
	size_t n;
	uint64_t committed;	/* the last one told */
	size_t batches;		/* calls of committed */
	int early;		/* committed came before a proposed of it */
};

static struct told told;

static int
on_proposed(void * ctx, struct log_ticket ticket, uint64_t index)
{
	struct told * T = ctx;

	T->ids[T->n] = ticket.id;
	T->indices[T->n++] = index;
	if (index <= T->committed)
		T->early = 1;
	return (0);
}

static int
on_failed(void * ctx, struct log_ticket ticket, const char * why)
{

	(void)ctx;
	(void)ticket;
	(void)why;
	return (-1);
}

static int
on_committed(void * ctx, uint64_t last)
{
	struct told * T = ctx;

	T->committed = last;
	T->batches++;
	return (0);
}

static int
on_hint(void * ctx, int leader)
{

	(void)ctx;
	(void)leader;
	return (-1);
}

static const struct log_events events = {
	on_proposed, on_failed, on_committed, on_hint, NULL
};

/* The encoded log entry number ${i} of the tests, by the page, not the codec. */
static size_t
make_entry(uint32_t i, size_t body_len, uint8_t * out)
{
	size_t n = 0;

	memset(out, 0, REQUEST_ID_LEN);
	for (size_t k = 0; k < 4; k++)
		out[k] = (uint8_t)(i >> (8 * k));
	n = REQUEST_ID_LEN;
	out[n++] = (uint8_t)(1 + i % 4);
	for (size_t k = 0; k < 4; k++)
		out[n++] = (uint8_t)(body_len >> (24 - 8 * k));
	memset(out + n, (int)(i * 7), body_len);
	n += body_len;
	memcpy(out + n, "\0\0\0\002ER", 6);
	return (n + 6);
}

static size_t
body_len_of(uint32_t i)
{

	return (i * 31 % 700);
}

/* Put and commit the entries number ${from} to ${to}. */
static int
append(struct committed * C, uint32_t from, uint32_t to)
{
	uint8_t entry[1024];
	uint64_t index;

	for (uint32_t i = from; i <= to; i++) {
		if (committed_put(C, entry, make_entry(i, body_len_of(i), entry),
		    &index) || index != i)
			return (-1);
	}
	return (committed_commit(C));
}

/* The running hash after entry number ${n}, from the words of PROTOCOL alone. */
static void
expected_hash(uint32_t n, uint8_t * hash)
{
	static const uint8_t personal[16] = "ks-log";
	static const uint8_t salt[16] = { 0 };
	uint8_t entry[1024], data[2048];
	size_t len;

	crypto_generichash_blake2b_salt_personal(hash, 32,
	    (const uint8_t *)REALM, strlen(REALM), NULL, 0, salt, personal);
	for (uint32_t i = 1; i <= n; i++) {
		(void)make_entry(i, body_len_of(i), entry);
		memcpy(data, hash, 32);
		memset(data + 32, 0, 4);
		for (size_t k = 0; k < 4; k++)
			data[36 + k] = (uint8_t)(i >> (24 - 8 * k));
		memcpy(data + 40, entry, 17);
		memcpy(data + 57, entry + 21, body_len_of(i));
		len = 57 + body_len_of(i);
		crypto_generichash_blake2b_salt_personal(hash, 32, data, len,
		    NULL, 0, salt, personal);
	}
}

/* Read ${lo} to ${hi}; return how many came, all right and in order, or -1. */
static long
read_range(struct committed * C, uint64_t lo, uint64_t hi, size_t len_max,
    uint32_t n_max, size_t * bytes)
{
	uint8_t entry[1024], hash[HASH_LEN], expected[HASH_LEN];
	const uint8_t * p;
	struct wbuf W;
	struct rbuf R;
	struct list L;
	size_t len;
	long n = 0;

	wbuf_init(&W, 1 << 22);
	list_begin(&L, &W);
	if (committed_read(C, lo, hi, len_max, n_max, &L, hash))
		goto err0;
	list_end(&L);
	rbuf_init(&R, W.data, W.len);
	*bytes = W.len - 4;
	if (rbuf_get_u32(&R) != L.n)
		goto err0;
	while (list_next(&R, &p, &len)) {
		if (len != make_entry((uint32_t)lo, body_len_of((uint32_t)lo),
		    entry) || memcmp(entry, p, len) != 0)
			goto err0;
		lo++;
		n++;
	}
	if (n > 0) {
		expected_hash((uint32_t)lo - 1, expected);
		if (memcmp(hash, expected, HASH_LEN) != 0)
			goto err0;
	}
	wbuf_free(&W);
	return (n == (long)L.n ? n : -1);

err0:
	wbuf_free(&W);
	return (-1);
}

static void
running_hash_is_protocols(void)
{
	struct store * S = store_open_memory();
	struct committed * C;
	uint8_t hash[HASH_LEN], expected[HASH_LEN];

	CHECK(S != NULL && committed_open(S, REALM, &C) == 0);
	expected_hash(0, expected);
	CHECK(committed_last(C) == 0);
	CHECK(memcmp(committed_hash(C), expected, HASH_LEN) == 0);
	CHECK(append(C, 1, 10) == 0 && append(C, 11, 50) == 0);
	for (uint32_t i = 1; i <= 51; i++) {
		CHECK(committed_hash_before(C, i, hash) == 0);
		expected_hash(i - 1, expected);
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
	size_t len = make_entry(1, 5, entry);

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
	CHECK(read_range(C, 1, UINT64_MAX, 1000, 10, &bytes) == 0);
	CHECK(append(C, 1, 300) == 0);
	CHECK(read_range(C, 1, UINT64_MAX, 1 << 20, 4096, &bytes) == 300);
	CHECK(read_range(C, 5, 9, 1 << 20, 4096, &bytes) == 5);
	CHECK(read_range(C, 9, 5, 1 << 20, 4096, &bytes) == 0);
	CHECK(read_range(C, 300, 400, 1 << 20, 4096, &bytes) == 1);
	CHECK(read_range(C, 301, UINT64_MAX, 1 << 20, 4096, &bytes) == 0);
	CHECK(read_range(C, 1, UINT64_MAX, 1 << 20, 7, &bytes) == 7);
	CHECK(read_range(C, 1, 7, 0, 7, &bytes) == 1);
	for (size_t max = 1; max < 3000; max++) {
		n = read_range(C, 40, UINT64_MAX, max, 4096, &bytes);
		CHECK(n >= 1 && (n == 1 || bytes <= max));
		/* As many as fit: the next one would not have. */
		CHECK(bytes + 4 + 27 + body_len_of(40 + (uint32_t)n) > max);
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
	CHECK(committed_put(C, entry, make_entry(4, 5, entry), &index) == 0);
	CHECK(index == 4 && committed_last(C) == 3);
	CHECK(memcmp(committed_hash(C), before, HASH_LEN) == 0);
	CHECK(read_range(C, 1, UINT64_MAX, 1 << 20, 4096, &bytes) == 3);
	committed_close(C);
	CHECK(committed_open(S, REALM, &C) == 0 && committed_last(C) == 3);
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
		CHECK(read_range(C, 1, UINT64_MAX, 1 << 21, 4096, &bytes) ==
		    (long)last);
		CHECK(append(C, last + 1, last + batch * 3) == 0);
		CHECK(append(C, last + batch * 3 + 1, last + batch * 4) == 0);
		CHECK(committed_commits(C) == 2 && store_number(S) == 2);
		last += batch * 4;
		CHECK(read_range(C, 1, UINT64_MAX, 1 << 21, 4096, &bytes) ==
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

static void
damage_in_the_middle_is_not_read(void)
{
	struct store * S = store_open_memory();
	struct committed * C;
	struct view * V = view_open(S);
	uint8_t key[KEY_LEN];
	size_t bytes;

	CHECK(committed_open(S, REALM, &C) == 0 && append(C, 1, 20) == 0);
	small_key(10, key);
	CHECK(view_put(V, key, KEY_LEN, "short", 5) == 0);
	CHECK(view_commit(V, NULL) == 0);
	CHECK(read_range(C, 1, 9, 1 << 20, 4096, &bytes) == 9);
	CHECK(read_range(C, 9, 11, 1 << 20, 4096, &bytes) == -1);
	CHECK(view_del(V, key, KEY_LEN) == 0 && view_commit(V, NULL) == 0);
	CHECK(read_range(C, 9, 11, 1 << 20, 4096, &bytes) == -1);
	CHECK(read_range(C, 9, 10, 1 << 20, 4096, &bytes) == -1);
	CHECK(read_range(C, 11, 20, 1 << 20, 4096, &bytes) == 10);
	view_close(V);
	committed_close(C);
	store_close(S);
}

/* Propose ${n} entries of ${body_len}, ids counted on from ${id}. */
static int
propose(struct log_engine * E, uint32_t id, uint32_t n, size_t body_len)
{
	static uint8_t entry[LOG_ENTRY_MAX];
	struct log_ticket ticket = { &told, 0 };

	for (uint32_t i = 0; i < n; i++) {
		ticket.id = id + i;
		if (log_propose(E, ticket, entry,
		    make_entry(id + i, body_len, entry)))
			return (-1);
	}
	return (0);
}

/* All told so far are ids 1... at indices 1..., each after its commit. */
static int
told_in_order(size_t n)
{

	if (told.n != n || told.early)
		return (0);
	for (size_t i = 0; i < n; i++) {
		if (told.ids[i] != i + 1 || told.indices[i] != i + 1)
			return (0);
	}
	return (1);
}

static void
a_turn_is_one_commit(void)
{
	struct store * S = store_open_memory();
	struct committed * C;
	struct log_engine * E;

	memset(&told, 0, sizeof(told));
	CHECK(committed_open(S, REALM, &C) == 0);
	CHECK((E = log_local_new(C, &events, &told)) != NULL);
	CHECK(log_leader(E) == 1 && strcmp(log_name(E), "local") == 0);
	CHECK(log_flush(E) == 0 && told.batches == 0);
	CHECK(propose(E, 1, 100, 10) == 0);
	CHECK(told.n == 0 && committed_last(C) == 0 && log_waiting(E) == 100);
	CHECK(log_flush(E) == 0 && log_waiting(E) == 0);
	CHECK(told_in_order(100) && told.committed == 100);
	CHECK(committed_commits(C) == 1 && told.batches == 1);
	CHECK(propose(E, 101, 1, 10) == 0 && log_flush(E) == 0);
	CHECK(told_in_order(101) && committed_commits(C) == 2);
	log_close(E);
	committed_close(C);
	store_close(S);
}

static void
a_flood_is_cut_into_commits(void)
{
	struct store * S = store_open_memory();
	struct committed * C;
	struct log_engine * E;
	uint32_t n = 2 * LOG_BATCH_MAX + 7;

	memset(&told, 0, sizeof(told));
	CHECK(committed_open(S, REALM, &C) == 0);
	CHECK((E = log_local_new(C, &events, &told)) != NULL);
	CHECK(propose(E, 1, n, 10) == 0);
	CHECK(committed_last(C) == 2 * LOG_BATCH_MAX && log_waiting(E) == 7);
	CHECK(log_flush(E) == 0 && told_in_order(n));
	CHECK(committed_commits(C) == 3);

	/* And by bytes. */
	CHECK(propose(E, n + 1, 50, 130000) == 0);
	CHECK(committed_commits(C) == 4 && log_waiting(E) < 50);
	CHECK(log_flush(E) == 0 && told_in_order(n + 50));
	CHECK(committed_commits(C) == 5);
	log_close(E);
	committed_close(C);
	store_close(S);
}

static void
what_the_disk_refused_is_not_told(void)
{
	struct store * S = store_open_memory();
	struct committed * C;
	struct log_engine * E;

	memset(&told, 0, sizeof(told));
	CHECK(committed_open(S, REALM, &C) == 0);
	CHECK((E = log_local_new(C, &events, &told)) != NULL);
	CHECK(propose(E, 1, 5, 10) == 0 && log_flush(E) == 0);
	store_memory_fail_commit(S, 1);
	CHECK(propose(E, 6, 5, 10) == 0 && log_flush(E) == -1);
	CHECK(told_in_order(5) && told.committed == 5);
	CHECK(committed_last(C) == 5);
	/* Dead for good: nothing later may be told either. */
	CHECK(propose(E, 11, 1, 10) == -1 || log_flush(E) == -1);
	CHECK(told_in_order(5) && told.committed == 5);
	log_close(E);
	committed_close(C);

	store_memory_restart(S);
	CHECK(committed_open(S, REALM, &C) == 0 && committed_last(C) == 5);
	committed_close(C);
	store_close(S);
}

static void
only_the_shape_is_checked(void)
{
	static uint8_t entry[LOG_ENTRY_MAX + 1];
	size_t len = make_entry(1, 100, entry);

	CHECK(log_check(entry, len) == NULL);
	CHECK(strcmp(log_check(entry, len - 1), "entry-malformed") == 0);
	CHECK(log_check_time(entry, len, 0) == NULL);
	CHECK(log_check(entry, len + 1) != NULL);
	CHECK(log_check(entry, 0) != NULL);
	for (int type = 0; type < 256; type++) {
		entry[REQUEST_ID_LEN] = (uint8_t)type;
		CHECK((log_check(entry, len) == NULL) ==
		    (type >= 1 && type <= 4));
	}
	len = make_entry(1, LOG_ENTRY_MAX - 27, entry);
	CHECK(len == LOG_ENTRY_MAX && log_check(entry, len) == NULL);
	len = make_entry(1, LOG_ENTRY_MAX - 26, entry);
	CHECK(log_check(entry, len) != NULL);
}

static const struct test tests[] = {
	{ "the running hash is that of PROTOCOL", running_hash_is_protocols },
	{ "erasing a profile keeps the running hash", erasing_keeps_the_hash },
	{ "reads are bounded by index, number and bytes, and give at least one",
	    reads_are_bounded },
	{ "what is not committed is not seen", nothing_pending_is_seen },
	{ "whatever the batches and restarts, the log only grows",
	    a_log_is_a_prefix_of_its_later_self },
	{ "needs name the commit, never an earlier one", needs_name_the_commit },
	{ "a damaged tail or head, or another realm's log, is refused",
	    damage_is_refused },
	{ "a damaged or missing entry is not read over",
	    damage_in_the_middle_is_not_read },
	{ "all proposals of a turn are one commit, told in order after it",
	    a_turn_is_one_commit },
	{ "a flood is committed in bounded batches, in order",
	    a_flood_is_cut_into_commits },
	{ "a commit that the disk refused is never acknowledged",
	    what_the_disk_refused_is_not_told },
	{ "of a proposal only the shape is checked", only_the_shape_is_checked }
};

TESTS(tests)
