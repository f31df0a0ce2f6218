#include <err.h>
#include <inttypes.h>
#include <stdint.h>

#include "daemon/conn.h"
#include "entry/rule_names.h"
#include "entry/user.h"
#include "note/note.h"
#include "policy/history.h"
#include "proto/list.h"
#include "proto/policy.h"
#include "proto/proto_publish.h"
#include "store/rowkey.h"
#include "store/store.h"

#include "publish.h"

/* A FEED_UPDATES being filled from rows. */
struct chunk {
	struct list list;
	struct wbuf * W;
	uint32_t n;
};

static int
chunk_row(void * cookie, const uint8_t * key, size_t klen, const uint8_t * value,
    size_t vlen)
{
	struct chunk * K = cookie;

	(void)key;
	(void)klen;
	if (K->n > 0 && K->W->len + sizeof(uint32_t) + vlen > PUBLISH_FEED_CHUNK)
		return (1);
	list_put(&K->list, value, vlen);
	K->n++;
	return (0);
}

int
publish_bundle_updates(struct publish * P, uint64_t epoch, uint32_t from,
    uint32_t * n)
{
	uint8_t first[ROWKEY_MAX], end[ROWKEY_MAX];
	struct chunk K = { { NULL, 0, 0 }, &P->body, 0 };
	size_t firstlen, endlen;

	wbuf_reset(&P->body);
	proto_publish_begin_updates(&K.list, &P->body, epoch);
	firstlen = rowkey_number(first, PUBLISH_TABLE_UPDATE, epoch);
	firstlen = rowkey_u32(first, firstlen, from);
	endlen = rowkey_number(end, PUBLISH_TABLE_UPDATE, epoch + 1);
	if (store_scan(P->store, first, firstlen, end, endlen, chunk_row, &K) < 0)
		return (-1);
	if (K.n == 0) {
		warnx("update %" PRIu32 " of epoch %" PRIu64 " is missing", from,
		    epoch);
		return (-1);
	}
	list_end(&K.list);
	*n = K.n;
	return (0);
}

int
publish_bundle_policy(struct publish * P, uint64_t epoch)
{
	const struct policy_era * era = publish_model_era(&P->model, epoch + 1);
	struct proto_policy body;

	if (era->epoch != epoch + 1)
		return (0);
	body = (struct proto_policy){ era->epoch, era->number, era->text,
	    era->len };
	wbuf_reset(&P->body);
	proto_policy_put(&P->body, &body);
	return (1);
}

/* Send what is in the scratch body. */
static int
reply(struct publish * P, struct conn * C, uint16_t type, uint32_t id)
{

	if (wbuf_failed(&P->body)) {
		warnx("out of memory");
		return (-1);
	}
	return (conn_send(C, type, id, P->body.data, P->body.len,
	    store_number(P->store)));
}

/* Send the end of a bundle, which is the same for ever. */
static int
send_end(struct publish * P, struct conn * C, uint32_t id, uint64_t epoch,
    const struct publish_epoch * E)
{
	struct proto_publish_head H = { .head = E->head };
	struct wbuf note;
	int rc;

	wbuf_init(&note, NOTE_LEN_MAX);
	if (publish_model_note_first(&P->model, epoch, &note)) {
		rc = publish_internal(P, C, id);
		goto done;
	}
	if (publish_bundle_policy(P, epoch) && reply(P, C, FEED_POLICY, id)) {
		rc = -1;
		goto done;
	}
	H.note = note.data;
	H.note_len = note.len;
	wbuf_reset(&P->body);
	proto_publish_put_head_reply(&P->body, &H);
	rc = reply(P, C, FEED_HEAD, id);

done:
	wbuf_free(&note);
	return (rc);
}

int
publish_serve_bundle(void * cookie, struct conn * C, uint32_t id,
    const uint8_t * body, size_t len)
{
	struct publish * P = cookie;
	struct publish_epoch E;
	uint64_t epoch;
	uint32_t from, n;

	if (proto_publish_get_bundle(body, len, &epoch, &from))
		return (conn_malformed(C, "frame-malformed"));
	if (epoch > P->state.signed_epoch)
		return (publish_refuse(C, id, RULE_EPOCH_UNKNOWN));
	if (publish_model_epoch(&P->model, epoch, &E))
		return (publish_internal(P, C, id));
	if (from >= E.updates)
		return (send_end(P, C, id, epoch, &E));
	if (publish_bundle_updates(P, epoch, from, &n))
		return (publish_internal(P, C, id));
	return (reply(P, C, FEED_UPDATES, id));
}

int
publish_serve_ratifications(void * cookie, struct conn * C, uint32_t id,
    const uint8_t * body, size_t len)
{
	struct publish * P = cookie;
	struct proto_publish_ratifications S;
	uint64_t epoch;

	if (proto_publish_get_feed(body, len, &epoch))
		return (conn_malformed(C, "frame-malformed"));
	if (epoch == 0 || epoch > P->state.signed_epoch)
		return (publish_refuse(C, id, RULE_EPOCH_UNKNOWN));
	if (publish_model_ratifications(&P->model, epoch, &S))
		return (publish_internal(P, C, id));
	wbuf_reset(&P->body);
	proto_publish_put_ratifications(&P->body, &S);
	return (reply(P, C, RATIFICATIONS_REPLY, id));
}

int
publish_serve_history(void * cookie, struct conn * C, uint32_t id,
    const uint8_t * body, size_t len)
{
	struct publish * P = cookie;
	struct proto_publish_version versions[HISTORY_MAX];
	struct proto_publish_history want;
	char user[USER_LEN_MAX + 1];
	uint64_t next;
	uint32_t n;

	if (proto_publish_get_history(body, len, &want))
		return (conn_malformed(C, "frame-malformed"));
	if (user_normalise(user, want.user, want.user_len))
		return (publish_refuse(C, id, RULE_USER_MALFORMED));
	P->histories++;
	if (publish_model_history(&P->model, user, want.from_epoch, want.max,
	    versions, &n, &next))
		return (publish_internal(P, C, id));
	wbuf_reset(&P->body);
	proto_publish_put_versions(&P->body, next, versions, n);
	return (reply(P, C, HISTORY_REPLY, id));
}
