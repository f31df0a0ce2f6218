#include <err.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "codec/wbuf.h"
#include "config/config.h"
#include "daemon/daemon.h"
#include "daemon/upstream.h"
#include "entry/limits.h"
#include "entry/rule_names.h"
#include "frame/common.h"
#include "frame/frame.h"
#include "loop/loop.h"
#include "proto/list.h"
#include "proto/proto_log.h"
#include "stage/stage.h"

#include "apply_log.h"
#include "apply_propose.h"
#include "apply_serve.h"
#include "apply_state.h"

/* Request ids on the connection to the log; proposals have their own. */
enum { ID_FOLLOW = 1, ID_HINT = 2 };

/* Wait before asking a log again that refused to be followed for now. */
#define ASK_AGAIN_MS 500

/* While more than this many entries behind, say so once a second. */
#define REPLAY_ENTRIES 5000
#define REPLAY_REPORT_MS 1000

struct apply_log {
	struct daemon * daemon;
	struct apply_state * state;
	struct stage * stage;
	struct apply_serve * serve;
	struct apply_propose * propose;
	struct upstream * upstream;
	struct upstream_spec spec;
	struct loop_timer * again;
	struct stage_event events[STAGE_EVENTS_MAX];
	uint64_t last;			/* committed index, as last hinted */
	uint64_t reported_ms;		/* when replay was last reported */
	uint64_t future;		/* epoch that the clock is behind, last said */
	int leader;
	int stopped;
};

static int
ask(struct apply_log * F)
{
	struct wbuf W;
	int rc = -1;

	wbuf_init(&W, 8);
	proto_log_put_follow(&W, F->state->index + 1);
	if (wbuf_failed(&W) == 0 && upstream_send(F->upstream, LOG_FOLLOW,
	    ID_FOLLOW, W.data, W.len, 0) == 0)
		rc = upstream_send(F->upstream, LOG_HINT, ID_HINT, NULL, 0, 0);
	wbuf_free(&W);
	return (rc);
}

static int
on_up(void * cookie, struct upstream * U)
{
	struct apply_log * F = cookie;

	F->upstream = U;
	return (F->stopped ? 0 : ask(F));
}

static int
on_down(void * cookie, struct upstream * U)
{
	struct apply_log * F = cookie;

	(void)U;
	loop_timer_clear(F->again);
	apply_propose_hint(F->propose, NULL, 0, 0);
	return (apply_propose_consider(F->propose));
}

static int
on_again(void * cookie)
{
	struct apply_log * F = cookie;

	return (F->stopped ? 0 : ask(F));
}

/* The log does not continue what this database has seen: never go on. */
static int
differs(struct apply_log * F, const char * how)
{

	warnx("%s: %s after entry %" PRIu64 "; the log or this database is not "
	    "of this replica: see ks-apply(8), RECOVERY", CONFIG_SOCKET_LOG, how,
	    F->state->index);
	daemon_permanent(F->daemon);
	return (-1);
}

static void
report_replay(struct apply_log * F)
{
	uint64_t now_ms = clock_mono_ms();

	if (F->last < F->state->index + REPLAY_ENTRIES ||
	    now_ms < F->reported_ms + REPLAY_REPORT_MS)
		return;
	F->reported_ms = now_ms;
	warnx("replaying: entry %" PRIu64 " of %" PRIu64 ", epoch %" PRIu64,
	    F->state->index, F->last, F->state->closed);
}

/* Run what is left of ${E} through the stage, a batch at a time. */
static int
run_entries(struct apply_log * F, struct upstream * U,
    struct proto_log_entries * E)
{
	uint64_t position = E->first;
	struct log_entry entry;
	const uint8_t * data;
	size_t n, len;
	int rc;

	do {
		for (n = 0; n < STAGE_EVENTS_MAX; n++) {
			if ((rc = proto_log_next(E, &entry, &data, &len)) <= 0)
				break;
			F->events[n].position = position++;
			F->events[n].type = 0;
			F->events[n].body = data;
			F->events[n].len = len;
		}
		if (n < STAGE_EVENTS_MAX && rc < 0)
			return (upstream_malformed(U, "entry-malformed"));
		if (n > 0 && stage_run(F->stage, F->events, n))
			return (-1);
		report_replay(F);
	} while (n == STAGE_EVENTS_MAX);
	if (apply_serve_push(F->serve))
		return (-1);
	return (apply_propose_consider(F->propose));
}

