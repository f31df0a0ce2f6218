#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/wbuf.h"

/* First allocation: most frames and rows fit without growing. */
#define WBUF_CAP_FIRST	256

void
wbuf_init(struct wbuf * W, size_t len_max)
{

	W->data = NULL;
	W->len = W->cap = 0;
	W->len_max = len_max;
	W->failed = 0;
}

void
wbuf_free(struct wbuf * W)
{

	free(W->data);
	wbuf_init(W, W->len_max);
}

void
wbuf_reset(struct wbuf * W)
{

	W->len = 0;
	W->failed = 0;
}

int
wbuf_failed(const struct wbuf * W)
{

	return (W->failed ? -1 : 0);
}

void
wbuf_fail(struct wbuf * W)
{

	W->failed = 1;
}

/* Make room for ${len} more bytes. */
static int
grow(struct wbuf * W, size_t len)
{
	size_t cap = W->cap ? W->cap : WBUF_CAP_FIRST;
	uint8_t * data;

	if (W->failed || len > W->len_max - W->len)
		goto err0;
	if (W->data != NULL && len <= W->cap - W->len)
		return (0);
	while (cap - W->len < len)
		cap *= 2;
	if ((data = realloc(W->data, cap)) == NULL)
		goto err0;
	W->data = data;
	W->cap = cap;
	return (0);

err0:
	W->failed = 1;
	return (-1);
}

uint8_t *
wbuf_space(struct wbuf * W, size_t len)
{

	if (grow(W, len))
		return (NULL);
	W->len += len;
	return (&W->data[W->len - len]);
}

/* Append the low ${n} bytes of ${x}, most significant first. */
static void
put_uint(struct wbuf * W, uint64_t x, size_t n)
{
	uint8_t * p = wbuf_space(W, n);

	if (p == NULL)
		return;
	while (n-- > 0) {
		p[n] = (uint8_t)x;
		x >>= 8;
	}
}

void
wbuf_put_u8(struct wbuf * W, uint8_t x)
{

	put_uint(W, x, 1);
}

void
wbuf_put_u16(struct wbuf * W, uint16_t x)
{

	put_uint(W, x, 2);
}

void
wbuf_put_u32(struct wbuf * W, uint32_t x)
{

	put_uint(W, x, 4);
}

void
wbuf_put_u64(struct wbuf * W, uint64_t x)
{

	put_uint(W, x, 8);
}

void
wbuf_put_bytes(struct wbuf * W, const void * p, size_t len)
{
	uint8_t * q = wbuf_space(W, len);

	if (q != NULL && len > 0)
		memcpy(q, p, len);
}

/* Append a length of ${n} bytes and the bytes themselves. */
static void
put_var(struct wbuf * W, const void * p, size_t len, size_t n)
{

	if ((uint64_t)len >> (8 * n) != 0) {
		W->failed = 1;
		return;
	}
	put_uint(W, len, n);
	wbuf_put_bytes(W, p, len);
}

void
wbuf_put_var8(struct wbuf * W, const void * p, size_t len)
{

	put_var(W, p, len, 1);
}

void
wbuf_put_var16(struct wbuf * W, const void * p, size_t len)
{

	put_var(W, p, len, 2);
}

void
wbuf_put_var32(struct wbuf * W, const void * p, size_t len)
{

	put_var(W, p, len, 4);
}

void
wbuf_put_str8(struct wbuf * W, const char * s)
{

	wbuf_put_var8(W, s, strlen(s));
}

void
wbuf_printf(struct wbuf * W, const char * fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);

	/* vsnprintf wants a byte for its NUL, which is then taken back. */
	if (n < 0 || grow(W, (size_t)n + 1)) {
		W->failed = 1;
		return;
	}
	va_start(ap, fmt);
	vsnprintf((char *)&W->data[W->len], (size_t)n + 1, fmt, ap);
	va_end(ap);
	W->len += (size_t)n;
}

uint8_t *
wbuf_steal(struct wbuf * W, size_t * len)
{
	uint8_t * data;

	/* An empty success must not look like a failure. */
	if (W->failed || (W->data == NULL && grow(W, 0))) {
		wbuf_free(W);
		return (NULL);
	}
	data = W->data;
	*len = W->len;
	wbuf_init(W, W->len_max);
	return (data);
}
