#include <stdint.h>
#include <string.h>

#include "tree_internal.h"

static int
is_flagged(const struct tree_path * path, unsigned i)
{

	return ((int)tree_bits_get(path->empty, i));
}

/* Return the rule that ${path} breaks by its form, or NULL. */
static const char *
broken_rule(const struct tree_path * path, const uint8_t * index)
{
	unsigned common;

	if (path->depth > TREE_DEPTH_MAX)
		return ("a path has at most 256 siblings");
	for (unsigned i = path->depth; i < TREE_DEPTH_MAX; i++) {
		if (is_flagged(path, i))
			return ("only a sibling on the path is flagged empty");
	}
	switch (path->kind) {
	case TREE_PRESENT:
		break;
	case TREE_ABSENT_EMPTY:
		if (path->depth == TREE_DEPTH_MAX)
			return ("beside an empty place there are two leaves");
		break;
	case TREE_ABSENT_OTHER:
		common = tree_bits_common(path->other, index);
		if (common == TREE_DEPTH_MAX)
			return ("another leaf has another index");
		if (common < path->depth)
			return ("a leaf stands below a prefix of its index");
		break;
	default:
		return ("a path ends in the leaf, nothing or another leaf");
	}

	/* Its parent would be an inner node over one leaf, or over none. */
	if (path->depth > 0 && is_flagged(path, path->depth - 1))
		return ("the last sibling of a path is not empty");
	return (NULL);
}

/*
 * Given the ${hash} at depth ${from} above ${index}, make it that at depth
 * ${to}, all siblings between being empty.
 */
static void
climb_empty(const uint8_t * nonce, const uint8_t * index, unsigned from,
    unsigned to, uint8_t * hash)
{
	uint8_t prefix[TREE_HASH];
	uint8_t empty[TREE_HASH];
	int right;

	for (unsigned d = from; d > to; d--) {
		tree_bits_prefix(prefix, index, d);
		tree_bits_flip(prefix, d - 1);
		tree_hash_empty(nonce, d, prefix, empty);
		right = (int)tree_bits_get(index, d - 1);
		tree_bits_prefix(prefix, index, d - 1);
		tree_hash_node(nonce, d - 1, prefix, right ? empty : hash,
		    right ? hash : empty, hash);
	}
}

/*
 * Given the ${hash} at the end of ${path}, make it that of the root.  Return
 * -1 if a sibling is empty but is not flagged, as there would be two paths.
 */
static int
climb(const uint8_t * nonce, const struct tree_path * path,
    const uint8_t * index, uint8_t * hash)
{
	uint8_t prefix[TREE_HASH];
	uint8_t empty[TREE_HASH];
	const uint8_t * sibling;

	for (unsigned d = path->depth; d > 0; d--) {
		if (is_flagged(path, d - 1)) {
			climb_empty(nonce, index, d, d - 1, hash);
			continue;
		}
		sibling = path->sibling[d - 1];
		tree_bits_prefix(prefix, index, d);
		tree_bits_flip(prefix, d - 1);
		tree_hash_empty(nonce, d, prefix, empty);
		if (memcmp(sibling, empty, TREE_HASH) == 0)
			return (-1);
		tree_bits_prefix(prefix, index, d - 1);
		if (tree_bits_get(index, d - 1))
			tree_hash_node(nonce, d - 1, prefix, sibling, hash, hash);
		else
			tree_hash_node(nonce, d - 1, prefix, hash, sibling, hash);
	}
	return (0);
}

int
tree_path_root(const uint8_t * nonce, const struct tree_path * path,
    const uint8_t * index, uint8_t * root, const char ** rule)
{
	uint8_t prefix[TREE_HASH];
	uint8_t hash[TREE_HASH];
	const char * broken;

	if ((broken = broken_rule(path, index)) != NULL)
		goto err0;
	if (path->kind == TREE_ABSENT_EMPTY) {
		tree_bits_prefix(prefix, index, path->depth);
		tree_hash_empty(nonce, path->depth, prefix, hash);
	} else {
		tree_hash_leaf(nonce, path->depth, path->kind == TREE_PRESENT ?
		    index : path->other, path->value, hash);
	}
	if (climb(nonce, path, index, hash)) {
		broken = "an empty sibling is flagged, not carried";
		goto err0;
	}
	memcpy(root, hash, TREE_HASH);
	return (0);

err0:
	if (rule != NULL)
		*rule = broken;
	return (-1);
}

/* The node over the leaf of ${path} and a new one, at the depth of ${path}. */
static void
join(const uint8_t * nonce, const struct tree_path * path,
    const uint8_t * index, const uint8_t * value, uint8_t * hash)
{
	unsigned d = tree_bits_common(path->other, index);
	uint8_t prefix[TREE_HASH];
	uint8_t other[TREE_HASH];

	tree_hash_leaf(nonce, d + 1, path->other, path->value, other);
	tree_hash_leaf(nonce, d + 1, index, value, hash);
	tree_bits_prefix(prefix, index, d);
	if (tree_bits_get(index, d))
		tree_hash_node(nonce, d, prefix, other, hash, hash);
	else
		tree_hash_node(nonce, d, prefix, hash, other, hash);
	climb_empty(nonce, index, d, path->depth, hash);
}

int
tree_path_insert(const uint8_t * nonce, const struct tree_path * path,
    const uint8_t * index, const uint8_t * value, uint8_t * root)
{
	uint8_t hash[TREE_HASH];

	if (broken_rule(path, index) != NULL)
		return (-1);
	if (path->kind == TREE_ABSENT_OTHER)
		join(nonce, path, index, value, hash);
	else
		tree_hash_leaf(nonce, path->depth, index, value, hash);
	if (climb(nonce, path, index, hash))
		return (-1);
	memcpy(root, hash, TREE_HASH);
	return (0);
}