static int
on_entries(struct apply_log * F, struct upstream * U, const struct frame * frame)
{
	struct proto_log_entries E;

	if (proto_log_get_entries(frame->body, frame->len, &E))
		return (upstream_malformed(U, "frame-malformed"));
	if (E.first != F->state->index + 1)
		return (upstream_malformed(U, "entries-not-contiguous"));
	if (memcmp(E.hash, F->state->log_hash, HASH_LEN) != 0)
		return (differs(F, "another running hash"));
	return (run_entries(F, U, &E));
}

static int
on_hint(struct apply_log * F, struct upstream * U, const struct frame * frame)
{

	if (proto_log_get_hint(frame->body, frame->len, &F->leader, &F->last))
		return (upstream_malformed(U, "frame-malformed"));
	apply_propose_hint(F->propose, U, F->leader, F->last);
	return (apply_propose_consider(F->propose));
}

/* The clock is behind the last epoch: say so once for each epoch it holds up. */
static void
say_future(struct apply_log * F)
{

	if (F->future == F->state->closed)
		return;
	F->future = F->state->closed;
	warnx("the clock is more than %d s behind the time of epoch %" PRIu64 ": no "
	    "epoch closes until it is not", CLOCK_SKEW_MS / 1000,
	    F->state->closed);
}

static int
on_error(struct apply_log * F, struct upstream * U, const struct frame * frame)
{
	struct common_error E;

	if (common_get_error(frame->body, frame->len, &E))
		return (upstream_malformed(U, "error-malformed"));

	/* A refused proposal is retried when its time has come. */
	if (frame->id != ID_FOLLOW) {
		if (strcmp(E.rule, RULE_TIME_FUTURE) == 0)
			say_future(F);
		else if (daemon_verbose(F->daemon))
			warnx("%s: %s: %s", CONFIG_SOCKET_LOG, E.rule, E.text);
		return (0);
	}
	if (strcmp(E.rule, RULE_LOG_SHORTER) == 0)
		return (differs(F, "fewer entries"));
	warnx("%s: %s: %s; asking again", CONFIG_SOCKET_LOG, E.rule, E.text);
	loop_timer_set(F->again, ASK_AGAIN_MS);
	return (0);
}

static int
on_frame(void * cookie, struct upstream * U, const struct frame * frame)
{
	struct apply_log * F = cookie;

	if (F->stopped)
		return (0);
	switch (frame->type) {
	case LOG_ENTRIES:
		return (on_entries(F, U, frame));
	case LOG_HINT_REPLY:
		return (on_hint(F, U, frame));
	case LOG_PROPOSED:
		return (0);
	case COMMON_ERROR:
		return (on_error(F, U, frame));
	}
	return (upstream_malformed(U, "unknown-type"));
}

static const char *
frame_name(uint16_t type)
{

	switch (type) {
	case LOG_FOLLOW:
		return ("LOG_FOLLOW");
	case LOG_HINT:
		return ("LOG_HINT");
	case LOG_PROPOSE:
		return ("LOG_PROPOSE");
	}
	return (NULL);
}

struct apply_log *
apply_log_new(struct daemon * D, struct apply_state * A, struct stage * G,
    struct apply_serve * V, struct apply_propose * P)
{
	struct apply_log * F;

	if ((F = calloc(1, sizeof(*F))) == NULL)
		goto err0;
	F->daemon = D;
	F->state = A;
	F->stage = G;
	F->serve = V;
	F->propose = P;
	F->spec.path = CONFIG_SOCKET_LOG;
	F->spec.ctx = F;
	F->spec.up = on_up;
	F->spec.down = on_down;
	F->spec.frame = on_frame;
	F->spec.frame_name = frame_name;
	if ((F->again = loop_timer_new(daemon_loop(D), on_again, F)) == NULL)
		goto err1;
	if (daemon_follow(D, &F->spec) == NULL)
		goto err2;
	return (F);

err2:
	loop_timer_free(F->again);
	free(F);
	return (NULL);
err1:
	free(F);
err0:
	warn("following the log");
	return (NULL);
}

void
apply_log_stop(struct apply_log * F)
{

	F->stopped = 1;
}

void
apply_log_free(struct apply_log * F)
{

	if (F == NULL)
		return;
	loop_timer_free(F->again);
	free(F);
}
