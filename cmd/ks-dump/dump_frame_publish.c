#include "codec/rbuf.h"
#include "crypto/hash.h"
#include "entry/limits.h"
#include "fields/fields.h"
#include "head/head.h"
#include "merkle/merkle.h"
#include "proto/list.h"
#include "proto/proto_admit.h"
#include "proto/proto_publish.h"

#include "dump_frame.h"
#include "dump_value.h"

/* The frames of ks-publish and ks-admit. */
static const char MALFORMED[] = "frame-malformed";

static const char *
lookup(struct fields * F, const uint8_t * p, size_t len)
{
	struct proto_publish_lookup L;

	if (proto_publish_get_lookup(p, len, &L))
		return (MALFORMED);
	fields_u64(F, "epoch", L.epoch);
	fields_u64(F, "epoch_min", L.epoch_min);
	fields_u64(F, "wait_ms", L.wait_ms);
	fields_text(F, "user", L.user, L.user_len);
	fields_text(F, "policy", L.policy, L.policy_len);
	fields_hex(F, "known", L.known, HASH_LEN);
	return (NULL);
}

static const char *
lookup_proof(struct fields * F, const uint8_t * p, size_t len)
{
	const char * proof;
	size_t n;

	if (proto_publish_get_proof(p, len, &proof, &n))
		return (MALFORMED);
	fields_text(F, "proof", proof, n);
	return (NULL);
}

static const char *
head_reply(struct fields * F, const uint8_t * p, size_t len)
{
	struct proto_publish_head H;
	const char * rule;

	if (proto_publish_get_head_reply(p, len, &H))
		return (MALFORMED);
	if ((rule = dump_value_head(F, "head", H.head, HEAD_LEN)) != NULL)
		return (rule);
	return (dump_value_note(F, "note", H.note, H.note_len));
}

static const char *
consistency(struct fields * F, const uint8_t * p, size_t len)
{
	uint64_t m, n;

	if (proto_publish_get_consistency(p, len, &m, &n))
		return (MALFORMED);
	fields_u64(F, "m", m);
	fields_u64(F, "n", n);
	return (NULL);
}

static const char *
consistency_reply(struct fields * F, const uint8_t * p, size_t len)
{
	uint8_t hash[MERKLE_DEPTH_MAX][HASH_LEN];
	unsigned n;

	if (proto_publish_get_consistency_reply(p, len, hash, &n))
		return (MALFORMED);
	fields_list(F, "hash");
	for (unsigned i = 0; i < n; i++)
		fields_hex(F, NULL, hash[i], HASH_LEN);
	fields_close(F);
	return (NULL);
}

static const char *
feed_updates(struct fields * F, const uint8_t * p, size_t len)
{
	struct proto_publish_updates U;
	const char * rule = NULL;
	const uint8_t * update;
	size_t n;

	if (proto_publish_get_updates(p, len, &U))
		return (MALFORMED);
	fields_u64(F, "epoch", U.epoch);
	fields_array(F, "updates");
	while (rule == NULL && list_next(&U.list, &update, &n)) {
		fields_open(F, NULL);
		rule = dump_value_update(F, NULL, update, n);
		fields_close(F);
	}
	fields_close(F);
	return (rule);
}

static const char *
ratification(struct fields * F, const uint8_t * p, size_t len)
{

	return (dump_value_ratification(F, NULL, p, len));
}

static const char *
history(struct fields * F, const uint8_t * p, size_t len)
{
	struct proto_publish_history H;

	if (proto_publish_get_history(p, len, &H))
		return (MALFORMED);
	fields_text(F, "user", H.user, H.user_len);
	fields_u64(F, "from_epoch", H.from_epoch);
	fields_u64(F, "max", H.max);
	return (NULL);
}

static const char *
history_reply(struct fields * F, const uint8_t * p, size_t len)
{
	struct proto_publish_versions V;
	struct proto_publish_version v;

	if (proto_publish_get_versions(p, len, &V))
		return (MALFORMED);
	fields_u64(F, "next_epoch", V.next_epoch);
	fields_array(F, "versions");
	while (proto_publish_next_version(&V, &v)) {
		fields_open(F, NULL);
		fields_u64(F, "epoch", v.epoch);
		fields_u64(F, "version", v.version);
		fields_close(F);
	}
	fields_close(F);
	return (NULL);
}

