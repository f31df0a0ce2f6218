#include <err.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <bsd/stdlib.h>

#include "base/exits.h"
#include "client/tool.h"
#include "config/config.h"
#include "frame/usock.h"

#include "logtool.h"

#define USAGE	"[-hV] -d DIR COMMAND ...\n" \
	"       ks-log -d DIR status [-j]\n" \
	"       ks-log -d DIR propose [-t TYPE] [FILE]\n" \
	"       ks-log -d DIR follow [-j] [-n COUNT] [FROM]\n" \
	"       ks-log -d DIR read [-j] LO HI\n" \
	"       ks-log -d DIR policy [-j]\n" \
	"       ks-log -d DIR approve FILE\n" \
	"       ks-log -d DIR realm [FILE]\n" \
	"       ks-log -d DIR members [-j]\n" \
	"       ks-log -d DIR add [-w SECONDS] NAME URL\n" \
	"       ks-log -d DIR promote | remove [-w SECONDS] NAME\n" \
	"       ks-log -d DIR transfer NAME"

/* How long etcd may say "not yet", and how long at most can be asked for. */
#define WAIT_S		10
#define WAIT_S_MAX	86400

static const struct command {
	const char * name;
	const char * options;	/* as of getopt(3) */
	int args_min;
	int args_max;
	int (* run)(const struct logtool *);
	int alone;		/* it speaks to etcd, or ks-apply; not to ks-logd */
} commands[] = {
	{ "status", "+j", 0, 0, logtool_status, 0 },
	{ "propose", "+t:", 0, 1, logtool_propose, 0 },
	{ "follow", "+jn:", 0, 1, logtool_follow, 0 },
	{ "read", "+j", 2, 2, logtool_read, 0 },
	{ "policy", "+j", 0, 0, logtool_policy, 1 },
	{ "approve", "+", 1, 1, logtool_approve, 0 },
	{ "realm", "+", 0, 1, logtool_realm, 1 },
	{ "members", "+j", 0, 0, logtool_members, 1 },
	{ "add", "+w:", 2, 2, logtool_add, 1 },
	{ "promote", "+w:", 1, 1, logtool_promote, 1 },
	{ "remove", "+w:", 1, 1, logtool_remove, 1 },
	{ "transfer", "+", 1, 1, logtool_transfer, 1 }
};

static const struct command *
find_command(const char * name)
{

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, name) == 0)
			return (&commands[i]);
	}
	warnx("%s: no such command", name);
	return (NULL);
}

/* The options and arguments of the command ${K}, which is argv[0]. */
static int
parse_command(struct logtool * T, const struct command * K, int argc,
    char ** argv)
{
	const char * why;
	int ch;

	T->command = K->name;
	T->type = -1;
	T->count = UINT64_MAX;
	T->wait_s = WAIT_S;

	/* 0, not 1: the second list of options is parsed from its beginning. */
	optind = 0;
	while ((ch = getopt(argc, argv, K->options)) != -1) {
		switch (ch) {
		case 'j':
			T->json = 1;
			break;
		case 'n':
			T->count = (uint64_t)strtonum(optarg, 0, INT64_MAX, &why);
			if (why != NULL) {
				warnx("%s: not a count", optarg);
				return (-1);
			}
			break;
		case 't':
			if ((T->type = logtool_type(optarg)) == -1) {
				warnx("%s: no type of a log entry", optarg);
				return (-1);
			}
			break;
		case 'w':
			T->wait_s = (uint64_t)strtonum(optarg, 0, WAIT_S_MAX,
			    &why);
			if (why != NULL) {
				warnx("%s: not a number of seconds", optarg);
				return (-1);
			}
			break;
		default:
			return (-1);
		}
	}
	T->args = argv + optind;
	T->nargs = argc - optind;
	return (T->nargs < K->args_min || T->nargs > K->args_max ? -1 : 0);
}

/* Carry out ${K} in ${dir}. */
static int
run(struct logtool * T, const struct command * K, const char * dir)
{
	char path[CONFIG_PATH_MAX + 1];
	int n, rc;

	T->dir = dir;
	if (K->alone)
		return (K->run(T));
	n = snprintf(path, sizeof(path), "%s/%s", dir, CONFIG_SOCKET_LOG);
	if (n < 0 || (size_t)n >= sizeof(path)) {
		warnx("%s: path too long for a socket", dir);
		return (EXITS_PERMANENT);
	}
	T->socket = path;
	if ((T->fd = usock_connect(path)) == -1)
		return (logtool_failed(T));
	rc = K->run(T);
	close(T->fd);
	return (rc);
}

int
main(int argc, char ** argv)
{
	struct logtool T = { .fd = -1 };
	const struct command * K;
	const char * dir = NULL;
	int ch;

	while ((ch = getopt(argc, argv, "+d:hV")) != -1) {
		switch (ch) {
		case 'd':
			dir = optarg;
			break;
		case 'h':
			return (tool_usage(USAGE, EXITS_OK));
		case 'V':
			return (tool_version());
		default:
			return (tool_usage(USAGE, EXITS_USAGE));
		}
	}
	if (dir == NULL || optind == argc)
		return (tool_usage(USAGE, EXITS_USAGE));
	if ((K = find_command(argv[optind])) == NULL ||
	    parse_command(&T, K, argc - optind, argv + optind))
		return (tool_usage(USAGE, EXITS_USAGE));
	if (tool_start())
		return (EXITS_PERMANENT);
	return (tool_finish(run(&T, K, dir)));
}
