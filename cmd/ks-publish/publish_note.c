#include <err.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "codec/rbuf.h"
#include "codec/wbuf.h"
#include "note/checkpoint.h"
#include "note/note.h"
#include "policy/history.h"
#include "realm/realm.h"
#include "store/rowkey.h"
#include "store/store.h"

#include "publish_model.h"

/* Read the row of ${id} in ${table}; 0, 1 if there is none, or -1 (reported). */
static int
get_signer(struct publish_model * M, enum publish_table table, uint64_t epoch,
    const uint8_t id[VKEY_ID_LEN])
{
	uint8_t key[ROWKEY_MAX];
	size_t klen = rowkey_signer(key, table, epoch, id);
	size_t want = SIGN_LEN;
	int rc;

	if ((rc = store_get(M->store, key, klen, &M->key_row)) != 0)
		return (rc);
	if (table == PUBLISH_TABLE_RATIFICATION)
		want += sizeof(uint64_t);
	if (M->key_row.len != want) {
		warnx("a signature row of epoch %" PRIu64 " is damaged", epoch);
		return (-1);
	}
	return (0);
}

int
publish_model_has(struct publish_model * M, enum publish_table table,
    uint64_t epoch, const uint8_t id[VKEY_ID_LEN])
{
	int rc = get_signer(M, table, epoch, id);

	return (rc < 0 ? -1 : rc == 0);
}

/* Append the line of ${K}, if it has signed; 0 or -1 (reported). */
static int
put_line(struct publish_model * M, uint64_t epoch, const struct policy_key * K,
    struct wbuf * W)
{
	struct rbuf R;
	uint64_t time_s;
	int rc;

	rc = get_signer(M, K->kind == POLICY_REPLICA ? PUBLISH_TABLE_SIGNATURE :
	    PUBLISH_TABLE_RATIFICATION, epoch, K->vkey.id);
	if (rc != 0)
		return (rc < 0 ? -1 : 0);
	rbuf_init(&R, M->key_row.data, M->key_row.len);
	if (K->kind == POLICY_REPLICA)
		checkpoint_put_sig(W, &K->vkey, R.data);
	else {
		time_s = rbuf_get_u64(&R);
		checkpoint_put_cosig(W, &K->vkey, time_s, R.data);
	}
	return (0);
}

/* Is ${id} among the ${ids}?  NULL: everybody is. */
static int
among(const struct bytes * ids, const uint8_t id[VKEY_ID_LEN])
{

	if (ids == NULL)
		return (1);
	for (size_t at = 0; at < ids->len; at += VKEY_ID_LEN)
		if (memcmp(ids->data + at, id, VKEY_ID_LEN) == 0)
			return (1);
	return (0);
}

/*
 * Append the lines of all keys of ${kind}, of ${ids} only if that is not NULL, in
 * the order of the epoch's policy.
 */
static int
put_lines(struct publish_model * M, uint64_t epoch, enum policy_kind kind,
    const struct bytes * ids, struct wbuf * W)
{
	const struct policy * P = publish_model_era(M, epoch)->policy;
	const struct policy_key * K;

	for (unsigned i = 0; i < policy_keys(P); i++) {
		K = policy_key(P, i);
		if (K->kind == kind && among(ids, K->vkey.id) &&
		    put_line(M, epoch, K, W))
			return (-1);
	}
	return (0);
}

/* Begin a note: the checkpoint of ${epoch}. */
static int
put_text(struct publish_model * M, uint64_t epoch, struct wbuf * W)
{
	struct publish_epoch E;
	struct wbuf text;
	int rc = 0;

	if (publish_model_epoch(M, epoch, &E))
		return (-1);
	wbuf_init(&text, CHECKPOINT_TEXT_MAX);
	checkpoint_text(M->realm->name, epoch, E.root, &text);
	if (wbuf_failed(&text)) {
		warnx("out of memory");
		rc = -1;
	} else
		note_put_text(W, (const char *)text.data, text.len);
	wbuf_free(&text);
	return (rc);
}

static int
make_note(struct publish_model * M, uint64_t epoch, struct publish_note * N)
{
	struct wbuf note;
	int rc = -1;

	wbuf_init(&note, NOTE_LEN_MAX);
	if (put_text(M, epoch, &note) ||
	    put_lines(M, epoch, POLICY_REPLICA, NULL, &note) ||
	    put_lines(M, epoch, POLICY_WITNESS, NULL, &note))
		goto done;
	free(N->text);
	N->epoch = 0;
	if ((N->text = wbuf_steal(&note, &N->len)) == NULL) {
		warnx("out of memory");
		goto done;
	}
	N->epoch = epoch;
	N->generation = M->generation;
	rc = 0;

done:
	wbuf_free(&note);
	return (rc);
}

/* Read who was the first majority of ${epoch}; 0, 1 if that is not known, or -1. */
static int
get_majority(struct publish_model * M, uint64_t epoch)
{
	uint8_t key[ROWKEY_MAX];
	int rc;

	rc = store_get(M->store, key, rowkey_number(key, PUBLISH_TABLE_MAJORITY,
	    epoch), &M->majority);
	if (rc != 0)
		return (rc);
	if (M->majority.len == 0 || M->majority.len % VKEY_ID_LEN != 0) {
		warnx("the majority row of epoch %" PRIu64 " is damaged", epoch);
		return (-1);
	}
	return (0);
}

int
publish_model_note_first(struct publish_model * M, uint64_t epoch,
    struct wbuf * W)
{
	int rc;

	if ((rc = get_majority(M, epoch)) < 0)
		return (-1);
	if (rc == 1 && !M->majority_missed) {
		warnx("who signed epoch %" PRIu64 " first was not recorded by the "
		    "version that stored it: bundles of such epochs have all its "
		    "signatures; without the database all is made again by replay",
		    epoch);
		M->majority_missed = 1;
	}
	if (put_text(M, epoch, W) || put_lines(M, epoch, POLICY_REPLICA,
	    rc == 1 ? NULL : &M->majority, W))
		return (-1);
	if (wbuf_failed(W)) {
		warnx("out of memory");
		return (-1);
	}
	return (0);
}

int
publish_model_note(struct publish_model * M, uint64_t epoch,
    const uint8_t ** text, size_t * len)
{
	struct publish_note * N = NULL;

	for (size_t i = 0; i < PUBLISH_NOTES_MAX && N == NULL; i++)
		if (M->notes[i].epoch == epoch)
			N = &M->notes[i];
	if (N == NULL) {
		N = &M->notes[M->next_note];
		M->next_note = (M->next_note + 1) % PUBLISH_NOTES_MAX;
	}
	if ((N->epoch != epoch || N->generation != M->generation) &&
	    make_note(M, epoch, N))
		return (-1);
	*text = N->text;
	*len = N->len;
	return (0);
}
