#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/store.h"
#include "store/store_memory.h"
#include "store/view.h"

#include "test.h"

/* The store under test, and how to stop it and start it again. */
static struct store * S;
static const char * dir;	/* NULL: the memory double */

static int
start(int in_memory)
{

	dir = in_memory ? NULL : test_dir();
	if (in_memory)
		return ((S = store_open_memory()) == NULL ? -1 : 0);
	return (store_open(dir, NULL, &S));
}

static int
restart(void)
{

	if (dir == NULL) {
		store_memory_restart(S);
		return (0);
	}
	store_close(S);
	return (store_open(dir, NULL, &S));
}

static void
stop(void)
{

	store_close(S);
	S = NULL;
}

/* Every promise is checked on Berkeley DB and on the memory double. */
#define BOTH(f)								\
static void								\
f##_bdb(void)								\
{									\
	CHECK(start(0) == 0);						\
	f();								\
	stop();								\
}									\
static void								\
f##_memory(void)							\
{									\
	CHECK(start(1) == 0);						\
	f();								\
	stop();								\
}

static int
put(struct view * V, const char * key, const char * val)
{

	return (view_put(V, key, strlen(key), val, strlen(val)));
}

static int
del(struct view * V, const char * key)
{

	return (view_del(V, key, strlen(key)));
}

/* Whether ${key} has exactly ${val} (NULL: no row) as the store or ${V} sees it. */
static int
is(struct view * V, const char * key, const char * val)
{
	struct bytes b = { 0 };
	int rc, yes;

	rc = V ? view_get(V, key, strlen(key), &b) :
	    store_get(S, key, strlen(key), &b);
	if (val == NULL)
		yes = rc == 1;
	else
		yes = rc == 0 && b.len == strlen(val) &&
		    memcmp(b.data, val, b.len) == 0;
	bytes_free(&b);
	return (yes);
}

/* Collects a scan as "key=val;". */
struct collected {
	char text[4096];
	int rows;
	int rows_max;	/* stop after as many; 0: never */
};

static int
collect(void * cookie, const uint8_t * key, size_t klen, const uint8_t * val,
    size_t vlen)
{
	struct collected * c = cookie;
	size_t len = strlen(c->text);

	snprintf(c->text + len, sizeof(c->text) - len, "%.*s=%.*s;", (int)klen,
	    (const char *)key, (int)vlen, (const char *)val);
	return (++c->rows == c->rows_max);
}

/* Whether a scan of [from, to) yields ${text}. */
static int
scans(struct view * V, const char * from, const char * to, const char * text)
{
	struct collected c = { 0 };
	int rc;

	if (V != NULL)
		rc = view_scan(V, from, strlen(from), to, strlen(to), collect, &c);
	else
		rc = store_scan(S, from, strlen(from), to, strlen(to), collect,
		    &c);
	if (rc == 0 && strcmp(c.text, text) == 0)
		return (1);
	printf("# [%s, %s): %d %s\n", from, to, rc, c.text);
	return (0);
}

static int
last_is(struct view * V, const char * from, const char * to, const char * row)
{
	struct bytes k = { 0 }, v = { 0 };
	char text[256] = "";
	int rc;

	if (V != NULL)
		rc = view_last(V, from, strlen(from), to, strlen(to), &k, &v);
	else
		rc = store_last(S, from, strlen(from), to, strlen(to), &k, &v);
	if (rc == 0)
		snprintf(text, sizeof(text), "%.*s=%.*s", (int)k.len,
		    (char *)k.data, (int)v.len, (char *)v.data);
	bytes_free(&k);
	bytes_free(&v);
	return (rc == (row == NULL) && strcmp(text, row ? row : "") == 0);
}

