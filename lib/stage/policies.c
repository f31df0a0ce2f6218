#include <err.h>
#include <stdint.h>
#include <string.h>

#include "codec/rbuf.h"
#include "codec/wbuf.h"
#include "policy/history.h"
#include "proto/policy.h"
#include "realm/realm.h"
#include "store/rowkey.h"
#include "store/view.h"

#include "stage/policies.h"

/* Bytes of the longest row, with the epoch that is its key. */
#define POLICY_MAX	(8 + 8 + 2 + POLICY_LEN_MAX)

/* What reading the table is about. */
struct loading {
	struct policy_history * H;
	int memory;			/* it is short */
};

/* Add ${P} to ${H}; as policies_add. */
static int
add(struct policy_history * H, const struct proto_policy * P)
{
	struct policy_error error;

	if (policy_history_add(H, P->epoch, P->number, P->text, P->len,
	    &error) == 0)
		return (0);
	if (error.rule != NULL)
		return (1);
	warnx("out of memory");
	return (-1);
}

static int
load_row(void * cookie, const uint8_t * key, size_t klen, const uint8_t * value,
    size_t vlen)
{
	struct loading * L = cookie;
	struct proto_policy P;
	struct rbuf R;
	uint64_t epoch;
	int rc = 1;

	rbuf_init(&R, key + 1, klen - 1);
	epoch = rbuf_get_u64(&R);
	if (rbuf_end(&R) == 0 &&
	    proto_policy_get_row(epoch, value, vlen, &P) == 0 &&
	    (rc = add(L->H, &P)) == 0)
		return (0);
	L->memory = rc == -1;
	return (-1);
}

static int
put_row(struct view * view, uint8_t table, const struct proto_policy * P)
{
	uint8_t key[ROWKEY_MAX];
	struct wbuf W;
	int rc = -1;

	wbuf_init(&W, POLICY_MAX);
	proto_policy_put(&W, P);
	if (wbuf_failed(&W) == 0)
		rc = view_put(view, key, rowkey_number(key, table, P->epoch),
		    W.data + PROTO_POLICY_EPOCH_LEN,
		    W.len - PROTO_POLICY_EPOCH_LEN);
	wbuf_free(&W);
	if (rc)
		warnx("out of memory");
	return (rc);
}

/* Is the first policy of ${H} that of ${realm}?  0, or 1 after a line. */
static int
check_first(const struct realm * realm, const struct policy_history * H)
{
	const struct policy_era * first = policy_history_at(H, 1);

	if (first != NULL && first->number == 1 &&
	    memcmp(first->hash, realm->policy_hash, HASH_LEN) == 0)
		return (0);
	warnx("realm.conf has another policy than the first of this database: "
	    "there it stays, later ones come out of the log");
	return (1);
}

int
policies_add(struct policy_history * H, struct view * view, uint8_t table,
    const struct proto_policy * P)
{
	int rc;

	if ((rc = add(H, P)) != 0)
		return (rc);
	return (put_row(view, table, P));
}

int
policies_open(const struct realm * realm, struct view * view, uint8_t table,
    struct policy_history ** H)
{
	const uint8_t to = (uint8_t)(table + 1);
	const struct proto_policy first = { 1, 1, realm->policy_text,
	    realm->policy_len };
	struct loading L = { NULL, 0 };

	if ((L.H = *H = policy_history_make(realm->name)) == NULL) {
		warnx("out of memory");
		return (-1);
	}
	if (view_scan(view, &table, 1, &to, 1, load_row, &L) < 0) {
		if (L.memory)
			return (-1);
		warnx("a row of the table \"policy\" is damaged or cannot be "
		    "read");
		return (1);
	}
	if (policy_history_newest(*H) == NULL)
		return (policies_add(*H, view, table, &first));
	return (check_first(realm, *H));
}

int
policies_known(const struct policy_history * H, const struct proto_policy * P)
{
	const struct policy_era * era = policy_history_at(H, P->epoch);

	if (era == NULL || era->epoch != P->epoch)
		return (0);
	return (era->number == P->number && era->len == P->len &&
	    memcmp(era->text, P->text, P->len) == 0 ? 1 : -1);
}
