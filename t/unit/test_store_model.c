#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/store.h"
#include "store/store_memory.h"
#include "store/view.h"

#include "test.h"

/* Operations of the comparison with the naive model. */
#define MODEL_OPS	6000

/* Different keys in it: few enough that they meet again and again. */
#define MODEL_KEYS	150

/* The store under test. */
static struct store * S;

/* The naive model: every key has an index, in order; NULL: no row. */
static int32_t model[MODEL_KEYS], model_committed[MODEL_KEYS];

/* Keys of several lengths in one order: "k000" with a tail for some. */
static size_t
model_key(int i, uint8_t * key)
{

	key[0] = 'k';
	key[1] = (uint8_t)('0' + i / 100);
	key[2] = (uint8_t)('0' + i / 10 % 10);
	key[3] = (uint8_t)('0' + i % 10);
	memset(key + 4, 'x', 200);
	return (i % 3 == 0 ? 4 : i % 3 == 1 ? 9 : 200);
}

/* Values of 0 to 3000 bytes, so that some do not fit a page. */
static size_t
model_val(int32_t seed, uint8_t * val)
{
	size_t len = (size_t)seed % 3000;

	if (seed % 4)
		len %= 100;
	memset(val, seed & 0xff, len);
	if (len >= sizeof(seed))
		memcpy(val, &seed, sizeof(seed));
	return (len);
}

struct walk {
	const int32_t * rows;
	int next;	/* index that the scan has to reach */
	int end;	/* behind the last of the range */
	int bad;
};

static int
walk_row(void * cookie, const uint8_t * key, size_t klen, const uint8_t * val,
    size_t vlen)
{
	struct walk * w = cookie;
	uint8_t k[256], v[3000];

	while (w->next < w->end && w->rows[w->next] < 0)
		w->next++;
	w->bad |= w->next >= w->end;
	if (w->bad)
		return (1);
	w->bad |= model_key(w->next, k) != klen || memcmp(k, key, klen) != 0;
	w->bad |= model_val(w->rows[w->next], v) != vlen ||
	    memcmp(v, val, vlen) != 0;
	w->next++;
	return (w->bad);
}

static int
walk_matches(struct view * V, const int32_t * rows, int from, int end)
{
	struct walk w = { rows, from, end, 0 };
	uint8_t f[256], t[256];
	size_t flen = model_key(from, f), tlen = model_key(end, t);
	int rc;

	rc = V ? view_scan(V, f, flen, t, tlen, walk_row, &w) :
	    store_scan(S, f, flen, t, tlen, walk_row, &w);
	while (w.next < end && rows[w.next] < 0)
		w.next++;
	return (rc == 0 && !w.bad && w.next >= end);
}

static int
last_matches(struct view * V, const int32_t * rows, int from, int end)
{
	struct bytes k = { 0 }, v = { 0 };
	uint8_t f[256], t[256];
	size_t flen = model_key(from, f), tlen = model_key(end, t);
	int rc, i = end - 1;

	rc = V ? view_last(V, f, flen, t, tlen, &k, &v) :
	    store_last(S, f, flen, t, tlen, &k, &v);
	while (i >= from && rows[i] < 0)
		i--;
	if (i >= from)
		rc = rc != 0 || model_key(i, f) != k.len ||
		    memcmp(f, k.data, k.len) != 0;
	else
		rc = rc != 1;
	bytes_free(&k);
	bytes_free(&v);
	return (rc == 0);
}

/* The least key from ${from} on, of what is committed. */
static int
first_matches(const int32_t * rows, int from, int end)
{
	struct bytes k = { 0 }, v = { 0 };
	uint8_t f[256], t[256], want[3000];
	size_t flen = model_key(from, f), tlen = model_key(end, t);
	int rc, i = from;

	rc = store_first(S, f, flen, t, tlen, &k, &v);
	while (i < end && rows[i] < 0)
		i++;
	if (i < end)
		rc = rc != 0 || model_key(i, f) != k.len ||
		    memcmp(f, k.data, k.len) != 0 ||
		    model_val(rows[i], want) != v.len ||
		    memcmp(want, v.data, v.len) != 0;
	else
		rc = rc != 1;
	bytes_free(&k);
	bytes_free(&v);
	return (rc == 0);
}

/* One random change, commit, discard or comparison; -1 if it went wrong. */
static int
model_step(struct view * V)
{
	uint8_t k[256], v[3000];
	int i = (int)(random() % MODEL_KEYS), j = (int)(random() % MODEL_KEYS);
	size_t klen = model_key(i, k);
	int32_t seed = (int32_t)(random() & 0xffffff);

	switch (random() % 40) {
	case 0:
		memcpy(model_committed, model, sizeof(model));
		return (view_commit(V, NULL));
	case 1:
		view_discard(V);
		memcpy(model, model_committed, sizeof(model));
		return (0);
	case 2: case 3: case 4: case 5: case 6:
		return (walk_matches(V, model, i, j) ? 0 : -1);
	case 7:
		return (first_matches(model_committed, i, j) ? 0 : -1);
	case 8:
		return (walk_matches(NULL, model_committed, i, j) ? 0 : -1);
	case 9: case 10: case 11:
		return (last_matches(V, model, i, j) ? 0 : -1);
	case 12: case 13:
		return (last_matches(NULL, model_committed, i, j) ? 0 : -1);
	case 14: case 15: case 16: case 17: case 18: case 19: case 20: case 21:
	case 22: case 23: case 24: case 25: case 26:
		model[i] = -1;
		return (view_del(V, k, klen));
	default:
		model[i] = seed;
		return (view_put(V, k, klen, v, model_val(seed, v)));
	}
}

/* Random operations on ${V}, each compared; -1 if one went wrong. */
static int
model_run(struct view * V)
{
	int rc = 0;

	srandom(20240607);
	memset(model, 0xff, sizeof(model));
	memset(model_committed, 0xff, sizeof(model));
	for (int op = 0; op < MODEL_OPS && rc == 0; op++)
		rc = model_step(V);
	if (!walk_matches(V, model, 0, MODEL_KEYS - 1))
		rc = -1;
	view_close(V);
	return (rc);
}

static void
like_the_model_bdb(void)
{
	const char * dir = test_dir();

	CHECK(store_open(dir, NULL, &S) == 0);
	CHECK(model_run(view_open(S)) == 0);
	store_close(S);
	CHECK(store_open(dir, NULL, &S) == 0);
	CHECK(walk_matches(NULL, model_committed, 0, MODEL_KEYS - 1));
	store_close(S);
}

static void
like_the_model_memory(void)
{

	CHECK((S = store_open_memory()) != NULL);
	CHECK(model_run(view_open(S)) == 0);
	store_memory_restart(S);
	CHECK(walk_matches(NULL, model_committed, 0, MODEL_KEYS - 1));
	store_close(S);
}

static const struct test tests[] = {
	{ "random operations agree with a naive model (Berkeley DB)",
	    like_the_model_bdb },
	{ "random operations agree with a naive model (memory)",
	    like_the_model_memory },
};
TESTS(tests)
