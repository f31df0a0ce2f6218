#include "ratify_choice.h"

/* Has ${W} been silent for too long after it was asked? */
static int
hangs(const struct ratify_way * W, uint64_t now_ms)
{

	return (W->asked_ms != 0 && now_ms - W->asked_ms >= RATIFY_HANG_MS);
}

/* Can ${W} be changed to? */
static int
usable(const struct ratify_way * W, uint64_t now_ms)
{

	return (W->up && W->heard && !hangs(W, now_ms) &&
	    now_ms >= W->rests_ms);
}

/* The first usable one after ${C}->at whose newest epoch is above ${epoch}. */
static enum ratify_why
find(const struct ratify_choice * C, uint64_t epoch, uint64_t now_ms,
    enum ratify_why why, unsigned * to)
{
	unsigned i;

	for (unsigned k = 1; k < C->n; k++) {
		i = (C->at + k) % C->n;
		if (!usable(&C->way[i], now_ms))
			continue;
		if (why == RATIFY_BEHIND && C->way[i].head <= epoch)
			continue;
		*to = i;
		return (why);
	}
	return (RATIFY_STAY);
}

enum ratify_why
ratify_choice_make(const struct ratify_choice * C, uint64_t epoch,
    uint64_t now_ms, unsigned * to)
{
	const struct ratify_way * W = &C->way[C->at];

	if (!W->up)
		return (find(C, epoch, now_ms, RATIFY_AWAY, to));
	if (hangs(W, now_ms))
		return (find(C, epoch, now_ms, RATIFY_HANGS, to));
	if (now_ms < W->rests_ms)
		return (find(C, epoch, now_ms, RATIFY_RESTS, to));
	if (C->newer_ms != 0 && now_ms - C->newer_ms >= RATIFY_BEHIND_MS)
		return (find(C, epoch, now_ms, RATIFY_BEHIND, to));
	return (RATIFY_STAY);
}

void
ratify_choice_move(struct ratify_choice * C, unsigned to)
{

	C->at = C->push = to;
	C->newer_ms = 0;
}

void
ratify_choice_told(struct ratify_choice * C, unsigned i, uint64_t head,
    uint64_t epoch, uint64_t now_ms)
{

	C->way[i].head = head;
	if (head > epoch && C->newer_ms == 0)
		C->newer_ms = now_ms;
}

void
ratify_choice_moved(struct ratify_choice * C)
{

	C->newer_ms = 0;
}

int
ratify_choice_hangs(const struct ratify_choice * C, unsigned i, uint64_t now_ms)
{

	return (C->way[i].up && hangs(&C->way[i], now_ms));
}

void
ratify_choice_paused(struct ratify_choice * C, uint64_t now_ms)
{

	for (unsigned i = 0; i < C->n; i++)
		if (C->way[i].asked_ms != 0)
			C->way[i].asked_ms = now_ms;
}

void
ratify_choice_blame(struct ratify_choice * C, uint64_t now_ms)
{
	struct ratify_way * W = &C->way[C->at];

	W->wait_ms = W->wait_ms == 0 ? RATIFY_WAIT_MS_MIN : 2 * W->wait_ms;
	if (W->wait_ms > RATIFY_WAIT_MS_MAX)
		W->wait_ms = RATIFY_WAIT_MS_MAX;
	W->rests_ms = now_ms + W->wait_ms;
}

void
ratify_choice_praise(struct ratify_choice * C)
{

	C->way[C->at].wait_ms = C->way[C->at].rests_ms = 0;
}

int
ratify_choice_push(struct ratify_choice * C, int again, uint64_t now_ms)
{
	const struct ratify_way * W;
	unsigned i;

	for (unsigned k = again && C->n > 1 ? 1 : 0; k <= C->n; k++) {
		i = (C->push + k) % C->n;
		W = &C->way[i];
		if (!W->up || hangs(W, now_ms) || (!W->heard && C->n > 1))
			continue;
		C->push = i;
		return ((int)i);
	}
	return (-1);
}

const char *
ratify_why_text(enum ratify_why why)
{
	static const char * const text[] = {
		[RATIFY_STAY] = "", [RATIFY_AWAY] = "away",
		[RATIFY_HANGS] = "does not answer", [RATIFY_BEHIND] = "behind",
		[RATIFY_RESTS] = "not to be trusted now"
	};

	return (text[why]);
}
