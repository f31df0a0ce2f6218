#ifndef KS_TREE_TREE_INTERNAL_H
#define KS_TREE_TREE_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#include "tree/tree.h"

struct wbuf;

/*
 * A tile covers the depths 3k to 3k + 3 below one node.  Encoding, in preorder
 * from its top, left before right:
 *   0                      nothing below here
 *   1 index[32] value[32]  a leaf
 *   2                      an inner node; its two children follow
 *   3 u64 id, hash[32]     an inner node that is the top of tile ${id}; only
 *                          at depth 3k + 3
 * The top is an inner node; that of the tile at the root may be a leaf.  Below
 * an inner node there are two leaves or more.  All but the id of a link is
 * covered by the hash in the link to the tile; a wrong id leads to no tile, or
 * to one whose hash is not that beside it.
 */
enum tree_tag {
	TREE_EMPTY = 0,
	TREE_LEAF = 1,
	TREE_INNER = 2,
	TREE_LINK = 3
};

#define TREE_TILE_LEVELS 3	/* depth of the bottom below the top */
#define TREE_TILE_BOTTOM 8	/* first slot of the bottom */
#define TREE_TILE_SLOTS 16	/* the top is slot 1; below s are 2s, 2s + 1 */
#define TREE_TILES_MAX (TREE_DEPTH_MAX / TREE_TILE_LEVELS + 1)	/* on a path */

/* One place in a tile. */
struct tree_slot {
	uint64_t link;			/* TREE_LINK */
	uint8_t tag;			/* enum tree_tag */
	uint8_t hashed;			/* hash is known; always for a link */
	uint8_t index[TREE_HASH];	/* TREE_LEAF */
	uint8_t value[TREE_HASH];	/* TREE_LEAF */
	uint8_t hash[TREE_HASH];
};

/* A tile, decoded.  A slot below one that is not an inner node is unused. */
struct tree_tile {
	unsigned top;			/* depth of slot 1 */
	uint8_t prefix[TREE_HASH];	/* the way to slot 1 */
	struct tree_slot slot[TREE_TILE_SLOTS];
};

/**
 * tree_bits_get(index, i):
 * Return bit ${i} of ${index}.
 */
unsigned tree_bits_get(const uint8_t *, unsigned);

/**
 * tree_bits_flip(index, i):
 * Invert bit ${i} of ${index}.
 */
void tree_bits_flip(uint8_t *, unsigned);

/**
 * tree_bits_prefix(prefix, index, n):
 * Store the first ${n} bits of ${index}, followed by zeroes, in ${prefix}.
 */
void tree_bits_prefix(uint8_t *, const uint8_t *, unsigned);

/**
 * tree_bits_common(a, b):
 * Return how many bits ${a} and ${b} have in common before the first that
 * differs; TREE_DEPTH_MAX if they are equal.
 */
unsigned tree_bits_common(const uint8_t *, const uint8_t *);

/**
 * tree_hash_empty(nonce, depth, prefix, hash):
 * Store the hash of nothing at ${depth} below ${prefix} in ${hash}.
 */
void tree_hash_empty(const uint8_t *, unsigned, const uint8_t *, uint8_t *);

/**
 * tree_hash_leaf(nonce, depth, index, value, hash):
 * Store the hash of the leaf (${index}, ${value}) at ${depth} in ${hash}.
 */
void tree_hash_leaf(const uint8_t *, unsigned, const uint8_t *,
    const uint8_t *, uint8_t *);

/**
 * tree_hash_node(nonce, depth, prefix, left, right, hash):
 * Store the hash of the inner node at ${depth} and ${prefix} whose children
 * have the hashes ${left} and ${right} in ${hash}, which may be one of them.
 */
void tree_hash_node(const uint8_t *, unsigned, const uint8_t *,
    const uint8_t *, const uint8_t *, uint8_t *);

/**
 * tree_root_check(nonce, root):
 * Return 0, or -1 if ${root} has no tile and not the hash of the empty tree.
 */
int tree_root_check(const uint8_t *, const struct tree_root *);

/**
 * tree_tile_decode(T, top, prefix, p, len, rule):
 * Decode the ${len} bytes at ${p} as the tile whose top is at depth ${top}, a
 * multiple of 3 up to 255, and at ${prefix}.  Return 0, or -1 with the rule
 * that is broken in ${rule}.  Bytes that are accepted are those that
 * tree_tile_encode makes of ${T}.
 */
int tree_tile_decode(struct tree_tile *, unsigned, const uint8_t *,
    const void *, size_t, const char **);

/**
 * tree_tile_encode(T, W):
 * Append the encoding of ${T}, whose links are all hashed, to ${W}.
 */
void tree_tile_encode(const struct tree_tile *, struct wbuf *);

/**
 * tree_tile_depth(T, s):
 * Return the depth of slot ${s} of ${T}.
 */
unsigned tree_tile_depth(const struct tree_tile *, unsigned);

/**
 * tree_tile_hash(T, nonce):
 * Compute the hashes of ${T} that are not known, up to that of slot 1.
 */
void tree_tile_hash(struct tree_tile *, const uint8_t *);

/**
 * tree_tile_load(T, nonce, nodes, link, top, prefix):
 * Read the tile that the slot ${link} names from ${nodes}, decode it to ${T} as
 * by tree_tile_decode, compute all its hashes, and compare with that in
 * ${link}.  Return 0, or -1 if it is missing or damaged, which ${nodes} is
 * told.
 */
int tree_tile_load(struct tree_tile *, const uint8_t *,
    const struct tree_nodes *, const struct tree_slot *, unsigned,
    const uint8_t *);

#endif
