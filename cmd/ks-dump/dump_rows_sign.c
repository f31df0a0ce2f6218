#include "codec/rbuf.h"
#include "crypto/sign.h"
#include "fields/fields.h"
#include "head/head.h"
#include "note/vkey.h"

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
	uint8_t flag;

	rbuf_init(&R, p, len);
	if ((p = rbuf_get_bytes(&R, HEAD_LEN)) == NULL)
		return (dump_value_end(&R));
	rule = dump_value_head(F, "head", p, HEAD_LEN);
	dump_value_hex(F, "key_id", &R, VKEY_ID_LEN);
	dump_value_hex(F, "signature", &R, SIGN_LEN);
	flag = rbuf_get_u8(&R);
	fields_u64(F, "seen", flag == 1);
	fields_u64(F, "skipped", flag == 2);
	if (flag > 2)
		rbuf_fail(&R);
	return (rule != NULL ? rule : dump_value_end(&R));
}

static const struct dump_row rows[] = {
	{ 0x01, "meta", "\"cursor\"",
	    "u64 sequence number of the event before that of the last epoch signed",
	    dump_row_event, 0 },
	{ 0x01, "meta", "\"watermark\"", "u64 epoch, u64 issue time, range",
	    meta_watermark, 0 },
	{ 0x02, "signed", "u64 epoch", "head[168], key_id[4], signature[64], "
	    "u8 1 when it came out of the log; 2 with zeroes where it was not signed",
	    is_signed, 0 },
	{ 0x03, "policy", "u64 epoch", "u64 number, var16 policy",
	    dump_value_policy_row, 0 },
};

const struct dump_program dump_rows_sign = { "ks-sign", "sign", rows,
	sizeof(rows) / sizeof(rows[0]) };
