#include <err.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <sodium.h>

#include "base/clock.h"
#include "codec/wbuf.h"
#include "config/config.h"
#include "daemon/daemon.h"
#include "frame/common.h"
#include "frame/frame.h"
#include "head/head.h"
#include "loop/loop.h"
#include "proto/proto_publish.h"

#include "tail.h"

/* Ids of the two requests. */
#define HEAD_ID	1
#define TAIL_ID	2

/* Bytes of a HEAD or TAIL. */
#define EPOCH_BODY_LEN	8

static int
ask(struct tail * T, uint16_t type, uint32_t id, uint64_t epoch)
{
	struct wbuf W;
	int rc = -1;

	wbuf_init(&W, EPOCH_BODY_LEN);
	proto_publish_put_feed(&W, epoch);
	if (wbuf_failed(&W))
		warnx("out of memory");
	else
		rc = upstream_send(T->upstream, type, id, W.data, W.len, 0);
	wbuf_free(&W);
	return (rc);
}

/* Everything that may have come meanwhile is asked for; the ring knows what it has. */
static int
on_up(void * cookie, struct upstream * U)
{
	struct tail * T = cookie;

	T->upstream = U;
	return (ask(T, HEAD, HEAD_ID, 0));
}

static int
on_down(void * cookie, struct upstream * U)
{

	(void)cookie;
	(void)U;
	return (0);
}

static int
on_head(struct tail * T, struct upstream * U, const struct frame * F)
{
	struct proto_publish_head P;
	struct head H;

	if (F->id != HEAD_ID || proto_publish_get_head_reply(F->body, F->len, &P) ||
	    head_parse(&H, P.head, HEAD_LEN))
		return (upstream_malformed(U, "frame-malformed"));
	return (ask(T, TAIL, TAIL_ID, H.epoch < TAIL_RING_EPOCHS ? 1 :
	    H.epoch - TAIL_RING_EPOCHS + 1));
}

static int
on_error(struct tail * T, struct upstream * U, const struct frame * F)
{
	struct common_error E;

	if (common_get_error(F->body, F->len, &E))
		return (upstream_malformed(U, "error-malformed"));

	/* There is no epoch yet: from the first one on. */
	if (F->id == HEAD_ID && E.code == ERROR_UNAVAILABLE)
		return (ask(T, TAIL, TAIL_ID, 1));
	upstream_retry(U);
	return (0);
}

static int
on_frame(void * cookie, struct upstream * U, const struct frame * F)
{
	struct tail * T = cookie;
	int rc;

	switch (F->type) {
	case COMMON_ERROR:
		return (on_error(T, U, F));
	case HEAD_REPLY:
		return (on_head(T, U, F));
	case FEED_HEAD:
	case FEED_RATIFICATION:
		break;
	default:
		return (upstream_malformed(U, "type-unexpected"));
	}
	if (F->id != TAIL_ID)
		return (upstream_malformed(U, "frame-malformed"));
	rc = tail_ring_add(&T->ring, F->type, F->body, F->len);
	if (rc == 1)
		loop_deferred_set(T->wake);
	if (rc != -1)
		return (0);
	if (errno == EPROTO)
		return (upstream_malformed(U, "frame-malformed"));
	warn("tail");
	return (-1);
}

static const char *
frame_name(uint16_t type)
{

	switch (type) {
	case HEAD:
		return ("HEAD");
	case TAIL:
		return ("TAIL");
	}
	return (NULL);
}

/* Has what ${W} waits for come? */
static int
came(const struct tail * T, const struct tail_wait * W)
{

	return (W->epoch > 0 ? T->ring.newest >= W->epoch :
	    T->ring.last > W->number);
}

void
tail_wait_cancel(struct tail * T, struct tail_wait * W)
{

	if (!W->waits)
		return;
	W->waits = 0;
	T->nwaits--;
	TAILQ_REMOVE(&T->waits, W, link);
}

/* The first who has waited for long enough, or NULL; ${next_ms} is when one will have. */
static struct tail_wait *
find_done(const struct tail * T, uint64_t now_ms, uint64_t * next_ms)
{
	struct tail_wait * W;

	*next_ms = UINT64_MAX;
	TAILQ_FOREACH(W, &T->waits, link) {
		if (T->draining || came(T, W) || W->deadline_ms <= now_ms)
			return (W);
		if (W->deadline_ms < *next_ms)
			*next_ms = W->deadline_ms;
	}
	return (NULL);
}

/* End the waits whose time has come.  Whoever is told may end others. */
static int
wake(void * cookie)
{
	struct tail * T = cookie;
	const uint64_t now = clock_mono_ms();
	struct tail_wait * W;
	uint64_t next;

	while ((W = find_done(T, now, &next)) != NULL) {
		tail_wait_cancel(T, W);
		if (W->done(W->ctx))
			return (-1);
	}
	if (next == UINT64_MAX)
		loop_timer_clear(T->timer);
	else
		loop_timer_set(T->timer, next - now);
	return (0);
}

int
tail_wait(struct tail * T, struct tail_wait * W, uint64_t wait_ms)
{

	if (T->nwaits == TAIL_WAITS_MAX)
		return (-1);
	if (wait_ms > TAIL_WAIT_MAX_MS)
		wait_ms = TAIL_WAIT_MAX_MS;
	W->deadline_ms = clock_mono_ms() + wait_ms;
	W->waits = 1;
	T->nwaits++;
	TAILQ_INSERT_TAIL(&T->waits, W, link);
	loop_deferred_set(T->wake);
	return (0);
}

int
tail_up(const struct tail * T)
{

	return (upstream_conn(T->upstream) != NULL);
}

int
tail_drain(struct tail * T)
{

	T->draining = 1;
	return (wake(T));
}

int
tail_start(struct tail * T, struct daemon * D)
{
	uint8_t run[TAIL_RING_RUN_LEN];

	randombytes_buf(run, sizeof(run));
	tail_ring_init(&T->ring, run);
	TAILQ_INIT(&T->waits);
	T->timer = loop_timer_new(daemon_loop(D), wake, T);
	T->wake = loop_deferred_new(daemon_loop(D), LOOP_BATCH, wake, T);
	if (T->timer == NULL || T->wake == NULL) {
		warn("tail");
		return (-1);
	}
	T->spec = (struct upstream_spec){ CONFIG_SOCKET_PUBLISH, T, on_up, on_down,
	    on_frame, frame_name };
	T->upstream = daemon_follow(D, &T->spec);
	return (T->upstream == NULL ? -1 : 0);
}

void
tail_free(struct tail * T)
{

	/* Never started: nothing was made. */
	if (T->spec.ctx == NULL && T->timer == NULL && T->wake == NULL)
		return;
	tail_ring_free(&T->ring);
	loop_timer_free(T->timer);
	loop_deferred_free(T->wake);
}
