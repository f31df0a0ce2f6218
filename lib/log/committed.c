#include <err.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/panic.h"
#include "codec/rbuf.h"
#include "codec/wbuf.h"
#include "proto/list.h"
#include "proto/log_entry.h"
#include "store/rowkey.h"
#include "store/store.h"
#include "store/view.h"

#include "log/committed.h"

#define KEY_LEN	9	/* table, u64 index */

/* A commit of this run. */
struct mark {
	uint64_t last;		/* index of its last entry */
	uint64_t number;
};

struct committed {
	struct store * store;
	struct view * view;
	uint64_t opened;	/* last index when it was opened */
	uint64_t last;
	uint8_t hash[HASH_LEN];		/* after last */
	uint8_t hash_first[HASH_LEN];	/* before index 1 */
	uint64_t put_last;	/* the same with what is pending */
	uint8_t put_hash[HASH_LEN];
	struct committed_place place;
	struct committed_place put_place;	/* if set since: */
	int placed;
	struct wbuf row;	/* scratch, for a value that is put */
	struct bytes key;	/* scratch, for reads */
	struct bytes val;
	uint64_t commits;	/* commit i of them is marks[i % COMMITTED_MARKS] */
	struct mark marks[COMMITTED_MARKS];
};

/* What committed_read is after. */
struct reading {
	uint64_t next;		/* index of the next row */
	size_t len_left;
	uint32_t n_left;
	struct list * list;
	uint8_t * hash;		/* before it */
	int damaged;		/* it is (reported) */
};

static void
missing(uint64_t index)
{

	warnx("log: entry %ju is missing", (uintmax_t)index);
}

static void
does_not_follow(uint64_t index)
{

	warnx("log: entry %ju is damaged, or another realm's: its running hash "
	    "does not follow: restore data/log, or fetch it from a peer",
	    (uintmax_t)index);
}

/* Decode the value of the row of ${index} into ${E}; 1 (reported) if damaged. */
static int
parse_value(uint64_t index, const uint8_t * val, size_t len,
    struct log_entry * E)
{

	if (len >= HASH_LEN &&
	    log_entry_parse(E, &val[HASH_LEN], len - HASH_LEN) == 0)
		return (0);
	warnx("log: entry %ju is damaged: it does not decode",
	    (uintmax_t)index);
	return (1);
}

/* Read the row of ${index} into C->val: 0, 1 (reported) if not there, -1. */
static int
get_row(struct committed * C, uint64_t index)
{
	uint8_t key[ROWKEY_MAX];
	int rc;

	rowkey_number(key, COMMITTED_TABLE, index);
	if ((rc = store_get(C->store, key, KEY_LEN, &C->val)) == 1)
		missing(index);
	return (rc);
}

/* Get the running hash before ${index}: 0, 1 (reported) if damaged, -1. */
static int
hash_before(struct committed * C, uint64_t index, uint8_t * hash)
{
	struct log_entry E;
	int rc;

	if (index == 1) {
		memcpy(hash, C->hash_first, HASH_LEN);
		return (0);
	}
	if ((rc = get_row(C, index - 1)) != 0)
		return (rc);
	if (parse_value(index - 1, C->val.data, C->val.len, &E))
		return (1);
	memcpy(hash, C->val.data, HASH_LEN);
	return (0);
}

/*
 * Check that the entry ${index} is there and follows from the one before, and
 * store the running hash after it in ${hash}: 0, 1 (reported) if not, -1.
 */
static int
check_entry(struct committed * C, uint64_t index, uint8_t * hash)
{
	struct log_entry E;
	int rc;

	if ((rc = hash_before(C, index, hash)) != 0)
		return (rc);
	if ((rc = get_row(C, index)) != 0)
		return (rc);
	if (parse_value(index, C->val.data, C->val.len, &E))
		return (1);
	log_entry_hash(hash, index, &E, hash);
	if (memcmp(hash, C->val.data, HASH_LEN) == 0)
		return (0);
	does_not_follow(index);
	return (1);
}

/* The one row of the table of the place. */
static const uint8_t place_key[] = {
	COMMITTED_TABLE_META, 'r', 'e', 'v', 'i', 's', 'i', 'o', 'n'
};

