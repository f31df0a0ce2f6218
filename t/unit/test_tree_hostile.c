#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "codec/wbuf.h"
#include "tree/tree_internal.h"

#include "test.h"
#include "test_tree.h"

#define NLEAVES 400	/* of the tree that is damaged here */

static const uint8_t nonce[16] = "a realm's nonce";
static struct tree_leaf leaves[NLEAVES];

/* A tree of NLEAVES with long common prefixes, in one epoch. */
static int
grow(struct tree_nodes * nodes, struct tree_root * R, uint64_t seed)
{

	tree_root_empty(R, nonce);
	for (size_t i = 0; i < NLEAVES; i++) {
		chance_bytes(&seed, leaves[i].index, 32);
		chance_bytes(&seed, leaves[i].value, 32);
		if (i % 16 == 15) {
			memcpy(leaves[i].index, leaves[i - 1].index, 32);
			tree_bits_flip(leaves[i].index, (unsigned)(i * 37 % 256));
		}
	}
	return (tree_update(nonce, nodes, R, leaves, NLEAVES));
}

/* Whether ${path} for ${index} leads to ${root}. */
static int
leads(const struct tree_path * path, const uint8_t * index,
    const uint8_t * root)
{
	uint8_t hash[32];

	return (tree_path_root(nonce, path, index, hash, NULL) == 0 &&
	    memcmp(hash, root, 32) == 0);
}

/* How many changes of one bit of the ${len} bytes at ${p} still lead there. */
static unsigned
bits_accepted(struct tree_path * path, const uint8_t * index,
    const uint8_t * root, uint8_t * p, size_t len)
{
	unsigned n = 0;

	for (size_t i = 0; i < 8 * len; i++) {
		p[i / 8] = (uint8_t)(p[i / 8] ^ 1 << i % 8);
		n += (unsigned)leads(path, index, root);
		p[i / 8] = (uint8_t)(p[i / 8] ^ 1 << i % 8);
	}
	return (n);
}

/*
 * The path of an absent index is that of every index which parts from it
 * below the end of the path; of no other, and never that of a present one.
 */
static int
index_bits_right(struct tree_path * path, uint8_t * index,
    const uint8_t * root)
{
	int want, got;

	for (unsigned i = 0; i < 256; i++) {
		tree_bits_flip(index, i);
		want = path->kind != TREE_PRESENT && i >= path->depth &&
		    (path->kind == TREE_ABSENT_EMPTY ||
		    memcmp(index, path->other, 32) != 0);
		got = leads(path, index, root);
		tree_bits_flip(index, i);
		if (got != want)
			return (0);
	}
	return (1);
}

static int
other_fields_refused(const struct tree_path * path, const uint8_t * index,
    const uint8_t * root)
{
	static struct tree_path bad;

	for (unsigned kind = 0; kind < 8; kind++) {
		bad = *path;
		bad.kind = kind;
		if (kind != path->kind && leads(&bad, index, root))
			return (0);
	}
	for (unsigned depth = 0; depth < 300; depth++) {
		bad = *path;
		bad.depth = depth;
		if (depth != path->depth && leads(&bad, index, root))
			return (0);
	}
	bad = *path;
	bad.depth = UINT32_MAX;
	return (!leads(&bad, index, root));
}

static int
mutations_refused(struct tree_path * path, uint8_t * index,
    const uint8_t * root)
{
	unsigned n = 0;

	if (!leads(path, index, root))
		return (0);
	n += bits_accepted(path, index, root, path->empty, 32);
	for (unsigned i = 0; i < path->depth; i++) {
		if (!tree_bits_get(path->empty, i))
			n += bits_accepted(path, index, root,
			    path->sibling[i], i % 8 == 0 ? 32 : 1);
	}
	if (path->kind != TREE_ABSENT_EMPTY)
		n += bits_accepted(path, index, root, path->value, 32);
	if (path->kind == TREE_ABSENT_OTHER)
		n += bits_accepted(path, index, root, path->other, 32);
	return (n == 0 && index_bits_right(path, index, root) &&
	    other_fields_refused(path, index, root));
}

