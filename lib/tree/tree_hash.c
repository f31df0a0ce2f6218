#include <stdint.h>
#include <string.h>

#include <sodium.h>

#include "base/panic.h"

#include "tree_internal.h"

_Static_assert(TREE_HASH == crypto_generichash_blake2b_BYTES &&
    TREE_NONCE == crypto_generichash_blake2b_SALTBYTES,
    "a hash is BLAKE2b-256, its salt the nonce");

static const uint8_t of_empty[crypto_generichash_blake2b_PERSONALBYTES] =
    "ks-tree-empty";
static const uint8_t of_leaf[crypto_generichash_blake2b_PERSONALBYTES] =
    "ks-tree-leaf";
static const uint8_t of_node[crypto_generichash_blake2b_PERSONALBYTES] =
    "ks-tree-node";

static void
put_depth(uint8_t * p, unsigned depth)
{

	p[0] = (uint8_t)(depth >> 8);
	p[1] = (uint8_t)depth;
}

static void
blake2b(const uint8_t * nonce, const uint8_t * personal, const uint8_t * in,
    size_t len, uint8_t * hash)
{

	if (crypto_generichash_blake2b_salt_personal(hash, TREE_HASH, in, len,
	    NULL, 0, nonce, personal) != 0)
		panic("BLAKE2b refuses its sizes");
}

void
tree_hash_empty(const uint8_t * nonce, unsigned depth, const uint8_t * prefix,
    uint8_t * hash)
{
	uint8_t in[2 + TREE_HASH];

	put_depth(in, depth);
	memcpy(in + 2, prefix, TREE_HASH);
	blake2b(nonce, of_empty, in, sizeof(in), hash);
}

void
tree_hash_leaf(const uint8_t * nonce, unsigned depth, const uint8_t * index,
    const uint8_t * value, uint8_t * hash)
{
	uint8_t in[2 + 2 * TREE_HASH];

	put_depth(in, depth);
	memcpy(in + 2, index, TREE_HASH);
	memcpy(in + 2 + TREE_HASH, value, TREE_HASH);
	blake2b(nonce, of_leaf, in, sizeof(in), hash);
}

void
tree_hash_node(const uint8_t * nonce, unsigned depth, const uint8_t * prefix,
    const uint8_t * left, const uint8_t * right, uint8_t * hash)
{
	uint8_t in[2 + 3 * TREE_HASH];

	put_depth(in, depth);
	memcpy(in + 2, prefix, TREE_HASH);
	memcpy(in + 2 + TREE_HASH, left, TREE_HASH);
	memcpy(in + 2 + 2 * TREE_HASH, right, TREE_HASH);
	blake2b(nonce, of_node, in, sizeof(in), hash);
}
