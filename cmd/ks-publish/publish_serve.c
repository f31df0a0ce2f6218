#include <err.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "daemon/conn.h"
#include "daemon/server.h"
#include "entry/rule_names.h"
#include "frame/common.h"
#include "policy/history.h"
#include "proto/proto_publish.h"
#include "realm/realm.h"
#include "stage/dump.h"
#include "stage/follow.h"
#include "stage/stage.h"
#include "store/store.h"

#include "publish.h"

/* Bytes of a LOOKUP: integers, lengths and a hash; user and policy at most. */
#define LOOKUP_BODY_MIN	(8 + 8 + 4 + 1 + 2 + HASH_LEN)
#define LOOKUP_BODY_MAX	(LOOKUP_BODY_MIN + 255 + 65535)

/* Bytes of a HISTORY without its user. */
#define HISTORY_BODY_MIN	(1 + 8 + 4)

/* Bytes of a RATIFY. */
#define RATIFY_BODY_LEN	(8 + VKEY_ID_LEN + 8 + SIGN_LEN)

int
publish_internal(struct publish * P, struct conn * C, uint32_t id)
{

	if (store_dead(P->store))
		return (-1);
	return (conn_error(C, id, ERROR_INTERNAL, "internal",
	    "this replica cannot read what it has stored", 0));
}

int
publish_refuse(struct conn * C, uint32_t id, const char * rule)
{

	return (conn_error(C, id, ERROR_REFUSED, rule, rule_text(rule), 0));
}

int
publish_stopping(struct conn * C, uint32_t id)
{

	return (conn_error(C, id, ERROR_UNAVAILABLE, RULE_STOPPING,
	    "this replica is being stopped", 0));
}

static int
serve_head(void * cookie, struct conn * C, uint32_t id, const uint8_t * body,
    size_t len)
{
	struct publish * P = cookie;
	struct publish_epoch E;
	struct proto_publish_head H;
	uint64_t epoch;

	if (proto_publish_get_head(body, len, &epoch))
		return (conn_malformed(C, "frame-malformed"));
	if (P->state.signed_epoch == 0)
		return (conn_error(C, id, ERROR_UNAVAILABLE,
		    RULE_EPOCH_NOT_PUBLISHED, rule_text(RULE_EPOCH_NOT_PUBLISHED),
		    0));
	if (epoch == 0)
		epoch = P->state.signed_epoch;
	if (epoch > P->state.signed_epoch)
		return (publish_refuse(C, id, RULE_EPOCH_UNKNOWN));
	if (publish_model_epoch(&P->model, epoch, &E) ||
	    publish_model_note(&P->model, epoch, &H.note, &H.note_len))
		return (publish_internal(P, C, id));
	H.head = E.head;
	proto_publish_put_head_reply(conn_begin(C, HEAD_REPLY, id), &H);
	return (conn_end(C, store_number(P->store)));
}

static int
serve_consistency(void * cookie, struct conn * C, uint32_t id,
    const uint8_t * body, size_t len)
{
	uint8_t hashes[MERKLE_DEPTH_MAX][HASH_LEN];
	struct publish * P = cookie;
	unsigned count;
	uint64_t m, n;

	if (proto_publish_get_consistency(body, len, &m, &n))
		return (conn_malformed(C, "frame-malformed"));
	if (n > P->state.signed_epoch)
		return (publish_refuse(C, id, RULE_EPOCH_UNKNOWN));
	if (publish_model_consistency(&P->model, m, n, hashes, &count))
		return (publish_internal(P, C, id));
	proto_publish_put_consistency_reply(conn_begin(C, CONSISTENCY_REPLY, id),
	    hashes, count);
	return (conn_end(C, store_number(P->store)));
}

static int
serve_dump(void * cookie, struct conn * C, uint32_t id, const uint8_t * body,
    size_t len)
{
	struct publish * P = cookie;

	return (dump_serve(P->store, C, id, body, len));
}

/* For each replica the newest signed epoch of these that it signed too, 0: none. */
static int
status_replicas(struct publish * P, struct wbuf * W)
{
	char id[HEX_SIZE(VKEY_ID_LEN)];
	const struct policy * now = policy_history_newest(
	    P->state.policies)->policy;
	const struct policy_key * K;
	const uint64_t last = P->state.signed_epoch;
	uint64_t lag;
	int has;

	for (unsigned i = 0; i < policy_keys(now); i++) {
		K = policy_key(now, i);
		if (K->kind != POLICY_REPLICA ||
		    hex_encode(K->vkey.id, VKEY_ID_LEN, id, sizeof(id)))
			continue;
		for (has = 0, lag = 0; lag < last && lag < LOOKBACK_EPOCHS_MAX &&
		    has == 0; lag += has == 0)
			if ((has = publish_model_has(&P->model,
			    PUBLISH_TABLE_SIGNATURE, last - lag,
			    K->vkey.id)) < 0)
				return (-1);
		wbuf_printf(W, "signed_%s %" PRIu64 "\n", id,
		    has ? last - lag : 0);
		wbuf_printf(W, "signed_lag_%s %" PRIu64 "\n", id, lag);
	}
	return (0);
}

