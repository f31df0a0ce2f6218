#ifndef KS_TREE_TREE_H
#define KS_TREE_TREE_H

#include <stddef.h>
#include <stdint.h>

/*
 * The directory tree: a binary prefix tree over 256-bit indices.  A leaf sits
 * at the smallest depth at which no other leaf shares its prefix.  The bits of
 * an index are taken most significant first; the depth of a node is the number
 * of bits on the way to it from the root (root: 0).
 *
 * A hash is BLAKE2b-256 with the nonce of the tree as salt, no key, and one of
 * these personalisations, padded with zeroes to 16 bytes:
 *   "ks-tree-empty"  of  u16 depth, prefix[32]
 *   "ks-tree-leaf"   of  u16 depth, index[32], value[32]
 *   "ks-tree-node"   of  u16 depth, prefix[32], left[32], right[32]
 * where the depth is big-endian and the prefix is the way to the node: its
 * first depth bits, the others zero.
 *
 * The tree is kept in tiles of three levels, which are never changed: an update
 * writes new ones, under new ids, so that every earlier root stays readable
 * until its tiles are deleted.  The encoding of a tile is described in
 * tree_internal.h.
 *
 * Nothing here does I/O or reads a clock, but for the functions of the node
 * store that the caller gives.
 */

#define TREE_HASH 32		/* bytes of a hash, an index and a value */
#define TREE_NONCE 16		/* bytes of the nonce of a realm's tree */
#define TREE_DEPTH_MAX 256	/* bits of an index */
#define TREE_TILE_MAX 527	/* bytes of a tile: 7 inner nodes, 8 leaves */

/* One leaf, as given to an update. */
struct tree_leaf {
	uint8_t index[TREE_HASH];
	uint8_t value[TREE_HASH];
};

/*
 * Where the tiles are.  Ids count up from 1; 0 is never used.  After an update
 * that failed, or whose root the caller did not keep, ids are given out again:
 * a put of a known id replaces what was there.
 */
struct tree_nodes {
	void * cookie;

	/*
	 * get(cookie, id, tile, len): copy tile ${id} to ${tile}, which has
	 * room for TREE_TILE_MAX bytes, and store its length in ${len}.
	 * Return 0, or -1 if it is missing or cannot be read.
	 */
	int (* get)(void *, uint64_t, uint8_t *, size_t *);

	/* put(cookie, id, tile, len): store a tile.  Return 0 or -1. */
	int (* put)(void *, uint64_t, const uint8_t *, size_t);

	/*
	 * drop(cookie, id): tile ${id} is not part of the new root.  Only
	 * called after every put of the update succeeded.  Return 0 or -1.
	 * May be NULL.
	 */
	int (* drop)(void *, uint64_t);

	/*
	 * bad(cookie, id, rule): tile ${id} is missing or damaged; ${rule}
	 * says which rule it breaks.  For the log; may be NULL.
	 */
	void (* bad)(void *, uint64_t, const char *);
};

/* What the caller stores for an epoch. */
struct tree_root {
	uint64_t id;			/* of the tile at the root; 0: no leaf */
	uint64_t next_id;		/* the next tile's id */
	uint8_t hash[TREE_HASH];	/* the root hash */
	uint64_t leaves;		/* how many there are */
};

/* What stands at the end of the path of an index. */
enum tree_kind {
	TREE_PRESENT = 1,	/* the leaf of this index */
	TREE_ABSENT_EMPTY = 2,	/* nothing */
	TREE_ABSENT_OTHER = 3	/* the leaf of another index */
};

/*
 * The path of an index, with which anyone can recompute the root hash.  For
 * siblings that are empty there is a flag; their hash follows from the index.
 * Nothing is read of a field that ${kind}, ${depth} and ${empty} leave unused.
 */
struct tree_path {
	unsigned kind;			/* enum tree_kind */
	unsigned depth;			/* of what stands at the end */
	uint8_t value[TREE_HASH];	/* of the leaf; unused if there is none */
	uint8_t other[TREE_HASH];	/* TREE_ABSENT_OTHER: index of the leaf */
	uint8_t empty[TREE_DEPTH_MAX / 8];	/* bit i (of byte i / 8, the
						   most significant first):
						   sibling i is empty; zero
						   from bit depth on */
	uint8_t sibling[TREE_DEPTH_MAX][TREE_HASH];	/* sibling i is at
						   depth i + 1 */
};

