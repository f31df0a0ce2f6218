#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/exits.h"
#include "codec/wbuf.h"
#include "daemon/conn.h"
#include "daemon/daemon.h"
#include "daemon/server.h"
#include "daemon/upstream.h"
#include "frame/common.h"
#include "frame/frame.h"
#include "frame/frame_call.h"
#include "frame/usock.h"
#include "jail/jail.h"
#include "loop/loop.h"

#include "test.h"

/* A condition that does not come within this long never will. */
#define PATIENCE_MS	10000

/* The daemon under test: ECHO gives its body back, BIG a body of a size, LATER
 * answers in the batch. */
#define T_ECHO	0x0700
#define T_BIG	0x0701
#define T_LATER	0x0702
#define T_BAD	0x0703
#define BIG_LEN	100000

static struct {
	struct loop * L;
	struct daemon * D;
	size_t frames;
	size_t batches;
	struct conn * later[100];
	uint32_t later_id[100];
	size_t nlater;
	size_t peak;		/* most output that was ever queued */
} X;

static int
do_echo(void * ctx, struct conn * C, uint32_t id, const uint8_t * body, size_t len)
{

	(void)ctx;
	X.frames++;
	return (conn_send(C, T_ECHO, id, body, len, 0));
}

static int
do_big(void * ctx, struct conn * C, uint32_t id, const uint8_t * body, size_t len)
{
	static uint8_t big[BIG_LEN];

	(void)ctx;
	(void)body;
	(void)len;
	X.frames++;
	if (conn_send(C, T_BIG, id, big, sizeof(big), 0))
		return (-1);
	if (conn_queued(C) > X.peak)
		X.peak = conn_queued(C);
	return (0);
}

static int
do_later(void * ctx, struct conn * C, uint32_t id, const uint8_t * body, size_t len)
{

	(void)ctx;
	(void)body;
	(void)len;
	X.frames++;
	X.later[X.nlater] = C;
	X.later_id[X.nlater++] = id;
	/* The request to stop comes before the answer. */
	if (X.D != NULL && id == 99)
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

static int
on_batch(void * ctx)
{

	(void)ctx;
	X.batches++;
	for (size_t i = 0; i < X.nlater; i++) {
		if (conn_send(X.later[i], T_LATER, X.later_id[i], "ok", 2, 0))
			return (-1);
	}
	X.nlater = 0;
	return (0);
}

static int
give_status(void * ctx, struct wbuf * W)
{

	(void)ctx;
	wbuf_printf(W, "frames %zu\n", X.frames);
	return (0);
}

static const struct server_handler handlers[] = {
	{ T_ECHO, "ECHO", 0, 1000, do_echo },
	{ T_BIG, "BIG", 0, 0, do_big },
	{ T_LATER, "LATER", 0, 0, do_later },
	{ T_BAD, "BAD", 0, 10, do_bad },
};

static struct server_spec spec = {
	.path = "sock", .mode = 0600, .fd = -1, .handlers = handlers,
	.nhandlers = sizeof(handlers) / sizeof(handlers[0]),
	.status = give_status,
};

static struct loop_deferred * batch;

static struct server *
start_server(void)
{

	memset(&X, 0, sizeof(X));
	if (chdir(test_dir()) || (X.L = loop_new()) == NULL)
		return (NULL);
	batch = loop_deferred_new(X.L, LOOP_BATCH, on_batch, NULL);
	return (server_new(X.L, &spec, batch));
}

static void
stop_server(struct server * S)
{

	server_free(S);
	loop_deferred_free(batch);
	loop_free(X.L);
}

/* Turn the loop until something came, then read a frame. */
static int
next_frame(int fd, struct wbuf * W, struct frame * F)
{
	uint64_t end = clock_mono_ms() + PATIENCE_MS;
	struct pollfd P = { .fd = fd, .events = POLLIN };

	while (poll(&P, 1, 0) == 0) {
		if (loop_turn(X.L, 10) || clock_mono_ms() > end)
			return (-1);
	}
	return (frame_recv(fd, W, F, PATIENCE_MS));
}

static void
split_everywhere(void)
{
	struct server * S = start_server();
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
			CHECK(loop_turn(X.L, 0) == 0);
		CHECK(X.frames == at - 1);
		CHECK(write(fd, &out.data[at], out.len - at) ==
		    (ssize_t)(out.len - at));
		CHECK(next_frame(fd, &in, &F) == 0);
		CHECK(F.type == T_ECHO && F.id == 17 && F.len == 5);
		CHECK(memcmp(F.body, "hello", 5) == 0);
	}
	wbuf_free(&in);
	wbuf_free(&out);
	close(fd);
	stop_server(S);
}

