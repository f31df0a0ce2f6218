#include "codec/rbuf.h"
#include "crypto/sign.h"
#include "head/head.h"

#include "dump_rows.h"
#include "dump_value.h"

static const char *
meta_watermark(struct fields * F, const uint8_t * p, size_t len)
{
	struct rbuf R;

	rbuf_init(&R, p, len);
	dump_value_u64(F, "epoch", &R);
	dump_value_time(F, "time", &R);
	dump_value_range(F, &R);
	return (dump_value_end(&R));
}

static const char *
is_signed(struct fields * F, const uint8_t * p, size_t len)
{
	const char * rule;
	struct rbuf R;

	rbuf_init(&R, p, len);
	if ((p = rbuf_get_bytes(&R, HEAD_LEN)) == NULL)
		return (dump_value_end(&R));
	rule = dump_value_head(F, "head", p, HEAD_LEN);
	dump_value_hex(F, "signature", &R, SIGN_LEN);
	dump_value_flag(F, "seen", &R);
	return (rule != NULL ? rule : dump_value_end(&R));
}

static const struct dump_row rows[] = {
	{ 0x01, "meta", "\"cursor\"",
	    "u64 sequence number of the event before that of the last epoch signed",
	    dump_row_event, 0 },
	{ 0x01, "meta", "\"watermark\"", "u64 epoch, u64 issue time, range",
	    meta_watermark, 0 },
	{ 0x02, "signed", "u64 epoch", "head[168], signature[64], "
	    "u8 1 when it came out of the log", is_signed, 0 },
};

const struct dump_program dump_rows_sign = { "ks-sign", "sign", rows,
	sizeof(rows) / sizeof(rows[0]) };
