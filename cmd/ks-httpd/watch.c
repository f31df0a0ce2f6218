#include <err.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "codec/wbuf.h"
#include "daemon/daemon.h"
#include "frame/common.h"
#include "frame/frame.h"
#include "loop/loop.h"

#include "hop.h"
#include "watch.h"

/* Longest answer to STATUS of our own. */
#define SELF_LEN_MAX	((size_t)64 * 1024)

/* One daemon that is asked. */
struct watch_program {
	struct watch * W;
	struct health_program * P;
	struct hop * hop;	/* NULL: it is this process */
};

struct watch {
	struct daemon * daemon;
	const struct watch_self * self;
	struct config_replica config;	/* of a replica, for its intervals */
	struct health_look look;
	struct health_summary summary;
	struct watch_program programs[HEALTH_PROGRAMS_MAX];
	struct loop_timer * timer;
	struct watch_wait * waits;
	uint64_t began_ms;
	unsigned away;			/* daemons that could not be asked */
	unsigned awaited;		/* daemons that have yet to answer */
	int looked;			/* there was a whole look once */
	uint64_t looked_ms;		/* when the last one was complete */
	struct health_marks before;	/* of a look WATCH_LAG_MS ago or more */
	struct health_marks after;	/* of one since, the next of them */
	uint64_t after_ms;		/* when that was */
	struct health_waiting waiting;	/* for ratifications */
};

/* Let the marks of lag grow older. */
static void
age(struct watch * W, const struct health_marks * now, uint64_t now_ms)
{

	if (!W->looked) {
		W->before = W->after = *now;
		W->after_ms = now_ms;
	} else if (now_ms - W->after_ms >= WATCH_LAG_MS) {
		W->before = W->after;
		W->after = *now;
		W->after_ms = now_ms;
	}
}

/* All daemons have answered, or did not in time. */
static void
judge(struct watch * W)
{
	const uint64_t now_ms = clock_mono_ms();
	struct health_times T = { clock_wall_ms(), W->config.epoch_max_ms, 0 };
	struct watch_wait * wait;
	struct health_marks now;

	if (!W->looked && W->away > 0 && now_ms - W->began_ms < WATCH_ANSWER_MS) {
		loop_timer_set(W->timer, WATCH_START_MS);
		return;
	}
	health_marks(&W->look, &now);
	age(W, &now, now_ms);
	health_judge(&W->look, &W->before, &T, &W->summary);
	T.unratified_ms = health_unratified(&W->waiting, &W->summary, now_ms);
	if (T.unratified_ms > 0)
		health_judge(&W->look, &W->before, &T, &W->summary);
	W->looked = 1;
	W->looked_ms = now_ms;
	loop_timer_set(W->timer, WATCH_PAUSE_MS);
	while ((wait = W->waits) != NULL) {
		watch_forget(wait);
		wait->tell(wait->ctx);
	}
}

static void
answered(struct watch * W)
{

	if (--W->awaited == 0)
		judge(W);
}

static int
on_answer(void * cookie, const struct hop_answer * A)
{
	struct watch_program * X = cookie;
	const char * text;
	size_t len;
	int rc = 0;

	if (A->outcome == HOP_ANSWER && A->frame->type == COMMON_STATUS_REPLY &&
	    common_get_status(A->frame->body, A->frame->len, &text, &len) == 0) {
		if (health_look_answer(X->P, text, len))
			health_look_silent(X->P, "out of memory");
	} else if (A->outcome == HOP_ANSWER) {
		health_look_silent(X->P, "what it answers is malformed");
		rc = -1;
	} else {
		X->W->away += A->outcome == HOP_DOWN;
		health_look_silent(X->P, A->outcome == HOP_ERROR ?
		    A->error->rule : A->outcome == HOP_DOWN ?
		    "it cannot be reached" : "it does not answer in time");
	}
	answered(X->W);
	return (rc);
}

