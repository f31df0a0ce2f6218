#include <stdint.h>
#include <string.h>

#include "codec/wbuf.h"
#include "tree/tree.h"

#include "proof/lines.h"
#include "proof/path_text.h"

static const char * const found[] = {
	[TREE_PRESENT] = "present",
	[TREE_ABSENT_EMPTY] = "empty",
	[TREE_ABSENT_OTHER] = "other"
};

void
path_text_put_found(struct wbuf * W, unsigned kind)
{

	wbuf_printf(W, "found %s\n", found[kind]);
}

unsigned
path_text_take_found(struct lines * L)
{
	size_t len;
	const char * text = lines_named(L, "found ", &len);

	for (unsigned i = TREE_PRESENT; i <= TREE_ABSENT_OTHER; i++)
		if (strlen(found[i]) == len && memcmp(text, found[i], len) == 0)
			return (i);
	L->failed = 1;
	return (0);
}

void
path_text_put_place(struct wbuf * W, const struct tree_path * path)
{
	uint8_t other[2 * TREE_HASH];

	if (path->kind == TREE_ABSENT_OTHER) {
		memcpy(other, path->other, TREE_HASH);
		memcpy(&other[TREE_HASH], path->value, TREE_HASH);
		lines_put_base64(W, "other ", other, sizeof(other));
	}
	wbuf_printf(W, "path %u\n", path->depth);
	for (unsigned i = 0; i < path->depth; i++) {
		if (path->empty[i / 8] & (0x80 >> i % 8))
			wbuf_printf(W, "-\n");
		else
			lines_put_base64(W, "", path->sibling[i], TREE_HASH);
	}
}

void
path_text_take_place(struct lines * L, struct tree_path * path)
{
	uint8_t other[2 * TREE_HASH];

	if (path->kind == TREE_ABSENT_OTHER) {
		memset(other, 0, sizeof(other));
		lines_base64(L, "other ", other, sizeof(other));
		memcpy(path->other, other, TREE_HASH);
		memcpy(path->value, &other[TREE_HASH], TREE_HASH);
	}
	path->depth = (unsigned)lines_number(L, "path ", TREE_DEPTH_MAX);
	for (unsigned i = 0; i < path->depth && !L->failed; i++) {
		if (L->len >= 2 && memcmp(L->p, "-\n", 2) == 0) {
			path->empty[i / 8] |= (uint8_t)(0x80 >> i % 8);
			lines_exact(L, "-");
		} else {
			lines_base64(L, "", path->sibling[i], TREE_HASH);
		}
	}
}
