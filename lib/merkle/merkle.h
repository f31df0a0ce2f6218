#ifndef KS_MERKLE_MERKLE_H
#define KS_MERKLE_MERKLE_H

#include <stddef.h>
#include <stdint.h>

#include "crypto/hash.h"

/*
 * The append-only tree of RFC 6962, section 2.1, on SHA-256.  A complete
 * subtree is named by its level (0 for a leaf) and its index at that level: it
 * covers the leaves from index << level, 1 << level of them.  Complete subtrees
 * never change, so a row for each is all that a log has to store.
 */

/* Most levels, and most hashes in a proof: sizes are 64-bit. */
#define MERKLE_DEPTH_MAX	64

/* The complete subtrees that make up a tree, largest (leftmost) first. */
struct merkle_range {
	uint64_t size;				/* leaves */
	unsigned n;				/* hashes in use */
	uint8_t hash[MERKLE_DEPTH_MAX][HASH_LEN];
};

/* Stores the hash of the subtree (level, index) in hash; 0, or -1 if it fails. */
typedef int merkle_get(void * cookie, uint8_t level, uint64_t index,
    uint8_t hash[HASH_LEN]);

/* Is told the hash of the new subtree (level, index); 0, or -1 if it fails. */
typedef int merkle_put(void * cookie, uint8_t level, uint64_t index,
    const uint8_t hash[HASH_LEN]);

/**
 * merkle_leaf_hash(p, len, hash):
 * Store the hash of a leaf that holds the ${len} bytes at ${p} in ${hash}.
 */
void merkle_leaf_hash(const void *, size_t, uint8_t[HASH_LEN]);

/**
 * merkle_node_hash(left, right, hash):
 * Store the hash of the node over ${left} and ${right} in ${hash}, which may be
 * one of them.
 */
void merkle_node_hash(const uint8_t[HASH_LEN], const uint8_t[HASH_LEN],
    uint8_t[HASH_LEN]);

/**
 * merkle_range_init(R):
 * Make ${R} the empty tree.
 */
void merkle_range_init(struct merkle_range *);

/**
 * merkle_range_load(R, size, get, cookie):
 * Make ${R} the tree of ${size} leaves, asking ${get}(${cookie}, ...) for its
 * complete subtrees.  Return 0, or -1 if ${get} failed.
 */
int merkle_range_load(struct merkle_range *, uint64_t, merkle_get *, void *);

/**
 * merkle_range_append(R, leafhash, put, cookie):
 * Append a leaf with the hash ${leafhash} to ${R} and, unless ${put} is NULL,
 * call ${put}(${cookie}, ...) for each complete subtree that is new, the leaf
 * first.  Return 0; or -1, with ${R} as before, if ${put} failed or ${R} has
 * 2^64 - 1 leaves.
 */
int merkle_range_append(struct merkle_range *, const uint8_t[HASH_LEN],
    merkle_put *, void *);

/**
 * merkle_range_root(R, root):
 * Store the root hash of ${R} in ${root}; for the empty tree the SHA-256 of
 * nothing.
 */
void merkle_range_root(const struct merkle_range *, uint8_t[HASH_LEN]);

/**
 * merkle_inclusion(size, index, get, cookie, proof, n):
 * Store the proof that leaf ${index} is in the tree of ${size} leaves in
 * ${proof}, from the leaf up, and the number of its hashes in ${n}, asking
 * ${get}(${cookie}, ...) for complete subtrees.  Return 0, or -1 if ${get}
 * failed or ${index} is not below ${size}.
 */
int merkle_inclusion(uint64_t, uint64_t, merkle_get *, void *,
    uint8_t[MERKLE_DEPTH_MAX][HASH_LEN], unsigned *);

/**
 * merkle_consistency(m, n, get, cookie, proof, count):
 * Store the proof that the tree of ${m} leaves is a prefix of that of ${n}
 * leaves in ${proof} and the number of its hashes in ${count} (0 if ${m} is 0 or
 * ${n}), asking ${get}(${cookie}, ...) for complete subtrees.  Return 0, or -1
 * if ${get} failed or ${m} is above ${n}.
 */
int merkle_consistency(uint64_t, uint64_t, merkle_get *, void *,
    uint8_t[MERKLE_DEPTH_MAX][HASH_LEN], unsigned *);

/**
 * merkle_inclusion_verify(leafhash, index, size, proof, n, root):
 * Return 0 if the ${n} hashes of ${proof} prove that the tree of ${size} leaves
 * with ${root} has ${leafhash} as leaf ${index}, or -1.  Any input is safe.
 */
int merkle_inclusion_verify(const uint8_t[HASH_LEN], uint64_t, uint64_t,
    const uint8_t[][HASH_LEN], unsigned, const uint8_t[HASH_LEN]);

/**
 * merkle_consistency_verify(m, rootm, n, rootn, proof, count):
 * Return 0 if the ${count} hashes of ${proof} prove that the tree of ${m} leaves
 * with ${rootm} is a prefix of the tree of ${n} leaves with ${rootn}, or -1.
 * With ${m} 0, ${rootm} must be the root of the empty tree; with ${m} equal to
 * ${n}, the roots must be equal; no hashes then.  Any input is safe.
 */
int merkle_consistency_verify(uint64_t, const uint8_t[HASH_LEN], uint64_t,
    const uint8_t[HASH_LEN], const uint8_t[][HASH_LEN], unsigned);

#endif