/* Read the place: 0, 1 (reported) if damaged, -1. */
static int
find_place(struct committed * C)
{
	struct rbuf R;
	int rc;

	rc = store_get(C->store, place_key, sizeof(place_key), &C->val);
	if (rc != 0)
		return (rc == 1 ? 0 : -1);
	rbuf_init(&R, C->val.data, C->val.len);
	C->place.cluster = rbuf_get_u64(&R);
	C->place.revision = rbuf_get_u64(&R);
	if (rbuf_end(&R) == 0 && C->place.cluster != 0)
		return (0);
	warnx("log: the row \"revision\" is damaged");
	return (1);
}

/* Find the last entry, and check both ends: 0, 1 (reported) if damaged, -1. */
static int
find_last(struct committed * C)
{
	static const uint8_t from = COMMITTED_TABLE, to = COMMITTED_TABLE + 1;
	struct rbuf R;
	int rc;

	rc = store_last(C->store, &from, 1, &to, 1, &C->key, &C->val);
	if (rc != 0)
		return (rc == 1 ? 0 : -1);
	rbuf_init(&R, C->key.data, C->key.len);
	(void)rbuf_get_u8(&R);
	C->last = rbuf_get_u64(&R);
	if (rbuf_end(&R) || C->last == 0) {
		warnx("log: the last key is damaged");
		return (1);
	}

	/* Of a log that lost its head, or is another realm's, the tail is right. */
	if ((rc = check_entry(C, 1, C->hash)) != 0)
		return (rc);
	return (check_entry(C, C->last, C->hash));
}

int
committed_open(struct store * S, const char * realm, struct committed ** out)
{
	struct committed * C;
	int rc = -1;

	if ((C = calloc(1, sizeof(*C))) == NULL)
		goto err1;
	wbuf_init(&C->row, HASH_LEN + LOG_ENTRY_MAX);
	if ((C->view = view_open(S)) == NULL)
		goto err2;
	C->store = S;
	log_entry_hash_first(realm, C->hash_first);
	memcpy(C->hash, C->hash_first, HASH_LEN);
	if ((rc = find_last(C)) != 0 || (rc = find_place(C)) != 0)
		goto err3;
	C->opened = C->put_last = C->last;
	memcpy(C->put_hash, C->hash, HASH_LEN);
	*out = C;
	return (0);

err3:
	committed_close(C);
	return (rc);
err2:
	free(C);
err1:
	warnx("log: out of memory");
	return (-1);
}

void
committed_close(struct committed * C)
{

	if (C == NULL)
		return;
	view_close(C->view);
	wbuf_free(&C->row);
	bytes_free(&C->key);
	bytes_free(&C->val);
	free(C);
}

uint64_t
committed_last(const struct committed * C)
{

	return (C->last);
}

const uint8_t *
committed_hash(const struct committed * C)
{

	return (C->hash);
}

struct committed_place
committed_place(const struct committed * C)
{

	return (C->place);
}

int
committed_set_place(struct committed * C, struct committed_place place)
{
	uint8_t val[16];

	for (size_t i = 0; i < 8; i++) {
		val[i] = (uint8_t)(place.cluster >> (56 - 8 * i));
		val[8 + i] = (uint8_t)(place.revision >> (56 - 8 * i));
	}
	if (view_put(C->view, place_key, sizeof(place_key), val, sizeof(val))) {
		warnx("log: out of memory");
		return (-1);
	}
	C->put_place = place;
	C->placed = 1;
	return (0);
}

uint64_t
committed_put_last(const struct committed * C)
{

	return (C->put_last);
}

const uint8_t *
committed_put_hash(const struct committed * C)
{

	return (C->put_hash);
}

int
committed_put(struct committed * C, const uint8_t * entry, size_t len,
    uint64_t * index)
{
	struct log_entry E;
	uint8_t key[ROWKEY_MAX];

	PANIC_UNLESS(log_entry_parse(&E, entry, len) == 0);
	*index = C->put_last + 1;
	log_entry_hash(C->put_hash, *index, &E, C->put_hash);
	rowkey_number(key, COMMITTED_TABLE, *index);
	wbuf_reset(&C->row);
	wbuf_put_bytes(&C->row, C->put_hash, HASH_LEN);
	wbuf_put_bytes(&C->row, entry, len);
	if (wbuf_failed(&C->row) ||
	    view_put(C->view, key, KEY_LEN, C->row.data, C->row.len)) {
		warnx("log: out of memory");
		return (-1);
	}
	C->put_last = *index;
	return (0);
}

