#include <stdint.h>
#include <string.h>

#include "codec/rbuf.h"
#include "codec/wbuf.h"

#include "tree_internal.h"

/* How many levels below slot 1 a slot is. */
static unsigned
level(unsigned s)
{

	return ((s >= 2) + (s >= 4) + (s >= TREE_TILE_BOTTOM));
}

unsigned
tree_tile_depth(const struct tree_tile * T, unsigned s)
{

	return (T->top + level(s));
}

/* The bits of a slot's number after the first are the way to it. */
static void
slot_prefix(const struct tree_tile * T, unsigned s, uint8_t * prefix)
{
	unsigned d = tree_tile_depth(T, s);

	memcpy(prefix, T->prefix, TREE_HASH);
	for (; s > 1; s /= 2) {
		d--;
		if (s & 1)
			tree_bits_flip(prefix, d);
	}
}

static int
get_leaf(struct rbuf * R, struct tree_tile * T, unsigned s, const char ** rule)
{
	struct tree_slot * slot = &T->slot[s];
	uint8_t prefix[TREE_HASH];

	rbuf_copy(R, slot->index, TREE_HASH);
	rbuf_copy(R, slot->value, TREE_HASH);
	slot_prefix(T, s, prefix);
	if (tree_bits_common(slot->index, prefix) < tree_tile_depth(T, s)) {
		*rule = "a leaf stands below a prefix of its index";
		return (-1);
	}
	return (0);
}

static int
get_link(struct rbuf * R, struct tree_tile * T, unsigned s, const char ** rule)
{
	struct tree_slot * slot = &T->slot[s];

	if (s < TREE_TILE_BOTTOM) {
		*rule = "a link stands at the bottom of its tile";
		return (-1);
	}
	slot->link = rbuf_get_u64(R);
	rbuf_copy(R, slot->hash, TREE_HASH);
	slot->hashed = 1;
	if (slot->link == 0) {
		*rule = "a link names a tile";
		return (-1);
	}
	return (0);
}

/*
 * Decode slot ${s} and what is below.  Return the leaves there, 2 for 2 or
 * more, or -1.  Recursion ends at the bottom: 4 calls deep.
 */
static int
get_slot(struct rbuf * R, struct tree_tile * T, unsigned s, const char ** rule)
{
	struct tree_slot * slot = &T->slot[s];
	int left, right;

	slot->hashed = 0;
	switch (slot->tag = rbuf_get_u8(R)) {
	case TREE_EMPTY:
		return (0);
	case TREE_LEAF:
		return (get_leaf(R, T, s, rule) ? -1 : 1);
	case TREE_LINK:
		return (get_link(R, T, s, rule) ? -1 : 2);
	case TREE_INNER:
		break;
	default:
		*rule = "a tag is 0 to 3";
		return (-1);
	}
	if (s >= TREE_TILE_BOTTOM || tree_tile_depth(T, s) == TREE_DEPTH_MAX) {
		*rule = "an inner node has room below it";
		return (-1);
	}
	if ((left = get_slot(R, T, 2 * s, rule)) < 0 ||
	    (right = get_slot(R, T, 2 * s + 1, rule)) < 0)
		return (-1);
	if (left + right < 2) {
		*rule = "an inner node has two leaves below it";
		return (-1);
	}
	return (2);
}

int
tree_tile_decode(struct tree_tile * T, unsigned top, const uint8_t * prefix,
    const void * p, size_t len, const char ** rule)
{
	struct rbuf R;
	int leaves;

	T->top = top;
	memcpy(T->prefix, prefix, TREE_HASH);
	rbuf_init(&R, p, len);
	if ((leaves = get_slot(&R, T, 1, rule)) < 0)
		return (-1);
	if (rbuf_end(&R)) {
		*rule = "a tile ends after its last node";
		return (-1);
	}
	if (leaves < (top == 0 ? 1 : 2)) {
		*rule = "a tile holds two leaves, that of the root one";
		return (-1);
	}
	return (0);
}

/* Recursion ends at the bottom: 4 calls deep. */
static void
put_slot(const struct tree_tile * T, unsigned s, struct wbuf * W)
{
	const struct tree_slot * slot = &T->slot[s];

	wbuf_put_u8(W, slot->tag);
	switch (slot->tag) {
	case TREE_LEAF:
		wbuf_put_bytes(W, slot->index, TREE_HASH);
		wbuf_put_bytes(W, slot->value, TREE_HASH);
		break;
	case TREE_INNER:
		put_slot(T, 2 * s, W);
		put_slot(T, 2 * s + 1, W);
		break;
	case TREE_LINK:
		wbuf_put_u64(W, slot->link);
		wbuf_put_bytes(W, slot->hash, TREE_HASH);
		break;
	}
}

void
tree_tile_encode(const struct tree_tile * T, struct wbuf * W)
{

	put_slot(T, 1, W);
}

/* Recursion ends at the bottom: 4 calls deep. */
static void
hash_slot(struct tree_tile * T, const uint8_t * nonce, unsigned s)
{
	struct tree_slot * slot = &T->slot[s];
	unsigned d = tree_tile_depth(T, s);
	uint8_t prefix[TREE_HASH];

	if (slot->hashed)
		return;
	switch (slot->tag) {
	case TREE_EMPTY:
		slot_prefix(T, s, prefix);
		tree_hash_empty(nonce, d, prefix, slot->hash);
		break;
	case TREE_LEAF:
		tree_hash_leaf(nonce, d, slot->index, slot->value, slot->hash);
		break;
	case TREE_INNER:
		hash_slot(T, nonce, 2 * s);
		hash_slot(T, nonce, 2 * s + 1);
		slot_prefix(T, s, prefix);
		tree_hash_node(nonce, d, prefix, T->slot[2 * s].hash,
		    T->slot[2 * s + 1].hash, slot->hash);
		break;
	}
	slot->hashed = 1;
}

void
tree_tile_hash(struct tree_tile * T, const uint8_t * nonce)
{

	hash_slot(T, nonce, 1);
}

int
tree_tile_load(struct tree_tile * T, const uint8_t * nonce,
    const struct tree_nodes * nodes, const struct tree_slot * link,
    unsigned top, const uint8_t * prefix)
{
	uint8_t buf[TREE_TILE_MAX];
	const char * rule;
	size_t len = 0;

	if (nodes->get(nodes->cookie, link->link, buf, &len)) {
		rule = "a tile that is linked to is there";
		goto err0;
	}
	if (len > sizeof(buf)) {
		rule = "a tile has at most 527 bytes";
		goto err0;
	}
	if (tree_tile_decode(T, top, prefix, buf, len, &rule))
		goto err0;
	tree_tile_hash(T, nonce);
	if (memcmp(T->slot[1].hash, link->hash, TREE_HASH) != 0) {
		rule = "a tile has the hash that its link names";
		goto err0;
	}
	return (0);

err0:
	if (nodes->bad != NULL)
		nodes->bad(nodes->cookie, link->link, rule);
	return (-1);
}
