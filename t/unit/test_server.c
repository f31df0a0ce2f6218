#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "daemon/conn.h"
#include "frame/frame_call.h"
#include "frame/usock.h"
#include "loop/loop.h"

#include "echo.h"
#include "test.h"

static void
sockets(void)
{
	struct server * S = echo_start();
	struct stat st;
	int fd;

	/* One that is answered is not taken away; a dead one is. */
	CHECK(S != NULL);
	CHECK(stat("sock", &st) == 0 && (st.st_mode & 0777) == 0600);
	CHECK(usock_listen("sock", 0600) == -1 && errno == EADDRINUSE);
	echo_stop(S);
	CHECK(stat("sock", &st) == -1 && errno == ENOENT);
	CHECK((fd = usock_listen("sock", 0660)) != -1);
	close(fd);
	CHECK(stat("sock", &st) == 0);
	CHECK((fd = usock_listen("sock", 0660)) != -1);
	CHECK(stat("sock", &st) == 0 && (st.st_mode & 0777) == 0660);
	close(fd);
	CHECK((fd = open("file", O_CREAT | O_WRONLY, 0600)) != -1);
	close(fd);
	CHECK(usock_listen("file", 0600) == -1 && errno == EADDRINUSE);
	CHECK(stat("file", &st) == 0);
}

static void
crowd(void)
{
	int fd[SERVER_CONNS_MAX + 1];
	struct server * S = echo_start();
	size_t n;

	CHECK(S != NULL);
	for (n = 0; n < SERVER_CONNS_MAX + 1; n++) {
		CHECK((fd[n] = usock_connect("sock")) != -1);
		CHECK(loop_turn(echo.L, 0) == 0);
	}
	CHECK(echo_turn_until_conns(S, SERVER_CONNS_MAX) == 0);
	for (int i = 0; i < 5; i++)
		CHECK(loop_turn(echo.L, 0) == 0);
	CHECK(server_conns(S) == SERVER_CONNS_MAX);
	/* One goes: the one that waits comes in. */
	close(fd[0]);
	CHECK(frame_send(fd[n - 1], T_ECHO, 1, NULL, 0, PATIENCE_MS) == 0);
	CHECK(echo_turn_until(&echo.frames, 1) == 0);
	for (n = 1; n < SERVER_CONNS_MAX + 1; n++)
		close(fd[n]);
	CHECK(echo_turn_until_conns(S, 0) == 0);
	echo_stop(S);
}

#define T_HOLD	0x0710

static int
do_echo(void * ctx, struct conn * C, uint32_t id, const uint8_t * body,
    size_t len)
{

	(void)ctx;
	echo.frames++;
	return (conn_send(C, T_ECHO, id, body, len, 0));
}

/* A request that waits for its answer. */
static int
do_hold(void * ctx, struct conn * C, uint32_t id, const uint8_t * body,
    size_t len)
{

	(void)ctx;
	(void)id;
	(void)body;
	(void)len;
	echo.frames++;
	return (conn_hold(C, CONN_WAITS, 1, 1));
}

/* Make ${n} connections that stay, each answered once. */
static void
settle(struct server * S, int * fd, size_t n)
{

	for (size_t i = 0; i < n; i++) {
		CHECK((fd[i] = usock_connect("sock")) != -1);
		CHECK(frame_send(fd[i], T_ECHO, 1, NULL, 0, PATIENCE_MS) == 0);
		CHECK(echo_turn_until(&echo.frames, i + 1) == 0);
	}
	CHECK(server_conns(S) == n);
}

/* Has the server closed the connection ${fd}? */
static int
is_closed(int fd)
{
	uint8_t buf[64];
	ssize_t n;

	while ((n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0)
		continue;
	return (n == 0);
}

static void
idle_crowd(void)
{
	static const struct server_handler handlers[] = {
		{ T_ECHO, "ECHO", 0, 10, do_echo },
		{ T_HOLD, "HOLD", 0, 0, do_hold },
	};
	static struct server_spec spec;
	int fd[SERVER_CONNS_MAX + 2];
	struct server * S = echo_start();
	struct loop * L = echo.L;
	uint64_t end;

	CHECK(S != NULL);
	server_free(S);
	spec = echo_spec;
	spec.idle_ms = 300;
	spec.handlers = handlers;
	spec.nhandlers = 2;
	CHECK((S = server_new(L, &spec, echo_batch)) != NULL);
	settle(S, fd, SERVER_CONNS_MAX);

	/* The first waits for an answer, the second has just spoken. */
	CHECK(frame_send(fd[0], T_HOLD, 2, NULL, 0, PATIENCE_MS) == 0);
	CHECK(echo_turn_until(&echo.frames, SERVER_CONNS_MAX + 1) == 0);
	end = clock_mono_ms() + 2 * spec.idle_ms;
	while (clock_mono_ms() < end)
		CHECK(loop_turn(L, 10) == 0);
	CHECK(frame_send(fd[1], T_ECHO, 2, NULL, 0, PATIENCE_MS) == 0);
	CHECK(echo_turn_until(&echo.frames, SERVER_CONNS_MAX + 2) == 0);

	/* So the third gives way to one more, and nobody else. */
	CHECK((fd[SERVER_CONNS_MAX] = usock_connect("sock")) != -1);
	CHECK(frame_send(fd[SERVER_CONNS_MAX], T_ECHO, 1, NULL, 0,
	    PATIENCE_MS) == 0);
	CHECK(echo_turn_until(&echo.frames, SERVER_CONNS_MAX + 3) == 0);
	for (size_t i = 0; i < SERVER_CONNS_MAX; i++)
		CHECK(is_closed(fd[i]) == (i == 2));
	CHECK(server_conns(S) == SERVER_CONNS_MAX);
	for (size_t i = 0; i <= SERVER_CONNS_MAX; i++)
		close(fd[i]);
	CHECK(echo_turn_until_conns(S, 0) == 0);
	echo_stop(S);
}

static void
out_of_descriptors(void)
{
	struct server * S = echo_start();
	struct rlimit old, none;
	uint64_t end;
	size_t turns;
	int fd;

	CHECK(S != NULL);
	CHECK((fd = usock_connect("sock")) != -1);
	CHECK(frame_send(fd, T_ECHO, 1, NULL, 0, PATIENCE_MS) == 0);
	CHECK(getrlimit(RLIMIT_NOFILE, &old) == 0);
	none = old;
	none.rlim_cur = (rlim_t)fd;
	CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
	end = clock_mono_ms() + SERVER_REST_MS / 2;
	for (turns = 0; clock_mono_ms() < end; turns++)
		CHECK(loop_turn(echo.L, 100) == 0);
	CHECK(setrlimit(RLIMIT_NOFILE, &old) == 0);
	/* It did not spin, and goes on by itself when there are some again. */
	CHECK(turns < 10 && server_conns(S) == 0);
	CHECK(echo_turn_until(&echo.frames, 1) == 0);
	close(fd);
	echo_stop(S);
}

static const struct test tests[] = {
	{ "a stale socket is replaced, a live one or a file is not", sockets },
	{ "one connection too many waits until there is room", crowd },
	{ "of too many connections the one that is idle for longest gives way",
	    idle_crowd },
	{ "out of descriptors, a server rests and comes back", out_of_descriptors },
};
TESTS(tests)
