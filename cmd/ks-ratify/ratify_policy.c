#include <err.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/panic.h"
#include "codec/rbuf.h"
#include "codec/wbuf.h"
#include "note/note.h"
#include "policy/history.h"
#include "proto/policy.h"
#include "stage/policies.h"
#include "store/rowkey.h"
#include "store/view.h"

#include "ratify_policy.h"
#include "ratify_state.h"
#include "ratify_step.h"

int
ratify_policy_open(struct ratify_state * A, struct view * view)
{
	int rc;

	rc = policies_open(A->realm, view, RATIFY_TABLE_POLICY, &A->policies);
	if (rc != 0)
		return (rc);

	/* A step that refuses an epoch forgets what is pending. */
	return (view_commit(view, NULL));
}

const struct policy_era *
ratify_policy_at(const struct ratify_state * A, uint64_t epoch)
{
	const struct policy_era * era = policy_history_at(A->policies, epoch);

	PANIC_UNLESS(era != NULL);
	return (era);
}

const struct vkey *
ratify_policy_own(const struct ratify_state * A, uint64_t epoch)
{
	const struct policy * policy = ratify_policy_at(A, epoch)->policy;
	int i = policy_find_pk(policy, A->key->pk);

	if (i < 0 || policy_key(policy, (unsigned)i)->kind != POLICY_WITNESS)
		return (NULL);
	return (&policy_key(policy, (unsigned)i)->vkey);
}

int
ratify_policy_begin(struct ratify_state * A, struct view * view,
    const struct ratify_epoch * E, const uint8_t * note, size_t len)
{
	const struct merkle_range * before = &A->range;
	const struct proto_policy P = { A->epoch + 2, E->number, E->next,
	    E->next_len };
	uint8_t key[ROWKEY_MAX];

	if (policies_add(A->policies, view, RATIFY_TABLE_POLICY, &P) != 0)
		return (-1);

	/* The last leaf's siblings are the complete subtrees before it. */
	wbuf_reset(&A->out);
	wbuf_put_bytes(&A->out, E->head, HEAD_LEN);
	wbuf_put_u8(&A->out, (uint8_t)before->n);
	for (unsigned i = before->n; i > 0; i--)
		wbuf_put_bytes(&A->out, before->hash[i - 1], HASH_LEN);
	wbuf_put_var32(&A->out, note, len);
	if (wbuf_failed(&A->out))
		return (-1);
	return (view_put(view, key, rowkey_number(key, RATIFY_TABLE_LINK,
	    P.epoch), A->out.data, A->out.len));
}

/* Decode the row of a link, of ${len} bytes, which stay, into ${K}. */
static int
get_link(const uint8_t * p, size_t len, struct chain_link * K)
{
	struct rbuf R;

	rbuf_init(&R, p, len);
	rbuf_copy(&R, K->head, HEAD_LEN);
	K->ninclusion = rbuf_get_u8(&R);
	if (K->ninclusion > MERKLE_DEPTH_MAX)
		return (-1);
	for (unsigned i = 0; i < K->ninclusion; i++)
		rbuf_copy(&R, K->inclusion[i], HASH_LEN);
	K->note = (const char *)rbuf_get_var32(&R, NOTE_LEN_MAX, &K->note_len);
	return (rbuf_end(&R));
}

/* Read the link to ${era} into ${K}. */
static int
load_link(struct ratify_state * A, struct view * view,
    const struct policy_era * era, struct chain_link * K)
{
	uint8_t key[ROWKEY_MAX];

	if (view_get(view, key, rowkey_number(key, RATIFY_TABLE_LINK,
	    era->epoch), &A->row) != 0 ||
	    (K->own = malloc(A->row.len + 1)) == NULL)
		return (-1);
	memcpy(K->own, A->row.data, A->row.len);
	K->policy = era->text;
	K->policy_len = era->len;
	return (get_link(K->own, A->row.len, K));
}

int
ratify_policy_chain(struct ratify_state * A, struct view * view,
    uint64_t epoch, struct chain * C)
{
	const struct policy_era * last = ratify_policy_at(A, epoch), * era;
	uint64_t number = 1;

	memset(C, 0, sizeof(*C));
	if (last->number > POLICY_CHAIN_MAX)
		number = last->number - POLICY_CHAIN_MAX;
	for (; number < last->number; number++) {
		era = policy_history_after(A->policies, number);
		if (load_link(A, view, era, &C->link[C->n++])) {
			warnx("the link to the policy %" PRIu64 " cannot be "
			    "read", number + 1);
			chain_free(C);
			return (-1);
		}
	}
	return (0);
}
