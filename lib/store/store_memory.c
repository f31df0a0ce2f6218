#include <err.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/panic.h"

#include "store/backend.h"
#include "store/overlay.h"
#include "store/store_memory.h"

struct memory {
	struct store store;	/* first: the two are the same address */
	pthread_rwlock_t lock;	/* over rows */
	struct overlay rows;
	unsigned int countdown;	/* commits until one fails; 0: never */
	atomic_uint reads;	/* reads until one fails; 0: never */
};

/* How a row lies in backend_rows, before its key and its value. */
struct packed {
	size_t klen;
	size_t vlen;
};

static struct memory *
memory_of(struct store * S)
{

	return ((struct memory *)S);
}

/* Is this the read that fails? */
static int
read_fails(struct memory * M)
{

	return (atomic_load(&M->reads) > 0 &&
	    atomic_fetch_sub(&M->reads, 1) == 1);
}

static int
memory_get(struct store * S, const void * key, size_t klen, struct bytes * val)
{
	struct memory * M = memory_of(S);
	const struct overlay_row * row;
	int rc = 1;

	if (read_fails(M))
		return (-1);
	pthread_rwlock_rdlock(&M->lock);
	if ((row = overlay_find(&M->rows, key, klen)) != NULL)
		rc = bytes_set(val, row->val, row->vlen);
	pthread_rwlock_unlock(&M->lock);
	return (rc);
}

static int
memory_fill(struct store * S, const void * key, size_t klen,
    struct backend_rows * rows)
{
	struct memory * M = memory_of(S);
	struct bytes * buf = &rows->buf;
	struct overlay_row * row;
	struct packed head;
	size_t len;
	int rc = 1;

	buf->len = 0;
	if (read_fails(M))
		return (-1);
	pthread_rwlock_rdlock(&M->lock);
	row = overlay_from(&M->rows, key, klen);
	for (; row != NULL; row = overlay_next(row)) {
		len = sizeof(head) + row->klen + row->vlen;
		if (rc == 0 && len > buf->cap - buf->len)
			break;
		if (bytes_reserve(buf, buf->len + len)) {
			rc = -1;
			break;
		}
		head = (struct packed){ row->klen, row->vlen };
		memcpy(&buf->data[buf->len], &head, sizeof(head));
		buf->len += sizeof(head);
		memcpy(&buf->data[buf->len], row->key, row->klen);
		buf->len += row->klen;
		memcpy(&buf->data[buf->len], row->val, row->vlen);
		buf->len += row->vlen;
		rc = 0;
	}
	pthread_rwlock_unlock(&M->lock);
	rows->pos = buf->data;
	return (rc);
}

static int
memory_row(struct backend_rows * rows, struct backend_row * row)
{
	const uint8_t * p = rows->pos;
	struct packed head;

	if (p == rows->buf.data + rows->buf.len)
		return (1);
	memcpy(&head, p, sizeof(head));
	row->klen = head.klen;
	row->vlen = head.vlen;
	row->key = p + sizeof(head);
	row->val = row->key + head.klen;
	rows->pos = (uint8_t *)rows->pos + sizeof(head) + head.klen + head.vlen;
	return (0);
}

static int
memory_first(struct store * S, const void * from, size_t fromlen,
    struct bytes * key, struct bytes * val)
{
	struct memory * M = memory_of(S);
	const struct overlay_row * row;
	int rc = 1;

	if (read_fails(M))
		return (-1);
	pthread_rwlock_rdlock(&M->lock);
	if ((row = overlay_from(&M->rows, from, fromlen)) != NULL)
		rc = (bytes_set(key, row->key, row->klen) ||
		    bytes_set(val, row->val, row->vlen)) ? -1 : 0;
	pthread_rwlock_unlock(&M->lock);
	return (rc);
}

static int
memory_last(struct store * S, const void * to, size_t tolen, struct bytes * key,
    struct bytes * val)
{
	struct memory * M = memory_of(S);
	const struct overlay_row * row;
	int rc = 1;

	if (read_fails(M))
		return (-1);
	pthread_rwlock_rdlock(&M->lock);
	if ((row = overlay_before(&M->rows, to, tolen)) != NULL)
		rc = (bytes_set(key, row->key, row->klen) ||
		    bytes_set(val, row->val, row->vlen)) ? -1 : 0;
	pthread_rwlock_unlock(&M->lock);
	return (rc);
}

static int
memory_commit(struct store * S, struct overlay * changes)
{
	struct memory * M = memory_of(S);

	if (M->countdown > 0 && --M->countdown == 0) {
		if (backend_kill(S))
			warnx("memory: commit: refused, as asked");
		return (-1);
	}
	pthread_rwlock_wrlock(&M->lock);
	overlay_apply(&M->rows, changes);
	pthread_rwlock_unlock(&M->lock);
	return (0);
}

static void
memory_close(struct store * S)
{
	struct memory * M = memory_of(S);

	overlay_clear(&M->rows);
	pthread_rwlock_destroy(&M->lock);
	backend_done(S);
	free(M);
}

static const struct backend memory = {
	.get = memory_get,
	.fill = memory_fill,
	.row = memory_row,
	.first = memory_first,
	.last = memory_last,
	.commit = memory_commit,
	.close = memory_close
};

struct store *
store_memory_open(void)
{
	struct memory * M;

	if ((M = calloc(1, sizeof(*M))) == NULL)
		goto err0;
	if (backend_init(&M->store, &memory))
		goto err1;
	if (pthread_rwlock_init(&M->lock, NULL))
		goto err2;
	overlay_init(&M->rows);
	return (&M->store);

err2:
	backend_done(&M->store);
err1:
	free(M);
err0:
	return (NULL);
}

void
store_memory_fail_commit(struct store * S, unsigned int countdown)
{

	PANIC_UNLESS(S->backend == &memory);
	memory_of(S)->countdown = countdown;
}

unsigned int
store_memory_fail_read(struct store * S, unsigned int countdown)
{

	PANIC_UNLESS(S->backend == &memory);
	return (atomic_exchange(&memory_of(S)->reads, countdown));
}

void
store_memory_restart(struct store * S)
{

	PANIC_UNLESS(S->backend == &memory);
	atomic_store(&S->dead, 0);
	atomic_store(&S->number, 0);
	memory_of(S)->countdown = 0;
	atomic_store(&memory_of(S)->reads, 0);
}
