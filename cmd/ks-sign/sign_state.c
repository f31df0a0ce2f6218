#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "codec/rbuf.h"
#include "note/checkpoint.h"
#include "proto/proto_apply.h"
#include "proto/rows.h"
#include "proto/signature.h"
#include "realm/realm.h"
#include "stage/actions.h"
#include "stage/stage.h"
#include "store/rowkey.h"
#include "store/view.h"

#include "sign_state.h"

static const uint8_t CURSOR[] = "\001cursor";
static const uint8_t WATERMARK[] = "\001watermark";

/* Longest row that is put together here: the watermark. */
#define ROW_MAX (16 + 9 + MERKLE_DEPTH_MAX * HASH_LEN)

int
sign_finish(void * cookie, struct view * view)
{
	struct sign_state * A = cookie;

	wbuf_reset(&A->out);
	wbuf_put_u64(&A->out, A->cursor);
	if (wbuf_failed(&A->out) || view_put(view, CURSOR, sizeof(CURSOR) - 1,
	    A->out.data, A->out.len))
		return (-1);
	wbuf_reset(&A->out);
	wbuf_put_u64(&A->out, A->epoch);
	wbuf_put_u64(&A->out, A->time_ms);
	rows_put_range(&A->out, &A->range);
	if (wbuf_failed(&A->out))
		return (-1);
	return (view_put(view, WATERMARK, sizeof(WATERMARK) - 1, A->out.data,
	    A->out.len));
}

/* Decode the rows that sign_finish put; 1 if there are none, -2 if damaged. */
static int
load(struct sign_state * A, struct view * view)
{
	struct rbuf R;
	int rc;

	if ((rc = view_get(view, CURSOR, sizeof(CURSOR) - 1, &A->row)) != 0)
		return (rc);
	rbuf_init(&R, A->row.data, A->row.len);
	A->cursor = rbuf_get_u64(&R);
	if (rbuf_end(&R))
		return (-2);
	rc = view_get(view, WATERMARK, sizeof(WATERMARK) - 1, &A->row);
	if (rc != 0)
		return (rc < 0 ? -1 : -2);
	rbuf_init(&R, A->row.data, A->row.len);
	A->epoch = rbuf_get_u64(&R);
	A->time_ms = rbuf_get_u64(&R);
	rows_get_range(&R, &A->range);
	return (rbuf_end(&R) || A->range.size != A->epoch ? -2 : 0);
}

int
sign_state_open(struct sign_state * A, const struct realm * realm,
    const struct sign_key * key, const uint8_t id[VKEY_ID_LEN],
    struct view * view)
{
	int rc;

	memset(A, 0, sizeof(*A));
	A->realm = realm;
	A->key = key;
	memcpy(A->key_id, id, VKEY_ID_LEN);
	merkle_range_init(&A->range);
	wbuf_init(&A->out, ROW_MAX);
	if ((rc = load(A, view)) == -2) {
		warnx("the database is damaged; it holds what this replica has "
		    "signed: see ks-sign(8), RECOVERY");
		return (1);
	}
	return (rc == 1 ? 0 : rc);
}

/* Fail for good: ${why} epoch ${epoch} is not signed. */
static int
refuse(struct sign_state * A, uint64_t epoch, const char * why)
{

	snprintf(A->refusal, sizeof(A->refusal),
	    "epoch %" PRIu64 ": not signed: %s", epoch, why);
	return (-1);
}

/* An epoch at or below the watermark must be the one that was signed. */
static int
check_signed(struct sign_state * A, struct view * view, uint64_t epoch,
    const uint8_t * head)
{
	uint8_t key[ROWKEY_MAX];
	const size_t len = rowkey_number(key, SIGN_TABLE_SIGNED, epoch);
	int rc;

	if ((rc = view_get(view, key, len, &A->row)) < 0)
		return (-1);
	if (rc == 1 || A->row.len != SIGN_ROW_LEN)
		return (refuse(A, epoch, "its row is missing or damaged"));
	if (memcmp(A->row.data, head, HEAD_LEN) != 0)
		return (refuse(A, epoch,
		    "another head was signed for this epoch"));
	return (0);
}

