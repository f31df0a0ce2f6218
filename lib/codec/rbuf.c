#include <stdint.h>
#include <string.h>

#include "codec/rbuf.h"

void
rbuf_init(struct rbuf * R, const void * p, size_t len)
{

	R->data = p;
	R->len = len;
	R->failed = 0;
}

void
rbuf_fail(struct rbuf * R)
{

	R->failed = 1;
}

const uint8_t *
rbuf_get_bytes(struct rbuf * R, size_t len)
{
	static const uint8_t none[1];
	const uint8_t * p = R->data;

	if (R->failed || len > R->len) {
		R->failed = 1;
		return (NULL);
	}

	/* A cursor over (NULL, 0) hands out 0 bytes as a success too. */
	if (p == NULL)
		return (none);
	R->data += len;
	R->len -= len;
	return (p);
}

void
rbuf_copy(struct rbuf * R, void * p, size_t len)
{
	const uint8_t * q = rbuf_get_bytes(R, len);

	if (q == NULL)
		memset(p, 0, len);
	else
		memcpy(p, q, len);
}

static uint64_t
get_uint(struct rbuf * R, size_t n)
{
	const uint8_t * p = rbuf_get_bytes(R, n);
	uint64_t x = 0;

	if (p == NULL)
		return (0);
	for (size_t i = 0; i < n; i++)
		x = x << 8 | p[i];
	return (x);
}

uint8_t
rbuf_get_u8(struct rbuf * R)
{

	return ((uint8_t)get_uint(R, 1));
}

uint16_t
rbuf_get_u16(struct rbuf * R)
{

	return ((uint16_t)get_uint(R, 2));
}

uint32_t
rbuf_get_u32(struct rbuf * R)
{

	return ((uint32_t)get_uint(R, 4));
}

uint64_t
rbuf_get_u64(struct rbuf * R)
{

	return (get_uint(R, 8));
}

/* Take a length of ${n} bytes, then that many bytes. */
static const uint8_t *
get_var(struct rbuf * R, size_t len_max, size_t * len, size_t n)
{
	uint64_t want = get_uint(R, n);
	const uint8_t * p;

	*len = 0;
	if (want > len_max) {
		R->failed = 1;
		return (NULL);
	}
	if ((p = rbuf_get_bytes(R, (size_t)want)) != NULL)
		*len = (size_t)want;
	return (p);
}

const uint8_t *
rbuf_get_var8(struct rbuf * R, size_t len_max, size_t * len)
{

	return (get_var(R, len_max, len, 1));
}

const uint8_t *
rbuf_get_var16(struct rbuf * R, size_t len_max, size_t * len)
{

	return (get_var(R, len_max, len, 2));
}

const uint8_t *
rbuf_get_var32(struct rbuf * R, size_t len_max, size_t * len)
{

	return (get_var(R, len_max, len, 4));
}

int
rbuf_end(const struct rbuf * R)
{

	return (R->failed || R->len != 0 ? -1 : 0);
}
