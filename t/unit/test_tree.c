#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "tree/tree.h"

#include "test.h"
#include "test_tree.h"

#define LEAVES_MAX 6000		/* of the model, more than any test has */

/* The model: all leaves in order, and the definition read literally. */
struct model {
	size_t n;
	struct tree_leaf leaf[LEAVES_MAX];
};

static const uint8_t nonce[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
    14, 15};
static struct model M, Old[64];

static int
bit(const uint8_t * p, unsigned i)
{

	return (p[i / 8] >> (7 - i % 8) & 1);
}

static void
blake(const char * name, unsigned d, const uint8_t * a, const uint8_t * b,
    const uint8_t * c, uint8_t * out)
{
	uint8_t in[98] = {(uint8_t)(d >> 8), (uint8_t)d};
	uint8_t personal[16] = {0};
	size_t len = 34;

	memcpy(personal, name, strlen(name));
	memcpy(in + 2, a, 32);
	if (b != NULL)
		memcpy(in + len, b, 32), len += 32;
	if (c != NULL)
		memcpy(in + len, c, 32), len += 32;
	if (crypto_generichash_blake2b_salt_personal(out, 32, in, len, NULL, 0,
	    nonce, personal) != 0)
		abort();
}

static void
model_hash(const struct tree_leaf * leaf, size_t n, unsigned d,
    const uint8_t * prefix, uint8_t * out)
{
	uint8_t left[32], right[32], below[32];
	size_t k = 0;

	if (n == 0) {
		blake("ks-tree-empty", d, prefix, NULL, NULL, out);
	} else if (n == 1) {
		blake("ks-tree-leaf", d, leaf->index, leaf->value, NULL, out);
	} else {
		while (k < n && bit(leaf[k].index, d) == 0)
			k++;
		memcpy(below, prefix, 32);
		model_hash(leaf, k, d + 1, below, left);
		below[d / 8] = (uint8_t)(below[d / 8] | 0x80 >> d % 8);
		model_hash(leaf + k, n - k, d + 1, below, right);
		blake("ks-tree-node", d, prefix, left, right, out);
	}
}

static void
model_root(const struct model * model, uint8_t * out)
{
	static const uint8_t zero[32];

	model_hash(model->leaf, model->n, 0, zero, out);
}

