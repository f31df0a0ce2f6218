#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/exits.h"
#include "base/panic.h"

#include "store/trace.h"

/* Longest line; "what" is a short name out of our own source. */
#define TRACE_LINE_MAX	160

static int trace_fd = -1;

int
trace_open(const char * program)
{
	const char * dir = getenv("KS_TRACE_DIR");
	char path[PATH_MAX];
	int len;

	trace_close();
	if (dir == NULL || dir[0] == '\0')
		return (0);
	len = snprintf(path, sizeof(path), "%s/%s.%ld.trace", dir, program,
	    (long)getpid());
	if (len < 0 || (size_t)len >= sizeof(path)) {
		warnx("%s: path too long for a trace", dir);
		return (-1);
	}
	trace_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (trace_fd == -1) {
		warn("%s", path);
		return (-1);
	}
	return (0);
}

void
trace_close(void)
{

	if (trace_fd != -1)
		close(trace_fd);
	trace_fd = -1;
}

int
trace_on(void)
{

	return (trace_fd != -1);
}

/* One write(2) a line: threads and a kill leave whole lines in order. */
static void __attribute__((format(printf, 1, 2)))
line(const char * fmt, ...)
{
	char buf[TRACE_LINE_MAX];
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	PANIC_UNLESS(len > 0 && (size_t)len < sizeof(buf));

	/* Evidence with a hole would be taken for whole: stop the program. */
	if (write(trace_fd, buf, (size_t)len) != len)
		err(EXITS_TEMPORARY, "cannot write the trace");
}

void
trace_put(uint64_t number, unsigned int table, size_t count)
{

	if (trace_fd != -1)
		line("put %" PRIu64 " %u %zu\n", number, table, count);
}

void
trace_commit(uint64_t number)
{

	if (trace_fd != -1)
		line("commit %" PRIu64 "\n", number);
}

void
trace_send(const char * what, uint64_t needs)
{

	if (trace_fd == -1)
		return;
	PANIC_UNLESS(what[0] != '\0' && what[strspn(what,
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    "0123456789-_.:/")] == '\0');
	line("send %s needs %" PRIu64 "\n", what, needs);
}
