#include <err.h>
#include <stdint.h>
#include <string.h>

#include "codec/rbuf.h"
#include "realm/realm.h"
#include "store/view.h"

#include "keyids_state.h"

static const uint8_t CURSOR[] = "\001cursor";
static const uint8_t STATE[] = "\001state";

int
keyids_state_finish(struct keyids_state * S, struct view * view)
{

	wbuf_reset(&S->out);
	wbuf_put_u64(&S->out, S->cursor);
	if (wbuf_failed(&S->out) || view_put(view, CURSOR, sizeof(CURSOR) - 1,
	    S->out.data, S->out.len))
		goto memory;
	wbuf_reset(&S->out);
	wbuf_put_bytes(&S->out, S->realm->realm_hash, HASH_LEN);
	wbuf_put_u64(&S->out, S->closed);
	wbuf_put_u64(&S->out, S->signed_epoch);
	wbuf_put_u64(&S->out, S->entries);
	wbuf_put_u64(&S->out, S->ids);
	if (wbuf_failed(&S->out) || view_put(view, STATE, sizeof(STATE) - 1,
	    S->out.data, S->out.len))
		goto memory;
	return (0);

memory:
	warnx("out of memory");
	return (-1);
}

/* Decode the rows that keyids_state_finish put; 1 if there are none, -2 damaged. */
static int
load(struct keyids_state * S, struct view * view, uint8_t realm[HASH_LEN])
{
	struct rbuf R;
	int rc;

	if ((rc = view_get(view, CURSOR, sizeof(CURSOR) - 1, &S->row)) != 0)
		return (rc);
	rbuf_init(&R, S->row.data, S->row.len);
	S->cursor = rbuf_get_u64(&R);
	if (rbuf_end(&R))
		return (-2);
	if ((rc = view_get(view, STATE, sizeof(STATE) - 1, &S->row)) != 0)
		return (rc < 0 ? -1 : -2);
	rbuf_init(&R, S->row.data, S->row.len);
	rbuf_copy(&R, realm, HASH_LEN);
	S->closed = rbuf_get_u64(&R);
	S->signed_epoch = rbuf_get_u64(&R);
	S->entries = rbuf_get_u64(&R);
	S->ids = rbuf_get_u64(&R);
	return (rbuf_end(&R) || S->signed_epoch > S->closed ? -2 : 0);
}

int
keyids_state_open(struct keyids_state * S, const struct realm * realm,
    struct view * view)
{
	uint8_t hash[HASH_LEN];
	int rc;

	memset(S, 0, sizeof(*S));
	S->realm = realm;
	wbuf_init(&S->out, KEYIDS_RECORD_MAX);
	rc = load(S, view, hash);
	if (rc == -2)
		warnx("the database is damaged: remove it, it is made again by "
		    "replay");
	if (rc < 0)
		return (rc == -2 ? 1 : -1);
	if (rc == 1 || memcmp(hash, realm->realm_hash, HASH_LEN) == 0)
		return (0);
	warnx("the database is of another realm than realm.conf");
	return (1);
}

void
keyids_state_free(struct keyids_state * S)
{

	bytes_free(&S->row);
	wbuf_free(&S->out);
}
