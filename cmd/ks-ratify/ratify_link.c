#include <err.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/string.h>

#include "base/clock.h"
#include "codec/wbuf.h"
#include "daemon/daemon.h"
#include "daemon/upstream.h"
#include "frame/common.h"
#include "frame/frame.h"
#include "loop/loop.h"
#include "propose/due.h"
#include "proto/proto_publish.h"

#include "ratify_feed.h"
#include "ratify_link.h"
#include "ratify_push.h"
#include "ratify_state.h"

struct ratify_link {
	struct daemon * daemon;
	struct ratify_feed * feed;
	struct ratify_push * push;
	struct upstream_spec spec;
	struct upstream * U;
	struct loop_timer * again;	/* when to ask for the feed */
	struct loop_timer * due;	/* when to push */
	struct loop_deferred * batch;	/* the turn's frames are here */
	uint32_t id;			/* last request's */
	uint32_t asked;			/* of the FEED; 0: none is open */
	uint64_t wait_ms;		/* before asking; 0: all is well */
	int is_up;
	int stopped;
	char said[COMMON_RULE_MAX + 1];	/* last refusal of a push */
	uint64_t window_ms;		/* when the window of a report began */
	uint64_t window;		/* replayed before it */
};

static uint32_t
next_id(struct ratify_link * K)
{

	/* 0 means "no request". */
	return (++K->id != 0 ? K->id : ++K->id);
}

static int
ask(struct ratify_link * K)
{
	struct wbuf W;
	uint64_t from;
	int rc;

	if (ratify_feed_start(K->feed, &from))
		return (-1);
	wbuf_init(&W, 8);
	proto_publish_put_feed(&W, from);
	K->asked = next_id(K);
	rc = wbuf_failed(&W) ? -1 :
	    upstream_send(K->U, FEED, K->asked, W.data, W.len, 0);
	wbuf_free(&W);
	return (rc);
}

/* Ask again later, each time a little later. */
static void
wait_more(struct ratify_link * K)
{

	K->asked = 0;
	K->wait_ms = K->wait_ms == 0 ? RATIFY_WAIT_MS_MIN : 2 * K->wait_ms;
	if (K->wait_ms > RATIFY_WAIT_MS_MAX)
		K->wait_ms = RATIFY_WAIT_MS_MAX;
	loop_timer_set(K->again, K->wait_ms);
}

/* What came of a frame, or of the turn. */
static int
settle(struct ratify_link * K, enum ratify_fed fed, const char * rule)
{

	switch (fed) {
	case RATIFY_FED_ON:
		return (0);
	case RATIFY_FED_DROP:
		warnx("%s: epoch %" PRIu64 ": %s: not ratified, asking again",
		    K->spec.path, K->feed->next, rule);
		wait_more(K);
		upstream_retry(K->U);
		return (0);
	case RATIFY_FED_HALTED:
		daemon_permanent(K->daemon);
		return (-1);
	default:
		return (-1);
	}
}

/* Push what is due, and wait until the next is. */
static int
push(struct ratify_link * K)
{
	uint64_t now_ms = clock_mono_ms(), next_ms, needs;
	struct wbuf W;
	int rc = 0;

	loop_timer_clear(K->due);
	if (!K->is_up || K->stopped)
		return (0);
	wbuf_init(&W, FRAME_BODY_MAX);
	while ((rc = ratify_push_next(K->push, now_ms, &W, &needs,
	    &next_ms)) == 1) {
		if (wbuf_failed(&W) || upstream_send(K->U, RATIFY, next_id(K),
		    W.data, W.len, needs)) {
			warnx("out of memory");
			rc = -1;
			break;
		}
		wbuf_reset(&W);
	}
	wbuf_free(&W);
	if (rc == 0 && next_ms != DUE_NEVER)
		loop_timer_set(K->due, next_ms > now_ms ? next_ms - now_ms : 0);
	return (rc);
}

static void
report(struct ratify_link * K)
{
	uint64_t now_ms = clock_mono_ms();
	uint64_t done = K->feed->epochs + K->feed->state->updates;

	if (now_ms - K->window_ms < RATIFY_REPORT_MS)
		return;

	/* A window longer than the interval had pauses: nothing was waiting. */
	if (done - K->window >= RATIFY_REPORT_MIN &&
	    now_ms - K->window_ms <= 4 * RATIFY_REPORT_MS)
		warnx("replayed up to epoch %" PRIu64 ", %" PRIu64 " users",
		    K->feed->state->epoch, K->feed->state->tree.leaves);
	K->window_ms = now_ms;
	K->window = done;
}

static int
on_batch(void * cookie)
{
	struct ratify_link * K = cookie;
	const char * rule;
	enum ratify_fed fed;

	if (K->stopped)
		return (0);
	fed = ratify_feed_flush(K->feed, &rule);
	if (settle(K, fed, rule))
		return (-1);
	report(K);
	return (push(K));
}

static int
on_due(void * cookie)
{

	return (push(cookie));
}

