#include <stdint.h>

#include "propose/due.h"

/* ${since} + ${interval}, where an event that never was is long ago. */
static uint64_t
after(uint64_t since, uint64_t interval)
{

	if (since == DUE_NEVER)
		return (0);
	return (interval > DUE_NEVER - 1 - since ? DUE_NEVER - 1 :
	    since + interval);
}

/* One answer from the earliest time at which all conditions hold. */
static int
decide(uint64_t at, uint64_t now_ms, uint64_t * next_ms)
{

	*next_ms = at;
	return (at <= now_ms);
}

/* How long a replica that does not lead leaves it to the one that does. */
static uint64_t
patience(const struct due_delimiter * D)
{

	return (D->retry_ms > DUE_NEVER / DUE_PATIENCE ? DUE_NEVER :
	    D->retry_ms * DUE_PATIENCE);
}

int
due_delimiter(const struct due_delimiter * D, uint64_t now_ms, uint64_t * next_ms)
{
	uint64_t at, retry;

	*next_ms = DUE_NEVER;
	if (!D->current || !D->head_signed)
		return (0);
	at = after(D->signed_ms, D->pending > 0 ? D->min_ms : D->max_ms);
	if (!D->leader)
		at = after(D->pending > 0 && D->pending_ms != DUE_NEVER &&
		    D->pending_ms > at ? D->pending_ms : at, patience(D));
	retry = after(D->proposed_ms, D->retry_ms);
	return (decide(at > retry ? at : retry, now_ms, next_ms));
}

int
due_retry(const struct due_retry * R, uint64_t now_ms, uint64_t * next_ms)
{
	uint64_t wait = R->first_ms;

	if (R->tries == 0)
		return (decide(0, now_ms, next_ms));
	for (unsigned int i = 1; i < R->tries && wait < R->most_ms; i++)
		wait *= 2;
	if (wait > R->most_ms)
		wait = R->most_ms;
	return (decide(after(R->tried_ms, wait), now_ms, next_ms));
}

void
due_retry_made(struct due_retry * R, uint64_t now_ms)
{

	R->tries++;
	R->tried_ms = now_ms;
}
