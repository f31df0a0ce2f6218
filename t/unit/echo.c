#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "codec/wbuf.h"
#include "daemon/conn.h"
#include "frame/frame.h"
#include "frame/frame_call.h"
#include "loop/loop.h"

#include "echo.h"
#include "test.h"

struct echo echo;
struct loop_deferred * echo_batch;

static int
do_echo(void * ctx, struct conn * C, uint32_t id, const uint8_t * body, size_t len)
{

	(void)ctx;
	echo.frames++;
	return (conn_send(C, T_ECHO, id, body, len, 0));
}

static int
do_big(void * ctx, struct conn * C, uint32_t id, const uint8_t * body, size_t len)
{
	static uint8_t big[BIG_LEN];

	(void)ctx;
	(void)body;
	(void)len;
	echo.frames++;
	if (conn_send(C, T_BIG, id, big, sizeof(big), 0))
		return (-1);
	if (conn_queued(C) > echo.peak)
		echo.peak = conn_queued(C);
	return (0);
}

static int
do_later(void * ctx, struct conn * C, uint32_t id, const uint8_t * body, size_t len)
{

	(void)ctx;
	(void)body;
	(void)len;
	echo.frames++;
	echo.later[echo.nlater] = C;
	echo.later_id[echo.nlater++] = id;
	/* The request to stop comes before the answer. */
	if (echo.D != NULL && id == 99)
		raise(SIGTERM);
	return (0);
}

static int
do_bad(void * ctx, struct conn * C, uint32_t id, const uint8_t * body, size_t len)
{

	(void)ctx;
	(void)id;
	(void)body;
	(void)len;
	return (conn_malformed(C, "always-bad"));
}

int
echo_batch_commit(void * ctx)
{

	(void)ctx;
	echo.batches++;
	for (size_t i = 0; i < echo.nlater; i++) {
		if (conn_send(echo.later[i], T_LATER, echo.later_id[i], "ok", 2, 0))
			return (-1);
	}
	echo.nlater = 0;
	return (0);
}

static int
give_status(void * ctx, struct wbuf * W)
{

	(void)ctx;
	wbuf_printf(W, "frames %zu\n", echo.frames);
	return (0);
}

static const struct server_handler handlers[] = {
	{ T_ECHO, "ECHO", 0, 1000, do_echo },
	{ T_BIG, "BIG", 0, 0, do_big },
	{ T_LATER, "LATER", 0, 0, do_later },
	{ T_BAD, "BAD", 0, 10, do_bad },
};

const struct server_spec echo_spec = {
	.path = "sock", .mode = 0600, .fd = -1, .handlers = handlers,
	.nhandlers = sizeof(handlers) / sizeof(handlers[0]),
	.status = give_status,
};

struct server *
echo_start(void)
{

	memset(&echo, 0, sizeof(echo));
	if (chdir(test_dir()) || (echo.L = loop_new()) == NULL)
		return (NULL);
	echo_batch = loop_deferred_new(echo.L, LOOP_BATCH, echo_batch_commit, NULL);
	return (server_new(echo.L, &echo_spec, echo_batch));
}

void
echo_stop(struct server * S)
{

	server_free(S);
	loop_deferred_free(echo_batch);
	loop_free(echo.L);
}

int
echo_next_frame(int fd, struct wbuf * W, struct frame * F)
{
	uint64_t end = clock_mono_ms() + PATIENCE_MS;
	struct pollfd P = { .fd = fd, .events = POLLIN };

	while (poll(&P, 1, 0) == 0) {
		if (loop_turn(echo.L, 10) || clock_mono_ms() > end)
			return (-1);
	}
	return (frame_recv(fd, W, F, PATIENCE_MS));
}

int
echo_turn_until(const size_t * x, size_t n)
{
	uint64_t end = clock_mono_ms() + PATIENCE_MS;

	while (*x != n) {
		if (loop_turn(echo.L, 10) || clock_mono_ms() > end)
			return (-1);
	}
	return (0);
}

int
echo_turn_until_conns(struct server * S, size_t n)
{
	uint64_t end = clock_mono_ms() + PATIENCE_MS;

	while (server_conns(S) != n) {
		if (loop_turn(echo.L, 10) || clock_mono_ms() > end)
			return (-1);
	}
	return (0);
}
