#include <stdint.h>

#include "codec/rbuf.h"
#include "codec/wbuf.h"

#include "proto/proto_apply.h"

void
proto_apply_put_follow(struct wbuf * W, uint64_t from)
{

	wbuf_put_u64(W, from);
}

int
proto_apply_get_follow(const uint8_t * body, size_t len, uint64_t * from)
{

	return (list_get_u64(body, len, from));
}

void
proto_apply_begin_events(struct list * L, struct wbuf * W, uint64_t first)
{

	wbuf_put_u64(W, first);
	list_begin(L, W);
}

void
proto_apply_put_event(struct list * L, uint8_t type, const void * body,
    size_t len)
{

	wbuf_put_u8(L->W, type);
	list_put(L, body, len);
}

int
proto_apply_get_events(const uint8_t * body, size_t len,
    struct proto_apply_events * E)
{
	struct rbuf R;
	size_t n;

	rbuf_init(&R, body, len);
	E->first = rbuf_get_u64(&R);
	E->n = rbuf_get_u32(&R);
	E->list = R;
	for (uint32_t i = 0; i < E->n && !R.failed; i++) {
		rbuf_get_u8(&R);
		rbuf_get_var32(&R, UINT32_MAX, &n);
	}
	return (rbuf_end(&R));
}

int
proto_apply_next(struct proto_apply_events * E, uint8_t * type,
    const uint8_t ** body, size_t * len)
{

	if (E->list.len == 0)
		return (0);
	*type = rbuf_get_u8(&E->list);
	*body = rbuf_get_var32(&E->list, UINT32_MAX, len);
	return (!E->list.failed);
}

void
proto_apply_put_update(struct wbuf * W, const struct proto_apply_update * U)
{

	wbuf_put_u64(W, U->epoch);
	wbuf_put_var32(W, U->update, U->update_len);
	wbuf_put_var32(W, U->profile, U->profile_len);
}

int
proto_apply_get_update(const uint8_t * body, size_t len,
    struct proto_apply_update * U)
{
	struct rbuf R;

	rbuf_init(&R, body, len);
	U->epoch = rbuf_get_u64(&R);
	U->update = rbuf_get_var32(&R, UPDATE_LEN_MAX, &U->update_len);
	U->profile = rbuf_get_var32(&R, PROFILE_LEN_MAX, &U->profile_len);
	return (rbuf_end(&R));
}

void
proto_apply_put_signed(struct wbuf * W, uint64_t epoch)
{

	wbuf_put_u64(W, epoch);
}

int
proto_apply_get_signed(const uint8_t * body, size_t len, uint64_t * epoch)
{

	return (list_get_u64(body, len, epoch));
}

void
proto_apply_put_entry(struct wbuf * W, const uint8_t * index)
{

	wbuf_put_bytes(W, index, INDEX_LEN);
}

int
proto_apply_get_entry(const uint8_t * body, size_t len, const uint8_t ** index)
{
	struct rbuf R;

	rbuf_init(&R, body, len);
	*index = rbuf_get_bytes(&R, INDEX_LEN);
	return (rbuf_end(&R));
}

void
proto_apply_put_entry_reply(struct wbuf * W, uint64_t epoch,
    const uint8_t * entry, size_t entry_len)
{

	wbuf_put_u64(W, epoch);
	wbuf_put_var16(W, entry, entry_len);
}

int
proto_apply_get_entry_reply(const uint8_t * body, size_t len, uint64_t * epoch,
    const uint8_t ** entry, size_t * entry_len)
{
	struct rbuf R;

	rbuf_init(&R, body, len);
	*epoch = rbuf_get_u64(&R);
	*entry = rbuf_get_var16(&R, ENTRY_LEN_MAX, entry_len);
	return (rbuf_end(&R));
}

void
proto_apply_put_outcome(struct wbuf * W, const uint8_t * request_id)
{

	wbuf_put_bytes(W, request_id, REQUEST_ID_LEN);
}

int
proto_apply_get_outcome(const uint8_t * body, size_t len,
    const uint8_t ** request_id)
{
	struct rbuf R;

	rbuf_init(&R, body, len);
	*request_id = rbuf_get_bytes(&R, REQUEST_ID_LEN);
	return (rbuf_end(&R));
}

void
proto_apply_put_accepted(struct wbuf * W, uint64_t epoch)
{

	wbuf_put_u64(W, epoch);
}

int
proto_apply_get_accepted(const uint8_t * body, size_t len, uint64_t * epoch)
{

	return (list_get_u64(body, len, epoch));
}
