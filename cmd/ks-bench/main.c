#include <err.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <bsd/stdlib.h>

#include "base/exits.h"
#include "client/tool.h"
#include "pool/pool.h"

#include "bench.h"
#include "pipeline.h"

#define USAGE	"[-hV] COMMAND ...\n" \
	"       ks-bench floor [-j] [-s SECONDS] DIR\n" \
	"       ks-bench fill -d REPLICA [-jLW] [-n COUNT] [-f FIRST] [-v VERSION]\n" \
	"                [-D DEPTH]\n" \
	"       ks-bench close -d REPLICA [-j]\n" \
	"       ks-bench lookup -d REPLICA [-ajw] [-n USERS] [-f FIRST] [-D DEPTH]\n" \
	"                [-s SECONDS]\n" \
	"       ks-bench replay -d DIR [-j] apply|publish|ratify"

/* Users have numbers of eight digits; those from 90000000 on are never there. */
#define USERS_MAX	90000000

/* Longest measurement, in seconds. */
#define SECONDS_MAX	3600

static const struct command {
	const char * name;
	const char * options;	/* as of getopt(3) */
	int args;		/* how many follow them */
	int in_dir;		/* works in the folder -d */
	unsigned depth;		/* unless -D says otherwise */
	int (* run)(const struct bench *);
} commands[] = {
	{ "floor", "+js:", 1, 0, 1, bench_floor },
	{ "fill", "+d:jLWn:f:v:D:", 0, 1, 2000, bench_fill },
	{ "close", "+d:j", 0, 1, 1, bench_close },
	{ "lookup", "+d:ajwn:f:D:s:", 0, 1, 64, bench_lookup },
	{ "replay", "+d:j", 1, 1, 1, bench_replay }
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

/* The option -${ch} with a number from ${min} to ${max}; -1 if it is none. */
static int
number(int ch, long long min, long long max, uint64_t * x)
{
	const char * why;

	*x = (uint64_t)strtonum(optarg, min, max, &why);
	if (why == NULL)
		return (0);
	warnx("-%c %s: %s (%lld to %lld)", ch, optarg, why, min, max);
	return (-1);
}

/* An option with an argument. */
static int
set_number(struct bench * B, int ch)
{
	uint64_t x;

	switch (ch) {
	case 'n':
		return (number(ch, 1, USERS_MAX, &B->count));
	case 'f':
		return (number(ch, 0, USERS_MAX, &B->first));
	case 'v':
		return (number(ch, 0, INT64_MAX, &B->version));
	case 'D':
		if (number(ch, 1, PIPELINE_DEPTH_MAX, &x))
			return (-1);
		B->depth = (unsigned)x;
		return (0);
	case 's':
		if (number(ch, 1, SECONDS_MAX, &x))
			return (-1);
		B->seconds = (unsigned)x;
		return (0);
	default:
		return (-1);
	}
}

/* The options and arguments of the command ${K}, which is argv[0]. */
static int
parse_command(struct bench * B, const struct command * K, int argc, char ** argv)
{
	int ch;

	B->depth = K->depth;

	/* 0, not 1: the second list of options is parsed from its beginning. */
	optind = 0;
	while ((ch = getopt(argc, argv, K->options)) != -1) {
		switch (ch) {
		case 'd':
			B->dir = optarg;
			break;
		case 'j':
			B->json = 1;
			break;
		case 'L':
			B->straight = 1;
			break;
		case 'W':
			B->accepted_only = 1;
			break;
		case 'a':
			B->absent = 1;
			break;
		case 'w':
			B->warm = 1;
			break;
		default:
			if (set_number(B, ch))
				return (-1);
			break;
		}
	}
	B->args = argv + optind;
	B->nargs = argc - optind;
	return (B->nargs != K->args || !!K->in_dir != (B->dir != NULL) ? -1 : 0);
}

static int
run(struct bench * B, const struct command * K)
{
	int rc;

	if (K->in_dir && chdir(B->dir)) {
		warn("%s", B->dir);
		return (EXITS_PERMANENT);
	}
	if ((B->pool = pool_new(0)) == NULL) {
		warn("threads");
		return (EXITS_TEMPORARY);
	}
	rc = K->run(B);
	pool_free(B->pool);
	return (rc);
}

int
main(int argc, char ** argv)
{
	struct bench B = { .count = 1000, .seconds = 1 };
	const struct command * K;
	int ch;

	while ((ch = getopt(argc, argv, "+hV")) != -1) {
		switch (ch) {
		case 'h':
			return (tool_usage(USAGE, EXITS_OK));
		case 'V':
			return (tool_version());
		default:
			return (tool_usage(USAGE, EXITS_USAGE));
		}
	}
	if (optind == argc)
		return (tool_usage(USAGE, EXITS_USAGE));
	if ((K = find_command(argv[optind])) == NULL ||
	    parse_command(&B, K, argc - optind, argv + optind))
		return (tool_usage(USAGE, EXITS_USAGE));
	if (tool_start())
		return (EXITS_PERMANENT);
	return (tool_finish(run(&B, K)));
}