static void
put_get_del(void)
{
	struct view * V = view_open(S);
	struct bytes b = { 0 };
	uint8_t * big = malloc(STORE_VALUE_MAX);
	uint8_t key[STORE_KEY_MAX];
	uint64_t n;
	size_t len;

	CHECK(V != NULL && big != NULL);
	CHECK(is(NULL, "a", NULL) && is(V, "a", NULL));
	CHECK(put(V, "a", "1") == 0 && put(V, "b", "") == 0);
	CHECK(del(V, "never there") == 0);
	CHECK(view_pending(V, &len) == 3 && len == 3 + strlen("never there"));
	CHECK(view_commit(V, &n) == 0 && n == 1);
	CHECK(view_pending(V, &len) == 0 && len == 0);
	CHECK(is(NULL, "a", "1") && is(NULL, "b", "") && is(NULL, "ab", NULL));

	CHECK(put(V, "a", "22") == 0 && del(V, "b") == 0);
	CHECK(view_commit(V, NULL) == 0);
	CHECK(is(NULL, "a", "22") && is(NULL, "b", NULL));

	/* The longest key and value, zero bytes among them. */
	memset(key, 0, sizeof(key));
	memset(big, 0xa5, STORE_VALUE_MAX);
	CHECK(view_put(V, key, sizeof(key), big, STORE_VALUE_MAX) == 0);
	CHECK(view_commit(V, NULL) == 0);
	CHECK(store_get(S, key, sizeof(key), &b) == 0);
	CHECK(b.len == STORE_VALUE_MAX && memcmp(b.data, big, b.len) == 0);
	CHECK(store_get(S, key, sizeof(key) - 1, &b) == 1);
	CHECK(view_last(V, NULL, 0, "a", 1, &b, &b) == 0);
	bytes_free(&b);
	free(big);
	view_close(V);
}
BOTH(put_get_del)

static void
batch_is_whole(void)
{
	struct view * V = view_open(S), * W = view_open(S);

	CHECK(put(V, "a", "1") == 0 && put(V, "b", "1") == 0);

	/* Nobody else sees any of it before the commit. */
	CHECK(is(NULL, "a", NULL) && is(W, "b", NULL));
	CHECK(scans(NULL, "", "", "") && scans(W, "", "", ""));
	CHECK(view_commit(V, NULL) == 0);
	CHECK(is(NULL, "a", "1") && is(W, "b", "1"));
	CHECK(scans(W, "", "", "a=1;b=1;"));

	/* What is discarded never happened. */
	CHECK(put(V, "c", "1") == 0 && del(V, "a") == 0);
	view_discard(V);
	CHECK(view_pending(V, NULL) == 0 && view_commit(V, NULL) == 0);
	CHECK(scans(V, "", "", "a=1;b=1;"));
	CHECK(put(V, "c", "1") == 0);
	view_close(V);
	CHECK(scans(W, "", "", "a=1;b=1;"));
	view_close(W);
}
BOTH(batch_is_whole)

static void
view_sees_its_own(void)
{
	struct view * V = view_open(S);
	struct collected c = { 0 };

	CHECK(put(V, "b", "1") == 0 && put(V, "d", "1") == 0 &&
	    put(V, "f", "1") == 0 && view_commit(V, NULL) == 0);
	CHECK(put(V, "a", "2") == 0 && put(V, "d", "2") == 0 &&
	    del(V, "f") == 0 && put(V, "da", "2") == 0);
	CHECK(is(V, "a", "2") && is(V, "d", "2") && is(V, "f", NULL));
	CHECK(scans(V, "", "", "a=2;b=1;d=2;da=2;"));
	CHECK(scans(NULL, "", "", "b=1;d=1;f=1;"));

	/* Put again what was deleted, delete what was put. */
	CHECK(put(V, "f", "3") == 0 && del(V, "a") == 0);
	CHECK(scans(V, "", "", "b=1;d=2;da=2;f=3;"));
	CHECK(view_commit(V, NULL) == 0);
	CHECK(scans(NULL, "", "", "b=1;d=2;da=2;f=3;"));

	c.rows_max = 2;
	CHECK(view_scan(V, "b", 1, NULL, 0, collect, &c) == 1);
	CHECK(c.rows == 2 && strcmp(c.text, "b=1;d=2;") == 0);
	view_close(V);
}
BOTH(view_sees_its_own)

