#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/panic.h"
#include "codec/wbuf.h"

#include "tree_internal.h"

/* An update on its way. */
struct update {
	const uint8_t * nonce;
	const struct tree_nodes * nodes;
	struct wbuf W;			/* the tile being written */
	uint64_t next_id;
	uint64_t leaves;		/* in the tree so far */
	uint64_t * dropped;		/* tiles read, to be dropped at the end */
	size_t ndropped;
	size_t dropped_cap;
	struct tree_tile tile[TREE_TILES_MAX];	/* those on the path at hand */
};

static int
compare(const void * a, const void * b)
{
	const struct tree_leaf * x = a;
	const struct tree_leaf * y = b;

	return (memcmp(x->index, y->index, TREE_HASH));
}

/*
 * Remember to drop tile ${id}.  Not dropped at once, because the old root must
 * stay whole if something fails later.
 */
static int
drop_later(struct update * U, uint64_t id)
{
	size_t cap;
	uint64_t * p;

	if (U->ndropped == U->dropped_cap) {
		cap = U->dropped_cap == 0 ? 64 : 2 * U->dropped_cap;
		if ((p = reallocarray(U->dropped, cap, sizeof(*p))) == NULL)
			return (-1);
		U->dropped = p;
		U->dropped_cap = cap;
	}
	U->dropped[U->ndropped++] = id;
	return (0);
}

static int
drop_all(struct update * U)
{

	if (U->nodes->drop == NULL)
		return (0);
	for (size_t i = 0; i < U->ndropped; i++) {
		if (U->nodes->drop(U->nodes->cookie, U->dropped[i]))
			return (-1);
	}
	return (0);
}

/* Write ${T} under a new id, and make ${link} name it. */
static int
flush(struct update * U, struct tree_tile * T, struct tree_slot * link)
{

	tree_tile_hash(T, U->nonce);
	wbuf_reset(&U->W);
	tree_tile_encode(T, &U->W);
	if (wbuf_failed(&U->W))
		return (-1);
	if (U->nodes->put(U->nodes->cookie, U->next_id, U->W.data, U->W.len))
		return (-1);
	link->tag = TREE_LINK;
	link->link = U->next_id++;
	link->hashed = 1;
	memcpy(link->hash, T->slot[1].hash, TREE_HASH);
	return (0);
}

/* Return how many of the sorted leaves have bit ${d} clear. */
static size_t
split(const struct tree_leaf * leaves, size_t n, unsigned d)
{
	size_t lo = 0;
	size_t mid;

	while (lo < n) {
		mid = lo + (n - lo) / 2;
		if (tree_bits_get(leaves[mid].index, d))
			n = mid;
		else
			lo = mid + 1;
	}
	return (lo);
}

/* Make the slot ${s}, empty or a leaf, an inner node with that leaf below. */
static void
push_down(struct tree_tile * T, unsigned s, unsigned d)
{
	struct tree_slot * slot = &T->slot[s];
	unsigned below;

	for (unsigned i = 2 * s; i <= 2 * s + 1; i++) {
		T->slot[i].tag = TREE_EMPTY;
		T->slot[i].hashed = 0;
	}
	if (slot->tag == TREE_LEAF) {
		below = 2 * s + tree_bits_get(slot->index, d);
		T->slot[below] = *slot;
		T->slot[below].hashed = 0;
	}
	slot->tag = TREE_INNER;
}

static int descend(struct update *, unsigned, struct tree_slot *, unsigned,
    const struct tree_leaf *, size_t);

/*
 * Apply ${n} > 0 leaves, all below slot ${s} of tile ${k} of the path.  With
 * descend this recurses once a level and once a tile: 343 calls deep at most,
 * each with a small frame.
 */
