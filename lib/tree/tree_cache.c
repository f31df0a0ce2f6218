#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tree_internal.h"

#define WAYS 8		/* tiles in a set: those among which one must go */

struct cached {
	uint64_t id;		/* 0: nothing here */
	uint16_t len;
	uint8_t used;		/* since the hand last passed */
	uint8_t tile[TREE_TILE_MAX];
};

struct set {
	struct cached way[WAYS];
	unsigned hand;		/* the way to look at next for a victim */
};

struct tree_cache {
	struct tree_nodes below;
	struct tree_nodes nodes;	/* what the user sees */
	uint64_t hits;
	uint64_t misses;
	size_t nsets;
	struct set * sets;
};

/* Ids are sequential, so that the remainder spreads them evenly. */
static struct set *
set_of(struct tree_cache * C, uint64_t id)
{

	return (&C->sets[id % C->nsets]);
}

static struct cached *
find(struct tree_cache * C, uint64_t id)
{
	struct set * S = set_of(C, id);

	for (unsigned i = 0; i < WAYS; i++) {
		if (S->way[i].id == id)
			return (&S->way[i]);
	}
	return (NULL);
}

/* Forget the first tile of the set that was not used since the last round. */
static struct cached *
victim(struct set * S)
{
	struct cached * c;

	for (;;) {
		c = &S->way[S->hand];
		S->hand = (S->hand + 1) % WAYS;
		if (!c->used)
			return (c);
		c->used = 0;
	}
}

/* Keep a tile that is not there. */
static void
keep(struct tree_cache * C, uint64_t id, const uint8_t * tile, size_t len)
{
	struct cached * c = victim(set_of(C, id));

	c->id = id;
	c->len = (uint16_t)len;
	c->used = 1;
	memcpy(c->tile, tile, len);
}

static int
cache_get(void * cookie, uint64_t id, uint8_t * tile, size_t * len)
{
	struct tree_cache * C = cookie;
	struct cached * c;

	if (id == 0)
		return (-1);
	if ((c = find(C, id)) != NULL) {
		C->hits++;
		c->used = 1;
		memcpy(tile, c->tile, c->len);
		*len = c->len;
		return (0);
	}
	C->misses++;
	if (C->below.get(C->below.cookie, id, tile, len) ||
	    *len > TREE_TILE_MAX)
		return (-1);
	keep(C, id, tile, *len);
	return (0);
}

static int
cache_put(void * cookie, uint64_t id, const uint8_t * tile, size_t len)
{
	struct tree_cache * C = cookie;
	struct cached * c;

	/* What was kept under this id is of an update that failed. */
	if ((c = find(C, id)) != NULL)
		c->id = c->used = 0;
	if (len > TREE_TILE_MAX ||
	    C->below.put(C->below.cookie, id, tile, len))
		return (-1);
	keep(C, id, tile, len);
	return (0);
}

static int
cache_drop(void * cookie, uint64_t id)
{
	struct tree_cache * C = cookie;
	struct cached * c;

	/* Only lookups in earlier epochs want it from now on. */
	if ((c = find(C, id)) != NULL)
		c->used = 0;
	if (C->below.drop == NULL)
		return (0);
	return (C->below.drop(C->below.cookie, id));
}

static void
cache_bad(void * cookie, uint64_t id, const char * rule)
{
	struct tree_cache * C = cookie;
	struct cached * c;

	/* The store may be repaired: ask it again next time. */
	if ((c = find(C, id)) != NULL)
		c->id = c->used = 0;
	if (C->below.bad != NULL)
		C->below.bad(C->below.cookie, id, rule);
}

struct tree_cache *
tree_cache_new(const struct tree_nodes * nodes, size_t tiles_max)
{
	struct tree_cache * C;

	if ((C = malloc(sizeof(*C))) == NULL)
		goto err0;
	C->below = *nodes;
	C->nodes.cookie = C;
	C->nodes.get = cache_get;
	C->nodes.put = cache_put;
	C->nodes.drop = cache_drop;
	C->nodes.bad = cache_bad;
	C->hits = C->misses = 0;
	C->nsets = tiles_max < WAYS ? 1 : tiles_max / WAYS;
	if ((C->sets = calloc(C->nsets, sizeof(C->sets[0]))) == NULL)
		goto err1;
	return (C);

err1:
	free(C);
err0:
	return (NULL);
}

const struct tree_nodes *
tree_cache_nodes(const struct tree_cache * C)
{

	return (&C->nodes);
}

void
tree_cache_hits(const struct tree_cache * C, uint64_t * hits, uint64_t * misses)
{

	*hits = C->hits;
	*misses = C->misses;
}

void
tree_cache_free(struct tree_cache * C)
{

	if (C == NULL)
		return;
	free(C->sets);
	free(C);
}
