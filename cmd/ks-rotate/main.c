#include <err.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ask/ask.h"
#include "base/exits.h"
#include "client/tool.h"
#include "codec/wbuf.h"
#include "config/config.h"
#include "frame/common.h"
#include "frame/frame.h"
#include "proto/proto_httpd.h"

#define USAGE	"[-hV] in|out|show DIR"

/* ks-httpd answers at once, or something is wrong with it. */
#define ANSWER_MS	5000

static const struct {
	const char * word;
	enum proto_httpd_want want;
} words[] = {
	{ "in", ROTATION_IN },
	{ "out", ROTATION_OUT },
	{ "show", ROTATION_SHOW }
};

/* Ask ${want} on the connection ${A}, and say what comes.  Return an exit code. */
static int
ask(struct ask * A, enum proto_httpd_want want)
{
	struct frame F;
	struct wbuf W;
	int in, rc;

	wbuf_init(&W, 1);
	proto_httpd_put_rotation(&W, want);
	if (wbuf_failed(&W)) {
		warnx("out of memory");
		return (EXITS_TEMPORARY);
	}
	rc = ask_call(A, ROTATION, W.data, W.len, ROTATION_REPLY, &F);
	wbuf_free(&W);
	if (rc == 0 && proto_httpd_get_rotation_reply(F.body, F.len, &in)) {
		errno = EPROTO;
		rc = -1;
	}
	if (rc == 1)
		warnx("%s: %s: %s", A->path, A->error.rule, A->error.text);
	else if (rc != 0)
		warn("%s", A->path);
	else
		printf("%s\n", in ? "in" : "out");
	return (rc == 0 ? EXITS_OK : EXITS_TEMPORARY);
}

static int
rotate(enum proto_httpd_want want, const char * dir)
{
	char path[PATH_MAX];
	struct ask A;
	int len, code;

	len = snprintf(path, sizeof(path), "%s/%s", dir, CONFIG_SOCKET_HTTPD);
	if (len < 0 || (size_t)len >= sizeof(path)) {
		warnx("%s: %s", dir, strerror(ENAMETOOLONG));
		return (EXITS_PERMANENT);
	}
	if (ask_open(&A, path, ANSWER_MS)) {
		warn("%s", path);
		return (EXITS_TEMPORARY);
	}
	code = ask(&A, want);
	ask_close(&A);
	return (code);
}

int
main(int argc, char ** argv)
{
	int ch;

	while ((ch = getopt(argc, argv, "hV")) != -1) {
		switch (ch) {
		case 'h':
			return (tool_usage(USAGE, EXITS_OK));
		case 'V':
			return (tool_version());
		default:
			return (tool_usage(USAGE, EXITS_USAGE));
		}
	}
	if (argc - optind != 2)
		return (tool_usage(USAGE, EXITS_USAGE));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(argv[optind], words[i].word) == 0)
			return (tool_finish(rotate(words[i].want,
			    argv[optind + 1])));
	return (tool_usage(USAGE, EXITS_USAGE));
}
