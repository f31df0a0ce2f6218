#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tree_internal.h"

/* A scan on its way. */
struct scan {
	const uint8_t * nonce;
	const struct tree_nodes * nodes;
	int (* leaf)(void *, const uint8_t *, const uint8_t *);
	void * cookie;
	uint8_t at[TREE_HASH];			/* the way to the slot at hand */
	struct tree_tile tile[TREE_TILES_MAX];	/* those on that way */
};

/*
 * Scan what is at ${slot}, at depth ${d}: slot ${s} of tile ${k} - 1 of the
 * path.  Recurses once a level and once a tile: 343 calls deep at most, each
 * with a small frame.
 */
static int
scan_slot(struct scan * S, unsigned k, unsigned s,
    const struct tree_slot * slot, unsigned d)
{
	const struct tree_tile * T;

	switch (slot->tag) {
	case TREE_LEAF:
		return (S->leaf(S->cookie, slot->index, slot->value) ? -1 : 0);
	case TREE_LINK:
		if (tree_tile_load(&S->tile[k], S->nonce, S->nodes, slot, d,
		    S->at))
			return (-1);
		return (scan_slot(S, k + 1, 1, &S->tile[k].slot[1], d));
	case TREE_INNER:
		T = &S->tile[k - 1];
		if (scan_slot(S, k, 2 * s, &T->slot[2 * s], d + 1))
			return (-1);
		tree_bits_flip(S->at, d);
		if (scan_slot(S, k, 2 * s + 1, &T->slot[2 * s + 1], d + 1))
			return (-1);
		tree_bits_flip(S->at, d);
		break;
	}
	return (0);
}

int
tree_scan(const uint8_t * nonce, const struct tree_nodes * nodes,
    const struct tree_root * root,
    int (* leaf)(void *, const uint8_t *, const uint8_t *), void * cookie)
{
	struct tree_slot link = { .tag = TREE_LINK };
	struct scan * S;
	int ret;

	if (root->id == 0)
		return (tree_root_check(nonce, root));
	link.link = root->id;
	memcpy(link.hash, root->hash, TREE_HASH);
	if ((S = malloc(sizeof(*S))) == NULL)
		return (-1);
	S->nonce = nonce;
	S->nodes = nodes;
	S->leaf = leaf;
	S->cookie = cookie;
	memset(S->at, 0, sizeof(S->at));
	ret = scan_slot(S, 0, 1, &link, 0);
	free(S);
	return (ret);
}
