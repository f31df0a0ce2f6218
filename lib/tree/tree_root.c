#include <stdint.h>
#include <string.h>

#include "tree_internal.h"

static const uint8_t nowhere[TREE_HASH];	/* the prefix of the root */

void
tree_root_empty(struct tree_root * root, const uint8_t * nonce)
{

	root->id = 0;
	root->next_id = 1;
	root->leaves = 0;
	tree_hash_empty(nonce, 0, nowhere, root->hash);
}

int
tree_root_check(const uint8_t * nonce, const struct tree_root * root)
{
	uint8_t hash[TREE_HASH];

	if (root->id != 0)
		return (0);
	tree_hash_empty(nonce, 0, nowhere, hash);
	return (memcmp(root->hash, hash, TREE_HASH) == 0 ? 0 : -1);
}
