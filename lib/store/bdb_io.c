#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <db.h>

#include "store/bdb.h"

/* How often what gave way in a deadlock is tried again before it is an error. */
#define BDB_RETRIES	1000

/* What one changed row adds to the log besides its key and value, roughly. */
#define BDB_LOG_ROW_LEN	128

/* Memory for a read beyond which the database lies about a length. */
#define BDB_READ_MAX	((size_t)4 * 1024 * 1024)

static struct bdb *
bdb_of(struct store * S)
{

	return ((struct bdb *)S);
}

/* A DBT that is only read from; Berkeley DB has no const. */
static DBT
input(const void * p, size_t len)
{
	DBT t = { 0 };

	t.data = (void *)(uintptr_t)p;
	t.size = (uint32_t)len;
	return (t);
}

/* A DBT that the memory of ${b} is filled through. */
static DBT
output(const struct bytes * b)
{
	DBT t = { 0 };

	t.data = b->data;
	t.ulen = (uint32_t)b->cap;
	t.flags = DB_DBT_USERMEM;
	return (t);
}

/*
 * After ${error} of a read into ${b}, which wanted ${want} bytes: return 0 if it
 * is worth another try, having counted it in ${tries}, or -1 having reported.
 */
static int
again(struct bdb * B, int error, struct bytes * b, size_t want, int * tries)
{

	if (error == DB_BUFFER_SMALL && want > b->cap && want <= BDB_READ_MAX)
		return (bytes_reserve(b, want));
	if ((error == DB_LOCK_DEADLOCK || error == DB_LOCK_NOTGRANTED) &&
	    ++*tries < BDB_RETRIES)
		return (0);
	return (bdb_die(B, "read", error));
}

static int
io_get(struct store * S, const void * key, size_t klen, struct bytes * val)
{
	struct bdb * B = bdb_of(S);
	DBT k = input(key, klen), v;
	int error, tries = 0;

	if (bytes_reserve(val, 0))
		return (-1);
	for (;;) {
		v = output(val);
		error = B->db->get(B->db, NULL, &k, &v, 0);
		if (error == 0)
			break;
		if (error == DB_NOTFOUND)
			return (1);
		if (again(B, error, val, v.size, &tries))
			return (-1);
	}
	val->len = v.size;
	return (0);
}

static int
io_fill(struct store * S, const void * key, size_t klen,
    struct backend_rows * rows)
{
	struct bdb * B = bdb_of(S);
	uint8_t seek[STORE_KEY_MAX + 1];
	DBC * cursor;
	DBT k, v;
	size_t want;
	int error, tries = 0;

	for (;;) {
		if (klen > 0)
			memcpy(seek, key, klen);
		k = input(seek, klen);
		k.ulen = sizeof(seek);
		k.flags = DB_DBT_USERMEM;
		v = output(&rows->buf);
		error = B->db->cursor(B->db, NULL, &cursor, 0);
		if (error == 0) {
			error = cursor->get(cursor, &k, &v,
			    DB_MULTIPLE_KEY | DB_SET_RANGE);
			(void)cursor->close(cursor);
		}
		if (error == 0)
			break;
		if (error == DB_NOTFOUND)
			return (1);

		/* It tells the value's length, not the key's, nor its own needs. */
		want = rows->buf.cap * 2;
		if (again(B, error, &rows->buf, want, &tries))
			return (-1);
	}
	rows->buf.len = v.ulen;
	DB_MULTIPLE_INIT(rows->pos, &v);
	return (0);
}

static int
io_row(struct backend_rows * rows, struct backend_row * row)
{
	DBT v = output(&rows->buf);
	void * pos = rows->pos;
	uint8_t * key, * val;

	v.ulen = (uint32_t)rows->buf.len;
	if (pos == NULL)
		return (1);
	DB_MULTIPLE_KEY_NEXT(pos, &v, key, row->klen, val, row->vlen);
	rows->pos = pos;
	if (pos == NULL)
		return (1);
	row->key = key;
	row->val = val;
	return (0);
}