static int
apply(struct update * U, unsigned k, unsigned s,
    const struct tree_leaf * leaves, size_t n)
{
	struct tree_tile * T = &U->tile[k];
	struct tree_slot * slot = &T->slot[s];
	unsigned d = tree_tile_depth(T, s);
	int is_new = slot->tag == TREE_EMPTY;
	size_t left;

	/* One leaf, in a place of its own: here it stands. */
	if (n == 1 && (is_new || (slot->tag == TREE_LEAF &&
	    memcmp(slot->index, leaves->index, TREE_HASH) == 0))) {
		slot->tag = TREE_LEAF;
		slot->hashed = 0;
		memcpy(slot->index, leaves->index, TREE_HASH);
		memcpy(slot->value, leaves->value, TREE_HASH);
		U->leaves += (uint64_t)is_new;
		return (0);
	}

	/* Otherwise two leaves or more are below here. */
	PANIC_UNLESS(d < TREE_DEPTH_MAX);
	if (s >= TREE_TILE_BOTTOM)
		return (descend(U, k + 1, slot, d, leaves, n));
	if (slot->tag != TREE_INNER)
		push_down(T, s, d);
	slot->hashed = 0;
	left = split(leaves, n, d);
	if (left > 0 && apply(U, k, 2 * s, leaves, left))
		return (-1);
	if (left < n && apply(U, k, 2 * s + 1, leaves + left, n - left))
		return (-1);
	return (0);
}

/*
 * Apply the leaves to the tile below ${link}, which becomes tile ${k} of the
 * path; if ${link} is no link yet, what it holds starts a new tile.
 */
static int
descend(struct update * U, unsigned k, struct tree_slot * link, unsigned top,
    const struct tree_leaf * leaves, size_t n)
{
	struct tree_tile * T = &U->tile[k];
	uint8_t prefix[TREE_HASH];

	tree_bits_prefix(prefix, leaves->index, top);
	if (link->tag == TREE_LINK) {
		if (tree_tile_load(T, U->nonce, U->nodes, link, top, prefix))
			return (-1);
		if (drop_later(U, link->link))
			return (-1);
	} else {
		T->top = top;
		memcpy(T->prefix, prefix, TREE_HASH);
		T->slot[1] = *link;
		T->slot[1].hashed = 0;
	}
	if (apply(U, k, 1, leaves, n))
		return (-1);
	return (flush(U, T, link));
}

/* Sort, and refuse what has no single meaning. */
static int
prepare(const uint8_t * nonce, const struct tree_root * root,
    struct tree_leaf * leaves, size_t n)
{

	if (root->id >= root->next_id || (root->id == 0) != (root->leaves == 0))
		return (-1);
	if (tree_root_check(nonce, root))
		return (-1);
	qsort(leaves, n, sizeof(leaves[0]), compare);
	for (size_t i = 1; i < n; i++) {
		if (compare(&leaves[i - 1], &leaves[i]) == 0)
			return (-1);
	}
	return (0);
}

int
tree_update(const uint8_t * nonce, const struct tree_nodes * nodes,
    struct tree_root * root, struct tree_leaf * leaves, size_t n)
{
	struct tree_slot link = { .tag = TREE_EMPTY };
	struct update * U;

	if (n == 0)
		return (0);
	if (prepare(nonce, root, leaves, n))
		goto err0;
	if ((U = malloc(sizeof(*U))) == NULL)
		goto err0;
	U->nonce = nonce;
	U->nodes = nodes;
	U->next_id = root->next_id;
	U->leaves = root->leaves;
	U->dropped = NULL;
	U->ndropped = U->dropped_cap = 0;
	wbuf_init(&U->W, TREE_TILE_MAX);

	/* The root is a link, too. */
	if (root->id != 0) {
		link.tag = TREE_LINK;
		link.link = root->id;
		memcpy(link.hash, root->hash, TREE_HASH);
	}
	if (descend(U, 0, &link, 0, leaves, n))
		goto err1;
	if (drop_all(U))
		goto err1;
	root->id = link.link;
	root->next_id = U->next_id;
	root->leaves = U->leaves;
	memcpy(root->hash, link.hash, TREE_HASH);
	wbuf_free(&U->W);
	free(U->dropped);
	free(U);
	return (0);

err1:
	wbuf_free(&U->W);
	free(U->dropped);
	free(U);
err0:
	return (-1);
}
