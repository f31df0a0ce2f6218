#include <stdint.h>

#include "codec/rbuf.h"
#include "codec/wbuf.h"

#include "proto/signature.h"

void
signature_put(struct wbuf * W, const struct signature * S)
{

	wbuf_put_u64(W, S->epoch);
	wbuf_put_bytes(W, S->key_id, VKEY_ID_LEN);
	wbuf_put_bytes(W, S->sig, SIGN_LEN);
}

void
signature_put_ratification(struct wbuf * W,
    const struct signature_ratification * S)
{

	wbuf_put_u64(W, S->epoch);
	wbuf_put_bytes(W, S->key_id, VKEY_ID_LEN);
	wbuf_put_u64(W, S->time_s);
	wbuf_put_bytes(W, S->sig, SIGN_LEN);
}

int
signature_get(const uint8_t * p, size_t len, struct signature * S)
{
	struct rbuf R;

	rbuf_init(&R, p, len);
	S->epoch = rbuf_get_u64(&R);
	rbuf_copy(&R, S->key_id, VKEY_ID_LEN);
	rbuf_copy(&R, S->sig, SIGN_LEN);
	return (rbuf_end(&R));
}

int
signature_get_ratification(const uint8_t * p, size_t len,
    struct signature_ratification * S)
{
	struct rbuf R;

	rbuf_init(&R, p, len);
	S->epoch = rbuf_get_u64(&R);
	rbuf_copy(&R, S->key_id, VKEY_ID_LEN);
	S->time_s = rbuf_get_u64(&R);
	rbuf_copy(&R, S->sig, SIGN_LEN);
	return (rbuf_end(&R));
}
