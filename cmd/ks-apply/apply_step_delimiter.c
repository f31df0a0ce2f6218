#include <err.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/panic.h"
#include "codec/rbuf.h"
#include "entry/limits.h"
#include "entry/rule_names.h"
#include "head/head.h"
#include "policy/history.h"
#include "proto/log_entry.h"
#include "proto/proto_apply.h"
#include "realm/realm.h"
#include "stage/stage.h"
#include "store/rowkey.h"
#include "store/view.h"
#include "tree/tree.h"

#include "apply_state.h"
#include "apply_step.h"

/* The leaves of an epoch while they are gathered from their rows. */
struct gather {
	struct view * view;
	struct tree_leaf * leaves;
	size_t n;
	size_t max;
};

/* Store R(${base}) in ${hash}; 0, or -1. */
static int
get_hash(struct apply_state * A, struct view * view, uint64_t base,
    uint8_t hash[HASH_LEN])
{
	uint8_t key[ROWKEY_MAX];
	size_t klen = rowkey_number(key, APPLY_TABLE_HASH, base);

	if (base == 0) {
		log_entry_hash_first(A->realm->name, hash);
		return (0);
	}
	if (view_get(view, key, klen, &A->row) != 0 || A->row.len != HASH_LEN) {
		warnx("the row of the running hash %" PRIu64 " is missing or "
		    "damaged", base);
		return (-1);
	}
	memcpy(hash, A->row.data, HASH_LEN);
	return (0);
}

/* The rules of a delimiter, in the order of PROTOCOL section 6. */
static int
check(struct apply_state * A, struct view * view,
    const struct log_entry_delimiter * D, const char ** rule)
{
	uint8_t hash[HASH_LEN];

	*rule = NULL;
	if (D->epoch != A->closed + 1)
		*rule = RULE_DELIMITER_NOT_NEXT;
	else if (A->signed_epoch != A->closed)
		*rule = RULE_EPOCH_UNSIGNED;
	else if (D->time_ms < A->time_ms)
		*rule = RULE_DELIMITER_TIME;
	else if (D->base < A->delimiter || D->base >= A->index)
		*rule = RULE_DELIMITER_BASE;
	if (*rule != NULL)
		return (0);
	if (get_hash(A, view, D->base, hash))
		return (-1);
	if (memcmp(hash, D->hash, HASH_LEN) != 0)
		*rule = RULE_DELIMITER_LOG_HASH;
	return (0);
}

static int
gather_row(void * cookie, const uint8_t * key, size_t klen,
    const uint8_t * value, size_t vlen)
{
	struct gather * G = cookie;
	struct tree_leaf * leaf;

	if (G->n == G->max || klen != 1 + INDEX_LEN || vlen != HASH_LEN) {
		warnx("a row of the table \"pending\" is damaged");
		return (-1);
	}
	leaf = &G->leaves[G->n++];
	memcpy(leaf->index, key + 1, INDEX_LEN);
	memcpy(leaf->value, value, HASH_LEN);
	return (view_del(G->view, key, klen) ? -1 : 0);
}

/* Flush what is pending into the tree, once for the whole epoch. */
static int
update_tree(struct apply_state * A, struct view * view)
{
	static const uint8_t from = APPLY_TABLE_PENDING, to = APPLY_TABLE_PENDING + 1;
	struct gather G = { view, NULL, 0, (size_t)A->pending };
	int rc = -1;

	if (A->pending == 0)
		return (0);
	if ((G.leaves = calloc(G.max, sizeof(*G.leaves))) == NULL) {
		warnx("out of memory");
		return (-1);
	}
	if (view_scan(view, &from, 1, &to, 1, gather_row, &G) == 0)
		rc = tree_update(A->realm->nonce, tiles_nodes(&A->tiles),
		    &A->tree, G.leaves, G.n);
	free(G.leaves);
	if (rc)
		warnx("the directory tree cannot be updated");
	return (rc);
}

/* Hashes before this delimiter are no base of a later one. */
static int
forget_hashes(struct apply_state * A, struct view * view)
{
	uint8_t key[ROWKEY_MAX];
	size_t klen;

	for (uint64_t i = A->delimiter; i < A->index; i++) {
		klen = rowkey_number(key, APPLY_TABLE_HASH, i);
		if (view_del(view, key, klen))
			return (-1);
	}
	return (0);
}

/* Close the epoch of ${D}: its head record, its place in the epoch log. */
static int
close_epoch(struct apply_state * A, struct view * view,
    const struct log_entry_delimiter * D)
{
	uint8_t key[ROWKEY_MAX], row[HEAD_LEN + HASH_LEN], leaf[HASH_LEN];
	struct head head;

	if (update_tree(A, view) || forget_hashes(A, view) ||
	    apply_step_policy(A, view))
		return (-1);
	memcpy(head.realm, A->realm->realm_hash, HASH_LEN);
	head.epoch = D->epoch;
	memcpy(head.root, A->tree.hash, HASH_LEN);
	head.time_ms = D->time_ms;
	head.updates = A->pending;
	memcpy(head.list, A->list, HASH_LEN);
	memcpy(head.policy, apply_state_policy(A, D->epoch + 1)->hash,
	    HASH_LEN);
	head_put(&head, row);
	merkle_leaf_hash(row, HEAD_LEN, leaf);
	if (merkle_range_append(&A->range, leaf, NULL, NULL))
		return (-1);
	merkle_range_root(&A->range, row + HEAD_LEN);
	if (view_put(view, key, rowkey_number(key, APPLY_TABLE_EPOCH, D->epoch),
	    row, sizeof(row)))
		return (-1);
	A->closed = D->epoch;
	A->time_ms = D->time_ms;
	A->delimiter = A->index;
	A->pending = A->pending_bytes = 0;
	head_list_init(A->list);
	return (apply_event(A, view, EVENT_EPOCH, row, HEAD_LEN));
}

int
apply_step_delimiter(struct apply_state * A, struct view * view,
    const struct log_entry * E, const char ** rule)
{
	struct log_entry_delimiter D;

	if (log_entry_get_delimiter(E->body, E->body_len, &D))
		panic("a delimiter that log_entry_rule let pass");
	if (check(A, view, &D, rule))
		return (-1);
	return (*rule == NULL ? close_epoch(A, view, &D) : 0);
}