static const char *
bundle(struct fields * F, const uint8_t * p, size_t len)
{
	uint64_t epoch;
	uint32_t from;

	if (proto_publish_get_bundle(p, len, &epoch, &from))
		return (MALFORMED);
	fields_u64(F, "epoch", epoch);
	fields_u64(F, "from", from);
	return (NULL);
}

static const char *
ratifications(struct fields * F, const uint8_t * p, size_t len)
{
	struct proto_publish_ratifications S;

	if (proto_publish_get_ratifications(p, len, &S))
		return (MALFORMED);
	fields_u64(F, "epoch", S.epoch);
	fields_array(F, "ratifications");
	for (unsigned i = 0; i < S.n; i++) {
		fields_open(F, NULL);
		fields_hex(F, "key_id", S.list[i].key_id, VKEY_ID_LEN);
		fields_u64(F, "time_s", S.list[i].time_s);
		fields_hex(F, "signature", S.list[i].sig, SIGN_LEN);
		fields_close(F);
	}
	fields_close(F);
	return (NULL);
}

const struct dump_frame dump_frame_publish[] = {
	{ LOOKUP, "LOOKUP", lookup },
	{ LOOKUP_PROOF, "LOOKUP_PROOF", lookup_proof },
	{ HEAD, "HEAD", dump_frame_epoch },
	{ HEAD_REPLY, "HEAD_REPLY", head_reply },
	{ CONSISTENCY, "CONSISTENCY", consistency },
	{ CONSISTENCY_REPLY, "CONSISTENCY_REPLY", consistency_reply },
	{ FEED, "FEED", dump_frame_epoch },
	{ FEED_UPDATES, "FEED_UPDATES", feed_updates },
	{ FEED_HEAD, "FEED_HEAD", head_reply },
	{ FEED_RATIFICATION, "FEED_RATIFICATION", ratification },
	{ RATIFY, "RATIFY", ratification },
	{ RATIFY_PROPOSED, "RATIFY_PROPOSED", dump_frame_empty },
	{ FEED_POLICY, "FEED_POLICY", dump_value_policy },
	{ HISTORY, "HISTORY", history },
	{ HISTORY_REPLY, "HISTORY_REPLY", history_reply },
	{ BUNDLE, "BUNDLE", bundle },
	{ TAIL, "TAIL", dump_frame_epoch },
	{ RATIFICATIONS, "RATIFICATIONS", dump_frame_epoch },
	{ RATIFICATIONS_REPLY, "RATIFICATIONS_REPLY", ratifications },
	{ 0, NULL, NULL }
};

static const char *
update(struct fields * F, const uint8_t * p, size_t len)
{
	struct proto_admit_update U;
	const char * rule;

	if (proto_admit_get_update(p, len, &U))
		return (MALFORMED);
	fields_hex(F, "client_request_id", U.request_id, REQUEST_ID_LEN);
	fields_text(F, "user", U.user, U.user_len);
	if ((rule = dump_value_update(F, "update", U.update,
	    U.update_len)) != NULL)
		return (rule);
	if ((rule = dump_value_profile(F, "profile", U.profile,
	    U.profile_len)) != NULL)
		return (rule);
	fields_hex(F, "registration", U.registration, U.registration_len);
	return (NULL);
}

static const char *
outcome(struct fields * F, const uint8_t * p, size_t len)
{
	const uint8_t * id;

	if (proto_admit_get_outcome(p, len, &id))
		return (MALFORMED);
	fields_hex(F, "client_request_id", id, REQUEST_ID_LEN);
	return (NULL);
}

const struct dump_frame dump_frame_admit[] = {
	{ UPDATE, "UPDATE", update },
	{ UPDATE_ACCEPTED, "UPDATE_ACCEPTED", dump_frame_epoch },
	{ OUTCOME, "OUTCOME", outcome },
	{ 0, NULL, NULL }
};
