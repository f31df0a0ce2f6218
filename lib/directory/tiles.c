#include <err.h>
#include <inttypes.h>
#include <stdint.h>
#include <string.h>

#include "base/panic.h"
#include "store/rowkey.h"
#include "store/store.h"
#include "store/view.h"

#include "directory/tiles.h"

static int
get(void * cookie, uint64_t id, uint8_t * tile, size_t * len)
{
	struct tiles * T = cookie;
	uint8_t key[ROWKEY_MAX];
	const size_t n = rowkey_number(key, TILES_TABLE, id);
	int rc;

	if (T->view != NULL)
		rc = view_get(T->view, key, n, &T->row);
	else
		rc = store_get(T->store, key, n, &T->row);
	if (rc != 0 || T->row.len > TREE_TILE_MAX)
		return (-1);
	memcpy(tile, T->row.data, T->row.len);
	*len = T->row.len;
	return (0);
}

static int
put(void * cookie, uint64_t id, const uint8_t * tile, size_t len)
{
	struct tiles * T = cookie;
	uint8_t key[ROWKEY_MAX];

	PANIC_UNLESS(T->view != NULL);
	return (view_put(T->view, key, rowkey_number(key, TILES_TABLE, id), tile,
	    len));
}

static int
drop(void * cookie, uint64_t id)
{
	struct tiles * T = cookie;
	uint8_t key[ROWKEY_MAX];

	PANIC_UNLESS(T->view != NULL);
	if (T->drop == TILES_NOTE) {
		wbuf_put_u64(&T->dropped, id);
		return (wbuf_failed(&T->dropped));
	}
	return (view_del(T->view, key, rowkey_number(key, TILES_TABLE, id)));
}

static void
bad(void * cookie, uint64_t id, const char * rule)
{

	(void)cookie;
	warnx("tile %" PRIu64 " of the directory tree: %s", id, rule);
}

int
tiles_init(struct tiles * T, struct view * view, struct store * store,
    enum tiles_drop how, size_t cache_tiles)
{
	struct tree_nodes nodes = { T, get, put, drop, bad };

	memset(T, 0, sizeof(*T));
	T->view = view;
	T->store = store;
	T->drop = how;
	wbuf_init(&T->dropped, TILES_DROPPED_MAX);
	return ((T->cache = tree_cache_new(&nodes, cache_tiles)) == NULL ? -1 : 0);
}

const struct tree_nodes *
tiles_nodes(const struct tiles * T)
{

	return (tree_cache_nodes(T->cache));
}

void
tiles_free(struct tiles * T)
{

	tree_cache_free(T->cache);
	wbuf_free(&T->dropped);
	bytes_free(&T->row);
}