static void
pipelined(void)
{
	struct server * S = start_server();
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
		CHECK(next_frame(fd, &in, &F) == 0);
		CHECK(F.id == (i < 25 ? 2 * i : 2 * (i - 25) + 1));
	}
	CHECK(X.frames == 50 && X.batches == 1);
	wbuf_free(&in);
	wbuf_free(&out);
	close(fd);
	for (uint64_t end = clock_mono_ms() + PATIENCE_MS; server_conns(S) > 0;) {
		CHECK(loop_turn(X.L, 10) == 0 && clock_mono_ms() < end);
	}
	stop_server(S);
}

static void
backpressure(void)
{
	struct server * S = start_server();
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
		CHECK(loop_turn(X.L, 0) == 0);
	}
	CHECK(X.frames < want && X.peak <= CONN_OUT_MAX + BIG_LEN + FRAME_HEADER);
	/* It reads after all: everything comes. */
	want *= BIG_LEN + FRAME_HEADER;
	for (uint64_t end = clock_mono_ms() + PATIENCE_MS; got < want;) {
		CHECK(clock_mono_ms() < end);
		if (sent < out.len && (n = send(fd, &out.data[sent],
		    out.len - sent, MSG_DONTWAIT)) > 0)
			sent += (size_t)n;
		CHECK(loop_turn(X.L, 0) == 0);
		if ((n = recv(fd, sink, sizeof(sink), MSG_DONTWAIT)) > 0)
			got += (size_t)n;
	}
	CHECK(X.peak <= CONN_OUT_MAX + BIG_LEN + FRAME_HEADER);
	wbuf_free(&out);
	close(fd);
	stop_server(S);
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
	struct server * S = start_server();
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
		CHECK(next_frame(fd, &in, &F) == 0);
		CHECK(F.type == T_ECHO && F.id == 1);
		CHECK(next_frame(fd, &in, &F) == 0 && F.type == COMMON_ERROR);
		CHECK(F.id == (i < 2 ? 0 : 3));
		CHECK(common_get_error(F.body, F.len, &E) == 0);
		CHECK(E.code == cases[i].code);
		CHECK(strcmp(E.rule, cases[i].rule) == 0);
		CHECK(next_frame(fd, &in, &F) == -1 && errno == ECONNRESET);
		wbuf_free(&out);
		close(fd);
	}
	CHECK(X.frames == 6 && server_conns(S) == 0);
	/* The next client is served. */
	CHECK((fd = usock_connect("sock")) != -1);
	CHECK(frame_send(fd, COMMON_STATUS, 5, NULL, 0, PATIENCE_MS) == 0);
	CHECK(next_frame(fd, &in, &F) == 0);
	CHECK(F.type == COMMON_STATUS_REPLY && F.id == 5);
	CHECK(F.len == 4 + 9 && memcmp(F.body + 4, "frames 6\n", 9) == 0);
	close(fd);
	wbuf_free(&in);
	stop_server(S);
}

