#include <stdint.h>
#include <string.h>

#include "tree_internal.h"

/* Go down tile ${T}, noting the siblings; return the slot at the end. */
static const struct tree_slot *
walk(const struct tree_tile * T, const uint8_t * index, struct tree_path * path)
{
	const struct tree_slot * sibling;
	unsigned s = 1;
	unsigned bit;

	while (T->slot[s].tag == TREE_INNER) {
		bit = tree_bits_get(index, path->depth);
		sibling = &T->slot[2 * s + !bit];
		if (sibling->tag == TREE_EMPTY)
			tree_bits_flip(path->empty, path->depth);
		else
			memcpy(path->sibling[path->depth], sibling->hash,
			    TREE_HASH);
		s = 2 * s + bit;
		path->depth++;
	}
	return (&T->slot[s]);
}

int
tree_lookup(const uint8_t * nonce, const struct tree_nodes * nodes,
    const struct tree_root * root, const uint8_t * index,
    struct tree_path * path)
{
	struct tree_slot at = { .tag = TREE_EMPTY };
	struct tree_tile T;
	uint8_t prefix[TREE_HASH];

	memset(path, 0, sizeof(*path));
	if (tree_root_check(nonce, root))
		return (-1);
	if (root->id != 0) {
		at.tag = TREE_LINK;
		at.link = root->id;
		memcpy(at.hash, root->hash, TREE_HASH);
	}

	/* Each tile is deeper than the last, so this ends. */
	while (at.tag == TREE_LINK) {
		tree_bits_prefix(prefix, index, path->depth);
		if (tree_tile_load(&T, nonce, nodes, &at, path->depth, prefix))
			return (-1);
		at = *walk(&T, index, path);
	}
	if (at.tag == TREE_EMPTY) {
		path->kind = TREE_ABSENT_EMPTY;
		return (0);
	}
	memcpy(path->value, at.value, TREE_HASH);
	if (memcmp(at.index, index, TREE_HASH) == 0) {
		path->kind = TREE_PRESENT;
	} else {
		path->kind = TREE_ABSENT_OTHER;
		memcpy(path->other, at.index, TREE_HASH);
	}
	return (0);
}
