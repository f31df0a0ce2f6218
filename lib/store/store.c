#include <stdint.h>

#include "base/panic.h"

#include "store/backend.h"
#include "store/bdb.h"
#include "store/cursor.h"
#include "store/store.h"

int
store_exists(const char * dir)
{

	return (bdb_exists(dir));
}

int
store_open(const char * dir, const struct store_options * options,
    struct store ** out)
{
	static const struct store_options defaults;

	return (bdb_open(dir, options != NULL ? options : &defaults, out));
}

struct store *
store_open_memory(void)
{

	return (store_memory_open());
}

void
store_close(struct store * S)
{

	if (S != NULL)
		S->backend->close(S);
}

uint64_t
store_number(struct store * S)
{

	return (atomic_load(&S->number));
}

int
store_dead(struct store * S)
{

	return (atomic_load(&S->dead));
}

int
store_get(struct store * S, const void * key, size_t klen, struct bytes * val)
{

	PANIC_UNLESS(klen > 0 && klen <= STORE_KEY_MAX);
	if (atomic_load(&S->dead))
		return (-1);
	return (S->backend->get(S, key, klen, val));
}

int
store_scan(struct store * S, const void * from, size_t fromlen, const void * to,
    size_t tolen, store_row * row, void * cookie)
{
	struct cursor C;
	struct backend_row r;
	int more, rc = 0;

	cursor_init(&C, S, from, fromlen, to, tolen);
	while (rc == 0 && (more = cursor_next(&C, &r)) != 1) {
		if (more == -1)
			rc = -1;
		else
			rc = row(cookie, r.key, r.klen, r.val, r.vlen);
	}
	cursor_free(&C);
	return (rc);
}

int
store_first(struct store * S, const void * from, size_t fromlen, const void * to,
    size_t tolen, struct bytes * key, struct bytes * val)
{
	int rc;

	PANIC_UNLESS(fromlen <= STORE_KEY_MAX + 1);
	if (atomic_load(&S->dead))
		return (-1);
	if ((rc = S->backend->first(S, from, fromlen, key, val)) != 0)
		return (rc);
	return (tolen > 0 &&
	    overlay_compare(key->data, key->len, to, tolen) >= 0);
}

int
store_last(struct store * S, const void * from, size_t fromlen, const void * to,
    size_t tolen, struct bytes * key, struct bytes * val)
{
	int rc;

	PANIC_UNLESS(tolen <= STORE_KEY_MAX + 1);
	if (atomic_load(&S->dead))
		return (-1);
	if ((rc = S->backend->last(S, to, tolen, key, val)) != 0)
		return (rc);
	return (overlay_compare(key->data, key->len, from, fromlen) < 0);
}