static void
sockets(void)
{
	struct server * S = start_server();
	struct stat st;
	int fd;

	/* One that is answered is not taken away; a dead one is. */
	CHECK(S != NULL);
	CHECK(stat("sock", &st) == 0 && (st.st_mode & 0777) == 0600);
	CHECK(usock_listen("sock", 0600) == -1 && errno == EADDRINUSE);
	stop_server(S);
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

/* Turn until ${x} is ${n}. */
static int
turn_until(const size_t * x, size_t n)
{
	uint64_t end = clock_mono_ms() + PATIENCE_MS;

	while (*x != n) {
		if (loop_turn(X.L, 10) || clock_mono_ms() > end)
			return (-1);
	}
	return (0);
}

static void
dropped(void)
{
	static uint8_t big[BIG_LEN];
	struct server * S = start_server();
	struct conn * C;
	int fd;

	/* Somebody asks, never reads, and is sent more than may wait for him. */
	CHECK(S != NULL);
	CHECK((fd = usock_connect("sock")) != -1);
	CHECK(frame_send(fd, T_LATER, 1, NULL, 0, PATIENCE_MS) == 0);
	CHECK(loop_turn(X.L, PATIENCE_MS) == 0 && loop_turn(X.L, 0) == 0);
	CHECK(X.frames == 1 && server_conns(S) == 1);
	C = X.later[0];
	for (size_t i = 0; i < 400; i++) {
		CHECK(conn_send(C, T_BIG, 0, big, sizeof(big), 0) == 0);
		CHECK(conn_queued(C) <= CONN_OUT_HARD + BIG_LEN + FRAME_HEADER);
	}
	CHECK(loop_turn(X.L, 0) == 0);
	CHECK(server_conns(S) == 0);
	close(fd);
	stop_server(S);
}

/* The number of connections becomes ${n}. */
static int
turn_until_conns(struct server * S, size_t n)
{
	uint64_t end = clock_mono_ms() + PATIENCE_MS;

	while (server_conns(S) != n) {
		if (loop_turn(X.L, 10) || clock_mono_ms() > end)
			return (-1);
	}
	return (0);
}

static void
crowd(void)
{
	int fd[SERVER_CONNS_MAX + 1];
	struct server * S = start_server();
	size_t n;

	CHECK(S != NULL);
	for (n = 0; n < SERVER_CONNS_MAX + 1; n++) {
		CHECK((fd[n] = usock_connect("sock")) != -1);
		CHECK(loop_turn(X.L, 0) == 0);
	}
	CHECK(turn_until_conns(S, SERVER_CONNS_MAX) == 0);
	for (int i = 0; i < 5; i++)
		CHECK(loop_turn(X.L, 0) == 0);
	CHECK(server_conns(S) == SERVER_CONNS_MAX);
	/* One goes: the one that waits comes in. */
	close(fd[0]);
	CHECK(frame_send(fd[n - 1], T_ECHO, 1, NULL, 0, PATIENCE_MS) == 0);
	CHECK(turn_until(&X.frames, 1) == 0);
	for (n = 1; n < SERVER_CONNS_MAX + 1; n++)
		close(fd[n]);
	CHECK(turn_until_conns(S, 0) == 0);
	stop_server(S);
}

static void
out_of_descriptors(void)
{
	struct server * S = start_server();
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
		CHECK(loop_turn(X.L, 100) == 0);
	CHECK(setrlimit(RLIMIT_NOFILE, &old) == 0);
	/* It did not spin, and goes on by itself when there are some again. */
	CHECK(turns < 10 && server_conns(S) == 0);
	CHECK(turn_until(&X.frames, 1) == 0);
	close(fd);
	stop_server(S);
}

static size_t ups, downs, answers;

static int
on_up(void * ctx, struct upstream * U)
{

	(void)ctx;
	ups++;
	return (upstream_send(U, T_ECHO, 1, "again", 5, 0));
}

static int
on_down(void * ctx, struct upstream * U)
{

	(void)ctx;
	(void)U;
	downs++;
	return (0);
}

static int
on_answer(void * ctx, struct upstream * U, const struct frame * F)
{

	(void)ctx;
	(void)U;
	answers += F->type == T_ECHO && F->len == 5;
	return (0);
}

static const struct upstream_spec up = {
	.path = "sock", .up = on_up, .down = on_down, .frame = on_answer
};

static void
reconnect(void)
{
	struct server * S = start_server();
	struct upstream * U;

	CHECK(S != NULL);
	server_free(S);
	ups = downs = answers = 0;
	CHECK((U = upstream_new(X.L, &up, batch)) != NULL);
	for (int i = 0; i < 5; i++)
		CHECK(loop_turn(X.L, 10) == 0);
	CHECK(ups == 0 && upstream_conn(U) == NULL);
	CHECK(upstream_send(U, T_ECHO, 1, "lost", 4, 0) == 0);
	for (size_t i = 1; i <= 3; i++) {
		CHECK((S = server_new(X.L, &spec, batch)) != NULL);
		CHECK(turn_until(&answers, i) == 0 && ups == i);
		server_free(S);
		CHECK(turn_until(&downs, i) == 0);
	}
	upstream_free(U);
	loop_deferred_free(batch);
	loop_free(X.L);
}

static int
phase_listen(void * ctx, struct daemon * D)
{

	(void)ctx;
	X.D = D;
	return (daemon_serve(D, &spec) != NULL ? 0 : EXITS_TEMPORARY);
}

static char arg0[] = "./path/other-name", dash_d[] = "-d", dot[] = ".", dash_h[] = "-h",
    dash_V[] = "-V", dash_J[] = "-J", dash_R[] = "-R", dash_l[] = "-l",
    dash_x[] = "-x", bad_fd[] = "3x", nowhere[] = "/nonexistent";

static int
config_fails(void * ctx, struct daemon * D)
{

	(void)D;
	return (ctx != arg0 ? 0 : EXITS_PERMANENT);
}

static int
jail_fails(void * ctx, struct jail * J)
{

	if (ctx != NULL)
		jail_add_dir(J, "/nonexistent");
	return (0);
}

static struct daemon_spec program = {
	.name = "ks-test", .usage = "[-x N]", .options = "x:",
	.config = config_fails, .listen = phase_listen, .jail = jail_fails, .batch = on_batch,
};

/* Run the daemon in a child; its standard output and error go to a file. */
static pid_t
spawn(char ** argv)
{
	pid_t pid;
	int argc = 0, fd;

	while (argv[argc] != NULL)
		argc++;
	fflush(stdout);
	if ((pid = fork()) != 0)
		return (pid);
	fd = open("log", O_WRONLY | O_CREAT | O_TRUNC, 0600);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	_exit(daemon_main(argc, argv, &program));
}

static int
exit_code(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return (-1);
	return (WEXITSTATUS(status));
}

/* Is ${text} how the log starts? */
static int
log_starts(const char * text)
{
	char buf[1000] = "";
	FILE * f = fopen("log", "r");
	size_t n;

	if (f == NULL)
		return (0);
	n = fread(buf, 1, sizeof(buf) - 1, f);
	buf[n] = '\0';
	fclose(f);
	return (strncmp(buf, text, strlen(text)) == 0);
}

static void
exit_codes(void)
{
	struct { char * argv[6]; int code; const char * text; } cases[] = {
		{ { arg0 }, EXITS_USAGE, "usage: ks-test" },
		{ { arg0, dash_d }, EXITS_USAGE, "" },
		{ { arg0, dash_d, dot, dot }, EXITS_USAGE, "usage: ks-test" },
		{ { arg0, dash_d, dot, dash_x, dot }, EXITS_USAGE, "usage: " },
		{ { arg0, dash_d, dot, dash_R, bad_fd }, EXITS_USAGE, "usage: " },
		{ { arg0, dash_h }, EXITS_OK, "usage: ks-test" },
		{ { arg0, dash_V }, EXITS_OK, "ks-test " KS_VERSION "\n" },
		{ { arg0, dash_J, dash_d, nowhere }, EXITS_PERMANENT,
		    "ks-test: /nonexistent: No such file or directory\n" },
	};

	CHECK(chdir(test_dir()) == 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CHECK(exit_code(spawn(cases[i].argv)) == cases[i].code);
		CHECK(log_starts(cases[i].text));
	}
	program.ctx = arg0;
	CHECK(exit_code(spawn((char *[]){ arg0, dash_J, dash_d, dot, NULL })) ==
	    EXITS_PERMANENT);
	/* No jail, no daemon. */
	program.ctx = dot;
	CHECK(exit_code(spawn((char *[]){ arg0, dash_d, dot, NULL })) ==
	    EXITS_PERMANENT);
	CHECK(log_starts("ks-test: jail: /nonexistent: "));
	program.ctx = NULL;
}

static void
ready_and_drain(void)
{
	char * argv[] = { arg0, dash_d, dot, dash_R, NULL, dash_J, NULL };
	char number[16], byte[2];
	struct wbuf W;
	struct frame F;
	pid_t pid;
	int fd, ready[2];

	CHECK(chdir(test_dir()) == 0 && pipe(ready) == 0);
	snprintf(number, sizeof(number), "%d", ready[1]);
	argv[4] = number;
	memset(&X, 0, sizeof(X));
	CHECK((pid = spawn(argv)) > 0);
	close(ready[1]);
	CHECK(read(ready[0], byte, 1) == 1 && byte[0] == '\n');
	/* Once the newline is there, it listens; and the pipe is closed. */
	CHECK((fd = usock_connect("sock")) != -1);
	CHECK(read(ready[0], byte, 1) == 0);
	close(ready[0]);
	wbuf_init(&W, FRAME_LEN_MAX + 4);
	CHECK(frame_call(fd, T_ECHO, 5, "x", 1, PATIENCE_MS, &W, &F) == 0);
	CHECK(F.type == T_ECHO);
	/* Request 99 sends SIGTERM to the daemon before it is answered, behind
	 * more output than the socket takes at once. */
	for (uint32_t i = 0; i < 30; i++)
		CHECK(frame_send(fd, T_BIG, i, NULL, 0, PATIENCE_MS) == 0);
	CHECK(frame_call(fd, T_LATER, 99, NULL, 0, PATIENCE_MS, &W, &F) == 0);
	CHECK(F.type == T_LATER && F.len == 2);
	CHECK(exit_code(pid) == 0);
	CHECK(frame_recv(fd, &W, &F, PATIENCE_MS) == -1 && errno == ECONNRESET);
	CHECK(usock_connect("sock") == -1 && errno == ENOENT);
	wbuf_free(&W);
	close(fd);
}

static void
given_socket(void)
{
	char * argv[] = { arg0, dash_d, dot, dash_l, NULL, NULL };
	char number[16];
	struct wbuf W;
	struct frame F;
	pid_t pid;
	int fd, lfd;

	CHECK(chdir(test_dir()) == 0);
	CHECK((lfd = usock_listen("given", 0600)) != -1);
	snprintf(number, sizeof(number), "%d", lfd);
	argv[4] = number;
	CHECK((pid = spawn(argv)) > 0);
	close(lfd);
	/* It listened before the daemon ran: nobody has to wait. */
	CHECK((fd = usock_connect("given")) != -1);
	wbuf_init(&W, FRAME_LEN_MAX + 4);
	CHECK(frame_call(fd, T_ECHO, 5, "x", 1, PATIENCE_MS, &W, &F) == 0);
	CHECK(kill(pid, SIGTERM) == 0 && exit_code(pid) == 0);
	wbuf_free(&W);
	close(fd);
}

static const struct test tests[] = {
	{ "a request is served however its bytes are split", split_everywhere },
	{ "pipelined requests are committed together", pipelined },
	{ "a peer that does not read costs bounded memory", backpressure },
	{ "a peer that is sent too much is dropped", dropped },
	{ "one connection too many waits until there is room", crowd },
	{ "out of descriptors, a server rests and comes back", out_of_descriptors },
	{ "a malformed frame costs its connection, not the server", malformed },
	{ "a stale socket is replaced, a live one or a file is not", sockets },
	{ "an upstream may come late and come back", reconnect },
	{ "exit codes tell usage from failure", exit_codes },
	{ "ready means listening; what was accepted is answered", ready_and_drain },
	{ "a jailed daemon serves the socket that it is given", given_socket },
};
TESTS(tests)
