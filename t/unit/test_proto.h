#ifndef KS_T_TEST_PROTO_H
#define KS_T_TEST_PROTO_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "codec/wbuf.h"
#include "entry/limits.h"
#include "merkle/merkle.h"
#include "proto/log_entry.h"
#include "proto/policy.h"
#include "proto/proto_admit.h"
#include "proto/proto_apply.h"
#include "proto/proto_httpd.h"
#include "proto/proto_keyids.h"
#include "proto/proto_log.h"
#include "proto/proto_publish.h"
#include "proto/rows.h"

/*
 * Every decoder with its encoder, for the unit test and the fuzzer: recode
 * decodes ${len} bytes at ${p} and encodes the result into ${W}; -1 if they
 * are refused.
 */
#define RECODE(name) static inline int					\
    recode_##name(const uint8_t * p, size_t len, struct wbuf * W)

#define RECODE_U64(name, module, frame) RECODE(name) {			\
	uint64_t x;							\
	if (module##_get_##frame(p, len, &x))				\
		return (-1);						\
	module##_put_##frame(W, x);					\
	return (0);							\
}

#define RECODE_STRUCT(name, type, get, put) RECODE(name) {		\
	struct type x;							\
	if (get(p, len, &x))						\
		return (-1);						\
	put(W, &x);							\
	return (0);							\
}

RECODE_U64(proposed, proto_log, proposed)
RECODE_U64(log_follow, proto_log, follow)
RECODE_U64(apply_follow, proto_apply, follow)
RECODE_U64(event_signed, proto_apply, signed)
RECODE_U64(accepted, proto_apply, accepted)
RECODE_U64(head, proto_publish, head)
RECODE_U64(feed, proto_publish, feed)
RECODE_U64(update_accepted, proto_admit, accepted)
RECODE_STRUCT(signature, signature, signature_get, signature_put)
RECODE_STRUCT(ratification, signature_ratification,
    signature_get_ratification, signature_put_ratification)
RECODE_STRUCT(delimiter, log_entry_delimiter, log_entry_get_delimiter,
    log_entry_put_delimiter)
RECODE_STRUCT(policy, proto_policy, proto_policy_get, proto_policy_put)
RECODE_STRUCT(approval, proto_approval, proto_approval_get, proto_approval_put)
RECODE_STRUCT(event_update, proto_apply_update, proto_apply_get_update,
    proto_apply_put_update)
RECODE_STRUCT(lookup, proto_publish_lookup, proto_publish_get_lookup,
    proto_publish_put_lookup)
RECODE_STRUCT(head_reply, proto_publish_head, proto_publish_get_head_reply,
    proto_publish_put_head_reply)
RECODE_STRUCT(update, proto_admit_update, proto_admit_get_update,
    proto_admit_put_update)

RECODE_STRUCT(history, proto_publish_history, proto_publish_get_history,
    proto_publish_put_history)
RECODE_STRUCT(ratifications, proto_publish_ratifications,
    proto_publish_get_ratifications, proto_publish_put_ratifications)

RECODE(versions)
{
	static struct proto_publish_version list[HISTORY_MAX];
	struct proto_publish_versions V;
	uint32_t n = 0;

	if (proto_publish_get_versions(p, len, &V))
		return (-1);
	while (proto_publish_next_version(&V, &list[n]))
		n++;
	proto_publish_put_versions(W, V.next_epoch, list, n);
	return (n == V.n ? 0 : -1);
}

RECODE(bundle)
{
	uint64_t epoch;
	uint32_t from;

	if (proto_publish_get_bundle(p, len, &epoch, &from))
		return (-1);
	proto_publish_put_bundle(W, epoch, from);
	return (0);
}

RECODE(update_outcome)
{
	const uint8_t * id;

	if (proto_admit_get_outcome(p, len, &id))
		return (-1);
	proto_admit_put_outcome(W, id);
	return (0);
}

RECODE(rotation)
{
	enum proto_httpd_want want;

	if (proto_httpd_get_rotation(p, len, &want))
		return (-1);
	proto_httpd_put_rotation(W, want);
	return (0);
}

RECODE(rotation_reply)
{
	int in;

	if (proto_httpd_get_rotation_reply(p, len, &in))
		return (-1);
	proto_httpd_put_rotation_reply(W, in);
	return (0);
}

RECODE(keyids_find)
{
	const uint8_t * id;
	size_t n;

	if (proto_keyids_get_find(p, len, &id, &n))
		return (-1);
	proto_keyids_put_find(W, id, n);
	return (0);
}

