#include <err.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <bsd/stdlib.h>

#include "base/clock.h"
#include "base/exits.h"
#include "client/tool.h"
#include "health/judge.h"
#include "health/look.h"

#include "status_certs.h"
#include "status_look.h"
#include "status_print.h"

#define USAGE	"[-hjVw] [-t SECONDS] DIR"

/* A daemon that does not answer STATUS for so long counts as down. */
#define ANSWER_MS	2000

/* Without -w, how long what lags is given to catch up with a busy log. */
#define GRACE_MS	1000

/* Between two looks. */
#define PAUSE_MS	50

/* How long -w waits unless told, and at most. */
#define WAIT_S		30
#define WAIT_MAX_S	86400

static void
pause_ms(long ms)
{
	const struct timespec T = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&T, NULL);
}

/*
 * Look at ${dir} until all is well, or until ${deadline_ms}; without ${wait},
 * only what lags is waited for.  Return -1 if memory ran out.
 */
static int
look(const char * dir, struct health_look looks[2], int wait,
    uint64_t deadline_ms, unsigned * last, struct health_summary * S)
{
	struct health_marks before, now;
	unsigned i = 0;
	int first = 1;

	for (;;) {
		if (status_look_ask(&looks[i], dir, ANSWER_MS) < 0)
			return (-1);
		health_marks(&looks[i], &now);
		health_judge(&looks[i], first ? &now : &before, NULL, S);
		before = now;
		*last = i;
		if (S->healthy || (!wait && S->down > 0) ||
		    clock_mono_ms() >= deadline_ms)
			return (0);
		pause_ms(PAUSE_MS);
		first = 0;
		i = !i;
	}
}

static int
status(const char * dir, int json, int wait, uint64_t wait_ms)
{
	struct health_look looks[2];
	struct status_certs certs;
	struct health_summary S;
	int code = EXITS_TEMPORARY;
	unsigned last = 0;

	if (health_look_init(&looks[0], dir))
		return (EXITS_PERMANENT);
	looks[1] = looks[0];
	if (look(dir, looks, wait, clock_mono_ms() + wait_ms, &last, &S))
		goto out;

	/* These do not get better by waiting. */
	status_certs_look(&certs, dir, (int64_t)(clock_wall_ms() / 1000));
	S.healthy = S.healthy && status_certs_good(&certs);
	if (status_print(&looks[last], &certs, &S, json) == 0)
		code = S.healthy ? EXITS_OK : S.up > 0 ? EXITS_ABSENT :
		    EXITS_TEMPORARY;
out:
	health_look_free(&looks[0]);
	health_look_free(&looks[1]);
	return (code);
}

int
main(int argc, char ** argv)
{
	uint64_t wait_ms = GRACE_MS;
	int ch, json = 0, wait = 0;
	long long seconds = WAIT_S;
	const char * why;

	while ((ch = getopt(argc, argv, "hjt:Vw")) != -1) {
		switch (ch) {
		case 'h':
			return (tool_usage(USAGE, EXITS_OK));
		case 'j':
			json = 1;
			break;
		case 't':
			seconds = strtonum(optarg, 0, WAIT_MAX_S, &why);
			if (why != NULL)
				errx(EXITS_USAGE, "-t %s: %s", optarg, why);
			break;
		case 'V':
			return (tool_version());
		case 'w':
			wait = 1;
			break;
		default:
			return (tool_usage(USAGE, EXITS_USAGE));
		}
	}
	if (argc - optind != 1)
		return (tool_usage(USAGE, EXITS_USAGE));
	if (wait)
		wait_ms = (uint64_t)seconds * 1000;
	return (tool_finish(status(argv[optind], json, wait, wait_ms)));
}