static void
path_mutations(void)
{
	static struct tree_path path;
	struct store S;
	struct tree_nodes nodes = store_init(&S);
	struct tree_root R;
	uint64_t seed = 5;
	unsigned seen[4] = {0};
	uint8_t index[32];

	CHECK(grow(&nodes, &R, 5) == 0);
	for (unsigned i = 0; i < 45; i++) {
		memcpy(index, leaves[chance(&seed, NLEAVES)].index, 32);
		if (i % 3 == 1)
			chance_bytes(&seed, index, 32);
		if (i % 3 == 2)
			tree_bits_flip(index, (unsigned)chance(&seed, 40));
		CHECK(tree_lookup(nonce, &nodes, &R, index, &path) == 0);
		seen[path.kind]++;
		CHECK(mutations_refused(&path, index, R.hash));
	}
	CHECK(seen[TREE_PRESENT] > 5 && seen[TREE_ABSENT_EMPTY] > 5 &&
	    seen[TREE_ABSENT_OTHER] > 5);

	/* The deepest: 256 siblings, nearly all empty. */
	tree_root_empty(&R, nonce);
	memset(leaves, 0x55, 2 * sizeof(leaves[0]));
	tree_bits_flip(leaves[0].index, 255);
	memcpy(index, leaves[0].index, 32);
	CHECK(tree_update(nonce, &nodes, &R, leaves, 2) == 0);
	CHECK(tree_lookup(nonce, &nodes, &R, index, &path) == 0);
	CHECK(path.kind == TREE_PRESENT && path.depth == 256);
	CHECK(other_fields_refused(&path, index, R.hash));
	CHECK(index_bits_right(&path, index, R.hash));
	CHECK(bits_accepted(&path, index, R.hash, path.empty, 32) == 0);
	store_free(&S);
}

/* The rule that tree_path_root names, or "". */
static const char *
rule_of(const struct tree_path * path, const uint8_t * index)
{
	const char * rule = "";
	uint8_t hash[32];

	tree_path_root(nonce, path, index, hash, &rule);
	return (rule);
}

static void
path_rules(void)
{
	static struct tree_path p;
	uint8_t index[32] = {0x80};
	uint8_t prefix[32] = {0};
	uint8_t hash[32];

	p.kind = TREE_PRESENT;
	CHECK(strcmp(rule_of(&p, index), "") == 0);
	p.kind = TREE_ABSENT_OTHER;
	CHECK(strcmp(rule_of(&p, index), "") == 0);
	memcpy(p.other, index, 32);
	CHECK(strstr(rule_of(&p, index), "another index") != NULL);
	CHECK(tree_path_insert(nonce, &p, index, index, hash) == -1);
	memset(p.other, 0, 32);
	p.depth = 1;
	CHECK(strstr(rule_of(&p, index), "below a prefix") != NULL);
	p.kind = TREE_ABSENT_EMPTY;
	CHECK(strcmp(rule_of(&p, index), "") == 0);
	p.depth = 256;
	CHECK(strstr(rule_of(&p, index), "two leaves") != NULL);
	p.depth = 257;
	CHECK(strstr(rule_of(&p, index), "at most 256") != NULL);
	p.depth = 1;
	p.kind = 0;
	CHECK(strstr(rule_of(&p, index), "a path ends in") != NULL);

	/* Neither a leaf nor nothing has an empty sibling. */
	p.empty[0] = 0x80;
	for (p.kind = TREE_PRESENT; p.kind <= TREE_ABSENT_EMPTY; p.kind++)
		CHECK(strstr(rule_of(&p, index), "last sibling") != NULL);
	p.empty[0] = 0x40;
	p.kind = TREE_PRESENT;
	CHECK(strstr(rule_of(&p, index), "on the path") != NULL);

	/* Nor if its hash is carried, so that the flag is not seen. */
	p.empty[0] = 0;
	tree_hash_empty(nonce, 1, prefix, p.sibling[0]);
	CHECK(strstr(rule_of(&p, index), "flagged, not carried") != NULL);
	CHECK(tree_path_insert(nonce, &p, index, index, hash) == -1);
}

