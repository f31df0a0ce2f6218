#include <err.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "config/config.h"
#include "head/head.h"

#include "bench.h"
#include "daemon_ask.h"
#include "floor.h"
#include "measure.h"

/* How long the floor is measured, afterwards: the daemon starts at once. */
#define FLOOR_MS	500

/* Longest time that a replay may take. */
#define REPLAY_MS	3600000

/* Time between two looks: each costs the daemon little beside its work. */
#define LOOK_MS		10

/* What can be replayed, from what, and how one sees that it is done. */
static const struct stage {
	const char * name;
	const char * socket;	/* of the daemon that replays */
	const char * field;	/* of its status: how far it is */
	const char * source;	/* the stage before it; NULL: the upstream */
	const char * last;	/* of that one's status: how far there is to go */
} stages[] = {
	{ "apply", CONFIG_SOCKET_APPLY, "index", CONFIG_SOCKET_LOG, "last" },
	{ "publish", CONFIG_SOCKET_PUBLISH, "cursor", CONFIG_SOCKET_APPLY,
	    "events" },
	{ "ratify", CONFIG_SOCKET_RATIFY, "epoch", NULL, "signed" }
};

/* A replay that is watched. */
struct replay {
	const struct stage * stage;
	struct config_verifier config;	/* of a verifier */
	const char * source;		/* the socket of the stage before */
	struct daemon_ask from, to;
	uint64_t last;			/* how far there is to go */
	uint64_t entries;		/* what that amounts to */
};

/* Count the updates of the epochs 1 to ${X}->last. */
static int
count_updates(struct replay * X)
{
	const uint8_t * head, * note;
	struct head H;
	size_t len;

	for (uint64_t e = 1; e <= X->last; e++) {
		if (daemon_ask_head(&X->from, e, &head, &note, &len) ||
		    head_parse(&H, head, HEAD_LEN)) {
			warnx("%s: no head", X->source);
			return (-1);
		}
		X->entries += H.updates;
	}
	return (0);
}

/* Wait until the daemon is where it has to go. */
static int
wait_done(struct replay * X)
{
	uint64_t deadline = clock_mono_ms() + REPLAY_MS;
	uint64_t at;

	for (;;) {
		if (daemon_ask_number(&X->to, X->stage->field, &at))
			return (-1);
		if (at >= X->last)
			return (0);
		if (clock_mono_ms() > deadline) {
			warnx("%s: does not get done", X->to.path);
			return (-1);
		}
		daemon_ask_pause(LOOK_MS);
	}
}

static int
run(const struct bench * B, struct replay * X)
{
	uint64_t start = clock_mono_ns();
	double seconds, floor;
	char name[64];

	if (daemon_ask_open(&X->to, X->stage->socket, 1) ||
	    daemon_ask_open(&X->from, X->source, 0) ||
	    daemon_ask_number(&X->from, X->stage->last, &X->last) ||
	    wait_done(X))
		return (-1);
	seconds = (double)(clock_mono_ns() - start) / 1e9;
	X->entries = X->last;
	if (X->stage->source == NULL) {
		X->entries = 0;
		if (count_updates(X))
			return (-1);
	}
	if ((floor = floor_verify(B->pool, FLOOR_MS)) < 0)
		return (-1);
	snprintf(name, sizeof(name), "replay_%s", X->stage->name);
	measure_ratio(B, name, (double)X->entries / seconds, "1/s",
	    FLOOR_VERIFY_ALL, floor);
	snprintf(name, sizeof(name), "replay_%s_entries", X->stage->name);
	measure_print(B, name, (double)X->entries, "count");
	snprintf(name, sizeof(name), "replay_%s_time", X->stage->name);
	measure_print(B, name, seconds, "s");
	return (0);
}

int
bench_replay(const struct bench * B)
{
	struct replay X = { .from.fd = -1, .to.fd = -1 };
	int rc = EXITS_TEMPORARY;

	for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++)
		if (strcmp(stages[i].name, B->args[0]) == 0)
			X.stage = &stages[i];
	if (X.stage == NULL) {
		warnx("%s: not apply, publish or ratify", B->args[0]);
		return (EXITS_USAGE);
	}
	X.source = X.stage->source;
	if (X.source == NULL) {
		if (config_verifier_read(CONFIG_FILE, &X.config))
			return (EXITS_PERMANENT);
		X.source = X.config.upstream[0];
	}
	if (run(B, &X) == 0)
		rc = EXITS_OK;
	daemon_ask_close(&X.to);
	daemon_ask_close(&X.from);
	return (rc);
}
