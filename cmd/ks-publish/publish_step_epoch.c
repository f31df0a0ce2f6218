#include <err.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/stdlib.h>

#include "entry/entry.h"
#include "entry/limits.h"
#include "entry/update.h"
#include "head/head.h"
#include "merkle/merkle.h"
#include "policy/history.h"
#include "proto/rows.h"
#include "realm/realm.h"
#include "store/rowkey.h"
#include "store/view.h"
#include "tree/tree.h"

#include "publish_state.h"
#include "publish_step.h"

/* The leaves of an epoch while they are gathered from its update rows. */
struct gather {
	struct publish_state * P;
	struct tree_leaf * leaves;
	size_t n;
	size_t max;
	uint8_t list[HASH_LEN];		/* of the updates, as in a head */
};

static int
gather_row(void * cookie, const uint8_t * key, size_t klen, const uint8_t * value,
    size_t vlen)
{
	struct gather * G = cookie;
	struct tree_leaf * leaf;
	struct update U;

	(void)key;
	(void)klen;
	if (G->n == G->max || update_parse(&U, value, vlen)) {
		publish_fault(G->P, "a row of the table \"update\" is damaged");
		return (-1);
	}
	head_list_add(G->list, value, vlen);
	leaf = &G->leaves[G->n++];
	memcpy(leaf->index, U.entry.index, INDEX_LEN);
	entry_value(leaf->value, U.entry_data, U.entry_len);
	return (0);
}

static int
by_index(const void * a, const void * b)
{
	const struct tree_leaf * x = a;
	const struct tree_leaf * y = b;

	return (memcmp(x->index, y->index, TREE_HASH));
}

/* Keep the last of each index; ${leaves} are in the order of the log. */
static int
keep_last(struct tree_leaf * leaves, size_t * n)
{
	size_t kept = 0;

	/* A stable sort: those of one index stay in the order of the log. */
	if (*n > 1 && mergesort(leaves, *n, sizeof(*leaves), by_index))
		return (-1);
	for (size_t i = 0; i < *n; i++)
		if (i + 1 == *n || by_index(&leaves[i], &leaves[i + 1]) != 0)
			leaves[kept++] = leaves[i];
	*n = kept;
	return (0);
}

/* Flush the updates of ${epoch} into the tree; store the hash of all of them. */
static int
update_tree(struct publish_state * P, struct view * view, uint64_t epoch,
    uint8_t list[HASH_LEN])
{
	uint8_t from[ROWKEY_MAX], to[ROWKEY_MAX];
	struct gather G = { .P = P, .max = P->updates };
	size_t len;
	int rc = -1;

	wbuf_reset(&P->tiles.dropped);
	head_list_init(list);
	if (P->updates == 0)
		return (0);
	if ((G.leaves = calloc(G.max, sizeof(*G.leaves))) == NULL)
		goto err0;
	memcpy(G.list, list, HASH_LEN);
	len = rowkey_number(from, PUBLISH_TABLE_UPDATE, epoch);
	rowkey_number(to, PUBLISH_TABLE_UPDATE, epoch + 1);
	if (view_scan(view, from, len, to, len, gather_row, &G) == 0 &&
	    G.n == G.max && keep_last(G.leaves, &G.n) == 0)
		rc = tree_update(P->realm->nonce, tiles_nodes(&P->tiles), &P->tree,
		    G.leaves, G.n);
	memcpy(list, G.list, HASH_LEN);
	free(G.leaves);
	if (rc)
		goto err0;
	return (0);

err0:
	warnx("the directory tree of epoch %" PRIu64 " cannot be made", epoch);
	return (-1);
}

/* The tiles that only older epochs need, in rows that stay small. */
static int
put_superseded(struct publish_state * P, struct view * view, uint64_t epoch)
{
	const struct wbuf * ids = &P->tiles.dropped;
	const size_t most = PUBLISH_SUPERSEDED_IDS * sizeof(uint64_t);
	uint8_t key[ROWKEY_MAX];
	uint32_t number = 0;
	size_t klen, len;

	for (size_t at = 0; at < ids->len; at += len) {
		len = ids->len - at < most ? ids->len - at : most;
		klen = rowkey_number(key, PUBLISH_TABLE_SUPERSEDED, epoch);
		klen = rowkey_u32(key, klen, number++);
		if (view_put(view, key, klen, ids->data + at, len))
			return (-1);
	}
	return (0);
}

static int
put_subtree(void * cookie, uint8_t level, uint64_t number,
    const uint8_t hash[HASH_LEN])
{
	struct view * view = cookie;
	uint8_t key[ROWKEY_MAX];
	size_t klen = rowkey_begin(key, PUBLISH_TABLE_SUBTREE);

	klen = rowkey_u8(key, klen, level);
	klen = rowkey_u64(key, klen, number);
	return (view_put(view, key, klen, hash, HASH_LEN));
}

/* Append the head to the epoch log and put the rows of its epoch. */
static int
put_epoch(struct publish_state * P, struct view * view, const uint8_t * record,
    uint64_t epoch)
{
	uint8_t key[ROWKEY_MAX], leaf[HASH_LEN], root[HASH_LEN];
	size_t klen = rowkey_number(key, PUBLISH_TABLE_EPOCH, epoch);

	merkle_leaf_hash(record, HEAD_LEN, leaf);
	if (merkle_range_append(&P->range, leaf, put_subtree, view))
		return (-1);
	merkle_range_root(&P->range, root);
	wbuf_reset(&P->out);
	wbuf_put_bytes(&P->out, record, HEAD_LEN);
	wbuf_put_bytes(&P->out, root, HASH_LEN);
	rows_put_tree(&P->out, &P->tree);
	if (wbuf_failed(&P->out) ||
	    view_put(view, key, klen, P->out.data, P->out.len))
		return (-1);
	return (put_superseded(P, view, epoch));
}

int
publish_step_epoch(struct publish_state * P, struct view * view,
    const uint8_t * body, size_t len)
{
	uint8_t list[HASH_LEN];
	struct head H;

	if (head_parse(&H, body, len))
		return (publish_fault(P, "a malformed head"));
	if (memcmp(H.realm, P->realm->realm_hash, HASH_LEN) != 0)
		return (publish_fault(P, "the head of another realm"));
	if (H.epoch != P->closed + 1)
		return (publish_fault(P, "the head of epoch %" PRIu64 " while %"
		    PRIu64 " is the last closed one", H.epoch, P->closed));
	if (H.updates != P->updates)
		return (publish_fault(P, "the head of epoch %" PRIu64 " counts %"
		    PRIu64 " updates, but there were %" PRIu32, H.epoch, H.updates,
		    P->updates));
	if (memcmp(H.policy, policy_history_at(P->policies, H.epoch + 1)->hash,
	    HASH_LEN) != 0)
		return (publish_fault(P, "the head of epoch %" PRIu64
		    " names another policy than comes after it", H.epoch));
	if (update_tree(P, view, H.epoch, list))
		return (-1);
	if (memcmp(H.list, list, HASH_LEN) != 0)
		return (publish_fault(P, "the head of epoch %" PRIu64
		    " is of other updates than there were", H.epoch));
	if (memcmp(H.root, P->tree.hash, HASH_LEN) != 0)
		return (publish_fault(P, "the root of the head of epoch %" PRIu64
		    " is not that of its updates", H.epoch));
	if (put_epoch(P, view, body, H.epoch)) {
		warnx("out of memory");
		return (-1);
	}
	P->closed = H.epoch;
	P->updates = 0;
	return (0);
}