static void
ranges(void)
{
	struct view * V = view_open(S);

	CHECK(scans(V, "", "", "") && last_is(V, "", "", NULL));
	CHECK(put(V, "b", "1") == 0 && put(V, "bb", "2") == 0 &&
	    put(V, "c", "3") == 0 && put(V, "\xff", "4") == 0);

	/* The same pending and committed: half-open, a prefix first. */
	for (int committed = 0; committed < 2; committed++) {
		CHECK(scans(V, "b", "c", "b=1;bb=2;"));
		CHECK(scans(V, "a", "b", "") && scans(V, "ba", "bb", ""));
		CHECK(scans(V, "bb", "bbb", "bb=2;"));
		CHECK(scans(V, "c", "b", "") && scans(V, "c", "c", ""));
		CHECK(scans(V, "c", "", "c=3;\xff=4;"));
		CHECK(last_is(V, "", "", "\xff=4"));
		CHECK(last_is(V, "", "\xff", "c=3"));
		CHECK(last_is(V, "b", "c", "bb=2"));
		CHECK(last_is(V, "b", "bb", "b=1"));
		CHECK(last_is(V, "ba", "bb", NULL));
		CHECK(last_is(V, "", "b", NULL));
		CHECK(view_commit(V, NULL) == 0);
	}
	CHECK(scans(NULL, "b", "c", "b=1;bb=2;"));
	CHECK(last_is(NULL, "b", "c", "bb=2") && last_is(NULL, "d", "e", NULL));

	/* Pending deletions step back over committed rows. */
	CHECK(del(V, "\xff") == 0 && del(V, "c") == 0 && put(V, "a", "0") == 0);
	CHECK(last_is(V, "", "", "bb=2") && last_is(V, "c", "", NULL));
	CHECK(del(V, "bb") == 0 && del(V, "b") == 0);
	CHECK(last_is(V, "", "", "a=0") && last_is(V, "b", "", NULL));
	view_close(V);
}
BOTH(ranges)

static int
delete_row(void * cookie, const uint8_t * key, size_t klen, const uint8_t * val,
    size_t vlen)
{
	struct view * V = cookie;
	uint8_t more[2] = { 'y', key[klen - 1] };

	(void)val;
	(void)vlen;
	return (view_del(V, key, klen) || view_put(V, more, 2, key, klen) ? -1 : 0);
}

static int
refuse_row(void * cookie, const uint8_t * key, size_t klen, const uint8_t * val,
    size_t vlen)
{

	(void)cookie;
	(void)key;
	(void)klen;
	(void)val;
	(void)vlen;
	return (-1);
}

static void
scan_may_change(void)
{
	struct view * V = view_open(S);

	CHECK(put(V, "x1", "") == 0 && put(V, "x3", "") == 0);
	CHECK(view_commit(V, NULL) == 0 && put(V, "x2", "") == 0);
	CHECK(view_scan(V, "x", 1, "y", 1, delete_row, V) == 0);
	CHECK(scans(V, "", "", "y1=x1;y2=x2;y3=x3;"));
	CHECK(view_commit(V, NULL) == 0);
	CHECK(scans(NULL, "", "", "y1=x1;y2=x2;y3=x3;"));
	CHECK(view_scan(V, "", 0, "", 0, refuse_row, NULL) == -1);
	CHECK(store_scan(S, "", 0, "", 0, refuse_row, NULL) == -1);
	CHECK(store_dead(S) == 0 && is(V, "y1", "x1"));
	view_close(V);
}
BOTH(scan_may_change)

static void
numbers(void)
{
	struct view * V = view_open(S);
	uint64_t n = 99;

	CHECK(view_commit(V, &n) == 0 && n == 0 && store_number(S) == 0);
	for (uint64_t i = 1; i < 5; i++) {
		CHECK(put(V, "a", "1") == 0);
		CHECK(view_commit(V, &n) == 0 && n == i && store_number(S) == i);
		CHECK(view_commit(V, &n) == 0 && n == i && store_number(S) == i);
	}
	view_close(V);
	CHECK(restart() == 0 && store_number(S) == 0 && is(NULL, "a", "1"));
}
BOTH(numbers)

static int
count_row(void * cookie, const uint8_t * key, size_t klen, const uint8_t * val,
    size_t vlen)
{
	uint32_t * n = cookie;
	uint8_t want[5];

	want[0] = 't';
	want[1] = (uint8_t)(*n >> 24);
	want[2] = (uint8_t)(*n >> 16);
	want[3] = (uint8_t)(*n >> 8);
	want[4] = (uint8_t)*n;
	(*n)++;
	return (klen == 5 && memcmp(key, want, 5) == 0 && vlen == 300 &&
	    val[0] == want[4] && val[299] == want[4] ? 0 : -1);
}

