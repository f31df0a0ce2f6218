#include "codec/rbuf.h"
#include "crypto/hash.h"
#include "crypto/sign.h"
#include "fields/fields.h"

#include "dump_rows.h"
#include "dump_value.h"

const char *
dump_row_event(struct fields * F, const uint8_t * p, size_t len)
{
	struct rbuf R;

	rbuf_init(&R, p, len);
	dump_value_u64(F, "event", &R);
	return (dump_value_end(&R));
}

const char *
dump_row_hash(struct fields * F, const uint8_t * p, size_t len)
{
	struct rbuf R;

	rbuf_init(&R, p, len);
	dump_value_hex(F, "hash", &R, HASH_LEN);
	return (dump_value_end(&R));
}

const char *
dump_row_signature(struct fields * F, const uint8_t * p, size_t len)
{
	struct rbuf R;

	rbuf_init(&R, p, len);
	dump_value_hex(F, "signature", &R, SIGN_LEN);
	return (dump_value_end(&R));
}

const char *
dump_row_ratification(struct fields * F, const uint8_t * p, size_t len)
{
	struct rbuf R;

	rbuf_init(&R, p, len);
	dump_value_seconds(F, "seconds", &R);
	dump_value_hex(F, "signature", &R, SIGN_LEN);
	return (dump_value_end(&R));
}
