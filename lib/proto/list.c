#include <stdint.h>

#include "codec/rbuf.h"
#include "codec/wbuf.h"

#include "proto/list.h"

void
list_begin(struct list * L, struct wbuf * W)
{

	L->W = W;
	L->mark = W->len;
	L->n = 0;
	wbuf_put_u32(W, 0);
}

void
list_put(struct list * L, const void * p, size_t len)
{

	wbuf_put_var32(L->W, p, len);
	L->n++;
}

void
list_end(struct list * L)
{

	if (wbuf_failed(L->W))
		return;
	for (size_t i = 0; i < 4; i++)
		L->W->data[L->mark + i] = (uint8_t)(L->n >> (24 - 8 * i));
}

int
list_check(const struct rbuf * R, uint32_t n, size_t len_max)
{
	struct rbuf C = *R;
	size_t len;

	/* An element takes 4 bytes or more, so this ends with the input. */
	for (uint32_t i = 0; i < n && !C.failed; i++)
		rbuf_get_var32(&C, len_max, &len);
	return (rbuf_end(&C));
}

int
list_next(struct rbuf * R, const uint8_t ** p, size_t * len)
{

	if (R->len == 0)
		return (0);
	*p = rbuf_get_var32(R, UINT32_MAX, len);
	return (!R->failed);
}

int
list_get_u64(const uint8_t * p, size_t len, uint64_t * x)
{
	struct rbuf R;

	rbuf_init(&R, p, len);
	*x = rbuf_get_u64(&R);
	return (rbuf_end(&R));
}
