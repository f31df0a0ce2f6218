#include <err.h>
#include <errno.h>

#include <sodium.h>

#include "base/exits.h"
#include "crypto/sign.h"

#include "client/tool.h"

int
tool_start(void)
{

	if (sodium_init() < 0 || sign_self_test()) {
		warnx("libsodium: does not work as it must on this machine");
		return (-1);
	}
	return (0);
}

int
tool_usage(const char * usage, int code)
{

	fprintf(code == EXITS_OK ? stdout : stderr, "usage: %s %s\n",
	    program_invocation_short_name, usage);
	return (code == EXITS_OK ? tool_finish(code) : code);
}

int
tool_version(void)
{

	printf("%s %s\n", program_invocation_short_name, KS_VERSION);
	return (tool_finish(EXITS_OK));
}

int
tool_finish(int code)
{

	if (ferror(stdout) || fflush(stdout)) {
		warn("standard output");
		return (EXITS_TEMPORARY);
	}
	return (code);
}