/* For each verifier its last ratification, and how far behind that is. */
static void
status_verifiers(const struct publish * P, struct wbuf * W)
{
	char id[HEX_SIZE(VKEY_ID_LEN)];
	const struct policy * now = policy_history_newest(
	    P->state.policies)->policy;
	const struct policy_key * K;

	for (unsigned i = 0; i < policy_keys(now); i++) {
		K = policy_key(now, i);
		if (K->kind != POLICY_WITNESS ||
		    hex_encode(K->vkey.id, VKEY_ID_LEN, id, sizeof(id)))
			continue;
		wbuf_printf(W, "ratified_%s %" PRIu64 "\n", id, P->newest[i]);
		wbuf_printf(W, "ratified_lag_%s %" PRIu64 "\n", id,
		    P->state.signed_epoch - P->newest[i]);
	}
}

static int
status(void * cookie, struct wbuf * W)
{
	struct publish * P = cookie;
	uint64_t bytes;
	size_t feeds = publish_feeds_count(P->feeds, &bytes);

	wbuf_printf(W, "closed %" PRIu64 "\n", P->state.closed);
	wbuf_printf(W, "signed %" PRIu64 "\n", P->state.signed_epoch);
	wbuf_printf(W, "users %" PRIu64 "\n", P->state.tree.leaves);
	wbuf_printf(W, "policy %" PRIu64 "\n",
	    policy_history_newest(P->state.policies)->number);
	wbuf_printf(W, "open_updates %" PRIu32 "\n", P->state.updates);
	stage_follow_status(P->follow, W);
	wbuf_printf(W, "lookups %" PRIu64 "\n", P->lookups);
	wbuf_printf(W, "lookups_waited %" PRIu64 "\n", P->lookup_waited_us.count);
	wbuf_printf(W, "lookups_waiting %zu\n", publish_waits_count(P->waits));
	wbuf_printf(W, "proofs %" PRIu64 "\n", P->proofs);
	wbuf_printf(W, "proofs_present %" PRIu64 "\n",
	    P->model.proved_present);
	wbuf_printf(W, "proofs_absent %" PRIu64 "\n", P->model.proved_absent);
	wbuf_printf(W, "proof_bytes %" PRIu64 "\n", P->proof_bytes);
	wbuf_printf(W, "histories %" PRIu64 "\n", P->histories);
	wbuf_printf(W, "vrf_made %" PRIu64 "\n", P->model.vrf.made);
	wbuf_printf(W, "vrf_remembered %" PRIu64 "\n", P->model.vrf.remembered);
	wbuf_printf(W, "feeds %zu\n", feeds);
	wbuf_printf(W, "feed_bytes %" PRIu64 "\n", bytes);
	publish_ratify_status(P->ratify, W);
	if (status_replicas(P, W))
		return (-1);
	status_verifiers(P, W);
	histogram_put(&P->lookup_us, "lookup", W);
	histogram_put(&P->lookup_waited_us, "lookup_waited", W);
	histogram_put(&P->ratification_us, "ratification", W);
	tally_put(&P->refusals, "refused", W);
	stage_status(P->stage, W);
	return (0);
}

static int
on_drained(void * cookie, struct conn * C)
{
	struct publish * P = cookie;

	return (publish_feeds_push(P->feeds, C));
}

static void
on_gone(void * cookie, struct conn * C)
{
	struct publish * P = cookie;

	publish_waits_gone(P->waits, C);
	publish_feeds_gone(P->feeds, C);
}

static const struct server_handler handlers[] = {
	{ LOOKUP, "LOOKUP", LOOKUP_BODY_MIN, LOOKUP_BODY_MAX,
	    publish_serve_lookup },
	{ HEAD, "HEAD", 8, 8, serve_head },
	{ CONSISTENCY, "CONSISTENCY", 16, 16, serve_consistency },
	{ FEED, "FEED", 8, 8, publish_serve_feed },
	{ TAIL, "TAIL", 8, 8, publish_serve_tail },
	{ BUNDLE, "BUNDLE", 12, 12, publish_serve_bundle },
	{ HISTORY, "HISTORY", HISTORY_BODY_MIN, HISTORY_BODY_MIN + 255,
	    publish_serve_history },
	{ RATIFICATIONS, "RATIFICATIONS", 8, 8, publish_serve_ratifications },
	{ RATIFY, "RATIFY", RATIFY_BODY_LEN, RATIFY_BODY_LEN,
	    publish_serve_ratify },
	{ COMMON_DUMP, "DUMP", DUMP_BODY_MIN, DUMP_BODY_MAX, serve_dump },
};

static const char *
frame_name(uint16_t type)
{

	switch (type) {
	case LOOKUP_PROOF:
		return ("LOOKUP_PROOF");
	case HEAD_REPLY:
		return ("HEAD_REPLY");
	case CONSISTENCY_REPLY:
		return ("CONSISTENCY_REPLY");
	case FEED_UPDATES:
		return ("FEED_UPDATES");
	case FEED_HEAD:
		return ("FEED_HEAD");
	case FEED_RATIFICATION:
		return ("FEED_RATIFICATION");
	case FEED_POLICY:
		return ("FEED_POLICY");
	case HISTORY_REPLY:
		return ("HISTORY_REPLY");
	case RATIFICATIONS_REPLY:
		return ("RATIFICATIONS_REPLY");
	case RATIFY_PROPOSED:
		return ("RATIFY_PROPOSED");
	}
	return (NULL);
}

void
publish_serve_spec(struct publish * P)
{

	P->server = (struct server_spec){ .path = CONFIG_SOCKET_PUBLISH,
	    .mode = 0660, .fd = -1, .handlers = handlers,
	    .nhandlers = sizeof(handlers) / sizeof(handlers[0]), .ctx = P,
	    .status = status, .drained = on_drained, .gone = on_gone,
	    .frame_name = frame_name };
}
