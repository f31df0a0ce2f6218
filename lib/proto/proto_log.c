#include <stdint.h>

#include "codec/rbuf.h"
#include "codec/wbuf.h"

#include "proto/proto_log.h"

void
proto_log_put_proposed(struct wbuf * W, uint64_t index)
{

	wbuf_put_u64(W, index);
}

int
proto_log_get_proposed(const uint8_t * body, size_t len, uint64_t * index)
{

	return (list_get_u64(body, len, index));
}

void
proto_log_put_follow(struct wbuf * W, uint64_t from)
{

	wbuf_put_u64(W, from);
}

int
proto_log_get_follow(const uint8_t * body, size_t len, uint64_t * from)
{

	return (list_get_u64(body, len, from));
}

void
proto_log_begin_entries(struct list * L, struct wbuf * W, uint64_t first,
    const uint8_t * hash)
{

	wbuf_put_u64(W, first);
	wbuf_put_bytes(W, hash, HASH_LEN);
	list_begin(L, W);
}

int
proto_log_get_entries(const uint8_t * body, size_t len,
    struct proto_log_entries * E)
{
	struct rbuf R;

	rbuf_init(&R, body, len);
	E->first = rbuf_get_u64(&R);
	E->hash = rbuf_get_bytes(&R, HASH_LEN);
	E->n = rbuf_get_u32(&R);
	E->list = R;
	return (list_check(&R, E->n, LOG_ENTRY_MAX));
}

int
proto_log_next(struct proto_log_entries * E, struct log_entry * entry,
    const uint8_t ** data, size_t * len)
{

	if (!list_next(&E->list, data, len))
		return (0);
	return (log_entry_parse(entry, *data, *len) ? -1 : 1);
}

void
proto_log_put_read(struct wbuf * W, uint64_t lo, uint64_t hi,
    uint32_t bytes_max)
{

	wbuf_put_u64(W, lo);
	wbuf_put_u64(W, hi);
	wbuf_put_u32(W, bytes_max);
}

int
proto_log_get_read(const uint8_t * body, size_t len, uint64_t * lo,
    uint64_t * hi, uint32_t * bytes_max)
{
	struct rbuf R;

	rbuf_init(&R, body, len);
	*lo = rbuf_get_u64(&R);
	*hi = rbuf_get_u64(&R);
	*bytes_max = rbuf_get_u32(&R);
	return (rbuf_end(&R));
}

void
proto_log_put_hint(struct wbuf * W, int leader, uint64_t last)
{

	wbuf_put_u8(W, leader ? 1 : 0);
	wbuf_put_u64(W, last);
}

int
proto_log_get_hint(const uint8_t * body, size_t len, int * leader,
    uint64_t * last)
{
	struct rbuf R;

	rbuf_init(&R, body, len);
	*leader = rbuf_get_u8(&R);
	*last = rbuf_get_u64(&R);
	if (*leader > 1)
		rbuf_fail(&R);
	return (rbuf_end(&R));
}

void
proto_log_put_position(struct wbuf * W, const struct proto_log_position * P)
{

	wbuf_put_u64(W, P->last);
	wbuf_put_bytes(W, P->hash, HASH_LEN);
	wbuf_put_u64(W, P->cluster);
	wbuf_put_u64(W, P->revision);
}

int
proto_log_get_position(const uint8_t * body, size_t len,
    struct proto_log_position * P)
{
	struct rbuf R;

	rbuf_init(&R, body, len);
	P->last = rbuf_get_u64(&R);
	rbuf_copy(&R, P->hash, HASH_LEN);
	P->cluster = rbuf_get_u64(&R);
	P->revision = rbuf_get_u64(&R);
	return (rbuf_end(&R));
}
