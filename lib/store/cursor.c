#include <string.h>

#include "base/panic.h"

#include "store/cursor.h"

/*
 * Bytes copied at a time: little at first, as most scans want a few rows, then
 * much, as the rest want all.  Berkeley DB wants multiples of 1024, at least a page.
 */
#define CURSOR_LEN_FIRST	((size_t)8 * 1024)
#define CURSOR_LEN_MAX		((size_t)256 * 1024)

void
cursor_init(struct cursor * C, struct store * S, const void * from,
    size_t fromlen, const void * to, size_t tolen)
{

	PANIC_UNLESS(fromlen <= sizeof(C->seek));
	memset(&C->rows, 0, sizeof(C->rows));
	C->S = S;
	C->filled = 0;
	C->to = to;
	C->tolen = tolen;
	C->seeklen = fromlen;
	if (fromlen > 0)
		memcpy(C->seek, from, fromlen);
}

/* Fill again from the seek key on. */
static int
fill(struct cursor * C)
{
	size_t len = C->rows.buf.cap * 4;

	if (len < CURSOR_LEN_FIRST)
		len = CURSOR_LEN_FIRST;
	if (len > CURSOR_LEN_MAX)
		len = CURSOR_LEN_MAX;
	if (bytes_reserve(&C->rows.buf, len))
		return (-1);
	return (C->S->backend->fill(C->S, C->seek, C->seeklen, &C->rows));
}

int
cursor_next(struct cursor * C, struct backend_row * row)
{
	int rc;

	if (atomic_load(&C->S->dead))
		return (-1);
	if (!C->filled || C->S->backend->row(&C->rows, row)) {
		if ((rc = fill(C)) != 0)
			return (rc);
		PANIC_UNLESS(C->S->backend->row(&C->rows, row) == 0);
		C->filled = 1;
	}
	if (C->tolen > 0 &&
	    overlay_compare(row->key, row->klen, C->to, C->tolen) >= 0)
		return (1);

	/* The next fill begins at the smallest key after this one. */
	PANIC_UNLESS(row->klen < sizeof(C->seek));
	memcpy(C->seek, row->key, row->klen);
	C->seek[row->klen] = 0;
	C->seeklen = row->klen + 1;
	return (0);
}

void
cursor_free(struct cursor * C)
{

	bytes_free(&C->rows.buf);
}
