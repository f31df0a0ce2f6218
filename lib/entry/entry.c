#include <stdint.h>

#include "codec/rbuf.h"
#include "codec/wbuf.h"
#include "crypto/hash.h"

#include "entry/entry.h"

#define ENTRY_VERSION	1	/* the first byte */

int
entry_parse(struct entry * E, const uint8_t * p, size_t len)
{
	struct rbuf R;

	rbuf_init(&R, p, len);
	if (rbuf_get_u8(&R) != ENTRY_VERSION)
		rbuf_fail(&R);
	E->index = rbuf_get_bytes(&R, INDEX_LEN);
	E->version = rbuf_get_u64(&R);
	E->policy = (const char *)rbuf_get_var16(&R, ENTRY_POLICY_MAX,
	    &E->policy_len);
	E->commitment = rbuf_get_bytes(&R, HASH_LEN);
	if (E->policy_len == 0)
		rbuf_fail(&R);
	return (rbuf_end(&R));
}

void
entry_put(struct wbuf * W, const struct entry * E)
{

	if (E->policy_len == 0 || E->policy_len > ENTRY_POLICY_MAX) {
		W->failed = 1;
		return;
	}
	wbuf_put_u8(W, ENTRY_VERSION);
	wbuf_put_bytes(W, E->index, INDEX_LEN);
	wbuf_put_u64(W, E->version);
	wbuf_put_var16(W, E->policy, E->policy_len);
	wbuf_put_bytes(W, E->commitment, HASH_LEN);
}

void
entry_value(uint8_t * value, const uint8_t * p, size_t len)
{

	hash_blake2b("ks-entry", NULL, p, len, value);
}
