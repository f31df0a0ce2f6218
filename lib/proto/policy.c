#include <stdint.h>

#include "codec/rbuf.h"
#include "codec/wbuf.h"
#include "policy/policy.h"

#include "proto/policy.h"

void
proto_policy_put(struct wbuf * W, const struct proto_policy * P)
{

	wbuf_put_u64(W, P->epoch);
	wbuf_put_u64(W, P->number);
	wbuf_put_var16(W, P->text, P->len);
}

int
proto_policy_get_row(uint64_t epoch, const uint8_t * p, size_t len,
    struct proto_policy * P)
{
	struct rbuf R;

	rbuf_init(&R, p, len);
	P->epoch = epoch;
	P->number = rbuf_get_u64(&R);
	P->text = (const char *)rbuf_get_var16(&R, POLICY_LEN_MAX, &P->len);
	if (P->len == 0)
		rbuf_fail(&R);
	return (rbuf_end(&R));
}

int
proto_policy_get(const uint8_t * p, size_t len, struct proto_policy * P)
{
	struct rbuf R;
	uint64_t epoch;

	rbuf_init(&R, p, len);
	epoch = rbuf_get_u64(&R);
	return (proto_policy_get_row(epoch, R.data, R.len, P) || R.failed ?
	    -1 : 0);
}

void
proto_approval_put(struct wbuf * W, const struct proto_approval * A)
{

	wbuf_put_u64(W, A->number);
	wbuf_put_bytes(W, A->key_id, VKEY_ID_LEN);
	wbuf_put_bytes(W, A->sig, SIGN_LEN);
	wbuf_put_var16(W, A->text, A->len);
}

int
proto_approval_get(const uint8_t * p, size_t len, struct proto_approval * A)
{
	struct rbuf R;

	rbuf_init(&R, p, len);
	A->number = rbuf_get_u64(&R);
	rbuf_copy(&R, A->key_id, VKEY_ID_LEN);
	rbuf_copy(&R, A->sig, SIGN_LEN);
	A->text = (const char *)rbuf_get_var16(&R, UINT16_MAX, &A->len);
	return (rbuf_end(&R));
}
