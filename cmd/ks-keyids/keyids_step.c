#include <err.h>
#include <inttypes.h>
#include <stdint.h>
#include <string.h>

#include "codec/rbuf.h"
#include "entry/update.h"
#include "head/head.h"
#include "proto/proto_apply.h"
#include "realm/realm.h"
#include "stage/actions.h"
#include "stage/stage.h"
#include "store/rowkey.h"
#include "store/view.h"

#include "keyids_state.h"
#include "keyids_step.h"

/* The rows of an epoch that got its majority, being moved. */
struct move {
	struct keyids_state * S;
	struct view * view;
};

/* Fail for good. */
static int
fault(struct keyids_state * S, const char * why)
{

	warnx("event %" PRIu64 ": %s; nothing of it is told", S->cursor, why);
	S->fault = 1;
	return (-1);
}

static int
no_memory(void)
{

	warnx("out of memory");
	return (-1);
}

/* Make the key of the row that leads from ${I} to the entry ${index}. */
static size_t
id_key(uint8_t key[ROWKEY_MAX], const struct keyids_id * I,
    const uint8_t * index)
{
	size_t len = rowkey_begin(key, KEYIDS_TABLE_ID);

	len = rowkey_bytes(key, len, I->id, KEYIDS_ID_LEN);
	len = rowkey_u8(key, len, I->subkey);
	len = rowkey_u64(key, len, I->since);
	return (rowkey_bytes(key, len, index, INDEX_LEN));
}

/* Put the encoded ${R} as the row ${key}. */
static int
put_record(struct keyids_state * S, struct view * view, const uint8_t * key,
    size_t klen, const struct keyids_record * R)
{

	wbuf_reset(&S->out);
	keyids_record_put(R, &S->out);
	if (wbuf_failed(&S->out) ||
	    view_put(view, key, klen, S->out.data, S->out.len))
		return (no_memory());
	return (0);
}

static int
step_update(struct keyids_state * S, struct view * view,
    const struct stage_event * event)
{
	uint8_t key[ROWKEY_MAX];
	struct proto_apply_update E;
	struct update U;
	size_t klen;
	int rc;

	if (proto_apply_get_update(event->body, event->len, &E) ||
	    update_parse(&U, E.update, E.update_len) ||
	    E.profile_len > PROFILE_LEN_MAX)
		return (fault(S, "a malformed update"));
	if (E.epoch != S->closed + 1)
		return (fault(S, "an update of another epoch than the next"));
	if ((rc = keyids_record_read(&S->now, E.profile, E.profile_len,
	    E.epoch)) < 0)
		return (-1);
	S->read += rc != 1;
	S->unread += rc == 2;

	/* The last of an epoch replaces what others of it have put. */
	klen = rowkey_number(key, KEYIDS_TABLE_PENDING, E.epoch);
	klen = rowkey_bytes(key, klen, U.entry.index, INDEX_LEN);
	return (put_record(S, view, key, klen, &S->now));
}

static int
step_epoch(struct keyids_state * S, const struct stage_event * event)
{
	struct head head;

	if (head_parse(&head, event->body, event->len))
		return (fault(S, "a malformed head record"));
	if (memcmp(head.realm, S->realm->realm_hash, HASH_LEN) != 0)
		return (fault(S, "an epoch of another realm"));
	if (head.epoch != S->closed + 1)
		return (fault(S, "another epoch than the next"));
	S->closed = head.epoch;
	return (0);
}

/* Read what the entry ${index} published so far into S->then; nothing: no ids. */
static int
read_then(struct keyids_state * S, struct view * view, const uint8_t * key,
    size_t klen)
{
	int rc;

	S->then.nids = 0;
	if ((rc = view_get(view, key, klen, &S->row)) != 0)
		return (rc < 0 ? -1 : 0);
	if (keyids_record_get(&S->then, S->row.data, S->row.len))
		return (fault(S, "a row of the table \"keys\" is damaged: remove "
		    "the database, it is made again by replay"));
	return (0);
}

