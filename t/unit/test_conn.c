#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "codec/wbuf.h"
#include "daemon/conn.h"
#include "frame/common.h"
#include "frame/frame.h"
#include "frame/frame_call.h"
#include "frame/usock.h"
#include "loop/loop.h"

#include "echo.h"
#include "test.h"

static void
split_everywhere(void)
{
	struct server * S = echo_start();
	struct wbuf in, out;
	struct frame F;
	int fd;

	CHECK(S != NULL);
	CHECK((fd = usock_connect("sock")) != -1);
	wbuf_init(&in, FRAME_LEN_MAX + 4);
	wbuf_init(&out, 1000);
	frame_put(&out, T_ECHO, 17, "hello", 5);
	for (size_t at = 1; at < out.len; at++) {
		CHECK(write(fd, out.data, at) == (ssize_t)at);
		for (int i = 0; i < 3; i++)
			CHECK(loop_turn(echo.L, 0) == 0);
		CHECK(echo.frames == at - 1);
		CHECK(write(fd, &out.data[at], out.len - at) ==
		    (ssize_t)(out.len - at));
		CHECK(echo_next_frame(fd, &in, &F) == 0);
		CHECK(F.type == T_ECHO && F.id == 17 && F.len == 5);
		CHECK(memcmp(F.body, "hello", 5) == 0);
	}
	wbuf_free(&in);
	wbuf_free(&out);
	close(fd);
	echo_stop(S);
}

static void
pipelined(void)
{
	struct server * S = echo_start();
	struct wbuf in, out;
	struct frame F;
	int fd;

	CHECK(S != NULL);
	CHECK((fd = usock_connect("sock")) != -1);
	wbuf_init(&in, FRAME_LEN_MAX + 4);
	wbuf_init(&out, 10000);
	for (uint32_t i = 0; i < 50; i++)
		frame_put(&out, i % 2 ? T_LATER : T_ECHO, i, NULL, 0);
	CHECK(write(fd, out.data, out.len) == (ssize_t)out.len);
	/* The echoes come first: the others wait for the one commit. */
	for (uint32_t i = 0; i < 50; i++) {
		CHECK(echo_next_frame(fd, &in, &F) == 0);
		CHECK(F.id == (i < 25 ? 2 * i : 2 * (i - 25) + 1));
	}
	CHECK(echo.frames == 50 && echo.batches == 1);
	wbuf_free(&in);
	wbuf_free(&out);
	close(fd);
	for (uint64_t end = clock_mono_ms() + PATIENCE_MS; server_conns(S) > 0;) {
		CHECK(loop_turn(echo.L, 10) == 0 && clock_mono_ms() < end);
	}
	echo_stop(S);
}

static void
backpressure(void)
{
	struct server * S = echo_start();
	struct wbuf out;
	static uint8_t sink[1 << 20];
	size_t got = 0, sent = 0, want = 1000;
	ssize_t n;
	int fd;

	CHECK(S != NULL);
	CHECK((fd = usock_connect("sock")) != -1);
	wbuf_init(&out, 100000);
	for (uint32_t i = 0; i < want; i++)
		frame_put(&out, T_BIG, i, NULL, 0);
	/* The client asks for 100 MB and reads nothing: the server stalls. */
	for (int i = 0; i < 100; i++) {
		if (sent < out.len && (n = send(fd, &out.data[sent],
		    out.len - sent, MSG_DONTWAIT)) > 0)
			sent += (size_t)n;
		CHECK(loop_turn(echo.L, 0) == 0);
	}
	CHECK(echo.frames < want);
	CHECK(echo.peak <= CONN_OUT_MAX + BIG_LEN + FRAME_HEADER);
	/* It reads after all: everything comes. */
	want *= BIG_LEN + FRAME_HEADER;
	for (uint64_t end = clock_mono_ms() + PATIENCE_MS; got < want;) {
		CHECK(clock_mono_ms() < end);
		if (sent < out.len && (n = send(fd, &out.data[sent],
		    out.len - sent, MSG_DONTWAIT)) > 0)
			sent += (size_t)n;
		CHECK(loop_turn(echo.L, 0) == 0);
		if ((n = recv(fd, sink, sizeof(sink), MSG_DONTWAIT)) > 0)
			got += (size_t)n;
	}
	CHECK(echo.peak <= CONN_OUT_MAX + BIG_LEN + FRAME_HEADER);
	wbuf_free(&out);
	close(fd);
	echo_stop(S);
}

