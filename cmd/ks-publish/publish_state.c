#include <err.h>
#include <stdint.h>
#include <string.h>

#include "codec/rbuf.h"
#include "head/head.h"
#include "policy/history.h"
#include "proto/rows.h"
#include "realm/realm.h"
#include "stage/policies.h"
#include "store/rowkey.h"
#include "store/store.h"
#include "store/view.h"

#include "publish_state.h"

static const char CURSOR[] = "cursor";
static const char STATE[] = "state";
static const char SECRET[] = "secret";

/* Read the meta row ${name} into the scratch row, as view_get. */
static int
get_meta(struct publish_state * P, struct view * view, const char * name)
{
	uint8_t key[ROWKEY_MAX];
	size_t len = rowkey_begin(key, PUBLISH_TABLE_META);

	len = rowkey_bytes(key, len, name, strlen(name));
	return (view_get(view, key, len, &P->row));
}

/* Put what is in the scratch buffer as the meta row ${name}. */
static int
put_meta(struct publish_state * P, struct view * view, const char * name)
{
	uint8_t key[ROWKEY_MAX];
	size_t len = rowkey_begin(key, PUBLISH_TABLE_META);

	len = rowkey_bytes(key, len, name, strlen(name));
	if (wbuf_failed(&P->out) ||
	    view_put(view, key, len, P->out.data, P->out.len)) {
		warnx("out of memory");
		return (-1);
	}
	return (0);
}

int
publish_state_finish(struct publish_state * P, struct view * view)
{

	wbuf_reset(&P->out);
	wbuf_put_u64(&P->out, P->cursor);
	if (put_meta(P, view, CURSOR))
		return (-1);
	wbuf_reset(&P->out);
	wbuf_put_u64(&P->out, P->closed);
	wbuf_put_u64(&P->out, P->signed_epoch);
	wbuf_put_u32(&P->out, P->updates);
	rows_put_tree(&P->out, &P->tree);
	rows_put_range(&P->out, &P->range);
	if (put_meta(P, view, STATE))
		return (-1);
	wbuf_reset(&P->out);
	wbuf_put_bytes(&P->out, P->secret, sizeof(P->secret));
	return (put_meta(P, view, SECRET));
}

/* Read the rows that publish_state_finish put; 1 if one is missing or damaged. */
static int
load(struct publish_state * P, struct view * view)
{
	struct rbuf R;
	int rc;

	if ((rc = get_meta(P, view, STATE)) != 0)
		return (rc);
	rbuf_init(&R, P->row.data, P->row.len);
	P->closed = rbuf_get_u64(&R);
	P->signed_epoch = rbuf_get_u64(&R);
	P->updates = rbuf_get_u32(&R);
	rows_get_tree(&R, &P->tree);
	rows_get_range(&R, &P->range);
	if (rbuf_end(&R) || P->range.size != P->closed ||
	    P->signed_epoch > P->closed)
		return (1);
	if ((rc = get_meta(P, view, SECRET)) != 0)
		return (rc);
	rbuf_init(&R, P->row.data, P->row.len);
	rbuf_copy(&R, P->secret, sizeof(P->secret));
	return (rbuf_end(&R) ? 1 : 0);
}

/* Is the last closed epoch one of this realm?  0, 1 if not, or -1. */
static int
check_realm(struct publish_state * P, struct view * view)
{
	uint8_t key[ROWKEY_MAX];
	struct head H;
	int rc;

	if (P->closed == 0)
		return (0);
	if ((rc = view_get(view, key, rowkey_number(key, PUBLISH_TABLE_EPOCH,
	    P->closed), &P->row)) < 0)
		return (-1);
	if (rc == 1 || P->row.len != PUBLISH_EPOCH_ROW_LEN ||
	    head_parse(&H, P->row.data, HEAD_LEN) || H.epoch != P->closed) {
		warnx("the row of the last closed epoch is damaged: remove the "
		    "database, it is made again by replay");
		return (1);
	}
	if (memcmp(H.realm, P->realm->realm_hash, HASH_LEN) != 0) {
		warnx("the database is of another realm than realm.conf");
		return (1);
	}
	return (0);
}

int
publish_state_open(struct publish_state * P, const struct realm * realm,
    struct view * view, const uint8_t * secret)
{
	struct rbuf R;
	int rc;

	memset(P, 0, sizeof(*P));
	P->realm = realm;
	wbuf_init(&P->out, STORE_VALUE_MAX);
	tree_root_empty(&P->tree, realm->nonce);
	merkle_range_init(&P->range);
	if (tiles_init(&P->tiles, view, NULL, TILES_NOTE, PUBLISH_STEP_TILES)) {
		warnx("out of memory");
		return (-1);
	}
	if ((rc = policies_open(realm, view, PUBLISH_TABLE_POLICY,
	    &P->policies)) != 0)
		return (rc);
	if ((rc = get_meta(P, view, CURSOR)) < 0)
		return (-1);
	if (rc == 1) {
		memcpy(P->secret, secret, sizeof(P->secret));
		return (0);
	}
	rbuf_init(&R, P->row.data, P->row.len);
	P->cursor = rbuf_get_u64(&R);
	if (rbuf_end(&R) || (rc = load(P, view)) == 1) {
		warnx("the database is damaged: remove it, it is made again by "
		    "replay");
		return (1);
	}
	return (rc < 0 ? -1 : check_realm(P, view));
}

void
publish_state_free(struct publish_state * P)
{

	policy_history_free(P->policies);
	tiles_free(&P->tiles);
	bytes_free(&P->row);
	wbuf_free(&P->out);
}
