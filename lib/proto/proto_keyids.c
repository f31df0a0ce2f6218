#include <stdint.h>

#include "codec/rbuf.h"
#include "codec/wbuf.h"
#include "entry/limits.h"
#include "entry/user.h"

#include "proto/proto_keyids.h"

void
proto_keyids_put_find(struct wbuf * W, const uint8_t * id, size_t len)
{

	wbuf_put_var8(W, id, len);
}

int
proto_keyids_get_find(const uint8_t * body, size_t len, const uint8_t ** id,
    size_t * id_len)
{
	struct rbuf R;

	rbuf_init(&R, body, len);
	*id = rbuf_get_var8(&R, UINT8_MAX, id_len);
	return (rbuf_end(&R));
}

void
proto_keyids_put_found(struct wbuf * W, uint64_t epoch, int more, uint8_t n)
{

	wbuf_put_u64(W, epoch);
	wbuf_put_u8(W, more != 0);
	wbuf_put_u8(W, n);
}

void
proto_keyids_put_address(struct wbuf * W, const char * address, size_t len)
{

	wbuf_put_var8(W, address, len);
}

int
proto_keyids_get_found(const uint8_t * body, size_t len,
    struct proto_keyids_found * F)
{
	struct rbuf R;
	const char * address;
	uint8_t more;
	size_t n;

	rbuf_init(&R, body, len);
	F->epoch = rbuf_get_u64(&R);
	more = rbuf_get_u8(&R);
	F->more = more;
	F->n = rbuf_get_u8(&R);
	F->list = R;
	if (more > 1 || F->n > KEYIDS_ADDRESSES_MAX)
		return (-1);
	for (unsigned i = 0; i < F->n; i++) {
		address = (const char *)rbuf_get_var8(&R, USER_LEN_MAX, &n);
		if (R.failed || !user_is_normal(address, n))
			return (-1);
	}
	return (rbuf_end(&R));
}

int
proto_keyids_next(struct proto_keyids_found * F, const char ** address,
    size_t * len)
{

	if (F->list.len == 0)
		return (0);
	*address = (const char *)rbuf_get_var8(&F->list, USER_LEN_MAX, len);
	return (!F->list.failed);
}