static void
large_batch(void)
{
	struct view * V = view_open(S);
	uint8_t key[5] = { 't' }, val[300];
	uint32_t n = 0, i, rows = 60000;

	/* Out of order, so that the order is the work of the store. */
	for (uint32_t j = 0; j < rows; j++) {
		i = (uint32_t)((uint64_t)j * 7919 % rows);
		key[1] = (uint8_t)(i >> 24);
		key[2] = (uint8_t)(i >> 16);
		key[3] = (uint8_t)(i >> 8);
		key[4] = (uint8_t)i;
		memset(val, (int)(i & 0xff), sizeof(val));
		CHECK(view_put(V, key, sizeof(key), val, sizeof(val)) == 0);
	}
	CHECK(view_commit(V, NULL) == 0);
	view_close(V);
	CHECK(restart() == 0);
	CHECK(store_scan(S, "t", 1, "u", 1, count_row, &n) == 0 && n == rows);
}
BOTH(large_batch)

/* Keys that differ in trailing zero bytes only, with long values. */
#define NEAR_KEYS	24
#define NEAR_LEN	60000

static int
near_row(void * cookie, const uint8_t * key, size_t klen, const uint8_t * val,
    size_t vlen)
{
	size_t * n = cookie;

	(void)key;
	(void)val;
	return (klen == ++*n && vlen == NEAR_LEN ? 0 : -1);
}

static void
near_keys(void)
{
	static const uint8_t key[NEAR_KEYS], val[NEAR_LEN];
	struct view * V = view_open(S);
	size_t n = 0;

	/* So long that a scan has to look for its place several times. */
	for (size_t i = 1; i <= NEAR_KEYS; i++)
		CHECK(view_put(V, key, i, val, sizeof(val)) == 0);
	CHECK(view_scan(V, "", 0, "", 0, near_row, &n) == 0 && n == NEAR_KEYS);
	CHECK(view_commit(V, NULL) == 0);
	n = 0;
	CHECK(store_scan(S, "", 0, "", 0, near_row, &n) == 0 && n == NEAR_KEYS);
	n = 0;
	CHECK(view_scan(V, "", 0, "", 0, near_row, &n) == 0 && n == NEAR_KEYS);
	view_close(V);
}
BOTH(near_keys)

/* What the reading thread of the next test is told, and what it finds. */
static atomic_int readers_stop, readers_bad, readers_scans;

/* Every row that the other thread may see has this shape, at any moment. */
static int
steady_row(void * cookie, const uint8_t * key, size_t klen, const uint8_t * val,
    size_t vlen)
{

	(void)key;
	(void)val;
	++*(int *)cookie;
	return (klen == 3 && vlen == 200 ? 0 : -1);
}

static void *
read_on(void * cookie)
{
	struct bytes b = { 0 }, c = { 0 };
	int rows;

	(void)cookie;
	while (!atomic_load(&readers_stop)) {
		rows = 0;
		if (store_scan(S, "a", 1, "b", 1, steady_row, &rows) != 0 ||
		    rows != 256 || store_get(S, "a\0\5", 3, &b) != 0 ||
		    store_last(S, "a", 1, "b", 1, &b, &c) != 0)
			atomic_store(&readers_bad, 1);
		atomic_fetch_add(&readers_scans, 1);
	}
	bytes_free(&b);
	bytes_free(&c);
	return (NULL);
}

static void
readers_beside_the_writer(void)
{
	struct view * V = view_open(S);
	uint8_t key[3] = { 'a' }, val[200];
	pthread_t thread;

	/* The thread reads steady rows; others between them come and go. */
	for (int round = 0; round < 150; round++) {
		memset(val, round, sizeof(val));
		key[0] = 'a';
		for (int i = 0; i < 256; i++) {
			key[2] = (uint8_t)i;
			CHECK(view_put(V, key, 3, val, sizeof(val)) == 0);
		}
		for (int i = 0; i < 256; i++) {
			key[0] = i % 2 ? 'Z' : 'b';
			key[1] = (uint8_t)round;
			key[2] = (uint8_t)i;
			CHECK(view_put(V, key, 3, val, sizeof(val)) == 0);
			key[1]--;
			CHECK(view_del(V, key, 3) == 0);
		}
		key[1] = 0;
		CHECK(view_commit(V, NULL) == 0);
		if (round == 0)
			CHECK(pthread_create(&thread, NULL, read_on, NULL) == 0);
	}
	atomic_store(&readers_stop, 1);
	CHECK(pthread_join(thread, NULL) == 0);
	CHECK(!atomic_load(&readers_bad) && atomic_load(&readers_scans) > 0);
	atomic_store(&readers_stop, 0);
	atomic_store(&readers_scans, 0);
	view_close(V);
}
BOTH(readers_beside_the_writer)

