#include <sys/wait.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/store.h"
#include "store/store_memory.h"
#include "store/trace.h"
#include "store/view.h"

#include "test.h"

/* The tests run from the top of the source tree. */
#define TRACE_CHECK	"t/trace-check"

/* What the checker said last, both streams. */
static char said[4096];

/* A directory for what these tests write themselves. */
static const char *
scratch(void)
{
	static const char * dir;

	if (dir == NULL)
		dir = test_dir();
	return (dir);
}

static void
read_all(const char * path, char * buf, size_t len)
{
	FILE * f = fopen(path, "r");
	size_t n = 0;

	if (f != NULL) {
		n = fread(buf, 1, len - 1, f);
		fclose(f);
	}
	buf[n] = '\0';
}

/* Run the checker over ${path}; return its exit code and keep what it said. */
static int
check(const char * path)
{
	char out[128];
	int fd, status;
	pid_t pid;

	snprintf(out, sizeof(out), "%s/out", scratch());
	if ((pid = fork()) == 0) {
		fd = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
		execl(TRACE_CHECK, TRACE_CHECK, path, (char *)NULL);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return (-1);
	read_all(out, said, sizeof(said));
	return (WEXITSTATUS(status));
}

/* Run the checker over a trace of this ${text}. */
static int
check_text(const char * text)
{
	char path[128];
	FILE * f;

	snprintf(path, sizeof(path), "%s/by-hand.trace", scratch());
	if ((f = fopen(path, "w")) == NULL)
		return (-1);
	fputs(text, f);
	fclose(f);
	return (check(path));
}

/* Store in ${path} the path of the only file in ${dir}. */
static int
find_trace(const char * dir, char * path, size_t path_len)
{
	DIR * d = opendir(dir);
	struct dirent * e;
	int n = 0;

	while (d != NULL && (e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, path_len, "%s/%s", dir, e->d_name);
		n++;
	}
	if (d != NULL)
		closedir(d);
	return (n == 1 ? 0 : -1);
}

static void
what_happened(void)
{
	const char * dir = test_dir();
	struct store * S = store_open_memory();
	struct view * V = view_open(S);
	char path[512], want[512], text[512];
	uint64_t n;

	CHECK(setenv("KS_TRACE_DIR", dir, 1) == 0);
	CHECK(trace_open("ks-test") == 0 && trace_on());
	trace_send("hello", 0);
	CHECK(view_put(V, "\1a", 2, "", 0) == 0);
	CHECK(view_put(V, "\1b", 2, "", 0) == 0);
	CHECK(view_del(V, "\3", 1) == 0);
	CHECK(view_commit(V, &n) == 0);
	trace_send("reply", n);
	CHECK(view_commit(V, &n) == 0);	/* nothing: no line */
	CHECK(view_put(V, "\xff", 1, "", 0) == 0);
	store_memory_fail_commit(S, 1);
	CHECK(view_commit(V, &n) == -1);
	trace_close();
	CHECK(!trace_on());
	trace_send("not any more", 1);
	view_close(V);
	store_close(S);

	CHECK(find_trace(dir, path, sizeof(path)) == 0);
	snprintf(want, sizeof(want), "%s/ks-test.%ld.trace", dir,
	    (long)getpid());
	CHECK(strcmp(path, want) == 0);
	read_all(path, text, sizeof(text));

	/* A refused commit is announced, and never said to be durable. */
	CHECK(strcmp(text, "send hello needs 0\nput 1 1 2\nput 1 3 1\n"
	    "commit 1\nsend reply needs 1\nput 2 255 1\n") == 0);
	CHECK(check(path) == 0);
	CHECK(strcmp(said, "trace-check: 1 files, 1 commits, 2 sends, 0 early\n")
	    == 0);
}

static void
off_by_default(void)
{

	CHECK(unsetenv("KS_TRACE_DIR") == 0);
	CHECK(trace_open("ks-test") == 0 && !trace_on());
	CHECK(setenv("KS_TRACE_DIR", "", 1) == 0);
	CHECK(trace_open("ks-test") == 0 && !trace_on());
	CHECK(setenv("KS_TRACE_DIR", "/not/there", 1) == 0);
	CHECK(trace_open("ks-test") == -1 && !trace_on());
}

static void
checker_catches(void)
{

	/* The same events, in the right order and then reversed. */
	CHECK(check_text("commit 1\nsend reply needs 1\n") == 0);
	CHECK(check_text("send reply needs 1\ncommit 1\n") == 1);
	CHECK(strstr(said, "by-hand.trace:1: sent before its commit") != NULL);
	CHECK(strstr(said, "1 commits, 1 sends, 1 early") != NULL);

	CHECK(check_text("commit 1\nsend a needs 1\nsend b needs 2\n") == 1);
	CHECK(strstr(said, "by-hand.trace:3:") != NULL);
	CHECK(check_text("commit 1\ncommit 3\n") == 1);
	CHECK(strstr(said, "by-hand.trace:2: commit is not the next") != NULL);
	CHECK(check_text("commit 1\ncommit 1\n") == 1);
	CHECK(check_text("commit 2\n") == 1);
	CHECK(check_text("put 2 1 1\n") == 1);
	CHECK(check_text("commit 1\nput 1 1 1\n") == 1);
}

static void
checker_knows_its_lines(void)
{
	static const char * const malformed[] = {
		"commit\n", "commit x\n", "commit 01\n", "commit 1 \n",
		"commit  1\n", " commit 1\n", "\n", "send a needs\n",
		"send a needs -1\n", "send a b needs 0\n", "send needs 0\n",
		"put 1 256 1\n", "put 1 1 0\n", "put 1 1\n", "Commit 1\n",
	};

	for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
		CHECK(check_text(malformed[i]) == 1);
		CHECK(strstr(said, "by-hand.trace:1: malformed line") != NULL);
	}
	CHECK(check_text("commit 1\ncommit 2") == 1);
	CHECK(strstr(said, "the last line is cut") != NULL);
	CHECK(check_text("") == 0);
	CHECK(check("/not/there") == 2);
}

static const struct test tests[] = {
	{ "a trace says what was committed and sent, in order", what_happened },
	{ "there is no trace unless asked for", off_by_default },
	{ "trace-check catches what was sent before its commit", checker_catches },
	{ "trace-check refuses a line that it does not know",
	    checker_knows_its_lines },
};
TESTS(tests)
