#include <err.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/string.h>

#include "base/clock.h"
#include "codec/wbuf.h"
#include "config/config.h"
#include "daemon/daemon.h"
#include "daemon/upstream.h"
#include "frame/common.h"
#include "frame/frame.h"
#include "head/head.h"
#include "loop/loop.h"
#include "propose/due.h"
#include "proto/proto_publish.h"

#include "ratify_choice.h"
#include "ratify_feed.h"
#include "ratify_link.h"
#include "ratify_push.h"
#include "ratify_state.h"

/* The connection to one publisher. */
struct way {
	struct ratify_link * link;
	unsigned i;
	const char * name;		/* of it, as it is configured */
	struct upstream_spec spec;
	struct upstream * U;
	uint32_t head_id;		/* of the last HEAD */
};

struct ratify_link {
	struct daemon * daemon;
	struct ratify_feed * feed;
	struct ratify_push * push;
	struct ratify_choice choice;
	struct way way[CONFIG_UPSTREAMS_MAX];
	struct loop_timer * again;	/* when to ask for the feed */
	struct loop_timer * look;	/* when to ask all how far they are */
	uint64_t looked_ms;		/* when that was done last */
	struct loop_timer * due;	/* when to push */
	struct loop_deferred * batch;	/* the turn's frames are here */
	uint32_t id;			/* last request's */
	uint32_t asked;			/* of the FEED; 0: none is open */
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

/* The one that is followed. */
static struct way *
current(struct ratify_link * K)
{

	return (&K->way[K->choice.at]);
}

static struct ratify_way *
state_of(struct way * W)
{

	return (&W->link->choice.way[W->i]);
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
	    upstream_send(current(K)->U, FEED, K->asked, W.data, W.len, 0);
	wbuf_free(&W);
	return (rc);
}

/* Change to another publisher if that is right, and ask for the feed. */
static int
reconsider(struct ratify_link * K)
{
	const uint64_t now_ms = clock_mono_ms();
	struct way * before = current(K);
	enum ratify_why why;
	unsigned to;

	if (K->stopped)
		return (0);
	why = ratify_choice_make(&K->choice, K->feed->state->epoch, now_ms, &to);
	if (why != RATIFY_STAY) {
		/* Its feed cannot be ended otherwise. */
		if (K->asked != 0)
			upstream_retry(before->U);
		K->asked = 0;
		ratify_choice_move(&K->choice, to);
		warnx("%s: %s; following %s", before->name,
		    ratify_why_text(why), current(K)->name);
	}
	if (!state_of(current(K))->up || K->asked != 0)
		return (0);
	if (state_of(current(K))->rests_ms > now_ms) {
		loop_timer_set(K->again, state_of(current(K))->rests_ms -
		    now_ms);
		return (0);
	}
	return (ask(K));
}

/* The one that is followed does not do: another, or it again later. */
static int
blame(struct ratify_link * K)
{

	K->asked = 0;
	ratify_choice_blame(&K->choice, clock_mono_ms());
	return (reconsider(K));
}

/* Ask ${W} how far it is; with only one publisher it does not matter. */
static int
ask_head(struct way * W)
{
	struct ratify_link * K = W->link;
	struct wbuf B;
	int rc;

	if (K->choice.n == 1 || K->stopped || !state_of(W)->up ||
	    state_of(W)->asked_ms != 0)
		return (0);
	wbuf_init(&B, 8);
	proto_publish_put_head(&B, 0);
	state_of(W)->asked_ms = clock_mono_ms();
	W->head_id = next_id(K);
	rc = wbuf_failed(&B) ? -1 :
	    upstream_send(W->U, HEAD, W->head_id, B.data, B.len, 0);
	wbuf_free(&B);
	return (rc);
}

/* What may be wrong here, and not there, when the first epoch breaks ${rule}. */
static const char *
advice(const struct ratify_link * K, const char * rule)
{

	if (K->feed->next != 1 || (strcmp(rule, "policy-mismatch") != 0 &&
	    strcmp(rule, "majority-missing") != 0))
		return ("");
	return ("; is the policy in " CONFIG_REALM " the first one of the realm?");
}

/* What came of a frame, or of the turn. */
static int
settle(struct ratify_link * K, enum ratify_fed fed, const char * rule)
{

	switch (fed) {
	case RATIFY_FED_ON:
		return (0);
	case RATIFY_FED_DROP:
		warnx("%s: epoch %" PRIu64 ": %s: not ratified, asking again%s",
		    current(K)->name, K->feed->next, rule,
		    advice(K, rule));
		upstream_retry(current(K)->U);
		return (blame(K));
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
	uint64_t now_ms = clock_mono_ms(), next_ms, needs, retries;
	struct wbuf W;
	int rc = 0, turned = 0, to;

	loop_timer_clear(K->due);
	if (K->stopped || ratify_choice_push(&K->choice, 0, now_ms) == -1)
		return (0);
	wbuf_init(&W, FRAME_BODY_MAX);
	retries = K->push->retries;
	while ((rc = ratify_push_next(K->push, now_ms, &W, &needs,
	    &next_ms)) == 1) {
		/* If some did not come back another gets what is left. */
		to = ratify_choice_push(&K->choice, !turned &&
		    K->push->retries != retries, now_ms);
		turned |= K->push->retries != retries;
		if (wbuf_failed(&W) || upstream_send(K->way[to].U, RATIFY,
		    next_id(K), W.data, W.len, needs)) {
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

	return (reconsider(K));
}

static int
on_look(void * cookie)
{
	struct ratify_link * K = cookie;

	const uint64_t now_ms = clock_mono_ms();

	/* After a long step the answers may be here, unread. */
	if (now_ms - K->looked_ms > 2 * RATIFY_LOOK_MS)
		ratify_choice_paused(&K->choice, now_ms);
	K->looked_ms = now_ms;
	loop_timer_set(K->look, RATIFY_LOOK_MS);
	if (reconsider(K))
		return (-1);

	/*
	 * A host that lost its power says nothing when it is back: on the old
	 * connection that shows only when TCP tries again, later each time.
	 */
	for (unsigned i = 0; i < K->choice.n; i++) {
		if (ratify_choice_hangs(&K->choice, i, now_ms))
			upstream_retry(K->way[i].U);
		else if (ask_head(&K->way[i]))
			return (-1);
	}
	return (0);
}

static int
on_up(void * cookie, struct upstream * U)
{
	struct way * W = cookie;
	struct ratify_link * K = W->link;

	/* The callback may come before upstream_new's caller has stored it. */
	W->U = U;
	state_of(W)->up = 1;
	if (W == current(K))
		K->asked = 0;
	if (K->stopped)
		return (0);

	/* Of several, one that only accepts connections is not pushed to. */
	if (K->choice.n == 1)
		ratify_push_again(K->push);
	if (ask_head(W) || reconsider(K))
		return (-1);
	return (push(K));
}

static int
on_down(void * cookie, struct upstream * U)
{
	struct way * W = cookie;
	struct ratify_link * K = W->link;
	struct ratify_way * S = state_of(W);

	(void)U;
	S->up = S->heard = 0;
	S->asked_ms = 0;
	if (W == current(K)) {
		K->asked = 0;
		loop_timer_clear(K->again);
	}
	return (reconsider(K));
}

/* ${W} said something: it is there. */
static int
heard(struct way * W)
{
	struct ratify_way * S = state_of(W);

	S->asked_ms = 0;
	if (S->heard)
		return (0);
	S->heard = 1;
	if (W->link->choice.n == 1)
		return (0);
	ratify_push_again(W->link->push);
	loop_deferred_set(W->link->batch);
	return (reconsider(W->link));
}

/* The answer of ${W} about how far it is. */
static int
on_head(struct way * W, const struct frame * frame)
{
	struct ratify_link * K = W->link;
	struct proto_publish_head P;
	struct head H;

	if (proto_publish_get_head_reply(frame->body, frame->len, &P) ||
	    head_parse(&H, P.head, HEAD_LEN))
		return (upstream_malformed(W->U, "frame-malformed"));
	ratify_choice_told(&K->choice, W->i, H.epoch, K->feed->state->epoch,
	    clock_mono_ms());
	return (reconsider(K));
}

/* A publisher that is rebuilding, or one that refuses a cosignature. */
static int
on_error(struct way * W, const struct frame * frame)
{
	struct ratify_link * K = W->link;
	struct common_error E;

	if (common_get_error(frame->body, frame->len, &E))
		return (upstream_malformed(W->U, "error-malformed"));
	if (frame->id != 0 && frame->id == K->asked) {
		if (state_of(W)->wait_ms == 0)
			warnx("%s: epoch %" PRIu64 ": %s; asking again",
			    W->name, K->feed->next, E.rule);
		return (blame(K));
	}
	if (frame->id != 0 && frame->id == W->head_id)
		return (0);
	if (strcmp(K->said, E.rule) != 0) {
		warnx("%s: a cosignature is refused: %s", W->name, E.rule);
		strlcpy(K->said, E.rule, sizeof(K->said));
	}
	return (0);
}

static int
on_frame(void * cookie, struct upstream * U, const struct frame * frame)
{
	struct way * W = cookie;
	struct ratify_link * K = W->link;
	const uint64_t epochs = K->feed->epochs, next = K->feed->next;
	const uint32_t n = K->feed->n;
	const char * rule;
	enum ratify_fed fed;

	if (K->stopped)
		return (0);
	if (heard(W))
		return (-1);
	if (frame->type == COMMON_ERROR)
		return (on_error(W, frame));
	if (frame->type == HEAD_REPLY && frame->id == W->head_id)
		return (on_head(W, frame));
	if (frame->type == RATIFY_PROPOSED) {
		K->said[0] = '\0';
		return (0);
	}
	if (frame->type != FEED_UPDATES && frame->type != FEED_POLICY &&
	    frame->type != FEED_HEAD && frame->type != FEED_RATIFICATION)
		return (upstream_malformed(U, "type-unexpected"));
	if (frame->id != K->asked || K->asked == 0 || W != current(K))
		return (0);
	fed = ratify_feed_frame(K->feed, frame->type, frame->body, frame->len,
	    clock_wall_ms(), &rule);
	if (K->feed->epochs != epochs)
		ratify_choice_praise(&K->choice);
	if (K->feed->next != next || K->feed->n != n)
		ratify_choice_moved(&K->choice);
	loop_deferred_set(K->batch);
	return (settle(K, fed, rule));
}

static const char *
frame_name(uint16_t type)
{

	return (type == FEED ? "FEED" : type == RATIFY ? "RATIFY" :
	    type == HEAD ? "HEAD" : NULL);
}

/* Follow all of ${config}; those that were are freed by the daemon. */
static int
follow_all(struct ratify_link * K, const struct config_verifier * config)
{
	struct way * W;

	for (unsigned i = 0; i < config->nupstreams; i++) {
		W = &K->way[i];
		W->link = K;
		W->i = i;
		W->name = config->url[i][0] != '\0' ? config->url[i] :
		    config->upstream[i];
		W->spec = (struct upstream_spec){ .path = config->upstream[i],
		    .ctx = W, .up = on_up, .down = on_down, .frame = on_frame,
		    .frame_name = frame_name };
		if ((W->U = daemon_follow(K->daemon, &W->spec)) == NULL)
			return (-1);
		K->choice.n++;
	}
	if (K->choice.n > 1)
		loop_timer_set(K->look, RATIFY_LOOK_MS);
	return (0);
}

struct ratify_link *
ratify_link_new(struct daemon * D, const struct config_verifier * config,
    struct ratify_feed * F, struct ratify_push * P)
{
	struct loop * L = daemon_loop(D);
	struct ratify_link * K;

	if ((K = calloc(1, sizeof(*K))) == NULL)
		goto err0;
	K->daemon = D;
	K->feed = F;
	K->push = P;
	K->window_ms = clock_mono_ms();
	K->again = loop_timer_new(L, on_again, K);
	K->look = loop_timer_new(L, on_look, K);
	K->due = loop_timer_new(L, on_due, K);
	K->batch = loop_deferred_new(L, LOOP_BATCH, on_batch, K);
	if (K->again == NULL || K->look == NULL || K->due == NULL ||
	    K->batch == NULL || follow_all(K, config))
		goto err1;
	return (K);

err1:
	ratify_link_free(K);
err0:
	warnx("%s: cannot be followed", config->upstream[0]);
	return (NULL);
}

void
ratify_link_stop(struct ratify_link * K)
{

	K->stopped = 1;
	loop_timer_clear(K->again);
	loop_timer_clear(K->look);
	loop_timer_clear(K->due);
}

/* How it is with ${W}, which is followed; a socket of a URL is always there. */
static const char *
feed_state(const struct ratify_link * K, const struct way * W)
{
	const struct ratify_way * S = &K->choice.way[W->i];

	if (!S->up)
		return ("down");
	return (K->asked == 0 || (W->name != W->spec.path && !S->heard) ?
	    "waiting" : "up");
}

void
ratify_link_status(const struct ratify_link * K, struct wbuf * W)
{
	const struct way * at = &K->way[K->choice.at];
	const struct ratify_way * S;
	unsigned there = 0;

	for (unsigned i = 0; i < K->choice.n; i++)
		there += (unsigned)K->choice.way[i].heard;
	wbuf_printf(W, "upstream_publish %s\n", feed_state(K, at));
	wbuf_printf(W, "following %s\n", at->name);
	wbuf_printf(W, "publishers %u\n", K->choice.n);
	wbuf_printf(W, "publishers_up %u\n", there);
	for (unsigned i = 0; i < K->choice.n; i++) {
		S = &K->choice.way[i];
		wbuf_printf(W, "publisher_%u %s %s\n", i + 1, S->heard ?
		    "up" : S->up ? "silent" : "down", K->way[i].name);
	}
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
	loop_timer_free(K->look);
	loop_timer_free(K->again);
	free(K);
}
