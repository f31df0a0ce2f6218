#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "codec/rbuf.h"
#include "note/checkpoint.h"
#include "policy/history.h"
#include "proto/policy.h"
#include "proto/proto_apply.h"
#include "proto/rows.h"
#include "proto/signature.h"
#include "realm/realm.h"
#include "stage/actions.h"
#include "stage/policies.h"
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
	if (rc < 0)
		return (-1);
	return (policies_open(realm, view, SIGN_TABLE_POLICY, &A->policies));
}

int
sign_state_signs(const struct sign_state * A, uint64_t epoch)
{
	const struct policy * P = policy_history_at(A->policies, epoch)->policy;
	int i = policy_find_pk(P, A->key->pk);

	return (i >= 0 && policy_key(P, (unsigned)i)->kind == POLICY_REPLICA);
}

/* Fail for good: ${why} epoch ${epoch} is not signed. */
static int
refuse(struct sign_state * A, uint64_t epoch, const char * why)
{

	snprintf(A->refusal, sizeof(A->refusal),
	    "epoch %" PRIu64 ": not signed: %s", epoch, why);
	return (-1);
}

/*
 * Put the row of ${head}, the last of the epoch log, with a signature on the
 * checkpoint that it makes if the key is in force in its epoch.
 */
static int
put_row(struct sign_state * A, struct view * view, uint64_t epoch,
    const uint8_t * head, struct actions * actions)
{
	uint8_t key[ROWKEY_MAX], row[SIGN_ROW_LEN], root[HASH_LEN];
	const size_t len = rowkey_number(key, SIGN_TABLE_SIGNED, epoch);

	memset(row, 0, sizeof(row));
	memcpy(row, head, HEAD_LEN);
	row[SIGN_ROW_FLAG] = SIGN_FLAG_SKIPPED;
	if (sign_state_signs(A, epoch)) {
		merkle_range_root(&A->range, root);
		wbuf_reset(&A->out);
		checkpoint_text(A->realm->name, epoch, root, &A->out);
		if (wbuf_failed(&A->out))
			return (-1);
		memcpy(row + SIGN_ROW_KEY, A->key_id, VKEY_ID_LEN);
		checkpoint_sign(A->key, (const char *)A->out.data, A->out.len,
		    row + SIGN_ROW_SIG);
		row[SIGN_ROW_FLAG] = SIGN_FLAG_OPEN;
		actions_put(actions, SIGN_ACT_SIGNED, key + 1, 8);
	}
	return (view_put(view, key, len, row, sizeof(row)));
}

/*
 * An epoch at or below the watermark must be the one that was signed, or noted.
 * The last one, if nobody signed it here, is signed once there is a key for it: a
 * realm whose only replica got a new key could not go on otherwise.
 */
static int
check_signed(struct sign_state * A, struct view * view, uint64_t epoch,
    const uint8_t * head, struct actions * actions)
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
	if (A->row.data[SIGN_ROW_FLAG] != SIGN_FLAG_SKIPPED ||
	    epoch != A->epoch || !sign_state_signs(A, epoch))
		return (0);
	return (put_row(A, view, epoch, head, actions));
}

/* Append the head to the epoch log, and sign or note it. */
static int
sign_head(struct sign_state * A, struct view * view, const struct head * head,
    const struct stage_event * event, struct actions * actions)
{
	uint8_t leaf[HASH_LEN];

	merkle_leaf_hash(event->body, HEAD_LEN, leaf);
	if (merkle_range_append(&A->range, leaf, NULL, NULL) ||
	    put_row(A, view, head->epoch, event->body, actions))
		return (-1);
	A->epoch = head->epoch;
	A->time_ms = head->time_ms;
	A->cursor = event->position - 1;
	return (0);
}

static int
step_epoch(struct sign_state * A, struct view * view,
    const struct stage_event * event, struct actions * actions)
{
	const struct policy_era * next;
	struct head head;

	if (head_parse(&head, event->body, event->len))
		return (refuse(A, 0, "the head record does not decode"));
	if (head.epoch <= A->epoch)
		return (check_signed(A, view, head.epoch, event->body,
		    actions));
	if (head.epoch != A->epoch + 1)
		return (refuse(A, head.epoch, "it is not the next epoch"));
	if (memcmp(head.realm, A->realm->realm_hash, HASH_LEN) != 0)
		return (refuse(A, head.epoch, "it is of another realm"));
	next = policy_history_at(A->policies, head.epoch + 1);
	if (memcmp(head.policy, next->hash, HASH_LEN) != 0)
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
	    SIGN_ROW_SIG, S.sig, SIGN_LEN) != 0)
		return (refuse(A, S.epoch, "a signature under this replica's "
		    "key came out of the log that it did not make"));
	A->row.data[SIGN_ROW_FLAG] = SIGN_FLAG_SEEN;
	if (view_put(view, key, len, A->row.data, A->row.len))
		return (-1);
	actions_put(actions, SIGN_ACT_SEEN, key + 1, 8);
	return (0);
}

/* The policy that the next head must name; told again if it was known. */
static int
step_policy(struct sign_state * A, struct view * view,
    const struct stage_event * event)
{
	struct proto_policy P;
	int rc;

	if (proto_policy_get(event->body, event->len, &P))
		return (refuse(A, A->epoch + 1,
		    "a policy event does not decode"));
	if (policies_known(A->policies, &P) == 1)
		return (0);
	if (P.epoch != A->epoch + 2)
		return (refuse(A, A->epoch + 1, "a policy is for another epoch "
		    "than the one after it"));
	if ((rc = policies_add(A->policies, view, SIGN_TABLE_POLICY, &P)) == 1)
		return (refuse(A, A->epoch + 1, "a policy is none, or does not "
		    "follow the one in force"));
	return (rc);
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
	else if (event->type == EVENT_POLICY)
		rc = step_policy(A, view, event);
	return (rc ? -1 : 0);
}

void
sign_state_free(struct sign_state * A)
{

	policy_history_free(A->policies);
	bytes_free(&A->row);
	wbuf_free(&A->out);
}