int
committed_commit(struct committed * C)
{
	struct mark * M = &C->marks[C->commits % COMMITTED_MARKS];

	if (C->put_last == C->last && !C->placed)
		return (0);
	if (view_commit(C->view, &M->number))
		return (-1);
	M->last = C->last = C->put_last;
	memcpy(C->hash, C->put_hash, HASH_LEN);
	if (C->placed)
		C->place = C->put_place;
	C->placed = 0;
	C->commits++;
	return (0);
}

void
committed_discard(struct committed * C)
{

	view_discard(C->view);
	C->put_last = C->last;
	memcpy(C->put_hash, C->hash, HASH_LEN);
	C->placed = 0;
}

uint64_t
committed_commits(const struct committed * C)
{

	return (C->commits);
}

uint64_t
committed_needs(const struct committed * C, uint64_t index)
{
	uint64_t i = 0;

	PANIC_UNLESS(index <= C->last);
	if (index <= C->opened)
		return (0);
	if (C->commits > COMMITTED_MARKS)
		i = C->commits - COMMITTED_MARKS;
	while (C->marks[i % COMMITTED_MARKS].last < index)
		i++;
	return (C->marks[i % COMMITTED_MARKS].number);
}

int
committed_hash_before(struct committed * C, uint64_t index, uint8_t * hash)
{

	PANIC_UNLESS(index >= 1 && index - 1 <= C->last);
	if (index - 1 == C->last) {
		memcpy(hash, C->hash, HASH_LEN);
		return (0);
	}
	return (hash_before(C, index, hash));
}

/* Take one row of a scan. */
static int
read_row(void * cookie, const uint8_t * key, size_t klen, const uint8_t * val,
    size_t vlen)
{
	struct reading * R = cookie;
	uint8_t expected[ROWKEY_MAX];
	uint8_t hash[HASH_LEN];
	struct log_entry E;
	size_t len;

	rowkey_number(expected, COMMITTED_TABLE, R->next);
	R->damaged = 1;
	if (klen != KEY_LEN || memcmp(key, expected, KEY_LEN) != 0) {
		missing(R->next);
		return (-1);
	}
	if (parse_value(R->next, val, vlen, &E))
		return (-1);
	log_entry_hash(R->hash, R->next, &E, hash);
	if (memcmp(hash, val, HASH_LEN) != 0) {
		does_not_follow(R->next);
		return (-1);
	}
	R->damaged = 0;
	len = vlen - HASH_LEN;
	if (R->n_left == 0 || (R->list->n > 0 && len + 4 > R->len_left))
		return (1);
	list_put(R->list, &val[HASH_LEN], len);
	memcpy(R->hash, val, HASH_LEN);
	R->len_left -= len + 4 < R->len_left ? len + 4 : R->len_left;
	R->n_left--;
	R->next++;
	return (R->n_left == 0);
}

int
committed_read(struct committed * C, uint64_t lo, uint64_t hi, size_t len_max,
    uint32_t n_max, struct list * L, uint8_t * hash)
{
	struct reading R = { lo, len_max, n_max, L, hash, 0 };
	uint8_t from[ROWKEY_MAX], to[ROWKEY_MAX];
	int rc;

	PANIC_UNLESS(lo >= 1);
	if (hi > C->last)
		hi = C->last;
	if (lo > hi)
		return (0);
	rowkey_number(from, COMMITTED_TABLE, lo);
	rowkey_number(to, COMMITTED_TABLE, hi + 1);
	rc = store_scan(C->store, from, KEY_LEN, to, KEY_LEN, read_row, &R);
	if (rc == 0 && R.next != hi + 1) {
		missing(R.next);
		return (1);
	}
	if (R.damaged)
		return (1);
	return (rc == -1 ? -1 : 0);
}
