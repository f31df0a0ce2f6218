#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/stdlib.h>

#include "base/exits.h"
#include "client/tool.h"
#include "config/config.h"
#include "entry/user.h"

#include "http.h"
#include "net.h"
#include "options.h"

#define USAGE	"[-hV] [-n REPLICAS] [-v VERIFIERS] [-s s6|runit|systemd]\n" \
		"               [-a ADDRESS,...] [-p BASE] [-i MIN_MS] [-I MAX_MS]\n" \
		"               [-H ADDRESS:PORT,...] [-K] DIR REALM\n" \
		"       ks-init -r DIR [-C CADIR]\n" \
		"       ks-init -j FROM [-a ADDRESS] [-p BASE] [-C CADIR]" \
		" [-s s6|runit|systemd]\n" \
		"               [-H ADDRESS:PORT] [-K] DIR\n" \
		"       ks-init -e DIR [-a ADDRESS] [-p BASE] [-C CADIR]"

#define OPTIONS	"hVn:v:s:a:p:i:I:r:j:e:C:KH:"

/* As in config/config.h. */
#define EPOCH_MIN_MS	1000
#define EPOCH_MAX_MS	3600000

/* The options that go with what is to be done, and how many words follow. */
static const struct {
	const char * options;
	int words;
} allowed[] = {
	[INIT_MAKE] = { "nvsapiIKH", 2 },
	[INIT_RENEW] = { "rC", 0 },
	[INIT_JOIN] = { "japCsKH", 1 },
	[INIT_CONVERT] = { "eapC", 0 },
};

/* The number ${text} from ${min} to ${max}, of the option ${ch}. */
static uint64_t
number(const char * text, long long min, long long max, int ch)
{
	const char * why;
	long long x;

	x = strtonum(text, min, max, &why);
	if (why != NULL)
		errx(EXITS_USAGE, "-%c %s: %s (%lld to %lld)", ch, text, why,
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

/* The option ${ch}, which says that something is done to the folder ${from}. */
static void
take_mode(struct init_plan * plan, int ch, const char * from)
{

	plan->mode = ch == 'r' ? INIT_RENEW : ch == 'j' ? INIT_JOIN :
	    INIT_CONVERT;
	plan->from = from;
}

/* Take the option ${ch} with ${arg}.  Return 0, or -1 if there is none. */
static int
take(struct init_plan * plan, int ch, const char * arg)
{

	switch (ch) {
	case 'n':
		plan->replicas = (unsigned)number(arg, 1, INIT_REPLICAS_MAX, ch);
		break;
	case 'v':
		plan->verifiers = (unsigned)number(arg, 0, INIT_VERIFIERS_MAX,
		    ch);
		break;
	case 's':
		plan->supervisor = supervisor(arg);
		break;
	case 'a':
		plan->addresses = arg;
		break;
	case 'p':
		plan->base = (unsigned)number(arg, 1, UINT16_MAX, ch);
		break;
	case 'i':
		plan->epoch_min_ms = number(arg, 0, CONFIG_INTERVAL_MS_MAX, ch);
		break;
	case 'I':
		plan->epoch_max_ms = number(arg, 1, CONFIG_INTERVAL_MS_MAX, ch);
		break;
	case 'C':
		plan->ca_dir = arg;
		break;
	case 'K':
		plan->keyids = 1;
		break;
	case 'H':
		plan->listen = arg;
		break;
	case 'r':
	case 'j':
	case 'e':
		take_mode(plan, ch, arg);
		break;
	default:
		return (-1);
	}
	return (0);
}

/* Do the options that were ${seen} go together, with so many ${words} more? */
static int
fits(const struct init_plan * plan, const char * seen, int words)
{
	const char * options = allowed[plan->mode].options;

	return (words == allowed[plan->mode].words &&
	    strspn(seen, options) == strlen(seen));
}

/* Can a realm be made as ${plan} says?  Return -1, or the exit code if not. */
static int
check_realm(const struct init_plan * plan)
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
	return (-1);
}

int
init_options(int argc, char ** argv, struct init_plan * plan)
{
	char seen[sizeof(OPTIONS)];
	size_t n = 0;
	int ch, rc = -1;

	memset(plan, 0, sizeof(*plan));
	plan->replicas = plan->verifiers = 1;
	plan->epoch_min_ms = EPOCH_MIN_MS;
	plan->epoch_max_ms = EPOCH_MAX_MS;
	while ((ch = getopt(argc, argv, OPTIONS)) != -1) {
		if (ch == 'h')
			return (tool_usage(USAGE, EXITS_OK));
		if (ch == 'V')
			return (tool_version());
		if (take(plan, ch, optarg))
			return (tool_usage(USAGE, EXITS_USAGE));
		seen[n] = '\0';
		if (n < sizeof(seen) - 1 && strchr(seen, ch) == NULL)
			seen[n++] = (char)ch;
	}
	seen[n] = '\0';
	argv += optind;
	if (!fits(plan, seen, argc - optind))
		return (tool_usage(USAGE, EXITS_USAGE));
	if (plan->mode == INIT_MAKE || plan->mode == INIT_JOIN)
		plan->dir = argv[0];
	if (plan->mode == INIT_MAKE) {
		plan->realm = argv[1];
		rc = check_realm(plan);
		if (plan->supervisor == INIT_AS_THERE)
			plan->supervisor = INIT_S6;
	}
	if (rc == -1 && plan->listen != NULL && init_http(plan, plan->listen))
		rc = EXITS_USAGE;
	if (plan->base == 0)
		plan->base = INIT_PORT_BASE;
	return (rc);
}
