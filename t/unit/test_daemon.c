#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/exits.h"
#include "codec/wbuf.h"
#include "daemon/daemon.h"
#include "frame/frame.h"
#include "frame/frame_call.h"
#include "frame/usock.h"
#include "jail/jail.h"

#include "echo.h"
#include "test.h"

static int
phase_listen(void * ctx, struct daemon * D)
{

	(void)ctx;
	echo.D = D;
	return (daemon_serve(D, &echo_spec) != NULL ? 0 : EXITS_TEMPORARY);
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
	.config = config_fails, .listen = phase_listen, .jail = jail_fails, .batch = echo_batch_commit,
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
	memset(&echo, 0, sizeof(echo));
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
	{ "exit codes tell usage from failure", exit_codes },
	{ "ready means listening; what was accepted is answered", ready_and_drain },
	{ "a jailed daemon serves the socket that it is given", given_socket },
};
TESTS(tests)