/* What gets an ERROR with which code and rule. */
static void
malformed(void)
{
	static const struct {
		uint32_t length;
		uint16_t type;
		uint16_t code;
		const char * rule;
	} cases[] = {
		{ 5, T_ECHO, ERROR_MALFORMED, "frame-length" },
		{ FRAME_LEN_MAX + 1, T_ECHO, ERROR_MALFORMED, "frame-length" },
		{ 6, 0x7777, ERROR_UNKNOWN_TYPE, "frame-type" },
		{ 7, T_BIG, ERROR_MALFORMED, "body-length" },
		{ 6, T_BAD, ERROR_MALFORMED, "always-bad" },
		{ 7, COMMON_STATUS, ERROR_MALFORMED, "body-length" },
	};
	struct server * S = echo_start();
	struct common_error E;
	struct wbuf in, out;
	struct frame F;
	int fd;

	CHECK(S != NULL);
	wbuf_init(&in, FRAME_LEN_MAX + 4);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CHECK((fd = usock_connect("sock")) != -1);
		wbuf_init(&out, 1000);
		/* A good one before, which is answered, and one after, not. */
		frame_put(&out, T_ECHO, 1, NULL, 0);
		wbuf_put_u32(&out, cases[i].length);
		wbuf_put_u16(&out, cases[i].type);
		wbuf_put_u32(&out, 3);
		if (cases[i].length == 7)
			wbuf_put_u8(&out, 0);
		frame_put(&out, T_ECHO, 2, NULL, 0);
		CHECK(write(fd, out.data, out.len) == (ssize_t)out.len);
		CHECK(echo_next_frame(fd, &in, &F) == 0);
		CHECK(F.type == T_ECHO && F.id == 1);
		CHECK(echo_next_frame(fd, &in, &F) == 0 && F.type == COMMON_ERROR);
		CHECK(F.id == (i < 2 ? 0 : 3));
		CHECK(common_get_error(F.body, F.len, &E) == 0);
		CHECK(E.code == cases[i].code);
		CHECK(strcmp(E.rule, cases[i].rule) == 0);
		CHECK(echo_next_frame(fd, &in, &F) == -1 && errno == ECONNRESET);
		wbuf_free(&out);
		close(fd);
	}
	CHECK(echo.frames == 6 && server_conns(S) == 0);
	/* The next client is served. */
	CHECK((fd = usock_connect("sock")) != -1);
	CHECK(frame_send(fd, COMMON_STATUS, 5, NULL, 0, PATIENCE_MS) == 0);
	CHECK(echo_next_frame(fd, &in, &F) == 0);
	CHECK(F.type == COMMON_STATUS_REPLY && F.id == 5);
	CHECK(F.len == 4 + 9 && memcmp(F.body + 4, "frames 6\n", 9) == 0);
	close(fd);
	wbuf_free(&in);
	echo_stop(S);
}

static void
dropped(void)
{
	static uint8_t big[BIG_LEN];
	struct server * S = echo_start();
	struct conn * C;
	int fd;

	/* Somebody asks, never reads, and is sent more than may wait for him. */
	CHECK(S != NULL);
	CHECK((fd = usock_connect("sock")) != -1);
	CHECK(frame_send(fd, T_LATER, 1, NULL, 0, PATIENCE_MS) == 0);
	CHECK(loop_turn(echo.L, PATIENCE_MS) == 0 && loop_turn(echo.L, 0) == 0);
	CHECK(echo.frames == 1 && server_conns(S) == 1);
	C = echo.later[0];
	for (size_t i = 0; i < 400; i++) {
		CHECK(conn_send(C, T_BIG, 0, big, sizeof(big), 0) == 0);
		CHECK(conn_queued(C) <= CONN_OUT_HARD + BIG_LEN + FRAME_HEADER);
	}
	CHECK(loop_turn(echo.L, 0) == 0);
	CHECK(server_conns(S) == 0);
	close(fd);
	echo_stop(S);
}

/* Make a connection that the server keeps and that answers only when told. */
static struct conn *
keep_one(int * fd)
{

	if ((*fd = usock_connect("sock")) == -1 ||
	    frame_send(*fd, T_LATER, 1, NULL, 0, PATIENCE_MS) != 0 ||
	    loop_turn(echo.L, PATIENCE_MS) || loop_turn(echo.L, 0))
		return (NULL);
	return (echo.frames == 1 ? echo.later[0] : NULL);
}

static void
no_room_on_a_lost_one(void)
{
	static uint8_t big[BIG_LEN];
	struct server * S = echo_start();
	struct conn * C;
	size_t pushed = 0;
	int fd;

	CHECK(S != NULL);
	CHECK((C = keep_one(&fd)) != NULL);
	while (conn_room(C) && ++pushed < 1000)
		CHECK(conn_send(C, T_BIG, 0, big, sizeof(big), 0) == 0);
	CHECK(pushed == CONN_OUT_LOW / BIG_LEN + 1);

	/* Sent more than may wait, it is lost, and its queue stays short. */
	while (conn_queued(C) > BIG_LEN * 2)
		CHECK(conn_send(C, T_BIG, 0, big, sizeof(big), 0) == 0);
	CHECK(conn_queued(C) < CONN_OUT_LOW);
	CHECK(!conn_room(C));
	CHECK(loop_turn(echo.L, 0) == 0 && server_conns(S) == 0);
	close(fd);
	echo_stop(S);
}

static void
shares(void)
{
	struct server * S = echo_start();
	struct conn * C;
	int fd;

	CHECK(S != NULL);
	CHECK((C = keep_one(&fd)) != NULL);
	CHECK(conn_hold(C, CONN_WAITS, 3, 4) == 0);
	CHECK(conn_hold(C, CONN_WAITS, 2, 4) == -1);
	CHECK(conn_hold(C, CONN_BYTES, 5, 4) == -1);
	CHECK(conn_hold(C, CONN_BYTES, SIZE_MAX, SIZE_MAX) == 0);
	CHECK(conn_hold(C, CONN_BYTES, 1, SIZE_MAX) == -1);
	CHECK(conn_hold(C, CONN_WAITS, 1, 4) == 0);
	CHECK(conn_hold(C, CONN_WAITS, 1, 4) == -1);
	CHECK(conn_hold(C, CONN_WAITS, 0, 3) == -1);
	conn_release(C, CONN_WAITS, 4);
	CHECK(conn_hold(C, CONN_WAITS, 4, 4) == 0);
	close(fd);
	echo_stop(S);
}

static const struct test tests[] = {
	{ "a request is served however its bytes are split", split_everywhere },
	{ "pipelined requests are committed together", pipelined },
	{ "a peer that does not read costs bounded memory", backpressure },
	{ "a peer that is sent too much is dropped", dropped },
	{ "a stream pushes nothing into a connection that is lost",
	    no_room_on_a_lost_one },
	{ "what a connection holds is counted against its share", shares },
	{ "a malformed frame costs its connection, not the server", malformed },
};
TESTS(tests)
