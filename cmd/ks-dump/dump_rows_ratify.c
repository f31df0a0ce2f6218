#include "codec/rbuf.h"
#include "crypto/sign.h"
#include "fields/fields.h"

#include "dump_rows.h"
#include "dump_value.h"

static const char *
meta_state(struct fields * F, const uint8_t * p, size_t len)
{
	struct rbuf R;

	rbuf_init(&R, p, len);
	dump_value_u64(F, "epoch", &R);
	dump_value_time(F, "time", &R);
	dump_value_tree(F, &R);
	dump_value_range(F, &R);
	return (dump_value_end(&R));
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
	struct rbuf R;

	rbuf_init(&R, p, len);
	dump_value_seconds(F, "seconds", &R);
	dump_value_hex(F, "signature", &R, SIGN_LEN);
	dump_value_flag(F, "seen", &R);
	return (dump_value_end(&R));
}

static const char *
tile(struct fields * F, const uint8_t * p, size_t len)
{

	return (dump_value_tile(F, NULL, p, len));
}

static const struct dump_row rows[] = {
	{ 0x01, "meta", "\"state\"", "u64 epoch, u64 issue time, tree, range",
	    meta_state, 0 },
	{ 0x01, "meta", "\"halted\"",
	    "u64 epoch, str8 rule, var16 path of the evidence", meta_halted, 0 },
	{ 0x02, "entry", "index[32]", "entry", entry, 0 },
	{ 0x03, "cosignature", "u64 epoch",
	    "u64 seconds, signature[64], u8 1 when it came back", cosignature, 0 },
	{ 0xff, "tile", "u64 id", "tile", tile, 0 },
};

const struct dump_program dump_rows_ratify = { "ks-ratify", "ratify", rows,
	sizeof(rows) / sizeof(rows[0]) };
