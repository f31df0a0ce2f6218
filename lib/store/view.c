#include <err.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/panic.h"

#include "store/backend.h"
#include "store/cursor.h"
#include "store/overlay.h"
#include "store/view.h"

struct view {
	struct store * S;
	struct overlay pending;
	unsigned int scans;	/* running, one in the other */
	int failed;		/* a put did not find memory */
};

struct view *
view_open(struct store * S)
{
	struct view * V;

	if ((V = malloc(sizeof(*V))) == NULL)
		return (NULL);
	V->S = S;
	overlay_init(&V->pending);
	V->scans = 0;
	V->failed = 0;
	return (V);
}

void
view_close(struct view * V)
{

	if (V == NULL)
		return;
	view_discard(V);
	free(V);
}

int
view_get(struct view * V, const void * key, size_t klen, struct bytes * val)
{
	const struct overlay_row * row;

	PANIC_UNLESS(klen > 0 && klen <= STORE_KEY_MAX);
	if (atomic_load(&V->S->dead))
		return (-1);
	if ((row = overlay_find(&V->pending, key, klen)) == NULL)
		return (store_get(V->S, key, klen, val));
	if (row->val == NULL)
		return (1);
	return (bytes_set(val, row->val, row->vlen));
}

/* Set or, if ${val} is NULL, delete. */
static int
change(struct view * V, const void * key, size_t klen, const void * val,
    size_t vlen)
{

	PANIC_UNLESS(klen > 0 && klen <= STORE_KEY_MAX);
	PANIC_UNLESS(vlen <= STORE_VALUE_MAX);
	if (atomic_load(&V->S->dead))
		return (-1);
	if (overlay_set(&V->pending, key, klen, val, vlen)) {
		V->failed = 1;
		return (-1);
	}
	return (0);
}

int
view_put(struct view * V, const void * key, size_t klen, const void * val,
    size_t vlen)
{

	PANIC_UNLESS(val != NULL || vlen == 0);
	return (change(V, key, klen, vlen > 0 ? val : "", vlen));
}

int
view_del(struct view * V, const void * key, size_t klen)
{

	return (change(V, key, klen, NULL, 0));
}

/* Told by merge_step; no store_row returns it. */
#define MERGE_END	2

/* A scan in progress: the committed rows and the pending ones, merged. */
struct merge {
	struct view * V;
	struct cursor C;
	struct backend_row row;	/* the next committed row, if ${more} is 0 */
	int more;		/* as cursor_next returned */
	size_t seeklen;
	uint8_t seek[STORE_KEY_MAX + 1];	/* pending rows from here on */
};

/* The next pending row of the range; looked up anew, as rows may be added. */
static const struct overlay_row *
pending_next(const struct merge * M)
{
	const struct overlay_row * p;

	p = overlay_from(&M->V->pending, M->seek, M->seeklen);
	if (p != NULL && M->C.tolen > 0 &&
	    overlay_compare(p->key, p->klen, M->C.to, M->C.tolen) >= 0)
		p = NULL;
	return (p);
}

/* Give the next row to ${row}; MERGE_END at the end, otherwise as store_scan. */
static int
merge_step(struct merge * M, store_row * row, void * cookie)
{
	const struct overlay_row * p = pending_next(M);
	struct backend_row r;
	int c, rc = 0;

	if (M->more == -1)
		return (-1);
	if (p == NULL && M->more == 1)
		return (MERGE_END);
	if (p == NULL)
		c = 1;
	else if (M->more == 1)
		c = -1;
	else
		c = overlay_compare(p->key, p->klen, M->row.key, M->row.klen);

	/* A pending row hides the committed one of the same key. */
	if (c <= 0)
		r = (struct backend_row){ p->key, p->klen, p->val, p->vlen };
	else
		r = M->row;
	memcpy(M->seek, r.key, r.klen);
	M->seek[r.klen] = 0;
	M->seeklen = r.klen + 1;

	/* The cursor goes on only afterwards, as the row may lie in its memory. */
	if (r.val != NULL)
		rc = row(cookie, r.key, r.klen, r.val, r.vlen);
	if (rc == 0 && c >= 0)
		M->more = cursor_next(&M->C, &M->row);
	return (rc);
}

int
view_scan(struct view * V, const void * from, size_t fromlen, const void * to,
    size_t tolen, store_row * row, void * cookie)
{
	struct merge M;
	int rc;

	cursor_init(&M.C, V->S, from, fromlen, to, tolen);
	M.V = V;
	M.seeklen = fromlen;
	if (fromlen > 0)
		memcpy(M.seek, from, fromlen);
	V->scans++;
	M.more = cursor_next(&M.C, &M.row);
	do {
		rc = merge_step(&M, row, cookie);
	} while (rc == 0);
	V->scans--;
	cursor_free(&M.C);
	return (rc == MERGE_END ? 0 : rc);
}

int
view_last(struct view * V, const void * from, size_t fromlen, const void * to,
    size_t tolen, struct bytes * key, struct bytes * val)
{
	const struct overlay_row * p;
	uint8_t bound[STORE_KEY_MAX + 1];
	size_t boundlen = tolen;
	int rc;

	PANIC_UNLESS(tolen <= sizeof(bound));
	if (tolen > 0)
		memcpy(bound, to, tolen);

	/* Ends, as the bound goes down with every pending deletion it meets. */
	for (;;) {
		rc = store_last(V->S, from, fromlen, bound, boundlen, key, val);
		if (rc == -1)
			return (-1);
		p = overlay_before(&V->pending, bound, boundlen);
		if (p != NULL && overlay_compare(p->key, p->klen, from, fromlen) < 0)
			p = NULL;
		if (p == NULL || (rc == 0 && overlay_compare(p->key, p->klen,
		    key->data, key->len) < 0))
			return (rc);
		if (p->val != NULL)
			break;
		memcpy(bound, p->key, p->klen);
		boundlen = p->klen;
	}
	if (bytes_set(key, p->key, p->klen))
		return (-1);
	return (bytes_set(val, p->val, p->vlen));
}

size_t
view_pending(const struct view * V, size_t * bytes)
{

	if (bytes != NULL)
		*bytes = V->pending.bytes;
	return (V->pending.rows);
}

int
view_commit(struct view * V, uint64_t * number)
{
	uint64_t n;

	PANIC_UNLESS(V->scans == 0);
	if (atomic_load(&V->S->dead))
		return (-1);
	if (V->failed) {
		/* A part of a batch must never be committed. */
		if (backend_kill(V->S))
			warnx("a batch did not find memory");
		return (-1);
	}
	if (V->pending.rows == 0)
		n = store_number(V->S);
	else if (backend_commit(V->S, &V->pending, &n))
		return (-1);
	if (number != NULL)
		*number = n;
	overlay_clear(&V->pending);
	return (0);
}

void
view_discard(struct view * V)
{

	PANIC_UNLESS(V->scans == 0);
	overlay_clear(&V->pending);
	V->failed = 0;
}
