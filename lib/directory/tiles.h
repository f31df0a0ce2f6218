#ifndef KS_DIRECTORY_TILES_H
#define KS_DIRECTORY_TILES_H

#include <stddef.h>
#include <stdint.h>

#include "codec/wbuf.h"
#include "store/bytes.h"
#include "tree/tree.h"

struct store;
struct view;

/*
 * The tiles of a directory tree as rows of a store: table TILES_TABLE, key u64
 * id, value the tile (PROTOCOL section 12).  The table has the highest number,
 * so that new tiles are appended at the right edge of the btree.
 */
#define TILES_TABLE 0xff

/** Bytes of a tile's key. */
#define TILES_KEY_LEN 9

/** Most superseded tiles noted for one epoch: 1,000,000 updates, 12 levels. */
#define TILES_DROPPED_MAX ((size_t)8 * 1000000 * 12)

/** What becomes of a tile that an update superseded. */
enum tiles_drop {
	TILES_DELETE,		/* only the newest tree is wanted */
	TILES_NOTE		/* keep it, and note its id in ${dropped} */
};

struct tiles {
	struct view * view;
	struct store * store;		/* used instead if view is NULL */
	enum tiles_drop drop;
	struct wbuf dropped;		/* u64 ids, with TILES_NOTE */
	struct bytes row;
	struct tree_cache * cache;
};

/**
 * tiles_init(T, view, store, drop, cache_tiles):
 * Make ${T} the tiles in ${view}, or, if ${view} is NULL, those committed in
 * ${store}, which must then only be read; do with superseded ones as ${drop} says,
 * and keep at most ${cache_tiles} in memory.  Return 0, or -1 if memory is short.
 */
int tiles_init(struct tiles *, struct view *, struct store *, enum tiles_drop,
    size_t);

/**
 * tiles_nodes(T):
 * Return ${T} as the node store of tree_update and tree_lookup.
 */
const struct tree_nodes * tiles_nodes(const struct tiles *);

/**
 * tiles_free(T):
 * Free what ${T} holds.
 */
void tiles_free(struct tiles *);

#endif
