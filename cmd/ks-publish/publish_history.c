#include <err.h>
#include <inttypes.h>
#include <stdint.h>
#include <string.h>

#include "codec/rbuf.h"
#include "entry/entry.h"
#include "proto/proto_publish.h"
#include "proto/signature.h"
#include "store/rowkey.h"
#include "store/store.h"

#include "publish_model.h"

/*
 * Read the oldest entry of ${index} of an epoch in ${from} to ${to} into the scratch
 * row; its epoch and version in ${v}.  0, 1 if there is none, or -1 (reported).
 */
static int
get_oldest(struct publish_model * M, const uint8_t * index, uint64_t from,
    uint64_t to, struct proto_publish_version * v)
{
	uint8_t first[ROWKEY_MAX], end[ROWKEY_MAX];
	size_t len;
	struct entry E;
	struct rbuf R;
	int rc;

	/* The complement of the epoch: the oldest one is the last row. */
	len = publish_key_version(first, PUBLISH_TABLE_ENTRY, index, to);
	publish_key_version(end, PUBLISH_TABLE_ENTRY, index, from - 1);
	if (from > to)
		return (1);
	if ((rc = store_last(M->store, first, len, end, len, &M->key_row,
	    &M->entry)) != 0)
		return (rc);
	rbuf_init(&R, M->key_row.data, M->key_row.len);
	rbuf_get_bytes(&R, 1 + INDEX_LEN);
	v->epoch = ~rbuf_get_u64(&R);
	if (rbuf_end(&R) || entry_parse(&E, M->entry.data, M->entry.len)) {
		warnx("an entry after epoch %" PRIu64 " is damaged", from);
		return (-1);
	}
	v->version = E.version;
	return (0);
}

int
publish_model_history(struct publish_model * M, const char * user,
    uint64_t from_epoch, uint32_t max, struct proto_publish_version * versions,
    uint32_t * n, uint64_t * next_epoch)
{
	uint8_t index[INDEX_LEN], proof[VRF_PROOF_LEN];
	uint64_t from = from_epoch > 0 ? from_epoch : 1;
	struct proto_publish_version v;
	int rc;

	*n = 0;
	*next_epoch = 0;
	if (publish_vrf_prove(&M->vrf, user, index, proof))
		return (-1);
	while ((rc = get_oldest(M, index, from, M->state->signed_epoch,
	    &v)) == 0) {
		if (*n == max) {
			*next_epoch = v.epoch;
			break;
		}
		versions[(*n)++] = v;
		from = v.epoch + 1;
	}
	if (rc == 0 || *n > 0)
		publish_vrf_exists(&M->vrf, user);
	return (rc < 0 ? -1 : 0);
}

static int
ratification_row(void * cookie, const uint8_t * key, size_t klen,
    const uint8_t * value, size_t vlen)
{
	struct proto_publish_ratifications * S = cookie;
	struct signature_ratification * r;
	struct rbuf R;

	if (S->n == POLICY_KEYS_MAX)
		return (-1);
	r = &S->list[S->n++];
	r->epoch = S->epoch;
	rbuf_init(&R, key, klen);
	rbuf_get_bytes(&R, 1 + sizeof(uint64_t));
	rbuf_copy(&R, r->key_id, VKEY_ID_LEN);
	if (rbuf_end(&R))
		return (-1);
	rbuf_init(&R, value, vlen);
	r->time_s = rbuf_get_u64(&R);
	rbuf_copy(&R, r->sig, SIGN_LEN);
	return (rbuf_end(&R));
}

int
publish_model_ratifications(struct publish_model * M, uint64_t epoch,
    struct proto_publish_ratifications * S)
{
	uint8_t from[ROWKEY_MAX], to[ROWKEY_MAX];
	size_t len = rowkey_number(from, PUBLISH_TABLE_RATIFICATION, epoch);

	rowkey_number(to, PUBLISH_TABLE_RATIFICATION, epoch + 1);
	S->epoch = epoch;
	S->n = 0;
	if (store_scan(M->store, from, len, to, len, ratification_row, S) == 0)
		return (0);
	warnx("the ratifications of epoch %" PRIu64 " cannot be read", epoch);
	return (-1);
}
