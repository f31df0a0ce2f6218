#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/panic.h"
#include "codec/wbuf.h"
#include "tree/tree_internal.h"

#include "fuzz.h"

enum { AT_ROOT, DEEPER };

void
fuzz_begin(void)
{

	fuzz_decoder("root tile");
	fuzz_decoder("deeper tile");
}

/*
 * Input: the number of the tile's row of levels, the way to it, the tile.  What
 * the decoder accepts is hashed, and encodes to the same bytes.
 */
int
LLVMFuzzerTestOneInput(const uint8_t * in, size_t len)
{
	static const uint8_t nonce[TREE_NONCE];
	struct tree_tile T;
	struct wbuf W;
	uint8_t prefix[TREE_HASH];
	const char * rule = NULL;
	unsigned top;

	if (len < 1 + TREE_HASH)
		return (0);
	top = in[0] % TREE_TILES_MAX * TREE_TILE_LEVELS;
	tree_bits_prefix(prefix, in + 1, top);
	in += 1 + TREE_HASH;
	len -= 1 + TREE_HASH;
	if (tree_tile_decode(&T, top, prefix, in, len, &rule)) {
		PANIC_UNLESS(rule != NULL);
		return (0);
	}
	fuzz_accepted(top == 0 ? AT_ROOT : DEEPER);
	PANIC_UNLESS(len <= TREE_TILE_MAX);
	tree_tile_hash(&T, nonce);
	PANIC_UNLESS(T.slot[1].hashed);
	wbuf_init(&W, TREE_TILE_MAX);
	tree_tile_encode(&T, &W);
	PANIC_UNLESS(wbuf_failed(&W) == 0 && W.len == len &&
	    memcmp(W.data, in, len) == 0);
	wbuf_free(&W);
	return (0);
}