/* The place of ${index}, or where it would be inserted. */
static size_t
model_place(const struct model * model, const uint8_t * index)
{
	size_t lo = 0, hi = model->n, mid;

	while (lo < hi) {
		mid = (lo + hi) / 2;
		if (memcmp(model->leaf[mid].index, index, 32) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return (lo);
}

static const uint8_t *
model_get(const struct model * model, const uint8_t * index)
{
	size_t i = model_place(model, index);

	return (i < model->n && memcmp(model->leaf[i].index, index, 32) == 0 ?
	    model->leaf[i].value : NULL);
}

static void
model_set(struct model * model, const struct tree_leaf * leaf)
{
	size_t i = model_place(model, leaf->index);

	if (model_get(model, leaf->index) == NULL) {
		if (model->n == LEAVES_MAX)
			abort();
		memmove(model->leaf + i + 1, model->leaf + i,
		    (model->n - i) * sizeof(model->leaf[0]));
		model->n++;
	}
	model->leaf[i] = *leaf;
}

/* An index: new, known, or one that shares 1 to 255 bits with a known one. */
static void
some_index(uint64_t * seed, const struct model * model, uint8_t * index)
{
	const uint8_t * known;
	unsigned kind = (unsigned)chance(seed, 8);
	unsigned d;

	chance_bytes(seed, index, 32);
	if (model->n == 0 || kind < 4)
		return;
	known = model->leaf[chance(seed, model->n)].index;
	if (kind < 6) {
		memcpy(index, known, 32);
		return;
	}
	d = kind == 6 ? (unsigned)chance(seed, 256) :
	    (unsigned)(253 + chance(seed, 3));
	for (unsigned i = 0; i < 256; i++) {
		if (i < d ? bit(index, i) != bit(known, i) :
		    i == d && bit(index, i) == bit(known, i))
			index[i / 8] = (uint8_t)(index[i / 8] ^ 0x80 >> i % 8);
	}
}

/* An epoch of at most ${n} leaves, each index once; also into the model. */
static size_t
some_epoch(uint64_t * seed, struct model * model, struct tree_leaf * leaves,
    size_t n)
{
	size_t k = 0, j;

	while (n-- > 0) {
		some_index(seed, model, leaves[k].index);
		chance_bytes(seed, leaves[k].value, 32);
		for (j = 0; j < k; j++) {
			if (memcmp(leaves[j].index, leaves[k].index, 32) == 0)
				break;
		}
		if (j == k)
			model_set(model, &leaves[k++]);
	}
	return (k);
}

/* Whether ${path} says what the model knows of ${index}, under ${root}. */
static int
right(const struct tree_path * path, const struct model * model,
    const uint8_t * index, const uint8_t * root)
{
	const uint8_t * value = model_get(model, index);
	const uint8_t * other;
	uint8_t hash[32];

	if (tree_path_root(nonce, path, index, hash, NULL) ||
	    memcmp(hash, root, 32) != 0)
		return (0);
	if (path->kind == TREE_PRESENT)
		return (value != NULL && memcmp(value, path->value, 32) == 0);
	if (path->kind == TREE_ABSENT_OTHER) {
		other = model_get(model, path->other);
		return (value == NULL && other != NULL &&
		    memcmp(other, path->value, 32) == 0);
	}
	return (path->kind == TREE_ABSENT_EMPTY && value == NULL);
}

static int
is_hex(const uint8_t * hash, const char * hex)
{
	char have[65];

	sodium_bin2hex(have, sizeof(have), hash, 32);
	return (strcmp(have, hex) == 0);
}

static void
known_hashes(void)
{
	struct tree_leaf a = {{0}, {0}}, b = {{0x80}, {0}}, c = {{0xa0}, {0}};
	struct tree_leaf f, g, two[2];
	struct store S;
	struct tree_nodes nodes = store_init(&S);
	struct tree_root R, R2;

	memset(a.value, 1, 32);
	memset(b.value, 2, 32);
	memset(c.value, 3, 32);
	tree_root_empty(&R, nonce);
	CHECK(R.id == 0 && R.next_id == 1 && R.leaves == 0);
	CHECK(is_hex(R.hash, "cfa6dbc34e62827766b6c84fce5a65364e7baf34f5dce5fd"
	    "bce62337893beaf8"));
	CHECK(tree_update(nonce, &nodes, &R, &a, 1) == 0);
	CHECK(is_hex(R.hash, "dd8e2bd040befd6a61392c7db71103fa1a4b095ab40c88ff"
	    "e650a513511e8417"));
	CHECK(tree_update(nonce, &nodes, &R, &b, 1) == 0);
	CHECK(is_hex(R.hash, "18ad44dfca3ab69c7a5c05a7ff782626641be57856af355d"
	    "7e950db2610e7194"));
	CHECK(tree_update(nonce, &nodes, &R, &c, 1) == 0);
	CHECK(is_hex(R.hash, "3951213bc07a8cd16d77ea42aaeaa76f3e2a4606c1b473e1"
	    "06d0efe0e739ab1c"));
	CHECK(R.leaves == 3 && R.next_id == R.id + 1);

	tree_root_empty(&R2, nonce);
	R2.next_id = R.next_id;
	two[0] = c;
	two[1] = b;
	CHECK(tree_update(nonce, &nodes, &R2, two, 2) == 0);
	CHECK(is_hex(R2.hash, "576ed3d9af91803231e9a867179fde3c0f2631efa158f35"
	    "b1cc38fabd4a3b5b5"));

	/* Two indices that differ in their last bit. */
	memset(f.index, 0xff, 32);
	memset(f.value, 4, 32);
	memcpy(&g, &f, sizeof(f));
	memset(g.value, 5, 32);
	g.index[31] = 0xfe;
	two[0] = f;
	two[1] = g;
	tree_root_empty(&R, nonce);
	R.next_id = R2.next_id;
	CHECK(tree_update(nonce, &nodes, &R, two, 2) == 0);
	CHECK(is_hex(R.hash, "369b736344912d7d618f1fc2c4a0676e46d8a18ed4a4c7ab"
	    "a5b1f4cf51246214"));
	CHECK(S.strict == 0);
	store_free(&S);
}

static void
agrees_with_the_model(void)
{
	static struct tree_leaf leaves[200];
	static struct tree_path path;
	struct tree_root R[64], empty;
	struct store S;
	struct tree_nodes nodes = store_init(&S);
	uint64_t seed = 1;
	uint8_t hash[32], index[32];
	size_t n;
	int stale = 0;

	M.n = 0;
	tree_root_empty(&empty, nonce);
	for (unsigned e = 0; e < 48; e++) {
		n = some_epoch(&seed, &M, leaves, 1 + chance(&seed, 150));
		R[e] = e == 0 ? empty : R[e - 1];
		CHECK(tree_update(nonce, &nodes, &R[e], leaves, n) == 0);
		model_root(&M, hash);
		CHECK(memcmp(hash, R[e].hash, 32) == 0);
		CHECK(R[e].leaves == M.n && R[e].next_id == S.id_last + 1);
		Old[e] = M;
	}
	CHECK(M.n > 2000);

	/* Every epoch, from its own root, with indices of the last one. */
	for (unsigned e = 0; e < 48; e++) {
		for (unsigned i = 0; i < 200; i++) {
			some_index(&seed, &M, index);
			CHECK(tree_lookup(nonce, &nodes, &R[e], index,
			    &path) == 0);
			CHECK(right(&path, &Old[e], index, R[e].hash));
			stale += path.kind != TREE_PRESENT &&
			    model_get(&M, index) != NULL;
		}
	}
	CHECK(stale > 1000);
	CHECK(tree_lookup(nonce, &nodes, &empty, index, &path) == 0);
	CHECK(path.kind == TREE_ABSENT_EMPTY && path.depth == 0);
	Old[0].n = 0;
	CHECK(right(&path, &Old[0], index, empty.hash));
	CHECK(S.len_max <= TREE_TILE_MAX && S.strict == 0 && S.bads == 0);
	CHECK(S.drops > 0 && S.drops < S.puts && S.dropped_max < R[47].id);
	store_free(&S);
}

static void
one_root_for_one_content(void)
{
	static struct tree_leaf leaves[3000], part[3000], swap;
	struct tree_root R, first;
	struct store S;
	struct tree_nodes nodes = store_init(&S);
	uint64_t seed = 2;
	size_t n, k, j;

	M.n = 0;
	tree_root_empty(&R, nonce);
	n = some_epoch(&seed, &M, leaves, 3000);
	CHECK(tree_update(nonce, &nodes, &R, leaves, n) == 0);
	first = R;
	for (unsigned round = 0; round < 8; round++) {
		for (size_t i = n; i > 1; i--) {
			j = chance(&seed, i);
			swap = leaves[j];
			leaves[j] = leaves[i - 1];
			leaves[i - 1] = swap;
		}
		tree_root_empty(&R, nonce);
		for (size_t i = 0; i < n; i += k) {
			k = 1 + chance(&seed, round == 0 ? n : 400);
			if (k > n - i)
				k = n - i;
			memcpy(part, leaves + i, k * sizeof(part[0]));
			CHECK(tree_update(nonce, &nodes, &R, part, k) == 0);
		}
		CHECK(memcmp(R.hash, first.hash, 32) == 0);
		CHECK(R.leaves == first.leaves);
	}

	/* The same leaves again change no hash. */
	CHECK(tree_update(nonce, &nodes, &R, leaves, n) == 0);
	CHECK(memcmp(R.hash, first.hash, 32) == 0 && R.leaves == first.leaves);
	store_free(&S);
}

static void
insert_is_update(void)
{
	static struct tree_leaf leaves[500];
	static struct tree_path path;
	struct tree_leaf leaf;
	struct tree_root R;
	struct store S;
	struct tree_nodes nodes = store_init(&S);
	uint64_t seed = 3;
	uint8_t hash[32];
	unsigned seen[4] = {0};

	M.n = 0;
	tree_root_empty(&R, nonce);
	for (unsigned i = 0; i < 1500; i++) {
		if (i == 10) {
			CHECK(tree_update(nonce, &nodes, &R, leaves,
			    some_epoch(&seed, &M, leaves, 500)) == 0);
		}
		some_index(&seed, &M, leaf.index);
		chance_bytes(&seed, leaf.value, 32);
		CHECK(tree_lookup(nonce, &nodes, &R, leaf.index, &path) == 0);
		CHECK(right(&path, &M, leaf.index, R.hash));
		seen[path.kind]++;
		CHECK(tree_path_insert(nonce, &path, leaf.index, leaf.value,
		    hash) == 0);
		CHECK(tree_update(nonce, &nodes, &R, &leaf, 1) == 0);
		CHECK(memcmp(hash, R.hash, 32) == 0);
		model_set(&M, &leaf);
	}
	CHECK(seen[TREE_PRESENT] > 50 && seen[TREE_ABSENT_EMPTY] > 50 &&
	    seen[TREE_ABSENT_OTHER] > 50);
	store_free(&S);
}

/* A leaf handed out by tree_scan is the next of the model. */
static int
scanned(void * cookie, const uint8_t * index, const uint8_t * value)
{
	size_t * n = cookie;

	if (*n >= M.n || memcmp(M.leaf[*n].index, index, 32) != 0 ||
	    memcmp(M.leaf[*n].value, value, 32) != 0)
		return (-1);
	++*n;
	return (0);
}

static void
scans_in_order(void)
{
	static struct tree_leaf leaves[1000];
	struct tree_root R;
	struct store S;
	struct tree_nodes nodes = store_init(&S);
	uint64_t seed = 4;
	size_t n = 0;

	M.n = 0;
	tree_root_empty(&R, nonce);
	CHECK(tree_scan(nonce, &nodes, &R, scanned, &n) == 0 && n == 0);
	CHECK(tree_update(nonce, &nodes, &R, leaves,
	    some_epoch(&seed, &M, leaves, 1)) == 0);
	CHECK(tree_scan(nonce, &nodes, &R, scanned, &n) == 0 && n == 1);
	CHECK(tree_update(nonce, &nodes, &R, leaves,
	    some_epoch(&seed, &M, leaves, 1000)) == 0);
	n = 0;
	CHECK(tree_scan(nonce, &nodes, &R, scanned, &n) == 0);
	CHECK(n == M.n && n > 500);

	/* A callback that refuses ends it. */
	M.n--;
	n = 0;
	CHECK(tree_scan(nonce, &nodes, &R, scanned, &n) == -1 && n == M.n);
	store_free(&S);
}

static const struct test tests[] = {
	{ "the hashes are the documented ones", known_hashes },
	{ "every epoch agrees with a model, also after later ones",
	    agrees_with_the_model },
	{ "order and split of updates do not matter", one_root_for_one_content },
	{ "the root after an insertion follows from the path", insert_is_update },
	{ "a scan hands out every leaf in order", scans_in_order },
};
TESTS(tests)
