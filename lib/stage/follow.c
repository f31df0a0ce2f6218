#include <err.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "codec/wbuf.h"
#include "daemon/daemon.h"
#include "daemon/upstream.h"
#include "entry/rule_names.h"
#include "frame/common.h"
#include "frame/frame.h"
#include "loop/loop.h"
#include "proto/proto_apply.h"

#include "stage/events.h"
#include "stage/follow.h"
#include "stage/stage.h"

struct stage_follow {
	const struct stage_follow_spec * spec;
	struct stage * G;
	struct upstream_spec up;
	struct upstream * U;
	struct loop_timer * again;	/* when to ask a rebuilding ks-apply */
	struct loop_deferred * run;	/* the turn's events are gathered */
	struct stage_events events;
	uint32_t asked;		/* request id of the stream */
	uint64_t wait_ms;	/* before asking again; 0: it has what we need */
	int stopped;
	uint64_t taken;		/* events since the start */
	uint64_t window_ms;	/* when the present window of a report began */
	uint64_t window;	/* events in it */
	uint64_t replayed;	/* events in windows that were a replay, in a row */
};

static int
ask(struct stage_follow * F)
{
	struct wbuf W;
	int rc;

	wbuf_init(&W, 8);
	proto_apply_put_follow(&W, F->events.next);
	rc = wbuf_failed(&W);
	if (rc == 0)
		rc = upstream_send(F->U, APPLY_FOLLOW, ++F->asked, W.data, W.len, 0);
	wbuf_free(&W);
	if (rc)
		warnx("%s: out of memory", F->spec->path);
	return (rc);
}

static int
on_up(void * cookie, struct upstream * U)
{
	struct stage_follow * F = cookie;

	/* The callback may come before upstream_new's caller has stored it. */
	F->U = U;
	return (F->stopped ? 0 : ask(F));
}

static int
on_down(void * cookie, struct upstream * U)
{
	struct stage_follow * F = cookie;

	(void)U;
	loop_timer_clear(F->again);
	return (0);
}

static int
on_again(void * cookie)
{
	struct stage_follow * F = cookie;

	return (F->stopped ? 0 : ask(F));
}

/* Ask again later; one line for as long as it lasts. */
static int
on_error(struct stage_follow * F, const struct frame * frame)
{
	struct common_error E;

	if (common_get_error(frame->body, frame->len, &E))
		return (upstream_malformed(F->U, "error-malformed"));
	if (F->wait_ms > 0)
		F->wait_ms *= 2;
	else {
		F->wait_ms = STAGE_FOLLOW_WAIT_MS_MIN;
		if (strcmp(E.rule, RULE_EVENTS_SHORTER) == 0)
			warnx("%s: has not event %" PRIu64 " yet: it is rebuilding;"
			    " waiting", F->spec->path, F->events.next);
		else
			warnx("%s: %s %s; asking again", F->spec->path, E.rule,
			    E.text);
	}
	if (F->wait_ms > STAGE_FOLLOW_WAIT_MS_MAX)
		F->wait_ms = STAGE_FOLLOW_WAIT_MS_MAX;
	loop_timer_set(F->again, F->wait_ms);
	return (0);
}

static void
report(struct stage_follow * F, uint64_t n)
{
	uint64_t now = clock_mono_ms();

	F->taken += n;
	F->window += n;
	if (now - F->window_ms < STAGE_FOLLOW_REPORT_MS)
		return;

	/* A window longer than the interval had pauses: nothing was waiting. */
	if (F->window < STAGE_FOLLOW_REPLAY_EVENTS ||
	    now - F->window_ms > 4 * STAGE_FOLLOW_REPORT_MS)
		F->replayed = 0;
	else {
		F->replayed += F->window;
		if (F->spec->replaying != NULL)
			F->spec->replaying(F->spec->ctx, F->replayed);
	}
	F->window_ms = now;
	F->window = 0;
}

static int
run(void * cookie)
{
	struct stage_follow * F = cookie;
	size_t n = F->events.n;

	if (n == 0 || F->stopped)
		return (0);
	if (stage_events_run(&F->events, F->G))
		return (-1);
	report(F, n);
	return (0);
}

static int
on_frame(void * cookie, struct upstream * U, const struct frame * frame)
{
	struct stage_follow * F = cookie;
	const char * rule;

	if (F->stopped || frame->id != F->asked)
		return (0);
	if (frame->type == COMMON_ERROR)
		return (on_error(F, frame));
	if (frame->type != APPLY_EVENTS)
		return (upstream_malformed(U, "type-unexpected"));
	F->wait_ms = 0;
	if (stage_events_add(&F->events, frame->body, frame->len, &rule)) {
		if (rule == NULL)
			return (-1);
		return (upstream_malformed(U, rule));
	}
	if (stage_events_full(&F->events))
		return (run(F));
	if (F->events.n > 0)
		loop_deferred_set(F->run);
	return (0);
}

static const char *
frame_name(uint16_t type)
{

	return (type == APPLY_FOLLOW ? "APPLY_FOLLOW" : NULL);
}

struct stage_follow *
stage_follow_new(struct daemon * D, struct stage * G, uint64_t cursor,
    const struct stage_follow_spec * spec)
{
	struct loop * L = daemon_loop(D);
	struct stage_follow * F;

	if ((F = calloc(1, sizeof(*F))) == NULL)
		goto err0;
	F->spec = spec;
	F->G = G;
	F->up = (struct upstream_spec){ .path = spec->path, .ctx = F, .up = on_up,
	    .down = on_down, .frame = on_frame, .frame_name = frame_name };
	stage_events_init(&F->events, cursor + 1);
	F->window_ms = clock_mono_ms();
	if ((F->again = loop_timer_new(L, on_again, F)) == NULL)
		goto err1;
	if ((F->run = loop_deferred_new(L, LOOP_BATCH, run, F)) == NULL)
		goto err2;
	if ((F->U = daemon_follow(D, &F->up)) == NULL)
		goto err3;
	return (F);

err3:
	loop_deferred_free(F->run);
err2:
	loop_timer_free(F->again);
err1:
	stage_events_free(&F->events);
	free(F);
err0:
	warnx("%s: cannot be followed", spec->path);
	return (NULL);
}

void
stage_follow_stop(struct stage_follow * F)
{

	F->stopped = 1;
	loop_timer_clear(F->again);
}

void
stage_follow_status(const struct stage_follow * F, struct wbuf * W)
{

	wbuf_printf(W, "cursor %" PRIu64 "\n", F->events.next - 1 - F->events.n);
	wbuf_printf(W, "upstream_apply %s\n", upstream_conn(F->U) == NULL ? "down" :
	    F->wait_ms > 0 ? "rebuilding" : "up");
	wbuf_printf(W, "events %" PRIu64 "\n", F->taken);
}

void
stage_follow_free(struct stage_follow * F)
{

	if (F == NULL)
		return;
	loop_deferred_free(F->run);
	loop_timer_free(F->again);
	stage_events_free(&F->events);
	free(F);
}