/*
 * Look up every ${step}th leaf: 0 if all are present, -1 if some are errors,
 * 1 if one went missing.
 */
static int
lookups_by(const struct tree_nodes * nodes, const struct tree_root * R,
    size_t step)
{
	static struct tree_path path;
	int ret = 0;

	for (size_t i = 0; i < NLEAVES; i += step) {
		if (tree_lookup(nonce, nodes, R, leaves[i].index, &path))
			ret = -1;
		else if (path.kind != TREE_PRESENT ||
		    memcmp(path.value, leaves[i].value, 32) != 0)
			return (1);
	}
	return (ret);
}

static int
lookups(const struct tree_nodes * nodes, const struct tree_root * R)
{

	return (lookups_by(nodes, R, 1));
}

/* Whether with the tiles as they are now lookup, update and scan all fail. */
static int
noticed(struct store * S, const struct tree_nodes * nodes,
    const struct tree_root * R)
{
	static struct tree_leaf copy[NLEAVES];
	struct tree_root now = *R;
	size_t drops = S->drops;
	size_t bads = S->bads;

	memcpy(copy, leaves, sizeof(copy));
	return (lookups(nodes, R) == -1 && S->bads > bads &&
	    tree_update(nonce, nodes, &now, copy, NLEAVES) == -1 &&
	    memcmp(&now, R, sizeof(now)) == 0 && S->drops == drops);
}

static int
count(void * cookie, const uint8_t * index, const uint8_t * value)
{
	size_t * n = cookie;

	(void)index;
	(void)value;
	++*n;
	return (0);
}

static void
damage_is_an_error(void)
{
	struct store S;
	struct tree_nodes nodes = store_init(&S);
	struct tree_root R;
	struct stored was;
	uint64_t seed = 6;
	size_t n = 0;

	CHECK(grow(&nodes, &R, 6) == 0);
	CHECK(lookups(&nodes, &R) == 0);
	for (uint64_t id = R.id; id > 0; id -= id < 6 ? id : 6) {
		/* The root's and every sixth tile, each in one way, in turn. */
		was = S.tiles[id];
		switch (id % 5) {
		case 0:
			S.tiles[id].len = 0;
			break;
		case 1:
			S.tiles[id].len -= 1 + chance(&seed, was.len - 1);
			break;
		case 2:
			S.tiles[id].len = TREE_TILE_MAX + 1;
			break;
		case 3:
			S.tiles[id] = S.tiles[id == R.id ? 1 : id + 1];
			break;
		default:
			S.tiles[id].tile[chance(&seed, was.len)] ^= 0x10;
			break;
		}
		CHECK(noticed(&S, &nodes, &R));
		CHECK(tree_scan(nonce, &nodes, &R, count, &n) == -1);
		S.tiles[id] = was;
	}
	CHECK(lookups(&nodes, &R) == 0);

	/* Nor does an update take a root that contradicts itself. */
	R.leaves = 0;
	CHECK(tree_update(nonce, &nodes, &R, leaves, NLEAVES) == -1);
	R.leaves = NLEAVES;
	R.next_id = R.id;
	CHECK(tree_update(nonce, &nodes, &R, leaves, NLEAVES) == -1);
	R.next_id++;

	/* A root that lost its tile is not an empty tree. */
	R.id = 0;
	CHECK(lookups(&nodes, &R) == -1);
	CHECK(tree_scan(nonce, &nodes, &R, count, &n) == -1);
	CHECK(tree_update(nonce, &nodes, &R, leaves, NLEAVES) == -1);
	R.leaves = 0;
	CHECK(tree_update(nonce, &nodes, &R, leaves, NLEAVES) == -1);
	store_free(&S);
}

