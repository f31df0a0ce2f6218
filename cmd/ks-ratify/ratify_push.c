#include <err.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "codec/rbuf.h"
#include "codec/wbuf.h"
#include "proto/signature.h"
#include "store/rowkey.h"
#include "store/store.h"

#include "ratify_policy.h"
#include "ratify_push.h"
#include "ratify_state.h"

void
ratify_push_add(struct ratify_push * P, uint64_t epoch, uint64_t needs)
{
	struct ratify_open * O;

	/* One more than fits is found in the store when its turn comes. */
	if (P->n == RATIFY_PUSH_MAX)
		return;
	O = &P->open[P->n++];
	memset(O, 0, sizeof(*O));
	O->epoch = epoch;
	O->needs = needs;
	O->retry.first_ms = RATIFY_RETRY_MS_MIN;
	O->retry.most_ms = RATIFY_RETRY_MS_MAX;
}

static int
load_row(void * cookie, const uint8_t * key, size_t klen, const uint8_t * value,
    size_t vlen)
{
	struct ratify_push * P = cookie;
	struct rbuf R;

	(void)value;
	(void)vlen;
	rbuf_init(&R, key + 1, klen - 1);
	ratify_push_add(P, rbuf_get_u64(&R), store_number(P->store));
	return (P->n == RATIFY_PUSH_MAX);
}

/* Take what waits from ${epoch} on from the store. */
static int
load(struct ratify_push * P, uint64_t epoch)
{
	static const uint8_t to = RATIFY_TABLE_WAITING + 1;
	uint8_t from[ROWKEY_MAX];
	size_t len = rowkey_number(from, RATIFY_TABLE_WAITING, epoch);

	return (store_scan(P->store, from, len, &to, 1, load_row, P) < 0 ?
	    -1 : 0);
}

int
ratify_push_init(struct ratify_push * P, const struct ratify_state * A,
    struct store * S)
{

	memset(P, 0, sizeof(*P));
	P->state = A;
	P->store = S;
	return (load(P, 0));
}

int
ratify_push_back(struct ratify_push * P, uint64_t epoch)
{
	int was_full = P->n == RATIFY_PUSH_MAX;
	size_t i;

	for (i = 0; i < P->n && P->open[i].epoch != epoch; i++)
		continue;
	if (i == P->n)
		return (0);
	memmove(&P->open[i], &P->open[i + 1],
	    (--P->n - i) * sizeof(P->open[0]));
	return (was_full ? load(P, P->open[P->n - 1].epoch + 1) : 0);
}

void
ratify_push_again(struct ratify_push * P)
{

	for (size_t i = 0; i < P->n; i++)
		P->open[i].retry.tries = 0;
}

/* Append the RATIFY of ${O}, from the row that was committed. */
static int
put(struct ratify_push * P, const struct ratify_open * O, struct wbuf * W)
{
	const struct vkey * own = ratify_policy_own(P->state, O->epoch);
	struct signature_ratification S;
	struct ratify_row row;
	uint8_t key[ROWKEY_MAX];

	if (own == NULL || store_get(P->store, key, rowkey_number(key,
	    RATIFY_TABLE_COSIGNATURE, O->epoch), &P->row) != 0 ||
	    ratify_row_get(P->row.data, P->row.len, &row)) {
		warnx("the cosignature of epoch %" PRIu64 " cannot be read",
		    O->epoch);
		return (-1);
	}
	S.epoch = O->epoch;
	memcpy(S.key_id, own->id, VKEY_ID_LEN);
	S.time_s = row.time_s;
	memcpy(S.sig, row.sig, SIGN_LEN);
	signature_put_ratification(W, &S);
	return (0);
}

int
ratify_push_next(struct ratify_push * P, uint64_t now_ms, struct wbuf * W,
    uint64_t * needs, uint64_t * next_ms)
{
	struct ratify_open * O;
	uint64_t at_ms;

	*next_ms = DUE_NEVER;
	for (size_t i = 0; i < P->n; i++) {
		O = &P->open[i];
		if (due_retry(&O->retry, now_ms, &at_ms)) {
			if (put(P, O, W))
				return (-1);
			P->pushes++;
			P->retries += O->pushed != 0;
			O->pushed = 1;
			due_retry_made(&O->retry, now_ms);
			*needs = O->needs;
			return (1);
		}
		if (at_ms < *next_ms)
			*next_ms = at_ms;
	}
	return (0);
}

void
ratify_push_free(struct ratify_push * P)
{

	bytes_free(&P->row);
}
