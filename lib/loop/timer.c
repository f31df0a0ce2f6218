#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/clock.h"

#include "loop/impl.h"

#define NOT_SET	SIZE_MAX

struct loop_timer {
	struct loop * L;
	int (* callback)(void *);
	void * ctx;
	uint64_t due_ms;
	size_t pos;		/* in the heap, or NOT_SET */
};

static void
place(struct loop * L, struct loop_timer * T, size_t pos)
{

	L->heap[pos] = T;
	T->pos = pos;
}

/* Move ${T}, which belongs at ${pos} or nearer the top, up. */
static void
sift_up(struct loop * L, struct loop_timer * T, size_t pos)
{
	size_t up;

	while (pos > 0) {
		up = (pos - 1) / 2;
		if (L->heap[up]->due_ms <= T->due_ms)
			break;
		place(L, L->heap[up], pos);
		pos = up;
	}
	place(L, T, pos);
}

/* Move ${T}, which belongs at ${pos} or farther from the top, down. */
static void
sift_down(struct loop * L, struct loop_timer * T, size_t pos)
{
	size_t kid;

	for (;;) {
		kid = 2 * pos + 1;
		if (kid >= L->nset)
			break;
		if (kid + 1 < L->nset &&
		    L->heap[kid + 1]->due_ms < L->heap[kid]->due_ms)
			kid++;
		if (L->heap[kid]->due_ms >= T->due_ms)
			break;
		place(L, L->heap[kid], pos);
		pos = kid;
	}
	place(L, T, pos);
}

struct loop_timer *
loop_timer_new(struct loop * L, int (* callback)(void *), void * ctx)
{
	struct loop_timer * T;
	struct loop_timer ** heap;
	size_t cap;

	if (L->ntimers == L->heap_cap) {
		cap = L->heap_cap ? 2 * L->heap_cap : 16;
		if ((heap = reallocarray(L->heap, cap, sizeof(*heap))) == NULL)
			goto err0;
		L->heap = heap;
		L->heap_cap = cap;
	}
	if ((T = malloc(sizeof(*T))) == NULL)
		goto err0;
	*T = (struct loop_timer){ L, callback, ctx, 0, NOT_SET };
	L->ntimers++;
	return (T);

err0:
	return (NULL);
}

void
loop_timer_set(struct loop_timer * T, uint64_t delay_ms)
{
	uint64_t now = clock_mono_ms();

	loop_timer_clear(T);
	T->due_ms = delay_ms > UINT64_MAX - now ? UINT64_MAX : now + delay_ms;
	sift_up(T->L, T, T->L->nset++);
}

void
loop_timer_clear(struct loop_timer * T)
{
	struct loop * L = T->L;
	struct loop_timer * last;
	size_t pos = T->pos;

	if (pos == NOT_SET)
		return;
	T->pos = NOT_SET;
	last = L->heap[--L->nset];
	if (last == T)
		return;
	/* The last one takes the gap and goes from there where it belongs. */
	sift_down(L, last, pos);
	sift_up(L, last, last->pos);
}

void
loop_timer_free(struct loop_timer * T)
{

	if (T == NULL)
		return;
	loop_timer_clear(T);
	T->L->ntimers--;
	free(T);
}

uint64_t
loop_timers_wait(struct loop * L, uint64_t wait_ms)
{
	uint64_t now, left;

	if (L->nset == 0)
		return (wait_ms);
	now = clock_mono_ms();
	left = L->heap[0]->due_ms > now ? L->heap[0]->due_ms - now : 0;
	return (left < wait_ms ? left : wait_ms);
}

int
loop_timers_run(struct loop * L)
{
	struct loop_timer * T;
	uint64_t now = clock_mono_ms();
	size_t n = L->nset;

	/* At most as many as were set: one that sets itself anew must wait. */
	while (n-- > 0 && L->nset > 0 && L->heap[0]->due_ms <= now) {
		T = L->heap[0];
		loop_timer_clear(T);
		if (T->callback(T->ctx))
			return (-1);
	}
	return (0);
}