static void
refused_commit_is_the_end(void)
{
	struct view * V;
	uint64_t n = 7;
	struct bytes b = { 0 };

	CHECK((S = store_open_memory()) != NULL && (V = view_open(S)) != NULL);
	dir = NULL;
	store_memory_fail_commit(S, 2);
	CHECK(put(V, "a", "1") == 0 && view_commit(V, &n) == 0 && n == 1);
	CHECK(put(V, "a", "2") == 0 && put(V, "b", "2") == 0);
	CHECK(view_commit(V, &n) == -1 && n == 1 && store_dead(S) == 1);

	/* Every later call fails, also one that would need no disk. */
	CHECK(view_commit(V, &n) == -1 && put(V, "c", "1") == -1);
	CHECK(view_get(V, "b", 1, &b) == -1 && store_get(S, "a", 1, &b) == -1);
	CHECK(store_scan(S, "", 0, "", 0, refuse_row, NULL) == -1);
	CHECK(view_scan(V, "", 0, "", 0, refuse_row, NULL) == -1);
	CHECK(store_last(S, "", 0, "", 0, &b, &b) == -1);
	CHECK(view_last(V, "", 0, "", 0, &b, &b) == -1);
	CHECK(store_number(S) == 1);
	view_close(V);
	CHECK(restart() == 0 && scans(NULL, "", "", "a=1;"));
	stop();
}

/* How many threads this process has. */
static size_t
threads(void)
{
	struct dirent * e;
	size_t n = 0;
	DIR * d;

	if ((d = opendir("/proc/self/task")) == NULL)
		return (0);
	while ((e = readdir(d)) != NULL)
		n += e->d_name[0] != '.';
	closedir(d);
	return (n);
}

/* What starts before a jail is not bound by it. */
static void
thread_starts_late(void)
{
	static const struct store_options options = { 0, 1024 * 1024 };
	static const char big[32 * 1024];
	size_t before = threads();
	struct view * V;

	CHECK(before > 0);
	CHECK(store_open(test_dir(), &options, &S) == 0);
	CHECK((V = view_open(S)) != NULL);
	CHECK(put(V, "a", "1") == 0 && view_commit(V, NULL) == 0);
	CHECK(threads() == before);
	for (int i = 0; i < 8; i++) {
		CHECK(view_put(V, "b", 1, big, sizeof(big)) == 0);
		CHECK(view_commit(V, NULL) == 0);
	}
	CHECK(threads() == before + 1);
	view_close(V);
	stop();
	CHECK(threads() == before);
}

static const struct test tests[] = {
	{ "the thread of a store starts with work for it, not at the start",
	    thread_starts_late },
	{ "what is put is got until deleted (Berkeley DB)", put_get_del_bdb },
	{ "what is put is got until deleted (memory)", put_get_del_memory },
	{ "a batch is seen whole or not at all (Berkeley DB)", batch_is_whole_bdb },
	{ "a batch is seen whole or not at all (memory)", batch_is_whole_memory },
	{ "a view sees its pending changes (Berkeley DB)", view_sees_its_own_bdb },
	{ "a view sees its pending changes (memory)", view_sees_its_own_memory },
	{ "ranges are half-open, and have a last row (Berkeley DB)", ranges_bdb },
	{ "ranges are half-open, and have a last row (memory)", ranges_memory },
	{ "a scan may change its view (Berkeley DB)", scan_may_change_bdb },
	{ "a scan may change its view (memory)", scan_may_change_memory },
	{ "commits count from 1 in each run (Berkeley DB)", numbers_bdb },
	{ "commits count from 1 in each run (memory)", numbers_memory },
	{ "a large batch is one commit, and stays (Berkeley DB)", large_batch_bdb },
	{ "a large batch is one commit, and stays (memory)", large_batch_memory },
	{ "keys that differ in zero bytes are all met (Berkeley DB)",
	    near_keys_bdb },
	{ "keys that differ in zero bytes are all met (memory)",
	    near_keys_memory },
	{ "a thread may read while another commits (Berkeley DB)",
	    readers_beside_the_writer_bdb },
	{ "a thread may read while another commits (memory)",
	    readers_beside_the_writer_memory },
	{ "nothing works after a refused commit (memory)",
	    refused_commit_is_the_end },
};
TESTS(tests)
