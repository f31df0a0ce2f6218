#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "codec/rbuf.h"
#include "codec/wbuf.h"
#include "frame/common.h"
#include "frame/frame.h"
#include "frame/frame_call.h"

#include "test.h"

static void
every_prefix(void)
{
	struct wbuf W;
	struct frame F;
	uint8_t * p;
	size_t used, mark;

	wbuf_init(&W, 1000);
	frame_put(&W, 0x0102, 0xdeadbeef, "hello", 5);
	mark = frame_begin(&W, 0x0203, 7);
	wbuf_put_u64(&W, 42);
	frame_end(&W, mark);
	CHECK(wbuf_failed(&W) == 0 && W.len == 15 + 18);
	/* Each prefix in memory of just its size, so that a sanitizer sees more. */
	for (size_t len = 0; len <= W.len; len++) {
		CHECK((p = malloc(len + 1)) != NULL);
		memcpy(p, W.data, len);
		if (len < 15) {
			CHECK(frame_parse(p, len, &F, &used) == 0);
		} else {
			CHECK(frame_parse(p, len, &F, &used) == 1);
			CHECK(used == 15 && F.type == 0x0102);
			CHECK(F.id == 0xdeadbeef && F.len == 5);
			CHECK(memcmp(F.body, "hello", 5) == 0);
			CHECK(frame_parse(p + 15, len - 15, &F, &used) ==
			    (len == W.len));
		}
		free(p);
	}
	wbuf_free(&W);
}

static void
lengths(void)
{
	struct { uint32_t len; int rc; } cases[] = {
		{ 0, -1 }, { 5, -1 }, { 6, 0 }, { FRAME_LEN_MAX, 0 },
		{ FRAME_LEN_MAX + 1, -1 }, { UINT32_MAX, -1 }
	};
	struct frame F;
	struct wbuf W;
	size_t used;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		wbuf_init(&W, 4);
		wbuf_put_u32(&W, cases[i].len);
		CHECK(frame_parse(W.data, 4, &F, &used) == cases[i].rc);
		wbuf_free(&W);
	}
	/* The largest body goes through, one byte more does not. */
	wbuf_init(&W, 2 * FRAME_LEN_MAX);
	CHECK(wbuf_space(&W, FRAME_BODY_MAX + 1) != NULL);
	for (size_t len = FRAME_BODY_MAX; len <= FRAME_BODY_MAX + 1; len++) {
		struct wbuf out;

		wbuf_init(&out, 2 * FRAME_LEN_MAX);
		frame_put(&out, 1, 1, W.data, len);
		CHECK((wbuf_failed(&out) == 0) == (len == FRAME_BODY_MAX));
		if (len == FRAME_BODY_MAX)
			CHECK(frame_parse(out.data, out.len, &F, &used) == 1);
		wbuf_free(&out);
	}
	wbuf_free(&W);
}

static void
errors(void)
{
	struct common_error E;
	struct wbuf W;

	wbuf_init(&W, 1000);
	common_put_error(&W, ERROR_REFUSED, "version-must-rise", "3 is\n\033[not 4");
	CHECK(common_get_error(W.data, W.len, &E) == 0);
	CHECK(E.code == ERROR_REFUSED);
	CHECK(strcmp(E.rule, "version-must-rise") == 0);
	CHECK(strcmp(E.text, "3 is??[not 4") == 0);
	CHECK(common_get_error(W.data, W.len - 1, &E) == -1);
	/* Another's escape sequences do not reach a terminal. */
	W.data[W.len - 1] = 033;
	CHECK(common_get_error(W.data, W.len, &E) == -1);
	W.data[W.len - 1] = '4';
	W.data[3] = 'V';
	CHECK(common_get_error(W.data, W.len, &E) == -1);
	wbuf_free(&W);
}

static void
status(void)
{
	static const struct { const char * text; int rc; } cases[] = {
		{ "", 0 }, { "epoch 3\nroot_hash ab cd\n", 0 }, { "epoch 3", -1 },
		{ "epoch\n", -1 }, { "epoch 3\n\n", -1 }, { "ep\033 3\n", -1 },
		{ "epoch \033\n", -1 }, { " 3\n", -1 }, { "root-hash ab\n", -1 },
		{ "root.hash ab\n", -1 }
	};
	struct wbuf W;
	const char * text;
	size_t len;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		wbuf_init(&W, 1000);
		common_put_status(&W, cases[i].text, strlen(cases[i].text));
		CHECK(common_get_status(W.data, W.len, &text, &len) ==
		    cases[i].rc);
		if (cases[i].rc == 0)
			CHECK(len == strlen(cases[i].text) &&
			    memcmp(text, cases[i].text, len) == 0);
		CHECK(common_get_status(W.data, W.len - 1, &text, &len) == -1);
		wbuf_free(&W);
	}
}

