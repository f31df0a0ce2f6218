#include <sodium.h>

#include "codec/rbuf.h"
#include "crypto/sign.h"
#include "entry/rule_names.h"
#include "fields/fields.h"
#include "head/head.h"
#include "note/note.h"

#include "dump_rows.h"
#include "dump_value.h"

static const char *
meta_state(struct fields * F, const uint8_t * p, size_t len)
{
	const char * rule = NULL;
	struct rbuf R;
	uint64_t epoch;

	rbuf_init(&R, p, len);
	epoch = rbuf_get_u64(&R);
	fields_u64(F, "epoch", epoch);
	if ((p = rbuf_get_bytes(&R, HEAD_LEN)) == NULL)
		return (dump_value_end(&R));
	if (epoch > 0)
		rule = dump_value_head(F, "head", p, HEAD_LEN);
	else if (!sodium_is_zero(p, HEAD_LEN))
		rule = RULE_HEAD_MALFORMED;
	dump_value_tree(F, &R);
	dump_value_range(F, &R);
	dump_value_u64(F, "seen_epoch", &R);
	return (rule != NULL ? rule : dump_value_end(&R));
}

static const char *
meta_halted(struct fields * F, const uint8_t * p, size_t len)
{
	struct rbuf R;

	rbuf_init(&R, p, len);
	dump_value_u64(F, "epoch", &R);
	dump_value_rule(F, "rule", &R);
	if ((p = rbuf_get_var16(&R, UINT16_MAX, &len)) != NULL)
		fields_text(F, "path", p, len);
	return (dump_value_end(&R));
}

static const char *
entry(struct fields * F, const uint8_t * p, size_t len)
{

	return (dump_value_entry(F, "entry", p, len));
}

static const char *
cosignature(struct fields * F, const uint8_t * p, size_t len)
{
	const uint8_t * head, * note;
	const char * rule;
	struct rbuf R;
	size_t note_len;

	rbuf_init(&R, p, len);
	dump_value_seconds(F, "seconds", &R);
	dump_value_hex(F, "signature", &R, SIGN_LEN);
	head = rbuf_get_bytes(&R, HEAD_LEN);
	note = rbuf_get_var32(&R, NOTE_LEN_MAX, &note_len);
	if ((rule = dump_value_end(&R)) != NULL ||
	    (rule = dump_value_head(F, "head", head, HEAD_LEN)) != NULL)
		return (rule);
	return (dump_value_note(F, "note", note, note_len));
}

static const char *
waiting(struct fields * F, const uint8_t * p, size_t len)
{
	struct rbuf R;

	(void)F;
	rbuf_init(&R, p, len);
	return (dump_value_end(&R));
}

static const char *
link_row(struct fields * F, const uint8_t * p, size_t len)
{
	const uint8_t * head, * note;
	const char * rule;
	struct rbuf R;
	size_t note_len;

	rbuf_init(&R, p, len);
	head = rbuf_get_bytes(&R, HEAD_LEN);
	fields_list(F, "inclusion");
	for (unsigned n = rbuf_get_u8(&R); n > 0 && !R.failed; n--)
		dump_value_hex(F, NULL, &R, HASH_LEN);
	fields_close(F);
	note = rbuf_get_var32(&R, NOTE_LEN_MAX, &note_len);
	if ((rule = dump_value_end(&R)) != NULL ||
	    (rule = dump_value_head(F, "head", head, HEAD_LEN)) != NULL)
		return (rule);
	return (dump_value_note(F, "note", note, note_len));
}

static const char *
tile(struct fields * F, const uint8_t * p, size_t len)
{

	return (dump_value_tile(F, NULL, p, len));
}

static const struct dump_row rows[] = {
	{ 0x01, "meta", "\"state\"", "u64 epoch ratified last, "
	    "head[168] of it (zeroes if 0), tree, range without that head, "
	    "u64 newest epoch whose cosignature came back",
	    meta_state, 0 },
	{ 0x01, "meta", "\"halted\"",
	    "u64 epoch, str8 rule, var16 path of the evidence", meta_halted, 0 },
	{ 0x02, "entry", "index[32]", "entry", entry, 0 },
	{ 0x03, "cosignature", "u64 epoch",
	    "u64 seconds, signature[64] (both zero: the policy in force had "
	    "not its key), head[168], "
	    "var32 note with the signatures of the replicas alone",
	    cosignature, 0 },
	{ 0x04, "waiting", "u64 epoch",
	    "(empty): its cosignature has not come back", waiting, 0 },
	{ 0x05, "policy", "u64 epoch", "u64 number, var16 policy",
	    dump_value_policy_row, 0 },
	{ 0x06, "link", "u64 epoch", "head[168] that names the policy, u8 n, "
	    "n x hash[32] of its inclusion, "
	    "var32 note with the signatures of the replicas alone",
	    link_row, 0 },
	{ 0xff, "tile", "u64 id", "tile", tile, 0 },
};

const struct dump_program dump_rows_ratify = { "ks-ratify", "ratify", rows,
	sizeof(rows) / sizeof(rows[0]) };
