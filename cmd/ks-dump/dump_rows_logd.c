#include "codec/rbuf.h"
#include "crypto/hash.h"

#include "dump_rows.h"
#include "dump_value.h"

static const char *
entry(struct fields * F, const uint8_t * p, size_t len)
{
	struct rbuf R;

	rbuf_init(&R, p, len);
	dump_value_hex(F, "hash", &R, HASH_LEN);
	if (R.failed)
		return (dump_value_end(&R));
	return (dump_value_log_entry(F, "entry", R.data, R.len));
}

static const char *
meta_revision(struct fields * F, const uint8_t * p, size_t len)
{
	struct rbuf R;

	rbuf_init(&R, p, len);
	dump_value_u64(F, "cluster", &R);
	dump_value_u64(F, "revision", &R);
	return (dump_value_end(&R));
}

static const struct dump_row rows[] = {
	{ 0x01, "meta", "\"revision\"", "u64 cluster id, u64 revision (section 6); "
	    "of a log that is, or is copied from, that of an etcd cluster",
	    meta_revision, 0 },
	{ 0x02, "entry", "u64 index", "hash[32] running hash after it, log entry",
	    entry, 0 },
};

const struct dump_program dump_rows_logd = { "ks-logd", "log", rows,
	sizeof(rows) / sizeof(rows[0]) };
