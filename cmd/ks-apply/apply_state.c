#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "base/panic.h"
#include "codec/rbuf.h"
#include "entry/limits.h"
#include "head/head.h"
#include "policy/history.h"
#include "proto/log_entry.h"
#include "proto/rows.h"
#include "realm/realm.h"
#include "stage/policies.h"
#include "stage/stage.h"
#include "store/rowkey.h"
#include "store/store.h"
#include "store/view.h"

#include "apply_state.h"

/* Longest value that is put together here: an event with update and profile. */
#define VALUE_MAX ((size_t)256 * 1024)

static const char CHOSEN[] = "chosen";
static const char CURSOR[] = "cursor";
static const char REALM[] = "realm";
static const char STATE[] = "state";

/* Read the meta row ${name} into the scratch row, as view_get. */
static int
get_meta(struct apply_state * A, struct view * view, const char * name)
{
	uint8_t key[ROWKEY_MAX];
	size_t len = rowkey_named(key, APPLY_TABLE_META, name, strlen(name));

	return (view_get(view, key, len, &A->row));
}

static int
put_meta(struct apply_state * A, struct view * view, const char * name)
{
	uint8_t key[ROWKEY_MAX];
	size_t len = rowkey_named(key, APPLY_TABLE_META, name, strlen(name));

	if (wbuf_failed(&A->out))
		return (-1);
	return (view_put(view, key, len, A->out.data, A->out.len));
}

/* The realm row: the names that everything else in the store depends on. */
static void
put_realm(struct apply_state * A)
{

	wbuf_reset(&A->out);
	wbuf_put_bytes(&A->out, A->realm->realm_hash, HASH_LEN);
	wbuf_put_bytes(&A->out, A->realm->policy_hash, HASH_LEN);
}

int
apply_state_finish(void * cookie, struct view * view)
{
	struct apply_state * A = cookie;

	wbuf_reset(&A->out);
	wbuf_put_u64(&A->out, A->index);
	wbuf_put_bytes(&A->out, A->log_hash, HASH_LEN);
	if (put_meta(A, view, CURSOR))
		return (-1);
	put_realm(A);
	if (put_meta(A, view, REALM))
		return (-1);
	wbuf_reset(&A->out);
	wbuf_put_u64(&A->out, A->closed);
	wbuf_put_u64(&A->out, A->signed_epoch);
	wbuf_put_u64(&A->out, A->time_ms);
	wbuf_put_u64(&A->out, A->delimiter);
	wbuf_put_u64(&A->out, A->events);
	wbuf_put_u64(&A->out, A->pending);
	wbuf_put_u64(&A->out, A->pending_bytes);
	wbuf_put_bytes(&A->out, A->list, HASH_LEN);
	rows_put_tree(&A->out, &A->tree);
	rows_put_range(&A->out, &A->range);
	return (put_meta(A, view, STATE));
}

/* The policy that is chosen, if one is; 1 if its row is damaged. */
static int
load_chosen(struct apply_state * A, struct view * view)
{
	const uint8_t * text;
	struct rbuf R;
	size_t len;
	int rc;

	if ((rc = get_meta(A, view, CHOSEN)) != 0)
		return (rc < 0 ? -1 : 0);
	rbuf_init(&R, A->row.data, A->row.len);
	A->chosen = rbuf_get_u64(&R);
	text = rbuf_get_var16(&R, POLICY_LEN_MAX, &len);
	if (rbuf_end(&R) || A->chosen == 0)
		return (1);
	return (bytes_set(&A->chosen_text, text, len));
}

int
apply_state_choose(struct apply_state * A, struct view * view, uint64_t number,
    const void * text, size_t len)
{
	uint8_t key[ROWKEY_MAX];

	A->chosen = number;
	if (number == 0)
		return (view_del(view, key, rowkey_named(key, APPLY_TABLE_META,
		    CHOSEN, strlen(CHOSEN))));
	wbuf_reset(&A->out);
	wbuf_put_u64(&A->out, number);
	wbuf_put_var16(&A->out, text, len);
	if (bytes_set(&A->chosen_text, text, len))
		return (-1);
	return (put_meta(A, view, CHOSEN));
}

const struct policy_era *
apply_state_policy(const struct apply_state * A, uint64_t epoch)
{
	const struct policy_era * era = policy_history_at(A->policies, epoch);

	PANIC_UNLESS(era != NULL);
	return (era);
}

/* Decode the rows that apply_state_finish put; 1 if they are damaged. */
static int
load(struct apply_state * A, struct view * view)
{
	struct rbuf R;
	int rc;

	if ((rc = get_meta(A, view, CURSOR)) != 0)
		return (rc);
	rbuf_init(&R, A->row.data, A->row.len);
	A->index = rbuf_get_u64(&R);
	rbuf_copy(&R, A->log_hash, HASH_LEN);
	if (rbuf_end(&R))
		return (1);
	if ((rc = get_meta(A, view, STATE)) != 0)
		return (rc);
	rbuf_init(&R, A->row.data, A->row.len);
	A->closed = rbuf_get_u64(&R);
	A->signed_epoch = rbuf_get_u64(&R);
	A->time_ms = rbuf_get_u64(&R);
	A->delimiter = rbuf_get_u64(&R);
	A->events = rbuf_get_u64(&R);
	A->pending = rbuf_get_u64(&R);
	A->pending_bytes = rbuf_get_u64(&R);
	rbuf_copy(&R, A->list, HASH_LEN);
	rows_get_tree(&R, &A->tree);
	rows_get_range(&R, &A->range);
	return (rbuf_end(&R) ? 1 : load_chosen(A, view));
}

int
apply_state_open(struct apply_state * A, const struct realm * realm,
    struct view * view)
{
	int rc;

	memset(A, 0, sizeof(*A));
	A->realm = realm;
	wbuf_init(&A->out, VALUE_MAX);
	if ((A->prepared = calloc(STAGE_EVENTS_MAX, sizeof(*A->prepared))) == NULL)
		goto err0;
	if (tiles_init(&A->tiles, view, NULL, TILES_DELETE, APPLY_CACHE_TILES))
		goto err0;
	log_entry_hash_first(realm->name, A->log_hash);
	tree_root_empty(&A->tree, realm->nonce);
	merkle_range_init(&A->range);
	head_list_init(A->list);
	if ((rc = get_meta(A, view, REALM)) < 0)
		return (-1);
	if (rc == 1)
		return (policies_open(realm, view, APPLY_TABLE_POLICY,
		    &A->policies));
	put_realm(A);
	if (wbuf_failed(&A->out))
		goto err0;
	if (A->row.len != A->out.len ||
	    memcmp(A->row.data, A->out.data, A->row.len) != 0) {
		warnx("the database is of another realm or policy than realm.conf");
		return (1);
	}
	if ((rc = policies_open(realm, view, APPLY_TABLE_POLICY,
	    &A->policies)) == 0)
		rc = load(A, view);
	if (rc == 1)
		warnx("the database is damaged: remove it, it is made again "
		    "from the log");
	return (rc);

err0:
	warnx("out of memory");
	return (-1);
}

void
apply_state_free(struct apply_state * A)
{

	for (size_t i = 0; i < A->nprepared; i++)
		rules_free(&A->prepared[i]);
	free(A->prepared);
	tiles_free(&A->tiles);
	bytes_free(&A->row);
	bytes_free(&A->current);
	bytes_free(&A->chosen_text);
	policy_history_free(A->policies);
	wbuf_free(&A->out);
}
