#include "codec/rbuf.h"
#include "crypto/hash.h"
#include "crypto/sign.h"
#include "entry/limits.h"
#include "fields/fields.h"
#include "head/head.h"

#include "dump_rows.h"
#include "dump_value.h"

static const char *
meta_cursor(struct fields * F, const uint8_t * p, size_t len)
{
	struct rbuf R;

	rbuf_init(&R, p, len);
	dump_value_u64(F, "index", &R);
	dump_value_hex(F, "hash", &R, HASH_LEN);
	return (dump_value_end(&R));
}

static const char *
meta_realm(struct fields * F, const uint8_t * p, size_t len)
{
	struct rbuf R;

	rbuf_init(&R, p, len);
	dump_value_hex(F, "realm", &R, HASH_LEN);
	dump_value_hex(F, "policy", &R, HASH_LEN);
	return (dump_value_end(&R));
}

static const char *
meta_state(struct fields * F, const uint8_t * p, size_t len)
{
	struct rbuf R;

	rbuf_init(&R, p, len);
	dump_value_u64(F, "closed_epoch", &R);
	dump_value_u64(F, "signed_epoch", &R);
	dump_value_time(F, "time", &R);
	dump_value_u64(F, "delimiter_index", &R);
	dump_value_u64(F, "last_event", &R);
	dump_value_u64(F, "pending", &R);
	dump_value_u64(F, "pending_bytes", &R);
	dump_value_hex(F, "list", &R, HASH_LEN);
	dump_value_tree(F, &R);
	dump_value_range(F, &R);
	return (dump_value_end(&R));
}

static const char *
entry(struct fields * F, const uint8_t * p, size_t len)
{
	struct rbuf R;

	rbuf_init(&R, p, len);
	dump_value_u64(F, "epoch", &R);
	if (R.failed)
		return (dump_value_end(&R));
	return (dump_value_entry(F, "entry", R.data, R.len));
}

static const char *
pending(struct fields * F, const uint8_t * p, size_t len)
{
	struct rbuf R;

	rbuf_init(&R, p, len);
	dump_value_hex(F, "value", &R, HASH_LEN);
	return (dump_value_end(&R));
}

static const char *
epoch(struct fields * F, const uint8_t * p, size_t len)
{
	const char * rule;
	struct rbuf R;

	rbuf_init(&R, p, len);
	if ((p = rbuf_get_bytes(&R, HEAD_LEN)) == NULL)
		return (dump_value_end(&R));
	rule = dump_value_head(F, "head", p, HEAD_LEN);
	dump_value_hex(F, "log_root", &R, HASH_LEN);
	return (rule != NULL ? rule : dump_value_end(&R));
}

static const char *
request(struct fields * F, const uint8_t * p, size_t len)
{
	struct rbuf R;

	rbuf_init(&R, p, len);
	dump_value_u64(F, "index", &R);
	dump_value_u64(F, "epoch", &R);
	dump_value_rule(F, "rule", &R);
	return (dump_value_end(&R));
}

static const char *
outcome(struct fields * F, const uint8_t * p, size_t len)
{
	struct rbuf R;

	rbuf_init(&R, p, len);
	dump_value_hex(F, "request_id", &R, REQUEST_ID_LEN);
	fields_u64(F, "type", rbuf_get_u8(&R));
	dump_value_flag(F, "duplicate", &R);
	dump_value_rule(F, "rule", &R);
	return (dump_value_end(&R));
}

static const char *
event(struct fields * F, const uint8_t * p, size_t len)
{
	struct rbuf R;
	uint8_t type;

	rbuf_init(&R, p, len);
	type = rbuf_get_u8(&R);
	if (R.failed)
		return (dump_value_end(&R));
	return (dump_value_event(F, NULL, type, R.data, R.len));
}

static const char *
tile(struct fields * F, const uint8_t * p, size_t len)
{

	return (dump_value_tile(F, NULL, p, len));
}

static const struct dump_row rows[] = {
	{ 0x01, "meta", "\"cursor\"", "u64 index, hash[32] running hash after it",
	    meta_cursor, 0 },
	{ 0x01, "meta", "\"realm\"", "SHA-256 of the realm name [32], "
	    "SHA-256 of the first realm policy [32]", meta_realm, 0 },
	{ 0x01, "meta", "\"state\"", "u64 closed epoch, u64 signed epoch, "
	    "u64 issue time of the closed epoch, u64 index of its delimiter, "
	    "u64 last event, u64 updates pending, u64 bytes of them, "
	    "hash[32] of them (section 7), tree, range", meta_state, 0 },
	{ 0x01, "meta", "\"chosen\"", "u64 number, var16 policy: the next one",
	    dump_value_policy_row, 0 },
	{ 0x02, "entry", "index[32]", "u64 epoch, entry", entry, 0 },
	{ 0x03, "pending", "index[32]", "value[32]", pending, 0 },
	{ 0x04, "epoch", "u64 epoch", "head[168], hash[32] root of the epoch log",
	    epoch, 0 },
	{ 0x05, "signature", "u64 epoch, key_id[4]", "signature[64]",
	    dump_row_signature, 0 },
	{ 0x06, "ratification", "u64 epoch, key_id[4]",
	    "u64 seconds, signature[64]", dump_row_ratification, 0 },
	{ 0x07, "request", "request_id[16]",
	    "u64 index, u64 epoch, str8 rule (empty: accepted)", request, 0 },
	{ 0x08, "outcome", "u64 index",
	    "request_id[16], u8 type, u8 duplicate, str8 rule", outcome, 0 },
	{ 0x09, "hash", "u64 index", "hash[32] running hash after it; "
	    "kept from the last accepted delimiter on", dump_row_hash, 0 },
	{ 0x0a, "event", "u64 sequence number", "u8 type, body", event, 0 },
	{ 0x0b, "policy", "u64 epoch", "u64 number, var16 policy",
	    dump_value_policy_row, 0 },
	{ 0x0c, "approval", "key_id[4]", "u64 number, var16 policy",
	    dump_value_policy_row, 0 },
	{ 0xff, "tile", "u64 id", "tile", tile, 0 },
};

const struct dump_program dump_rows_apply = { "ks-apply", "apply", rows,
	sizeof(rows) / sizeof(rows[0]) };