/* Append the head to the epoch log, and sign the checkpoint that makes. */
static int
sign_head(struct sign_state * A, struct view * view, const struct head * head,
    const struct stage_event * event, struct actions * actions)
{
	uint8_t key[ROWKEY_MAX], row[SIGN_ROW_LEN], leaf[HASH_LEN], root[HASH_LEN];
	const size_t len = rowkey_number(key, SIGN_TABLE_SIGNED, head->epoch);

	merkle_leaf_hash(event->body, HEAD_LEN, leaf);
	if (merkle_range_append(&A->range, leaf, NULL, NULL))
		return (-1);
	merkle_range_root(&A->range, root);
	wbuf_reset(&A->out);
	checkpoint_text(A->realm->name, head->epoch, root, &A->out);
	if (wbuf_failed(&A->out))
		return (-1);
	memcpy(row, event->body, HEAD_LEN);
	checkpoint_sign(A->key, (const char *)A->out.data, A->out.len,
	    row + HEAD_LEN);
	row[SIGN_ROW_LEN - 1] = 0;
	if (view_put(view, key, len, row, sizeof(row)))
		return (-1);
	A->epoch = head->epoch;
	A->time_ms = head->time_ms;
	A->cursor = event->position - 1;
	actions_put(actions, SIGN_ACT_SIGNED, key + 1, 8);
	return (0);
}

static int
step_epoch(struct sign_state * A, struct view * view,
    const struct stage_event * event, struct actions * actions)
{
	struct head head;

	if (head_parse(&head, event->body, event->len))
		return (refuse(A, 0, "the head record does not decode"));
	if (head.epoch <= A->epoch)
		return (check_signed(A, view, head.epoch, event->body));
	if (head.epoch != A->epoch + 1)
		return (refuse(A, head.epoch, "it is not the next epoch"));
	if (memcmp(head.realm, A->realm->realm_hash, HASH_LEN) != 0)
		return (refuse(A, head.epoch, "it is of another realm"));
	if (memcmp(head.policy, A->realm->policy_hash, HASH_LEN) != 0)
		return (refuse(A, head.epoch, "it is of another policy"));
	if (head.time_ms < A->time_ms)
		return (refuse(A, head.epoch, "its issue time goes back"));
	return (sign_head(A, view, &head, event, actions));
}

/* Our own signature came out of the log: it need not be proposed again. */
static int
step_signature(struct sign_state * A, struct view * view,
    const struct stage_event * event, struct actions * actions)
{
	struct signature S;
	uint8_t key[ROWKEY_MAX];
	size_t len;
	int rc;

	if (signature_get(event->body, event->len, &S))
		return (refuse(A, 0, "a signature event does not decode"));
	if (memcmp(S.key_id, A->key_id, VKEY_ID_LEN) != 0)
		return (0);
	len = rowkey_number(key, SIGN_TABLE_SIGNED, S.epoch);
	if ((rc = view_get(view, key, len, &A->row)) < 0)
		return (-1);

	/* Valid and yet not ours: somebody else has this replica's key. */
	if (rc == 1 || A->row.len != SIGN_ROW_LEN || memcmp(A->row.data +
	    HEAD_LEN, S.sig, SIGN_LEN) != 0)
		return (refuse(A, S.epoch, "a signature under this replica's "
		    "key came out of the log that it did not make"));
	A->row.data[SIGN_ROW_LEN - 1] = 1;
	if (view_put(view, key, len, A->row.data, A->row.len))
		return (-1);
	actions_put(actions, SIGN_ACT_SEEN, key + 1, 8);
	return (0);
}

/* Is ${event} what stood at its place when the watermark was made? */
static int
check_place(struct sign_state * A, const struct stage_event * event)
{
	struct head head;

	if (A->epoch == 0 || event->position != A->cursor + 1 ||
	    (event->type == EVENT_EPOCH &&
	    head_parse(&head, event->body, event->len) == 0 &&
	    head.epoch == A->epoch))
		return (0);
	return (refuse(A, A->epoch + 1,
	    "the events are of another history than what was signed"));
}

int
sign_step(void * cookie, struct view * view, const struct stage_event * event,
    size_t i, struct actions * actions)
{
	struct sign_state * A = cookie;
	int rc = 0;

	(void)i;
	if (check_place(A, event))
		return (-1);
	if (event->type == EVENT_EPOCH)
		rc = step_epoch(A, view, event, actions);
	else if (event->type == EVENT_SIGNATURE)
		rc = step_signature(A, view, event, actions);
	return (rc ? -1 : 0);
}

void
sign_state_free(struct sign_state * A)
{

	bytes_free(&A->row);
	wbuf_free(&A->out);
}
