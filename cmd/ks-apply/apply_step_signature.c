#include <err.h>
#include <inttypes.h>
#include <string.h>

#include "base/panic.h"
#include "codec/wbuf.h"
#include "entry/rule_names.h"
#include "head/head.h"
#include "note/checkpoint.h"
#include "policy/history.h"
#include "policy/quorum.h"
#include "proto/log_entry.h"
#include "proto/proto_apply.h"
#include "proto/signature.h"
#include "realm/realm.h"
#include "store/rowkey.h"
#include "store/view.h"

#include "apply_state.h"
#include "apply_step.h"

const struct policy_key *
apply_find_key(const struct apply_state * A, uint64_t epoch,
    enum policy_kind kind, const uint8_t * id)
{
	const struct policy * P = apply_state_policy(A, epoch)->policy;
	int i = policy_find_keyid(P, kind, id);

	return (i < 0 ? NULL : policy_key(P, (unsigned)i));
}

/* Make ${W} the checkpoint text of the closed ${epoch}; 0 or -1. */
static int
get_checkpoint(struct apply_state * A, struct view * view, uint64_t epoch,
    struct wbuf * W)
{
	uint8_t key[ROWKEY_MAX];
	size_t klen = rowkey_number(key, APPLY_TABLE_EPOCH, epoch);

	if (view_get(view, key, klen, &A->row) != 0 ||
	    A->row.len != HEAD_LEN + HASH_LEN) {
		warnx("the row of epoch %" PRIu64 " is missing or damaged", epoch);
		return (-1);
	}
	wbuf_reset(W);
	checkpoint_text(A->realm->name, epoch, A->row.data + HEAD_LEN, W);
	return (wbuf_failed(W));
}

static int
count_row(void * cookie, const uint8_t * key, size_t klen, const uint8_t * value,
    size_t vlen)
{
	unsigned * n = cookie;

	(void)key;
	(void)klen;
	(void)value;
	(void)vlen;
	(*n)++;
	return (0);
}

/* Count the replicas that signed ${epoch}; -1 if that failed. */
static int
count_signatures(struct view * view, uint64_t epoch, unsigned * n)
{
	uint8_t from[ROWKEY_MAX], to[ROWKEY_MAX];
	size_t len = rowkey_number(from, APPLY_TABLE_SIGNATURE, epoch);

	rowkey_number(to, APPLY_TABLE_SIGNATURE, epoch + 1);
	*n = 0;
	return (view_scan(view, from, len, to, len, count_row, n));
}

/* The closed epoch is signed once a majority has signed it: tell, once. */
static int
note_majority(struct apply_state * A, struct view * view, uint64_t epoch)
{
	uint8_t body[8];
	struct wbuf W;
	unsigned n;

	if (epoch != A->closed || A->signed_epoch == A->closed)
		return (0);
	if (count_signatures(view, epoch, &n))
		return (-1);
	if (n < quorum_majority(policy_replicas(apply_state_policy(A,
	    epoch)->policy)))
		return (0);
	A->signed_epoch = epoch;
	wbuf_init(&W, sizeof(body));
	proto_apply_put_signed(&W, epoch);
	PANIC_UNLESS(W.len == sizeof(body));
	memcpy(body, W.data, sizeof(body));
	wbuf_free(&W);
	return (apply_event(A, view, EVENT_SIGNED, body, sizeof(body)));
}

/* Does this key have a row for this epoch already?  1, 0, or -1. */
static int
is_repeated(struct apply_state * A, struct view * view, enum apply_table table,
    uint64_t epoch, const uint8_t * id)
{
	uint8_t key[ROWKEY_MAX];
	int rc = view_get(view, key, rowkey_signer(key, table, epoch, id),
	    &A->row);

	return (rc < 0 ? -1 : rc == 0);
}

int
apply_step_signature(struct apply_state * A, struct view * view,
    const struct log_entry * E, const char ** rule)
{
	uint8_t row[ROWKEY_MAX];
	const struct policy_key * key;
	struct signature S;
	struct wbuf text;
	int rc;

	if (signature_get(E->body, E->body_len, &S))
		panic("a signature that log_entry_rule let pass");
	if (S.epoch == 0 || S.epoch > A->closed) {
		*rule = RULE_EPOCH_UNKNOWN;
		return (0);
	}
	if ((key = apply_find_key(A, S.epoch, POLICY_REPLICA,
	    S.key_id)) == NULL) {
		*rule = RULE_KEY_UNKNOWN;
		return (0);
	}
	wbuf_init(&text, CHECKPOINT_TEXT_MAX);
	if ((rc = get_checkpoint(A, view, S.epoch, &text)) != 0)
		goto done;
	if (sign_verify(key->vkey.pk, text.data, text.len, S.sig)) {
		*rule = RULE_SIGNATURE_INVALID;
		goto done;
	}
	if ((rc = is_repeated(A, view, APPLY_TABLE_SIGNATURE, S.epoch,
	    S.key_id)) != 0) {
		*rule = RULE_SIGNATURE_REPEATED;
		rc = rc < 0 ? -1 : 0;
		goto done;
	}
	rc = view_put(view, row, rowkey_signer(row, APPLY_TABLE_SIGNATURE,
	    S.epoch, S.key_id), S.sig, SIGN_LEN) ||
	    apply_event(A, view, EVENT_SIGNATURE, E->body, E->body_len) ||
	    note_majority(A, view, S.epoch) ? -1 : 0;
done:
	wbuf_free(&text);
	return (rc);
}

int
apply_step_ratification(struct apply_state * A, struct view * view,
    const struct log_entry * E, const char ** rule)
{
	uint8_t row[ROWKEY_MAX];
	const struct policy_key * key = NULL;
	struct signature_ratification S;
	struct wbuf text;
	int rc;

	if (signature_get_ratification(E->body, E->body_len, &S))
		panic("a ratification that log_entry_rule let pass");
	if (S.epoch == 0 || S.epoch > A->closed)
		*rule = RULE_EPOCH_UNKNOWN;
	else if (S.epoch > A->signed_epoch)
		*rule = RULE_EPOCH_UNSIGNED;
	else if ((key = apply_find_key(A, S.epoch, POLICY_WITNESS,
	    S.key_id)) == NULL)
		*rule = RULE_KEY_UNKNOWN;
	if (*rule != NULL)
		return (0);
	wbuf_init(&text, CHECKPOINT_TEXT_MAX);
	if ((rc = get_checkpoint(A, view, S.epoch, &text)) != 0)
		goto done;
	if (cosignature_verify(key->vkey.pk, S.time_s, (const char *)text.data,
	    text.len, S.sig)) {
		*rule = RULE_SIGNATURE_INVALID;
		goto done;
	}
	if ((rc = is_repeated(A, view, APPLY_TABLE_RATIFICATION, S.epoch,
	    S.key_id)) != 0) {
		*rule = RULE_SIGNATURE_REPEATED;
		rc = rc < 0 ? -1 : 0;
		goto done;
	}

	/* The row is the body without epoch and key id: seconds, signature. */
	rc = view_put(view, row, rowkey_signer(row, APPLY_TABLE_RATIFICATION,
	    S.epoch, S.key_id), E->body + 12, E->body_len - 12) ||
	    apply_event(A, view, EVENT_RATIFICATION, E->body, E->body_len) ?
	    -1 : 0;
done:
	wbuf_free(&text);
	return (rc);
}