/* Put ${cursor} on the last row before ${to} and read its key. */
static int
seek_before(DBC * cursor, const void * to, size_t tolen, struct bytes * key)
{
	DBT none = { .flags = DB_DBT_PARTIAL | DB_DBT_USERMEM };
	DBT k;
	int error;

	if (tolen > 0) {
		memcpy(key->data, to, tolen);
		k = output(key);
		k.size = (uint32_t)tolen;
		error = cursor->get(cursor, &k, &none, DB_SET_RANGE);
		if (error != 0 && error != DB_NOTFOUND)
			return (error);
	} else
		error = DB_NOTFOUND;
	k = output(key);
	error = cursor->get(cursor, &k, &none, error ? DB_LAST : DB_PREV);
	key->len = k.size;
	return (error);
}

/* Put ${cursor} on the first row not before ${from} and read its key. */
static int
seek_from(DBC * cursor, const void * from, size_t fromlen, struct bytes * key)
{
	DBT none = { .flags = DB_DBT_PARTIAL | DB_DBT_USERMEM };
	DBT k;
	int error;

	if (fromlen > 0)
		memcpy(key->data, from, fromlen);
	k = output(key);
	k.size = (uint32_t)fromlen;
	error = cursor->get(cursor, &k, &none, DB_SET_RANGE);
	key->len = k.size;
	return (error);
}

/* Read the row on which ${seek} puts a cursor for ${bound}: 0, 1 or -1. */
static int
read_at(struct store * S, int (* seek)(DBC *, const void *, size_t,
    struct bytes *), const void * bound, size_t len, struct bytes * key,
    struct bytes * val)
{
	struct bdb * B = bdb_of(S);
	DBC * cursor;
	DBT k, v;
	int error, tries = 0;

	if (bytes_reserve(key, STORE_KEY_MAX + 1) || bytes_reserve(val, 0))
		return (-1);
	for (;;) {
		v = output(val);
		error = B->db->cursor(B->db, NULL, &cursor, 0);
		if (error == 0) {
			error = seek(cursor, bound, len, key);
			k = output(key);
			if (error == 0)
				error = cursor->get(cursor, &k, &v, DB_CURRENT);
			(void)cursor->close(cursor);
		}
		if (error == 0)
			break;
		if (error == DB_NOTFOUND)
			return (1);

		/* Deleted by the other thread since: look once more. */
		if (error == DB_KEYEMPTY)
			error = DB_LOCK_NOTGRANTED;
		if (again(B, error, val, v.size, &tries))
			return (-1);
	}
	val->len = v.size;
	return (0);
}

static int
io_first(struct store * S, const void * from, size_t fromlen, struct bytes * key,
    struct bytes * val)
{

	return (read_at(S, seek_from, from, fromlen, key, val));
}

static int
io_last(struct store * S, const void * to, size_t tolen, struct bytes * key,
    struct bytes * val)
{

	return (read_at(S, seek_before, to, tolen, key, val));
}

/* Carry out ${changes} in one transaction; an error of Berkeley DB, or 0. */
static int
commit_once(struct bdb * B, const struct overlay * changes)
{
	struct overlay_row * row;
	DB_TXN * txn;
	DBT k, v;
	int error;

	if ((error = B->env->txn_begin(B->env, NULL, &txn, 0)) != 0)
		return (error);
	row = overlay_from(changes, NULL, 0);
	for (; row != NULL; row = overlay_next(row)) {
		k = input(row->key, row->klen);
		v = input(row->val, row->vlen);
		if (row->val != NULL)
			error = B->db->put(B->db, txn, &k, &v, 0);
		else if ((error = B->db->del(B->db, txn, &k, 0)) == DB_NOTFOUND)
			error = 0;
		if (error) {
			/* The caller reports what came first. */
			(void)txn->abort(txn);
			return (error);
		}
	}
	return (txn->commit(txn, DB_TXN_SYNC));
}

static int
io_commit(struct store * S, struct overlay * changes)
{
	struct bdb * B = bdb_of(S);
	int error, tries = 0;

	do {
		error = commit_once(B, changes);
	} while ((error == DB_LOCK_DEADLOCK || error == DB_LOCK_NOTGRANTED) &&
	    ++tries < BDB_RETRIES);
	if (error)
		return (bdb_die(B, "commit", error));
	bdb_wrote(B, changes->bytes + changes->rows * BDB_LOG_ROW_LEN);
	return (0);
}

const struct backend bdb_io_backend = {
	.get = io_get,
	.fill = io_fill,
	.row = io_row,
	.first = io_first,
	.last = io_last,
	.commit = io_commit,
	.close = bdb_close,
	.dir = bdb_dir
};