static void
every_bit_of_a_tile(void)
{
	struct store S;
	struct tree_nodes nodes = store_init(&S);
	struct tree_root R;
	uint8_t * tile;

	CHECK(grow(&nodes, &R, 7) == 0);
	tile = S.tiles[R.id].tile;
	for (size_t i = 0; i < 8 * S.tiles[R.id].len; i++) {
		tile[i / 8] = (uint8_t)(tile[i / 8] ^ 1 << i % 8);
		CHECK(lookups_by(&nodes, &R, 9) == -1);
		tile[i / 8] = (uint8_t)(tile[i / 8] ^ 1 << i % 8);
	}
	store_free(&S);
}

static void
failures_change_nothing(void)
{
	static struct tree_leaf copy[NLEAVES];
	struct store S;
	struct tree_nodes nodes = store_init(&S);
	struct tree_root R, now;
	uint64_t seed = 88;
	size_t k;

	CHECK(grow(&nodes, &R, 8) == 0);
	memcpy(copy, leaves, sizeof(copy));
	for (size_t i = 0; i < 50; i++)
		chance_bytes(&seed, copy[i].index, 32);
	for (k = 0;; k++) {
		now = R;
		S.puts_left = k;
		if (tree_update(nonce, &nodes, &now, copy, 50) == 0)
			break;
		CHECK(memcmp(&now, &R, sizeof(R)) == 0 && S.drops == 0);
		CHECK(k % 8 != 0 || lookups(&nodes, &R) == 0);
	}
	CHECK(k > 20 && S.drops > 0 && now.leaves == NLEAVES + 50);
	CHECK(lookups(&nodes, &now) == 0);
	CHECK(lookups(&nodes, &R) == 0);

	/* One index twice. */
	S.puts = 0;
	S.puts_left = SIZE_MAX;
	memcpy(copy[7].index, copy[31].index, 32);
	R = now;
	CHECK(tree_update(nonce, &nodes, &now, copy, 50) == -1);
	CHECK(S.puts == 0 && memcmp(&now, &R, sizeof(R)) == 0);
	CHECK(tree_update(nonce, &nodes, &now, copy, 0) == 0);
	CHECK(S.puts == 0 && memcmp(&now, &R, sizeof(R)) == 0);
	store_free(&S);
}

/* The rule that the decoder names, or "". */
static const char *
tile_rule(unsigned top, const uint8_t * prefix, const void * p, size_t len)
{
	const char * rule = "";
	struct tree_tile T;

	tree_tile_decode(&T, top, prefix, p, len, &rule);
	return (rule);
}

static void
tile_rules(void)
{
	static const uint8_t zero[33];
	uint8_t tile[TREE_TILE_MAX + 1] = {0};
	uint8_t high[32] = {0x80};

	/* The root's tile may be one leaf; not nothing, nor a link. */
	tile[0] = TREE_LEAF;
	CHECK(strcmp(tile_rule(0, zero, tile, 65), "") == 0);
	CHECK(strstr(tile_rule(3, zero, tile, 65), "two leaves") != NULL);
	CHECK(strstr(tile_rule(0, zero, tile, 66), "ends after") != NULL);
	CHECK(strstr(tile_rule(0, zero, tile, 64), "ends after") != NULL);
	CHECK(strstr(tile_rule(0, zero, tile, 0), "ends after") != NULL);
	CHECK(strstr(tile_rule(0, zero, zero, 1), "two leaves") != NULL);
	tile[0] = 4;
	CHECK(strstr(tile_rule(0, zero, tile, 65), "a tag") != NULL);
	tile[0] = TREE_LINK;
	CHECK(strstr(tile_rule(0, zero, tile, 41), "bottom") != NULL);

	/* A node over one leaf; over two, of which one is out of place. */
	memset(tile, 0, sizeof(tile));
	tile[0] = TREE_INNER;
	tile[1] = TREE_LEAF;
	CHECK(strstr(tile_rule(0, zero, tile, 67), "has two leaves") != NULL);
	tile[66] = TREE_LEAF;
	CHECK(strstr(tile_rule(0, zero, tile, 131), "below a prefix") != NULL);
	memcpy(tile + 67, high, 32);
	CHECK(strcmp(tile_rule(0, zero, tile, 131), "") == 0);
	CHECK(strstr(tile_rule(3, high, tile, 131), "below a prefix") != NULL);

	/* A link at the bottom, beside nothing; its id is never 0. */
	memset(tile, 0, sizeof(tile));
	tile[0] = tile[1] = tile[2] = TREE_INNER;
	tile[3] = TREE_LINK;
	CHECK(strstr(tile_rule(0, zero, tile, 47), "names a tile") != NULL);
	tile[11] = 1;
	CHECK(strcmp(tile_rule(0, zero, tile, 47), "") == 0);
	CHECK(strstr(tile_rule(255, zero, tile, 47), "room") != NULL);
	tile[3] = TREE_INNER;
	CHECK(strstr(tile_rule(0, zero, tile, 47), "room") != NULL);
}

