#include "codec/rbuf.h"
#include "crypto/hash.h"
#include "entry/limits.h"
#include "fields/fields.h"
#include "openpgp/openpgp.h"

#include "dump_rows.h"
#include "dump_value.h"

static const char *
meta_state(struct fields * F, const uint8_t * p, size_t len)
{
	struct rbuf R;

	rbuf_init(&R, p, len);
	dump_value_hex(F, "realm", &R, HASH_LEN);
	dump_value_u64(F, "closed_epoch", &R);
	dump_value_u64(F, "signed_epoch", &R);
	dump_value_u64(F, "entries", &R);
	dump_value_u64(F, "ids", &R);
	return (dump_value_end(&R));
}

static const char *
keys(struct fields * F, const uint8_t * p, size_t len)
{
	struct rbuf R;
	unsigned count;
	size_t n;

	rbuf_init(&R, p, len);
	fields_list(F, "addresses");
	for (count = rbuf_get_u8(&R); count > 0 && !R.failed; count--)
		if ((p = rbuf_get_var8(&R, USER_LEN_MAX, &n)) != NULL)
			fields_text(F, NULL, (const char *)p, n);
	fields_close(F);
	fields_array(F, "ids");
	for (count = rbuf_get_u16(&R); count > 0 && !R.failed; count--) {
		fields_open(F, NULL);
		dump_value_hex(F, "id", &R, OPENPGP_FPR_MAX);
		dump_value_flag(F, "subkey", &R);
		dump_value_u64(F, "epoch", &R);
		fields_close(F);
	}
	fields_close(F);
	return (dump_value_end(&R));
}

static const char *
empty(struct fields * F, const uint8_t * p, size_t len)
{

	(void)F;
	(void)p;
	return (len == 0 ? NULL : "value-trailing");
}

static const struct dump_row rows[] = {
	{ 0x01, "meta", "\"cursor\"",
	    "u64 sequence number of the last event seen", dump_row_event, 0 },
	{ 0x01, "meta", "\"state\"", "hash[32] of the realm (section 7), "
	    "u64 closed epoch, u64 signed epoch, u64 entries with keys, "
	    "u64 rows of the table id", meta_state, 0 },
	{ 0x02, "pending", "u64 epoch, index[32]",
	    "as in the table keys, of an update whose epoch is not signed", keys,
	    0 },
	{ 0x03, "keys", "index[32]", "u8 n, n x str8 address, u16 n, n x "
	    "{ id[32], u8 subkey (1: of a subkey), u64 epoch }", keys, 0 },
	{ 0x04, "id", "id[32], u8 subkey, u64 epoch, index[32]", "(empty)",
	    empty, 0 },
};

const struct dump_program dump_rows_keyids = { "ks-keyids", "keyids", rows,
	sizeof(rows) / sizeof(rows[0]) };
