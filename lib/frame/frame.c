#include <stdint.h>

#include "codec/rbuf.h"
#include "codec/wbuf.h"

#include "frame/frame.h"

/* Bytes of the length itself. */
#define LENGTH	4

int
frame_parse(const uint8_t * data, size_t len, struct frame * F, size_t * used)
{
	struct rbuf R;
	uint32_t n;

	if (len < LENGTH)
		return (0);
	rbuf_init(&R, data, len);
	n = rbuf_get_u32(&R);
	if (n < FRAME_LEN_MIN || n > FRAME_LEN_MAX)
		return (-1);
	if (len - LENGTH < n)
		return (0);
	F->type = rbuf_get_u16(&R);
	F->id = rbuf_get_u32(&R);
	F->body = &data[FRAME_HEADER];
	F->len = n - FRAME_LEN_MIN;
	*used = LENGTH + (size_t)n;
	return (1);
}

void
frame_put(struct wbuf * W, uint16_t type, uint32_t id, const void * body, size_t len)
{
	size_t mark = frame_begin(W, type, id);

	wbuf_put_bytes(W, body, len);
	frame_end(W, mark);
}

size_t
frame_begin(struct wbuf * W, uint16_t type, uint32_t id)
{
	size_t mark = W->len;

	wbuf_put_u32(W, 0);
	wbuf_put_u16(W, type);
	wbuf_put_u32(W, id);
	return (mark);
}

void
frame_end(struct wbuf * W, size_t mark)
{
	size_t len;

	if (wbuf_failed(W))
		return;
	len = W->len - mark - LENGTH;
	if (len > FRAME_LEN_MAX) {
		W->failed = 1;
		return;
	}
	W->data[mark] = (uint8_t)(len >> 24);
	W->data[mark + 1] = (uint8_t)(len >> 16);
	W->data[mark + 2] = (uint8_t)(len >> 8);
	W->data[mark + 3] = (uint8_t)len;
}
