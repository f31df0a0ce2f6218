#ifndef KS_T_TEST_TREE_H
#define KS_T_TEST_TREE_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tree/tree.h"

/* A node store in memory, and seeded randomness, for the tests of the tree. */
struct store {
	struct stored {
		uint8_t tile[TREE_TILE_MAX];
		size_t len;		/* 0: missing */
	} * tiles;			/* by id */
	size_t cap;
	size_t puts;
	size_t reads;
	size_t drops;
	size_t bads;
	size_t len_max;			/* of the tiles put */
	size_t puts_left;		/* the next put after these fails */
	uint64_t id_last;		/* of the last put */
	uint64_t dropped_max;		/* the highest id dropped */
	int strict;			/* a gap in the ids put was seen */
};

static inline int
store_get(void * cookie, uint64_t id, uint8_t * tile, size_t * len)
{
	struct store * S = cookie;

	S->reads++;
	if (id >= S->cap || S->tiles[id].len == 0)
		return (-1);
	*len = S->tiles[id].len;
	if (*len <= TREE_TILE_MAX)
		memcpy(tile, S->tiles[id].tile, *len);
	return (0);
}

static inline int
store_put(void * cookie, uint64_t id, const uint8_t * tile, size_t len)
{
	struct store * S = cookie;
	size_t cap = S->cap == 0 ? 1024 : S->cap;

	if (S->puts_left == 0)
		return (-1);
	S->puts_left--;
	while (cap <= id)
		cap *= 2;
	if (cap != S->cap) {
		if ((S->tiles = reallocarray(S->tiles, cap,
		    sizeof(S->tiles[0]))) == NULL)
			abort();
		memset(S->tiles + S->cap, 0,
		    (cap - S->cap) * sizeof(S->tiles[0]));
		S->cap = cap;
	}
	if (id != S->id_last + 1)
		S->strict = 1;
	S->id_last = id;
	S->puts++;
	if (len > S->len_max)
		S->len_max = len;
	memcpy(S->tiles[id].tile, tile, len);
	S->tiles[id].len = len;
	return (0);
}

static inline int
store_drop(void * cookie, uint64_t id)
{
	struct store * S = cookie;

	S->drops++;
	if (id > S->dropped_max)
		S->dropped_max = id;
	return (0);
}

static inline void
store_bad(void * cookie, uint64_t id, const char * rule)
{
	struct store * S = cookie;

	(void)id;
	if (rule != NULL)
		S->bads++;
}

static inline struct tree_nodes
store_init(struct store * S)
{
	struct tree_nodes nodes = { S, store_get, store_put, store_drop,
	    store_bad };

	memset(S, 0, sizeof(*S));
	S->puts_left = SIZE_MAX;
	return (nodes);
}

static inline void
store_free(struct store * S)
{

	free(S->tiles);
}

/* The same sequence in every run (splitmix64), so that a failure repeats. */
static inline uint64_t
chance(uint64_t * state, uint64_t n)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return ((z ^ z >> 31) % n);
}

static inline void
chance_bytes(uint64_t * state, uint8_t * p, size_t len)
{

	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)chance(state, 256);
}

#endif