static int
on_again(void * cookie)
{
	struct ratify_link * K = cookie;

	return (K->is_up && !K->stopped && K->asked == 0 ? ask(K) : 0);
}

static int
on_up(void * cookie, struct upstream * U)
{
	struct ratify_link * K = cookie;

	/* The callback may come before upstream_new's caller has stored it. */
	K->U = U;
	K->is_up = 1;
	K->asked = 0;
	if (K->stopped)
		return (0);
	ratify_push_again(K->push);
	if (K->wait_ms == 0) {
		if (ask(K))
			return (-1);
	} else
		loop_timer_set(K->again, K->wait_ms);
	return (push(K));
}

static int
on_down(void * cookie, struct upstream * U)
{
	struct ratify_link * K = cookie;

	(void)U;
	K->is_up = 0;
	K->asked = 0;
	loop_timer_clear(K->again);
	return (0);
}

/* A publisher that is rebuilding, or one that refuses a cosignature. */
static int
on_error(struct ratify_link * K, const struct frame * frame)
{
	struct common_error E;

	if (common_get_error(frame->body, frame->len, &E))
		return (upstream_malformed(K->U, "error-malformed"));
	if (frame->id != 0 && frame->id == K->asked) {
		if (K->wait_ms == 0)
			warnx("%s: epoch %" PRIu64 ": %s; asking again",
			    K->spec.path, K->feed->next, E.rule);
		wait_more(K);
	} else if (strcmp(K->said, E.rule) != 0) {
		warnx("%s: a cosignature is refused: %s", K->spec.path, E.rule);
		strlcpy(K->said, E.rule, sizeof(K->said));
	}
	return (0);
}

static int
on_frame(void * cookie, struct upstream * U, const struct frame * frame)
{
	struct ratify_link * K = cookie;
	uint64_t epochs = K->feed->epochs;
	const char * rule;
	enum ratify_fed fed;

	if (K->stopped)
		return (0);
	if (frame->type == COMMON_ERROR)
		return (on_error(K, frame));
	if (frame->type == RATIFY_PROPOSED) {
		K->said[0] = '\0';
		return (0);
	}
	if (frame->type != FEED_UPDATES && frame->type != FEED_HEAD &&
	    frame->type != FEED_RATIFICATION)
		return (upstream_malformed(U, "type-unexpected"));
	if (frame->id != K->asked || K->asked == 0)
		return (0);
	fed = ratify_feed_frame(K->feed, frame->type, frame->body, frame->len,
	    clock_wall_ms(), &rule);
	if (K->feed->epochs != epochs)
		K->wait_ms = 0;
	loop_deferred_set(K->batch);
	return (settle(K, fed, rule));
}

static const char *
frame_name(uint16_t type)
{

	return (type == FEED ? "FEED" : type == RATIFY ? "RATIFY" : NULL);
}

struct ratify_link *
ratify_link_new(struct daemon * D, const char * path, struct ratify_feed * F,
    struct ratify_push * P)
{
	struct loop * L = daemon_loop(D);
	struct ratify_link * K;

	if ((K = calloc(1, sizeof(*K))) == NULL)
		goto err0;
	K->daemon = D;
	K->feed = F;
	K->push = P;
	K->window_ms = clock_mono_ms();
	K->spec = (struct upstream_spec){ .path = path, .ctx = K, .up = on_up,
	    .down = on_down, .frame = on_frame, .frame_name = frame_name };
	if ((K->again = loop_timer_new(L, on_again, K)) == NULL)
		goto err1;
	if ((K->due = loop_timer_new(L, on_due, K)) == NULL)
		goto err2;
	if ((K->batch = loop_deferred_new(L, LOOP_BATCH, on_batch, K)) == NULL)
		goto err3;
	if ((K->U = daemon_follow(D, &K->spec)) == NULL)
		goto err4;
	return (K);

err4:
	loop_deferred_free(K->batch);
err3:
	loop_timer_free(K->due);
err2:
	loop_timer_free(K->again);
err1:
	free(K);
err0:
	warnx("%s: cannot be followed", path);
	return (NULL);
}

void
ratify_link_stop(struct ratify_link * K)
{

	K->stopped = 1;
	loop_timer_clear(K->again);
	loop_timer_clear(K->due);
}

void
ratify_link_status(const struct ratify_link * K, struct wbuf * W)
{

	wbuf_printf(W, "upstream_publish %s\n", !K->is_up ? "down" :
	    K->asked == 0 ? "waiting" : "up");
	wbuf_printf(W, "updates %" PRIu64 "\n", K->feed->state->updates);
	wbuf_printf(W, "epochs %" PRIu64 "\n", K->feed->epochs);
	wbuf_printf(W, "pushes %" PRIu64 "\n", K->push->pushes);
	wbuf_printf(W, "retries %" PRIu64 "\n", K->push->retries);
}

void
ratify_link_free(struct ratify_link * K)
{

	if (K == NULL)
		return;
	loop_deferred_free(K->batch);
	loop_timer_free(K->due);
	loop_timer_free(K->again);
	free(K);
}