/**
 * tree_root_empty(root, nonce):
 * Make ${root} the root of the tree without leaves of the realm whose tree
 * nonce is the TREE_NONCE bytes ${nonce}.
 */
void tree_root_empty(struct tree_root *, const uint8_t *);

/**
 * tree_update(nonce, nodes, root, leaves, n):
 * Insert the ${n} ${leaves}, or replace the values of those whose index is
 * there already, in the tree ${root} of ${nonce} whose tiles are in ${nodes},
 * and make ${root} the new root.  ${leaves} gets sorted; for n = 0 nothing
 * changes.  Each tile that is touched is read once, verified, and written once;
 * a tile is put after the tiles below it, and all drops follow all puts.
 * Return 0, or -1 if two of ${leaves} have one index (nothing was put), ${root}
 * contradicts itself, a tile is missing or damaged, ${nodes} failed, or memory
 * ran out.  After -1 ${root} is as before, and no tile of it was dropped unless
 * it was a drop that failed.
 */
int tree_update(const uint8_t *, const struct tree_nodes *, struct tree_root *,
    struct tree_leaf *, size_t);

/**
 * tree_lookup(nonce, nodes, root, index, path):
 * Find the TREE_HASH bytes ${index} in the tree ${root} (only its id and hash
 * are used) of ${nonce} whose tiles are in ${nodes}, and store the path to it,
 * or to what stands in its place, in ${path}; unused fields are zero.  Every
 * tile on the way is verified against ${root}.  Return 0, or -1 if a tile is
 * missing or damaged: never an absence that is not one.
 */
int tree_lookup(const uint8_t *, const struct tree_nodes *,
    const struct tree_root *, const uint8_t *, struct tree_path *);

/**
 * tree_scan(nonce, nodes, root, leaf, cookie):
 * Call leaf(cookie, index, value) for each leaf of the tree ${root} (only its
 * id and hash are used) of ${nonce} whose tiles are in ${nodes}, in the order
 * of the indices.  Every tile is verified before its leaves are handed out.
 * Return 0, or -1 as soon as a call returns nonzero, a tile is missing or
 * damaged, or memory ran out.
 */
int tree_scan(const uint8_t *, const struct tree_nodes *,
    const struct tree_root *, int (*)(void *, const uint8_t *, const uint8_t *),
    void *);

/**
 * tree_path_root(nonce, path, index, root, rule):
 * Recompute from ${path}, which may come from anyone, as the path of ${index}
 * in a tree of ${nonce}, the TREE_HASH bytes ${root}: what ${path} says of
 * ${index} holds if this is the root hash.  Return 0, or -1 if no tree has such
 * a path; the rule it breaks is stored in ${rule} (unless that is NULL).  For
 * one index in one tree only one path is accepted.
 */
int tree_path_root(const uint8_t *, const struct tree_path *, const uint8_t *,
    uint8_t *, const char **);

/**
 * tree_path_insert(nonce, path, index, value, root):
 * Compute the TREE_HASH bytes ${root} of the tree in which ${path} is the path
 * of ${index}, as verified by tree_path_root, after the leaf of ${index} was
 * given the value ${value}, by insertion or replacement.  Return 0, or -1 if
 * tree_path_root refuses ${path}.
 */
int tree_path_insert(const uint8_t *, const struct tree_path *, const uint8_t *,
    const uint8_t *, uint8_t *);

struct tree_cache;

/**
 * tree_cache_new(nodes, tiles_max):
 * Return a cache of at most ${tiles_max} tiles (at least 8; about 560 bytes
 * each, allocated now) in front of ${nodes}, which is copied, or NULL if memory
 * ran out.  Every put must go through the same cache.  Its user keeps to one
 * thread at a time; threads that only read may each have a cache.
 */
struct tree_cache * tree_cache_new(const struct tree_nodes *, size_t);

/**
 * tree_cache_nodes(C):
 * Return the node store that ${C} is, good as long as ${C}.
 */
const struct tree_nodes * tree_cache_nodes(const struct tree_cache *);

/**
 * tree_cache_hits(C, hits, misses):
 * Store how many gets ${C} answered itself in ${hits}, and how many it passed
 * on in ${misses}.
 */
void tree_cache_hits(const struct tree_cache *, uint64_t *, uint64_t *);

/**
 * tree_cache_free(C):
 * Free ${C}, not the store behind it.  NULL is fine.
 */
void tree_cache_free(struct tree_cache *);

#endif