RECODE(keyids_found)
{
	struct proto_keyids_found F;
	const char * address;
	unsigned count = 0;
	size_t n;

	if (proto_keyids_get_found(p, len, &F))
		return (-1);
	proto_keyids_put_found(W, F.epoch, F.more, F.n);
	for (; proto_keyids_next(&F, &address, &n); count++)
		proto_keyids_put_address(W, address, n);
	return (count == F.n ? 0 : -1);
}

RECODE(log_entry)
{
	struct log_entry E;

	if (log_entry_parse(&E, p, len))
		return (-1);
	(void)log_entry_rule(&E);
	log_entry_put(W, &E);
	return (0);
}

RECODE(log_entries)
{
	struct proto_log_entries E;
	struct log_entry entry;
	struct list L;
	const uint8_t * data;
	size_t n;
	int rc;

	if (proto_log_get_entries(p, len, &E))
		return (-1);
	proto_log_begin_entries(&L, W, E.first, E.hash);
	while ((rc = proto_log_next(&E, &entry, &data, &n)) == 1)
		list_put(&L, data, n);
	list_end(&L);
	return (rc);
}

RECODE(read)
{
	uint64_t lo, hi;
	uint32_t max;

	if (proto_log_get_read(p, len, &lo, &hi, &max))
		return (-1);
	proto_log_put_read(W, lo, hi, max);
	return (0);
}

RECODE(hint)
{
	uint64_t last;
	int leader;

	if (proto_log_get_hint(p, len, &leader, &last))
		return (-1);
	proto_log_put_hint(W, leader, last);
	return (0);
}

RECODE(position)
{
	struct proto_log_position P;

	if (proto_log_get_position(p, len, &P))
		return (-1);
	proto_log_put_position(W, &P);
	return (0);
}

RECODE(events)
{
	struct proto_apply_events E;
	struct list L;
	const uint8_t * body;
	uint8_t type;
	size_t n;

	if (proto_apply_get_events(p, len, &E))
		return (-1);
	proto_apply_begin_events(&L, W, E.first);
	while (proto_apply_next(&E, &type, &body, &n))
		proto_apply_put_event(&L, type, body, n);
	list_end(&L);
	return (0);
}

RECODE(entry)
{
	const uint8_t * index;

	if (proto_apply_get_entry(p, len, &index))
		return (-1);
	proto_apply_put_entry(W, index);
	return (0);
}

RECODE(entry_reply)
{
	const uint8_t * entry;
	uint64_t epoch;
	size_t n;

	if (proto_apply_get_entry_reply(p, len, &epoch, &entry, &n))
		return (-1);
	proto_apply_put_entry_reply(W, epoch, entry, n);
	return (0);
}

RECODE(outcome)
{
	const uint8_t * id;

	if (proto_apply_get_outcome(p, len, &id))
		return (-1);
	proto_apply_put_outcome(W, id);
	return (0);
}

RECODE(lookup_proof)
{
	const char * proof;
	size_t n;

	if (proto_publish_get_proof(p, len, &proof, &n))
		return (-1);
	proto_publish_put_proof(W, proof, n);
	return (0);
}

RECODE(consistency)
{
	uint64_t m, n;

	if (proto_publish_get_consistency(p, len, &m, &n))
		return (-1);
	proto_publish_put_consistency(W, m, n);
	return (0);
}

RECODE(consistency_reply)
{
	uint8_t hashes[MERKLE_DEPTH_MAX][HASH_LEN];
	unsigned n;

	if (proto_publish_get_consistency_reply(p, len, hashes, &n))
		return (-1);
	proto_publish_put_consistency_reply(W, hashes, n);
	return (0);
}

RECODE(updates)
{
	struct proto_publish_updates U;
	const uint8_t * data;
	struct list L;
	size_t n;

	if (proto_publish_get_updates(p, len, &U))
		return (-1);
	proto_publish_begin_updates(&L, W, U.epoch);
	while (list_next(&U.list, &data, &n))
		list_put(&L, data, n);
	list_end(&L);
	return (0);
}

RECODE(rows)
{
	struct merkle_range M;
	struct tree_root T;
	struct rbuf R;

	rbuf_init(&R, p, len);
	rows_get_tree(&R, &T);
	rows_get_range(&R, &M);
	if (rbuf_end(&R))
		return (-1);
	rows_put_tree(W, &T);
	rows_put_range(W, &M);
	return (0);
}

