#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "codec/rbuf.h"
#include "codec/wbuf.h"

#include "test.h"

static void
round_trip(void)
{
	struct wbuf W;
	struct rbuf R;
	const uint8_t * p;
	size_t len;

	wbuf_init(&W, 1000);
	wbuf_put_u8(&W, 0x12);
	wbuf_put_u16(&W, 0x3456);
	wbuf_put_u32(&W, 0x789abcde);
	wbuf_put_u64(&W, 0x0123456789abcdefULL);
	wbuf_put_var8(&W, "abc", 3);
	wbuf_put_var16(&W, NULL, 0);
	wbuf_put_var32(&W, "de", 2);
	wbuf_printf(&W, "%s %d", "f", 7);
	CHECK(wbuf_failed(&W) == 0);
	CHECK(W.len == 15 + 4 + 2 + 6 + 3);
	CHECK(W.data[1] == 0x34 && W.data[2] == 0x56);

	rbuf_init(&R, W.data, W.len);
	CHECK(rbuf_get_u8(&R) == 0x12);
	CHECK(rbuf_get_u16(&R) == 0x3456);
	CHECK(rbuf_get_u32(&R) == 0x789abcde);
	CHECK(rbuf_get_u64(&R) == 0x0123456789abcdefULL);
	p = rbuf_get_var8(&R, 3, &len);
	CHECK(p != NULL && len == 3 && memcmp(p, "abc", 3) == 0);
	p = rbuf_get_var16(&R, 0, &len);
	CHECK(p != NULL && len == 0);
	p = rbuf_get_var32(&R, 2, &len);
	CHECK(p != NULL && len == 2 && memcmp(p, "de", 2) == 0);
	CHECK(rbuf_end(&R) == -1);
	p = rbuf_get_bytes(&R, 3);
	CHECK(p != NULL && memcmp(p, "f 7", 3) == 0);
	CHECK(rbuf_end(&R) == 0);
	wbuf_free(&W);
}

static void
reader_stops_at_the_end(void)
{
	static const uint8_t in[] = {0, 5, 1, 2, 3, 4};
	struct rbuf R;
	size_t len;

	rbuf_init(&R, in, sizeof(in));
	CHECK(rbuf_get_var16(&R, 100, &len) == NULL && len == 0);
	CHECK(rbuf_get_u8(&R) == 0);
	CHECK(rbuf_end(&R) == -1);

	/* A length above the maximum fails even if the bytes are there. */
	rbuf_init(&R, in + 1, 5);
	CHECK(rbuf_get_var8(&R, 4, &len) == NULL);
	CHECK(rbuf_end(&R) == -1);

	/* A length that would wrap does not. */
	rbuf_init(&R, in, sizeof(in));
	CHECK(rbuf_get_bytes(&R, SIZE_MAX) == NULL);
}

static void
writer_stops_at_its_maximum(void)
{
	struct wbuf W;
	size_t len;

	wbuf_init(&W, 4);
	wbuf_put_u32(&W, 1);
	CHECK(wbuf_failed(&W) == 0);
	wbuf_put_u8(&W, 1);
	CHECK(wbuf_failed(&W) == -1 && W.len == 4);
	CHECK(wbuf_steal(&W, &len) == NULL);

	wbuf_init(&W, 1000);
	wbuf_put_var8(&W, W.data, 0);
	wbuf_put_var8(&W, "x", 256);
	CHECK(wbuf_failed(&W) == -1);
	wbuf_free(&W);
}

static const struct test tests[] = {
	{ "what is put is got back, big-endian", round_trip },
	{ "a reader never goes beyond its input", reader_stops_at_the_end },
	{ "a writer never exceeds its maximum", writer_stops_at_its_maximum },
};
TESTS(tests)
