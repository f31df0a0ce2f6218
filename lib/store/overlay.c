#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store/overlay.h"

static int
compare_rows(const struct overlay_row * a, const struct overlay_row * b)
{

	return (overlay_compare(a->key, a->klen, b->key, b->klen));
}

/* Functions of the tree that nobody calls are no mistake. */
RB_GENERATE_INTERNAL(overlay_tree, overlay_row, link, compare_rows,
    static __attribute__((unused)))

int
overlay_compare(const void * a, size_t alen, const void * b, size_t blen)
{
	size_t len = alen < blen ? alen : blen;
	int c = len > 0 ? memcmp(a, b, len) : 0;

	if (c != 0)
		return (c);
	return ((alen > blen) - (alen < blen));
}

void
overlay_init(struct overlay * O)
{

	RB_INIT(&O->tree);
	O->rows = O->bytes = 0;
}

/* Remove ${row} from ${O}; the caller owns it then. */
static void
take(struct overlay * O, struct overlay_row * row)
{

	RB_REMOVE(overlay_tree, &O->tree, row);
	O->rows--;
	O->bytes -= row->klen + row->vlen;
}

static void
row_free(struct overlay_row * row)
{

	free(row->val);
	free(row);
}

void
overlay_clear(struct overlay * O)
{
	struct overlay_row * row;

	while ((row = RB_ROOT(&O->tree)) != NULL) {
		take(O, row);
		row_free(row);
	}
}

int
overlay_set(struct overlay * O, const void * key, size_t klen, const void * val,
    size_t vlen)
{
	struct overlay_row * row;
	uint8_t * copy = NULL;

	if (val != NULL) {
		if ((copy = malloc(vlen > 0 ? vlen : 1)) == NULL)
			goto err0;
		memcpy(copy, val, vlen);
	} else
		vlen = 0;

	if ((row = overlay_find(O, key, klen)) == NULL) {
		if ((row = malloc(sizeof(*row) + klen)) == NULL)
			goto err1;
		memcpy(row->key, key, klen);
		row->klen = klen;
		row->val = NULL;
		row->vlen = 0;
		RB_INSERT(overlay_tree, &O->tree, row);
		O->rows++;
		O->bytes += klen;
	}
	free(row->val);
	O->bytes = O->bytes - row->vlen + vlen;
	row->val = copy;
	row->vlen = vlen;
	return (0);

err1:
	free(copy);
err0:
	return (-1);
}

struct overlay_row *
overlay_from(const struct overlay * O, const void * key, size_t klen)
{
	struct overlay_row * row = RB_ROOT(&O->tree);
	struct overlay_row * best = NULL;

	while (row != NULL) {
		if (overlay_compare(row->key, row->klen, key, klen) >= 0) {
			best = row;
			row = RB_LEFT(row, link);
		} else
			row = RB_RIGHT(row, link);
	}
	return (best);
}

struct overlay_row *
overlay_find(const struct overlay * O, const void * key, size_t klen)
{
	struct overlay_row * row = overlay_from(O, key, klen);

	if (row != NULL && overlay_compare(row->key, row->klen, key, klen) != 0)
		row = NULL;
	return (row);
}

struct overlay_row *
overlay_before(const struct overlay * O, const void * key, size_t klen)
{
	struct overlay_row * row = RB_ROOT(&O->tree);
	struct overlay_row * best = NULL;

	while (row != NULL) {
		if (klen == 0 ||
		    overlay_compare(row->key, row->klen, key, klen) < 0) {
			best = row;
			row = RB_RIGHT(row, link);
		} else
			row = RB_LEFT(row, link);
	}
	return (best);
}

struct overlay_row *
overlay_next(struct overlay_row * row)
{

	return (RB_NEXT(overlay_tree, NULL, row));
}

void
overlay_apply(struct overlay * O, struct overlay * changes)
{
	struct overlay_row * row, * old;

	while ((row = RB_MIN(overlay_tree, &changes->tree)) != NULL) {
		take(changes, row);
		if ((old = overlay_find(O, row->key, row->klen)) != NULL) {
			take(O, old);
			row_free(old);
		}
		if (row->val == NULL) {
			row_free(row);
			continue;
		}
		RB_INSERT(overlay_tree, &O->tree, row);
		O->rows++;
		O->bytes += row->klen + row->vlen;
	}
}
