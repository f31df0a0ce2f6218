#include <err.h>
#include <inttypes.h>
#include <string.h>

#include "base/panic.h"
#include "codec/rbuf.h"
#include "codec/wbuf.h"
#include "entry/rule_names.h"
#include "note/approval.h"
#include "policy/history.h"
#include "policy/quorum.h"
#include "proto/log_entry.h"
#include "proto/policy.h"
#include "proto/proto_apply.h"
#include "realm/realm.h"
#include "stage/policies.h"
#include "store/rowkey.h"
#include "store/view.h"

#include "apply_state.h"
#include "apply_step.h"

/* Counts the approvals of a text. */
struct count {
	const char * text;
	size_t len;
	unsigned n;
};

/* The rules of an approval, in the order of PROTOCOL section 6. */
static int
check(const struct apply_state * A, const struct proto_approval * B,
    const char ** rule)
{
	const struct policy_era * now = apply_state_policy(A, A->closed + 1);
	const struct policy_key * key;
	struct policy_error error;
	struct policy * P;

	*rule = RULE_POLICY_NUMBER;
	if (A->chosen != 0 || now->number == UINT64_MAX ||
	    B->number != now->number + 1)
		return (0);
	*rule = RULE_KEY_UNKNOWN;
	if ((key = apply_find_key(A, A->closed + 1, POLICY_REPLICA,
	    B->key_id)) == NULL)
		return (0);
	*rule = RULE_SIGNATURE_INVALID;
	if (approval_verify(key->vkey.pk, A->realm->name, B->number, B->text,
	    B->len, B->sig))
		return (0);
	*rule = RULE_POLICY_MALFORMED;
	if (policy_parse_realm(B->text, B->len, A->realm->name, &P, &error)) {
		if (error.rule != NULL)
			return (0);
		warnx("out of memory");
		return (-1);
	}
	policy_free(P);
	*rule = RULE_POLICY_UNCHANGED;
	if (B->len == now->len && memcmp(B->text, now->text, B->len) == 0)
		return (0);
	*rule = NULL;
	return (0);
}

static int
count_row(void * cookie, const uint8_t * key, size_t klen, const uint8_t * value,
    size_t vlen)
{
	struct count * C = cookie;
	struct proto_policy P;

	(void)key;
	(void)klen;
	if (proto_policy_get_row(0, value, vlen, &P)) {
		warnx("a row of the table \"approval\" is damaged");
		return (-1);
	}
	C->n += P.len == C->len && memcmp(P.text, C->text, C->len) == 0;
	return (0);
}

static int
drop_row(void * cookie, const uint8_t * key, size_t klen, const uint8_t * value,
    size_t vlen)
{

	(void)value;
	(void)vlen;
	return (view_del(cookie, key, klen) ? -1 : 0);
}

/* Walk through the approvals that wait. */
static int
scan(struct view * view, store_row * row, void * cookie)
{
	static const uint8_t from = APPLY_TABLE_APPROVAL,
	    to = APPLY_TABLE_APPROVAL + 1;

	return (view_scan(view, &from, 1, &to, 1, row, cookie) < 0 ? -1 : 0);
}

int
apply_step_approval(struct apply_state * A, struct view * view,
    const struct log_entry * E, const char ** rule)
{
	const struct policy * now;
	struct proto_approval B;
	struct count C;
	uint8_t key[ROWKEY_MAX];

	if (proto_approval_get(E->body, E->body_len, &B))
		panic("an approval that log_entry_rule let pass");
	if (check(A, &B, rule))
		return (-1);
	if (*rule != NULL)
		return (0);

	/* The newest of a key is in the place of an earlier one. */
	wbuf_reset(&A->out);
	wbuf_put_u64(&A->out, B.number);
	wbuf_put_var16(&A->out, B.text, B.len);
	if (wbuf_failed(&A->out) || view_put(view, key, rowkey_named(key,
	    APPLY_TABLE_APPROVAL, B.key_id, VKEY_ID_LEN), A->out.data,
	    A->out.len))
		return (-1);
	C = (struct count){ B.text, B.len, 0 };
	if (scan(view, count_row, &C))
		return (-1);
	now = apply_state_policy(A, A->closed + 1)->policy;
	if (C.n < quorum_majority(policy_replicas(now)))
		return (0);
	if (scan(view, drop_row, view))
		return (-1);
	return (apply_state_choose(A, view, B.number, B.text, B.len));
}

int
apply_step_policy(struct apply_state * A, struct view * view)
{
	const struct proto_policy P = { A->closed + 2, A->chosen,
	    (const char *)A->chosen_text.data, A->chosen_text.len };
	struct wbuf W;
	int rc;

	if (A->chosen == 0)
		return (0);
	if ((rc = policies_add(A->policies, view, APPLY_TABLE_POLICY, &P)) != 0) {
		if (rc == 1)
			warnx("the policy that was chosen cannot follow");
		return (-1);
	}
	if (apply_state_choose(A, view, 0, NULL, 0))
		return (-1);
	wbuf_init(&W, POLICY_LEN_MAX + 64);
	proto_policy_put(&W, &P);
	rc = wbuf_failed(&W) ? -1 :
	    apply_event(A, view, EVENT_POLICY, W.data, W.len);
	wbuf_free(&W);
	return (rc);
}