/* All of them, each with a good body. */
static const struct recode {
	const char * name;
	int (* recode)(const uint8_t *, size_t, struct wbuf *);
	const char * good;	/* hexadecimal, see put_good */
} recodes[] = {
	{ "LOG_PROPOSE", recode_log_entry, "*16 01 00000002 aabb 00000001 cc" },
	{ "LOG_PROPOSED", recode_proposed, "*8" },
	{ "LOG_FOLLOW", recode_log_follow, "*8" },
	{ "LOG_ENTRIES", recode_log_entries, "*8 *32 00000002"
	    " 00000019 *16 01 00000000 00000000"
	    " 0000001b *16 02 00000002 aabb 00000000" },
	{ "LOG_READ", recode_read, "*20" },
	{ "LOG_HINT_REPLY", recode_hint, "01 *8" },
	{ "LOG_POSITION_REPLY", recode_position, "*8 *32 *8 *8" },
	{ "delimiter", recode_delimiter, "*24 *32" },
	{ "signature", recode_signature, "*8 *4 *64" },
	{ "ratification", recode_ratification, "*8 *4 *8 *64" },
	{ "APPLY_FOLLOW", recode_apply_follow, "*8" },
	{ "APPLY_EVENTS", recode_events,
	    "*8 00000002 04 00000008 *8 01 00000000" },
	{ "APPLY_ENTRY", recode_entry, "*32" },
	{ "APPLY_ENTRY_REPLY", recode_entry_reply, "*8 0003 aabbcc" },
	{ "APPLY_OUTCOME", recode_outcome, "*16" },
	{ "APPLY_ACCEPTED", recode_accepted, "*8" },
	{ "EVENT_UPDATE", recode_event_update,
	    "*8 00000002 aabb 00000003 ccddee" },
	{ "EVENT_SIGNED", recode_event_signed, "*8" },
	{ "LOOKUP", recode_lookup,
	    "*8 *8 00000102 03 616263 0002 6465 *32" },
	{ "LOOKUP_PROOF", recode_lookup_proof, "00000003 616263" },
	{ "HEAD", recode_head, "*8" },
	{ "HEAD_REPLY", recode_head_reply, "*168 0002 6162" },
	{ "CONSISTENCY", recode_consistency,
	    "0000000000000003 0000000000000005" },
	{ "CONSISTENCY_REPLY", recode_consistency_reply, "02 *64" },
	{ "FEED", recode_feed, "*8" },
	{ "FEED_UPDATES", recode_updates,
	    "*8 00000002 00000001 aa 00000002 bbcc" },
	{ "UPDATE", recode_update, "*16 03 616263 00000001 aa 00000000"
	    " 00000002 bbcc" },
	{ "UPDATE_ACCEPTED", recode_update_accepted, "*8" },
	{ "tree and range", recode_rows,
	    "*8 *8 *32 *8 0000000000000005 02 *64" },
	{ "EVENT_POLICY", recode_policy, "*8 *8 0003 616263" },
	{ "approval", recode_approval, "*8 *4 *64 0003 616263" },
	{ "HISTORY", recode_history, "03 616263 *8 00000010" },
	{ "HISTORY_REPLY", recode_versions, "0000000000000009 00000002"
	    " 0000000000000001 0000000000000000"
	    " 0000000000000008 0000000000000003" },
	{ "BUNDLE", recode_bundle, "*8 *4" },
	{ "RATIFICATIONS_REPLY", recode_ratifications,
	    "*8 02 *4 *8 *64 *4 *8 *64" },
	{ "OUTCOME", recode_update_outcome, "*16" },
	{ "KEYIDS_FIND", recode_keyids_find, "08 *8" },
	{ "KEYIDS_FOUND", recode_keyids_found,
	    "*8 01 02 05 6140622e63 03 406262" },
	{ "ROTATION", recode_rotation, "02" },
	{ "ROTATION_REPLY", recode_rotation_reply, "01" },
};
#define RECODES	(sizeof(recodes) / sizeof(recodes[0]))

/* Append hexadecimal ${text}, in which "*N" stands for N rising bytes. */
static inline void
put_good(struct wbuf * W, const char * text)
{
	uint8_t bytes[64];
	size_t n;

	for (; *text != '\0'; text += strspn(text, " ")) {
		if (*text == '*') {
			n = strtoul(text + 1, NULL, 10);
			for (size_t i = 0; i < n; i++)
				wbuf_put_u8(W, (uint8_t)(i + 1));
		} else {
			if (hex_decode(text, strcspn(text, " "), bytes,
			    sizeof(bytes), &n))
				abort();
			wbuf_put_bytes(W, bytes, n);
		}
		text += strcspn(text, " ");
	}
}

#endif