static void
largest_tile(void)
{
	struct tree_leaf eight[8];
	struct store S;
	struct tree_nodes nodes = store_init(&S);
	struct tree_root R;

	memset(eight, 7, sizeof(eight));
	for (unsigned i = 0; i < 8; i++)
		eight[i].index[0] = (uint8_t)(i << 5);
	tree_root_empty(&R, nonce);
	CHECK(tree_update(nonce, &nodes, &R, eight, 8) == 0);
	CHECK(S.puts == 1 && S.len_max == TREE_TILE_MAX);
	store_free(&S);
}

static void
cache_is_transparent(void)
{
	struct store S;
	struct tree_nodes nodes = store_init(&S);
	struct tree_cache * C;
	struct tree_nodes front;
	struct tree_root R, now;
	uint64_t hits, misses;
	size_t reads;

	for (size_t size = 1; size <= 4096; size *= 16) {
		CHECK((C = tree_cache_new(&nodes, size)) != NULL);
		front = *tree_cache_nodes(C);
		S.id_last = 0;
		CHECK(grow(&front, &R, 9) == 0);
		reads = S.reads;
		CHECK(lookups(&front, &R) == 0);
		CHECK(lookups(&front, &R) == 0);
		tree_cache_hits(C, &hits, &misses);
		CHECK(S.reads - reads == misses && hits > 0);
		CHECK(size < 4096 || misses == 0);

		/* An update that fails, then another under the same ids. */
		now = R;
		S.puts_left = 9;
		CHECK(tree_update(nonce, &front, &now, leaves + 100, 200) == -1);
		S.puts_left = SIZE_MAX;
		leaves[3].value[0]++;
		CHECK(tree_update(nonce, &front, &now, leaves + 3, 1) == 0);
		CHECK(lookups(&front, &now) == 0);
		CHECK(lookups(&nodes, &now) == 0);

		/*
		 * A tile that was found bad (here for the hash in its first
		 * link) is asked for again.
		 */
		CHECK(S.drops > 0);
		tree_cache_free(C);
		CHECK((C = tree_cache_new(&nodes, size)) != NULL);
		front = *tree_cache_nodes(C);
		S.tiles[now.id].tile[15] ^= 1;
		CHECK(lookups(&front, &now) == -1);
		S.tiles[now.id].tile[15] ^= 1;
		CHECK(lookups(&front, &now) == 0);
		tree_cache_free(C);
	}
	tree_cache_free(NULL);
	store_free(&S);
}

static const struct test tests[] = {
	{ "a path with any bit or field changed is refused", path_mutations },
	{ "a path that no tree has is refused by its rule", path_rules },
	{ "a missing or damaged tile is an error, not an absence",
	    damage_is_an_error },
	{ "any bit of a tile counts", every_bit_of_a_tile },
	{ "an update that fails leaves the old tree whole",
	    failures_change_nothing },
	{ "a tile that breaks a rule is refused by it", tile_rules },
	{ "a tile is at most 527 bytes", largest_tile },
	{ "a cache changes nothing but the reads", cache_is_transparent },
};
TESTS(tests)
