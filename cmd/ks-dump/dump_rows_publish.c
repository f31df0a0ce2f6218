#include "codec/rbuf.h"
#include "crypto/hash.h"
#include "crypto/sign.h"
#include "crypto/vrf.h"
#include "fields/fields.h"
#include "head/head.h"
#include "note/vkey.h"
#include "policy/policy.h"

#include "dump_rows.h"
#include "dump_value.h"

/* Bytes of the salt of ks-vrf-cache. */
#define SECRET_LEN	16

/* Most tiles that a row of the table superseded names. */
#define SUPERSEDED_MAX	16384

static const char *
meta_state(struct fields * F, const uint8_t * p, size_t len)
{
	struct rbuf R;

	rbuf_init(&R, p, len);
	dump_value_u64(F, "closed_epoch", &R);
	dump_value_u64(F, "signed_epoch", &R);
	fields_u64(F, "open_updates", rbuf_get_u32(&R));
	dump_value_tree(F, &R);
	dump_value_range(F, &R);
	return (dump_value_end(&R));
}

/* Whoever has it can find out who was looked up: it is not shown. */
static const char *
meta_secret(struct fields * F, const uint8_t * p, size_t len)
{
	struct rbuf R;

	rbuf_init(&R, p, len);
	rbuf_get_bytes(&R, SECRET_LEN);
	fields_word(F, "secret", "hidden");
	return (dump_value_end(&R));
}

static const char *
update(struct fields * F, const uint8_t * p, size_t len)
{

	return (dump_value_update(F, "update", p, len));
}

static const char *
entry(struct fields * F, const uint8_t * p, size_t len)
{

	return (dump_value_entry(F, "entry", p, len));
}

static const char *
profile(struct fields * F, const uint8_t * p, size_t len)
{

	return (dump_value_profile(F, "profile", p, len));
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
	dump_value_tree(F, &R);
	return (rule != NULL ? rule : dump_value_end(&R));
}

static const char *
vrf(struct fields * F, const uint8_t * p, size_t len)
{
	struct rbuf R;

	rbuf_init(&R, p, len);
	dump_value_hex(F, "proof", &R, VRF_PROOF_LEN);
	return (dump_value_end(&R));
}

static const char *
superseded(struct fields * F, const uint8_t * p, size_t len)
{
	struct rbuf R;

	if (len > SUPERSEDED_MAX * sizeof(uint64_t))
		return ("value-malformed");
	rbuf_init(&R, p, len);
	fields_list(F, "ids");
	while (R.len > 0 && !R.failed)
		dump_value_u64(F, NULL, &R);
	fields_close(F);
	return (dump_value_end(&R));
}

static const char *
majority(struct fields * F, const uint8_t * p, size_t len)
{
	struct rbuf R;

	if (len == 0 || len > POLICY_KEYS_MAX * VKEY_ID_LEN)
		return ("value-malformed");
	rbuf_init(&R, p, len);
	fields_list(F, "key_ids");
	while (R.len > 0 && !R.failed)
		dump_value_hex(F, NULL, &R, VKEY_ID_LEN);
	fields_close(F);
	return (dump_value_end(&R));
}

static const char *
tile(struct fields * F, const uint8_t * p, size_t len)
{

	return (dump_value_tile(F, NULL, p, len));
}

static const struct dump_row rows[] = {
	{ 0x01, "meta", "\"cursor\"",
	    "u64 sequence number of the last event seen", dump_row_event, 0 },
	{ 0x01, "meta", "\"state\"", "u64 closed epoch, u64 signed epoch, "
	    "u32 updates of the open epoch, tree, range", meta_state, 0 },
	{ 0x01, "meta", "\"secret\"", "secret[16], salt of ks-vrf-cache",
	    meta_secret, 1 },
	{ 0x02, "update", "u64 epoch, u32 number", "update", update, 0 },
	{ 0x03, "entry", "index[32], ~epoch", "entry", entry, 0 },
	{ 0x04, "profile", "index[32], ~epoch", "profile", profile, 0 },
	{ 0x05, "epoch", "u64 epoch",
	    "head[168], hash[32] root of the epoch log, tree", epoch, 0 },
	{ 0x06, "subtree", "u8 level, u64 number",
	    "hash[32] of a complete subtree of the epoch log", dump_row_hash, 0 },
	{ 0x07, "signature", "u64 epoch, key_id[4]", "signature[64]",
	    dump_row_signature, 0 },
	{ 0x08, "ratification", "u64 epoch, key_id[4]",
	    "u64 seconds, signature[64]", dump_row_ratification, 0 },
	{ 0x09, "vrf", "hash[32] of the user id", "proof[80]", vrf, 0 },
	{ 0x0a, "superseded", "u64 epoch, u32 number",
	    "up to 16384 x u64 id of tiles that this epoch replaced", superseded, 0 },
	{ 0x0b, "policy", "u64 epoch", "u64 number, var16 policy",
	    dump_value_policy_row, 0 },
	{ 0x0c, "majority", "u64 epoch",
	    "the key_id[4] of each replica of the first majority", majority, 0 },
	{ 0xff, "tile", "u64 id", "tile", tile, 0 },
};

const struct dump_program dump_rows_publish = { "ks-publish", "publish", rows,
	sizeof(rows) / sizeof(rows[0]) };
