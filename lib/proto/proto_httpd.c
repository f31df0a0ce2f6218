#include <stdint.h>

#include "codec/rbuf.h"
#include "codec/wbuf.h"

#include "proto/proto_httpd.h"

/* Decode a body of one u8 up to ${max}. */
static int
get_u8(const uint8_t * body, size_t len, uint8_t max, uint8_t * x)
{
	struct rbuf R;

	rbuf_init(&R, body, len);
	*x = rbuf_get_u8(&R);
	return (rbuf_end(&R) || *x > max ? -1 : 0);
}

void
proto_httpd_put_rotation(struct wbuf * W, enum proto_httpd_want want)
{

	wbuf_put_u8(W, (uint8_t)want);
}

int
proto_httpd_get_rotation(const uint8_t * body, size_t len,
    enum proto_httpd_want * want)
{
	uint8_t x;

	if (get_u8(body, len, ROTATION_OUT, &x))
		return (-1);
	*want = (enum proto_httpd_want)x;
	return (0);
}

void
proto_httpd_put_rotation_reply(struct wbuf * W, int in)
{

	wbuf_put_u8(W, in != 0);
}

int
proto_httpd_get_rotation_reply(const uint8_t * body, size_t len, int * in)
{
	uint8_t x;

	if (get_u8(body, len, 1, &x))
		return (-1);
	*in = x;
	return (0);
}