static void
dumps(void)
{
	struct common_dump D = { 9, (const uint8_t *)"a", 1, NULL, 0, 77 }, G;
	struct common_rows B;
	struct common_row row;
	struct rbuf R;
	struct wbuf W;
	uint32_t n;
	int more;

	wbuf_init(&W, 1000);
	common_put_dump(&W, &D);
	CHECK(common_get_dump(W.data, W.len, &G) == 0);
	CHECK(G.table == 9 && G.from_len == 1 && G.from[0] == 'a');
	CHECK(G.to_len == 0 && G.rows_max == 77);
	CHECK(common_get_dump(W.data, W.len - 1, &G) == -1);

	wbuf_reset(&W);
	common_rows_begin(&B, &W);
	common_rows_put(&B, "k1", 2, "v", 1);
	common_rows_put(&B, "k2", 2, NULL, 0);
	common_rows_end(&B, 1);
	CHECK(common_get_rows(W.data, W.len, &more, &n, &R) == 0);
	CHECK(more == 1 && n == 2);
	common_next_row(&R, &row);
	CHECK(row.key_len == 2 && memcmp(row.key, "k1", 2) == 0);
	CHECK(row.value_len == 1 && row.value[0] == 'v');
	common_next_row(&R, &row);
	CHECK(row.key_len == 2 && row.value_len == 0);
	CHECK(rbuf_end(&R) == 0);
	/* A count that the rows do not bear out. */
	for (unsigned int wrong = 0; wrong < 256; wrong++) {
		W.data[4] = (uint8_t)wrong;
		CHECK(common_get_rows(W.data, W.len, &more, &n, &R) ==
		    (wrong == 2 ? 0 : -1));
	}
	memset(&W.data[1], 0xff, 4);
	CHECK(common_get_rows(W.data, W.len, &more, &n, &R) == -1);
	wbuf_free(&W);
}

static void
calls(void)
{
	struct wbuf W, out;
	struct frame F;
	int fd[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == 0);
	wbuf_init(&W, FRAME_LEN_MAX + 4);
	/* The answer is there already, behind one to somebody else. */
	CHECK(frame_send(fd[1], 5, 8, "other", 5, 1000) == 0);
	CHECK(frame_send(fd[1], 6, 9, "mine", 4, 1000) == 0);
	CHECK(frame_call(fd[0], 4, 9, "q", 1, 1000, &W, &F) == 0);
	CHECK(F.type == 6 && F.id == 9 && F.len == 4);
	CHECK(memcmp(F.body, "mine", 4) == 0);
	CHECK(frame_recv(fd[1], &W, &F, 1000) == 0);
	CHECK(F.type == 4 && F.id == 9 && F.len == 1 && F.body[0] == 'q');

	CHECK(frame_recv(fd[1], &W, &F, 1) == -1 && errno == ETIMEDOUT);
	wbuf_init(&out, 1000);
	wbuf_put_u32(&out, 5);
	CHECK(write(fd[0], out.data, 4) == 4);
	CHECK(frame_recv(fd[1], &W, &F, 1000) == -1 && errno == EPROTO);
	wbuf_free(&out);
	close(fd[0]);
	CHECK(frame_recv(fd[1], &W, &F, 1000) == -1 && errno == ECONNRESET);
	CHECK(frame_call(fd[1], 4, 9, "q", 1, 1000, &W, &F) == -1);
	CHECK(errno == ECONNRESET);
	close(fd[1]);
	wbuf_free(&W);
}

/*
 * A peer whose frames are always there, so that nothing is ever waited for: the
 * time must be looked at all the same.
 */
static void
flooded_call(void)
{
	struct wbuf W;
	struct frame F;
	int fd[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == 0);
	wbuf_init(&W, FRAME_LEN_MAX + 4);
	for (unsigned i = 0; i < 100; i++)
		CHECK(frame_send(fd[1], 5, 8, "other", 5, 1000) == 0);
	CHECK(frame_send(fd[1], 6, 9, "mine", 4, 1000) == 0);
	CHECK(frame_call(fd[0], 4, 9, "q", 1, 0, &W, &F) == -1 &&
	    errno == ETIMEDOUT);
	close(fd[0]);
	close(fd[1]);
	wbuf_free(&W);
}

static const struct test tests[] = {
	{ "a frame is found wherever its bytes are split", every_prefix },
	{ "a length out of bounds is refused at once", lengths },
	{ "ERROR is encoded, decoded and safe to print", errors },
	{ "STATUS_REPLY is lines of names and values, or refused", status },
	{ "DUMP and its rows are encoded and decoded", dumps },
	{ "a tool gets the answer to its call, or why not", calls },
	{ "a peer that never stops talking holds up no tool", flooded_call },
};
TESTS(tests)
