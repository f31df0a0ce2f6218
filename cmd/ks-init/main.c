#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/stdlib.h>

#include "base/exits.h"
#include "client/tool.h"
#include "config/config.h"
#include "entry/user.h"
#include "tls/identity.h"

#include "build.h"
#include "init_tree.h"
#include "net.h"
#include "plan.h"

#define USAGE	"[-hV] [-n REPLICAS] [-v VERIFIERS] [-s s6|runit|systemd]\n" \
		"               [-a ADDRESS,...] [-p BASE] [-i MIN_MS] [-I MAX_MS]\n" \
		"               DIR REALM"

/* As in config/config.h. */
#define EPOCH_MIN_MS	1000
#define EPOCH_MAX_MS	3600000

/* The number ${text} from ${min} to ${max}, of the option ${what}. */
static uint64_t
number(const char * text, long long min, long long max, const char * what)
{
	const char * why;
	long long x;

	x = strtonum(text, min, max, &why);
	if (why != NULL)
		errx(EXITS_USAGE, "-%s %s: %s (%lld to %lld)", what, text, why,
		    min, max);
	return ((uint64_t)x);
}

static enum init_supervisor
supervisor(const char * text)
{

	if (strcmp(text, "s6") == 0)
		return (INIT_S6);
	if (strcmp(text, "runit") == 0)
		return (INIT_RUNIT);
	if (strcmp(text, "systemd") != 0)
		errx(EXITS_USAGE, "-s %s: not s6, runit or systemd", text);
	return (INIT_SYSTEMD);
}

/* Read the command line; 0, or leave with the exit code stored in ${code}. */
static int
options(int argc, char ** argv, struct init_plan * plan, int * code)
{
	int ch;

	*code = EXITS_OK;
	while ((ch = getopt(argc, argv, "hVn:v:s:a:p:i:I:")) != -1) {
		switch (ch) {
		case 'h':
			*code = tool_usage(USAGE, EXITS_OK);
			return (-1);
		case 'V':
			*code = tool_version();
			return (-1);
		case 'n':
			plan->replicas = (unsigned)number(optarg, 1,
			    INIT_REPLICAS_MAX, "n");
			break;
		case 'v':
			plan->verifiers = (unsigned)number(optarg, 0,
			    INIT_VERIFIERS_MAX, "v");
			break;
		case 's':
			plan->supervisor = supervisor(optarg);
			break;
		case 'a':
			plan->addresses = optarg;
			break;
		case 'p':
			plan->base = (unsigned)number(optarg, 1, UINT16_MAX,
			    "p");
			break;
		case 'i':
			plan->epoch_min_ms = number(optarg, 0, CONFIG_INTERVAL_MS_MAX,
			    "i");
			break;
		case 'I':
			plan->epoch_max_ms = number(optarg, 1, CONFIG_INTERVAL_MS_MAX,
			    "I");
			break;
		default:
			*code = tool_usage(USAGE, EXITS_USAGE);
			return (-1);
		}
	}
	if (argc - optind != 2) {
		*code = tool_usage(USAGE, EXITS_USAGE);
		return (-1);
	}
	plan->dir = argv[optind];
	plan->realm = argv[optind + 1];
	return (0);
}

/* Return 0 if ${plan} can be done, or the exit code after saying why not. */
static int
check(const struct init_plan * plan)
{

	if (plan->epoch_min_ms > plan->epoch_max_ms) {
		warnx("-i must not be above -I");
		return (EXITS_USAGE);
	}
	if (!user_realm_ok(plan->realm, strlen(plan->realm))) {
		warnx("%s: not a realm's name: 1 to %d printable ASCII"
		    " characters other than space and '+'", plan->realm,
		    REALM_NAME_MAX);
		return (EXITS_PERMANENT);
	}
	if (plan->replicas % 2 == 0) {
		warnx("-n %u: must be odd: with one replica more, no more may"
		    " fail", plan->replicas);
		return (EXITS_USAGE);
	}
	if (plan->base != 0 && plan->replicas == 1 && plan->addresses == NULL) {
		warnx("-p: one replica is reached by TCP only with -a");
		return (EXITS_USAGE);
	}
	return (0);
}

int
main(int argc, char ** argv)
{
	struct init_plan plan = {
		.replicas = 1, .verifiers = 1, .supervisor = INIT_S6,
		.epoch_min_ms = EPOCH_MIN_MS, .epoch_max_ms = EPOCH_MAX_MS
	};
	const struct init_net * net = NULL;
	struct init_net hosts;
	struct init_tree T;
	sigset_t all, old;
	int code;

	if (options(argc, argv, &plan, &code) || (code = check(&plan)) != 0)
		return (code);
	if (plan.replicas > 1 || plan.addresses != NULL) {
		if (init_net_make(&hosts, plan.replicas, plan.addresses,
		    plan.base == 0 ? INIT_PORT_BASE : plan.base))
			return (EXITS_PERMANENT);
		net = &hosts;
	}
	if (tool_start() || identity_start())
		return (EXITS_PERMANENT);

	/* A signal waits until what was begun is whole, or gone again. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	code = EXITS_PERMANENT;
	if (init_tree_begin(&T, plan.dir) == 0) {
		if (init_build(&T, &plan, net) == 0 && init_tree_commit(&T) == 0)
			code = EXITS_OK;
		init_tree_end(&T);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	return (code);
}
