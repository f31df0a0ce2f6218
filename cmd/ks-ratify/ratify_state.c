#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "codec/rbuf.h"
#include "entry/limits.h"
#include "note/note.h"
#include "policy/history.h"
#include "proto/rows.h"
#include "realm/realm.h"
#include "store/view.h"

#include "ratify_policy.h"
#include "ratify_state.h"

/* Longest value that is put together here: a cosignature row with its note. */
#define VALUE_MAX ((size_t)NOTE_LEN_MAX + 4096)

static const uint8_t STATE[] = "\001state";
static const uint8_t HALTED[] = "\001halted";

int
ratify_state_put(struct ratify_state * A, struct view * view)
{

	wbuf_reset(&A->out);
	wbuf_put_u64(&A->out, A->epoch);
	wbuf_put_bytes(&A->out, A->head, HEAD_LEN);
	rows_put_tree(&A->out, &A->tree);
	rows_put_range(&A->out, &A->before);
	wbuf_put_u64(&A->out, A->ratified);
	if (wbuf_failed(&A->out))
		return (-1);
	return (view_put(view, STATE, sizeof(STATE) - 1, A->out.data,
	    A->out.len));
}

/* The epoch log with the last head, which the row has apart. */
static int
extend(struct ratify_state * A)
{
	uint8_t leaf[HASH_LEN];

	A->range = A->before;
	if (A->epoch == 0)
		return (A->before.size == 0 ? 0 : -1);
	merkle_leaf_hash(A->head, HEAD_LEN, leaf);
	if (A->before.size != A->epoch - 1)
		return (-1);
	return (merkle_range_append(&A->range, leaf, NULL, NULL));
}

/* Does the state fit its realm and itself? */
static int
check(struct ratify_state * A)
{
	struct head head;

	if (extend(A))
		return (-1);
	if (A->epoch == 0)
		return (0);
	return (head_parse(&head, A->head, HEAD_LEN) ||
	    head.epoch != A->epoch ||
	    memcmp(head.realm, A->realm->realm_hash, HASH_LEN) != 0 ||
	    memcmp(head.policy, ratify_policy_at(A, A->epoch + 1)->hash,
	    HASH_LEN) != 0 ||
	    memcmp(head.root, A->tree.hash, TREE_HASH) != 0 ? -1 : 0);
}

static int
load(struct ratify_state * A, struct view * view)
{
	struct rbuf R;
	int rc;

	if ((rc = view_get(view, STATE, sizeof(STATE) - 1, &A->row)) != 0)
		return (rc);
	rbuf_init(&R, A->row.data, A->row.len);
	A->epoch = rbuf_get_u64(&R);
	rbuf_copy(&R, A->head, HEAD_LEN);
	rows_get_tree(&R, &A->tree);
	rows_get_range(&R, &A->before);
	A->ratified = rbuf_get_u64(&R);
	return (rbuf_end(&R) || check(A) ? -2 : 0);
}

/* Count a row. */
static int
count(void * cookie, const uint8_t * key, size_t klen, const uint8_t * value,
    size_t vlen)
{
	uint64_t * n = cookie;

	(void)key;
	(void)klen;
	(void)value;
	(void)vlen;
	++*n;
	return (0);
}

int
ratify_state_open(struct ratify_state * A, const struct realm * realm,
    const struct sign_key * key, struct view * view)
{
	static const uint8_t from = RATIFY_TABLE_WAITING,
	    to = RATIFY_TABLE_WAITING + 1;
	int rc;

	memset(A, 0, sizeof(*A));
	A->realm = realm;
	A->key = key;
	wbuf_init(&A->out, VALUE_MAX);
	if (tiles_init(&A->tiles, view, NULL, TILES_DELETE,
	    RATIFY_CACHE_TILES)) {
		warnx("out of memory");
		return (-1);
	}
	tree_root_empty(&A->tree, realm->nonce);
	merkle_range_init(&A->before);
	merkle_range_init(&A->range);
	if ((rc = ratify_policy_open(A, view)) != 0)
		return (rc);
	if ((rc = load(A, view)) == -2) {
		warnx("the database is damaged, or of another realm or policy "
		    "than realm.conf");
		return (1);
	}
	if (rc < 0 || view_scan(view, &from, 1, &to, 1, count, &A->waiting))
		return (-1);
	return (0);
}

int
ratify_state_halted(struct ratify_state * A, struct view * view,
    struct ratify_halted * H)
{
	const uint8_t * rule, * path;
	size_t rule_len, path_len;
	struct rbuf R;
	int rc;

	rc = view_get(view, HALTED, sizeof(HALTED) - 1, &A->row);
	if (rc != 0)
		return (rc);
	memset(H, 0, sizeof(*H));
	rbuf_init(&R, A->row.data, A->row.len);
	H->epoch = rbuf_get_u64(&R);
	rule = rbuf_get_var8(&R, sizeof(H->rule) - 1, &rule_len);
	path = rbuf_get_var16(&R, sizeof(H->path) - 1, &path_len);
	if (rbuf_end(&R)) {
		/* It is there, and that is what counts. */
		warnx("the row \"halted\" is damaged");
		return (0);
	}
	memcpy(H->rule, rule, rule_len);
	memcpy(H->path, path, path_len);
	return (0);
}

int
ratify_state_put_halted(struct ratify_state * A, struct view * view,
    const struct ratify_halted * H)
{

	wbuf_reset(&A->out);
	wbuf_put_u64(&A->out, H->epoch);
	wbuf_put_str8(&A->out, H->rule);
	wbuf_put_var16(&A->out, H->path, strlen(H->path));
	if (wbuf_failed(&A->out))
		return (-1);
	return (view_put(view, HALTED, sizeof(HALTED) - 1, A->out.data,
	    A->out.len));
}

/* The first row's epoch. */
static int
first(void * cookie, const uint8_t * key, size_t klen, const uint8_t * value,
    size_t vlen)
{
	struct rbuf R;

	(void)value;
	(void)vlen;
	rbuf_init(&R, key + 1, klen - 1);
	*(uint64_t *)cookie = rbuf_get_u64(&R);
	return (1);
}

int
ratify_state_oldest(struct ratify_state * A, struct view * view,
    uint64_t * epoch)
{
	static const uint8_t from = RATIFY_TABLE_WAITING,
	    to = RATIFY_TABLE_WAITING + 1;
	int rc;

	(void)A;
	rc = view_scan(view, &from, 1, &to, 1, first, epoch);
	return (rc < 0 ? -1 : !rc);
}

int
ratify_row_get(const uint8_t * p, size_t len, struct ratify_row * row)
{
	struct rbuf R;

	rbuf_init(&R, p, len);
	row->time_s = rbuf_get_u64(&R);
	rbuf_copy(&R, row->sig, SIGN_LEN);
	row->head = rbuf_get_bytes(&R, HEAD_LEN);
	row->note = (const char *)rbuf_get_var32(&R, NOTE_LEN_MAX,
	    &row->note_len);
	if (rbuf_end(&R)) {
		warnx("a row of the table \"cosignature\" is damaged");
		return (-1);
	}
	return (0);
}

void
ratify_state_free(struct ratify_state * A)
{

	policy_history_free(A->policies);
	tiles_free(&A->tiles);
	bytes_free(&A->row);
	bytes_free(&A->current);
	wbuf_free(&A->out);
}