/* Let what S->now says take the place of S->then, of the entry ${index}. */
static int
replace(struct keyids_state * S, struct view * view, const uint8_t * index)
{
	uint8_t key[ROWKEY_MAX];
	const struct keyids_id * old;

	for (unsigned i = 0; i < S->then.nids; i++)
		if (view_del(view, key, id_key(key, &S->then.id[i], index)))
			return (no_memory());
	for (unsigned i = 0; i < S->now.nids; i++) {
		struct keyids_id * I = &S->now.id[i];

		/* Who had it keeps his place before those who came later. */
		if ((old = keyids_record_find(&S->then, I->id)) != NULL &&
		    old->subkey <= I->subkey)
			I->since = old->since;
		if (view_put(view, key, id_key(key, I, index), NULL, 0))
			return (no_memory());
	}
	S->ids += S->now.nids - (uint64_t)S->then.nids;
	S->entries += (uint64_t)(S->now.nids > 0) - (S->then.nids > 0);
	return (0);
}

static int
move_row(void * cookie, const uint8_t * key, size_t klen, const uint8_t * value,
    size_t vlen)
{
	struct move * M = cookie;
	struct keyids_state * S = M->S;
	uint8_t index[INDEX_LEN], to[ROWKEY_MAX];
	size_t tolen;

	if (klen != 1 + 8 + INDEX_LEN || keyids_record_get(&S->now, value, vlen))
		return (fault(S, "a row of the table \"pending\" is damaged: "
		    "remove the database, it is made again by replay"));
	memcpy(index, key + klen - INDEX_LEN, INDEX_LEN);
	tolen = rowkey_named(to, KEYIDS_TABLE_KEYS, index, INDEX_LEN);
	if (read_then(S, M->view, to, tolen) || replace(S, M->view, index))
		return (-1);
	if (S->now.nids > 0) {
		if (put_record(S, M->view, to, tolen, &S->now))
			return (-1);
	} else if (S->then.nids > 0 && view_del(M->view, to, tolen))
		return (no_memory());

	/* The last, as the row's own bytes are gone then. */
	return (view_del(M->view, key, klen) ? no_memory() : 0);
}

static int
step_signed(struct keyids_state * S, struct view * view,
    const struct stage_event * event)
{
	uint8_t from[ROWKEY_MAX], to[ROWKEY_MAX];
	struct move M = { S, view };
	uint64_t epoch;
	size_t len;

	if (proto_apply_get_signed(event->body, event->len, &epoch))
		return (fault(S, "a malformed event"));
	if (epoch != S->closed || epoch != S->signed_epoch + 1)
		return (fault(S, "another epoch is signed than the last one"));
	len = rowkey_number(from, KEYIDS_TABLE_PENDING, epoch);
	rowkey_number(to, KEYIDS_TABLE_PENDING, epoch + 1);
	if (view_scan(view, from, len, to, len, move_row, &M) != 0)
		return (-1);
	S->signed_epoch = epoch;
	return (0);
}

int
keyids_step(void * cookie, struct view * view, const struct stage_event * event,
    size_t i, struct actions * actions)
{
	struct keyids_state * S = cookie;
	const uint64_t last = S->cursor;

	(void)i;
	(void)actions;
	S->cursor = event->position;
	if (event->position != last + 1)
		return (fault(S, "it does not follow the last one"));
	switch (event->type) {
	case EVENT_UPDATE:
		return (step_update(S, view, event));
	case EVENT_EPOCH:
		return (step_epoch(S, event));
	case EVENT_SIGNED:
		return (step_signed(S, view, event));
	}

	/* Signatures and policies say nothing of keys. */
	return (0);
}

int
keyids_finish(void * cookie, struct view * view)
{

	return (keyids_state_finish(cookie, view));
}
