#include <stdint.h>

#include "codec/rbuf.h"
#include "codec/wbuf.h"
#include "entry/limits.h"
#include "proto/list.h"

#include "proto/proto_admit.h"

void
proto_admit_put_update(struct wbuf * W, const struct proto_admit_update * U)
{

	wbuf_put_bytes(W, U->request_id, REQUEST_ID_LEN);
	wbuf_put_var8(W, U->user, U->user_len);
	wbuf_put_var32(W, U->update, U->update_len);
	wbuf_put_var32(W, U->profile, U->profile_len);
	wbuf_put_var32(W, U->registration, U->registration_len);
}

int
proto_admit_get_update(const uint8_t * body, size_t len,
    struct proto_admit_update * U)
{
	struct rbuf R;

	rbuf_init(&R, body, len);
	U->request_id = rbuf_get_bytes(&R, REQUEST_ID_LEN);
	U->user = (const char *)rbuf_get_var8(&R, UINT8_MAX, &U->user_len);
	U->update = rbuf_get_var32(&R, UINT32_MAX, &U->update_len);
	U->profile = rbuf_get_var32(&R, UINT32_MAX, &U->profile_len);
	U->registration = rbuf_get_var32(&R, UINT32_MAX, &U->registration_len);
	return (rbuf_end(&R));
}

void
proto_admit_put_accepted(struct wbuf * W, uint64_t epoch)
{

	wbuf_put_u64(W, epoch);
}

int
proto_admit_get_accepted(const uint8_t * body, size_t len, uint64_t * epoch)
{

	return (list_get_u64(body, len, epoch));
}

void
proto_admit_put_outcome(struct wbuf * W, const uint8_t * request_id)
{

	wbuf_put_bytes(W, request_id, REQUEST_ID_LEN);
}

int
proto_admit_get_outcome(const uint8_t * body, size_t len,
    const uint8_t ** request_id)
{
	struct rbuf R;

	rbuf_init(&R, body, len);
	*request_id = rbuf_get_bytes(&R, REQUEST_ID_LEN);
	return (rbuf_end(&R));
}