/* Our own answer. */
static void
ask_self(struct watch_program * X)
{
	const struct watch_self * self = X->W->self;
	struct wbuf text;

	wbuf_init(&text, SELF_LEN_MAX);
	if (self->status(self->ctx, &text) || wbuf_failed(&text) ||
	    health_look_answer(X->P, (const char *)text.data, text.len))
		health_look_silent(X->P, "out of memory");
	wbuf_free(&text);
}

/* Ask them all, unless that goes on already. */
static void
ask(struct watch * W)
{
	struct watch_program * X;

	if (W->awaited > 0)
		return;

	W->away = 0;

	/* One more, so that the last answer cannot come before all are asked. */
	W->awaited = 1 + (unsigned)W->look.n;
	for (size_t i = 0; i < W->look.n; i++) {
		X = &W->programs[i];
		if (X->hop == NULL) {
			ask_self(X);
			W->awaited--;
		} else if (hop_ask(X->hop, COMMON_STATUS, NULL, 0,
		    WATCH_ANSWER_MS, on_answer, X) == NULL) {
			health_look_silent(X->P, "out of memory");
			W->awaited--;
		}
	}
	answered(W);
}

static int
on_timer(void * cookie)
{

	ask(cookie);
	return (0);
}

struct watch *
watch_new(struct daemon * D, const struct watch_self * self)
{
	struct watch * W;

	if ((W = calloc(1, sizeof(*W))) == NULL)
		goto err0;
	W->daemon = D;
	W->self = self;
	if ((W->timer = loop_timer_new(daemon_loop(D), on_timer, W)) == NULL)
		goto err1;
	if (health_look_init(&W->look, "."))
		goto err2;

	/* An edge has no epochs of its own, and no intervals. */
	if (health_look_find(&W->look, "ks-apply") != NULL &&
	    config_replica_read(CONFIG_FILE, &W->config))
		goto err2;
	return (W);

err2:
	watch_free(W);
	return (NULL);
err1:
	free(W);
err0:
	warnx("out of memory");
	return (NULL);
}

int
watch_connect(struct watch * W)
{
	struct watch_program * X;

	for (size_t i = 0; i < W->look.n; i++) {
		X = &W->programs[i];
		X->W = W;
		X->P = &W->look.program[i];
		health_look_silent(X->P, "it was not asked yet");
		if (strcmp(X->P->name, W->self->name) == 0)
			continue;
		if ((X->hop = hop_new(W->daemon, X->P->socket)) == NULL)
			return (-1);
		hop_quiet(X->hop);
	}
	W->began_ms = clock_mono_ms();
	loop_timer_set(W->timer, 0);
	return (0);
}

int
watch_want(struct watch * W, struct watch_wait * wait, void (* tell)(void *),
    void * ctx)
{

	if (W->looked && clock_mono_ms() - W->looked_ms < WATCH_FRESH_MS)
		return (1);
	wait->tell = tell;
	wait->ctx = ctx;
	if ((wait->next = W->waits) != NULL)
		wait->next->prev = &wait->next;
	wait->prev = &W->waits;
	W->waits = wait;

	/* From the loop, so that nobody is told before this returned. */
	if (W->awaited == 0)
		loop_timer_set(W->timer, 0);
	return (0);
}

void
watch_forget(struct watch_wait * wait)
{

	*wait->prev = wait->next;
	if (wait->next != NULL)
		wait->next->prev = wait->prev;
}

const struct health_look *
watch_look(const struct watch * W)
{

	return (&W->look);
}

const struct health_summary *
watch_summary(const struct watch * W)
{

	return (&W->summary);
}

void
watch_free(struct watch * W)
{

	if (W == NULL)
		return;
	for (size_t i = 0; i < W->look.n; i++)
		hop_free(W->programs[i].hop);
	loop_timer_free(W->timer);
	health_look_free(&W->look);
	free(W);
}
