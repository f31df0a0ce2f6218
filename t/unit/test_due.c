#include <stdint.h>

#include "propose/due.h"

#include "test.h"

/* Every combination of inputs over these values is tried. */
static const uint64_t past[] = { DUE_NEVER, 0, 1, 50, 99, 100, 101, 1000 };
static const uint64_t wait[] = { 0, 1, 49, 50, 100, 1000 };
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The condition of DESIGN section 6, word for word. */
static int
condition(const struct due_delimiter * D, uint64_t now)
{
	uint64_t since = D->signed_ms == DUE_NEVER ? 0 : D->signed_ms +
	    (D->pending > 0 ? D->min_ms : D->max_ms);
	int patient, retry = D->proposed_ms == DUE_NEVER ||
	    now >= D->proposed_ms + D->retry_ms;
	int min = D->signed_ms == DUE_NEVER || now >= D->signed_ms + D->min_ms;
	int max = D->signed_ms == DUE_NEVER || now >= D->signed_ms + D->max_ms;

	if (D->pending > 0 && D->pending_ms != DUE_NEVER && D->pending_ms > since)
		since = D->pending_ms;
	patient = now >= since + DUE_PATIENCE * D->retry_ms;
	return ((D->leader || patient) && D->current && D->head_signed && retry &&
	    ((min && D->pending > 0) || max));
}

/* One combination: the answer now, and that the promised time is exact. */
static int
combination_holds(const struct due_delimiter * D, uint64_t now)
{
	uint64_t next;
	int due = due_delimiter(D, now, &next);

	if (due != condition(D, now))
		return (0);
	if (due)
		return (1);
	if (next == DUE_NEVER)
		return (!D->current || !D->head_signed);
	return (next > now && condition(D, next) && !condition(D, next - 1));
}

static void
exactly_the_condition(void)
{
	struct due_delimiter D;
	size_t tried = 0;

	for (unsigned int flags = 0; flags < 16; flags++)
	for (size_t w = 0; w < COUNT(past); w += 3)
	for (size_t p = 0; p < COUNT(past); p++)
	for (size_t s = 0; s < COUNT(past); s++)
	for (size_t min = 0; min < COUNT(wait); min++)
	for (size_t max = min; max < COUNT(wait); max++)
	for (size_t retry = 0; retry < COUNT(wait); retry++)
	for (uint64_t now = 1000; now < 2100; now += 99) {
		D.leader = flags & 1;
		D.head_signed = (flags & 2) != 0;
		D.pending = flags & 4 ? 3 : 0;
		D.current = (flags & 8) != 0;
		D.pending_ms = past[w];
		D.proposed_ms = past[p];
		D.signed_ms = past[s];
		D.min_ms = wait[min];
		D.max_ms = wait[max];
		D.retry_ms = wait[retry];
		CHECK(combination_holds(&D, now));
		tried++;
	}
	CHECK(tried > 1000000);
}

/* A simulated clock: one leader, each proposal takes effect 7 ms later. */
static void
epochs_follow_the_intervals(void)
{
	struct due_delimiter D = { 1, 1, 1, 0, DUE_NEVER, DUE_NEVER, DUE_NEVER,
	    50, 1000, 20 };
	uint64_t next, closed[8], now = 5, effect = DUE_NEVER;
	size_t n = 0;

	while (n < 5 && now < 10000) {
		if (now == effect) {
			closed[n++] = D.signed_ms = now;
			D.pending = n == 2 ? 1 : 0;
			effect = DUE_NEVER;
		}
		if (due_delimiter(&D, now, &next)) {
			D.proposed_ms = now;
			if (effect == DUE_NEVER)
				effect = now + 7;
		}
		now++;
	}
	CHECK(n == 5);
	CHECK(closed[0] == 12);			/* the first epoch at once */
	CHECK(closed[1] == 12 + 1000 + 7);	/* idle: the long interval */
	CHECK(closed[2] == closed[1] + 50 + 7);	/* pending: the short one */
	CHECK(closed[3] == closed[2] + 1000 + 7);
}

static void
a_lost_proposal_is_retried(void)
{
	struct due_delimiter D = { 1, 1, 1, 1, 60, 500, 100, 50, 1000, 20 };
	uint64_t next;

	CHECK(!due_delimiter(&D, 519, &next) && next == 520);
	CHECK(due_delimiter(&D, 520, &next));
}

static void
others_step_in_for_a_leader_that_is_silent(void)
{
	struct due_delimiter D = { 0, 1, 1, 0, DUE_NEVER, DUE_NEVER, 100, 50,
	    1000, 20 };
	uint64_t next;

	/* Nothing pending: the long interval, and the patience. */
	CHECK(!due_delimiter(&D, 1100, &next) && next == 1100 + DUE_PATIENCE * 20);
	CHECK(due_delimiter(&D, next, &next));

	/* An update that comes late gives the leader its time anew. */
	D.pending = 1;
	D.pending_ms = 700;
	CHECK(!due_delimiter(&D, 700, &next) && next == 700 + DUE_PATIENCE * 20);
	CHECK(due_delimiter(&D, next, &next));

	/* One that does not know the end of the log never does. */
	D.current = 0;
	CHECK(!due_delimiter(&D, 5000, &next) && next == DUE_NEVER);
}

static void
backoff_is_bounded(void)
{
	struct due_retry R = { 0, 0, 10, 100 };
	static const uint64_t gaps[] = { 10, 20, 40, 80, 100, 100, 100 };
	uint64_t now = 3, next;

	CHECK(due_retry(&R, now, &next));
	for (size_t i = 0; i < COUNT(gaps); i++) {
		due_retry_made(&R, now);
		CHECK(!due_retry(&R, now, &next));
		CHECK(next == now + gaps[i]);
		CHECK(!due_retry(&R, next - 1, &next));
		now = next;
		CHECK(due_retry(&R, now, &next));
	}
	R.tries = 4000000000U;
	R.tried_ms = DUE_NEVER - 2;
	CHECK(!due_retry(&R, now, &next) && next == DUE_NEVER - 1);
}

static const struct test tests[] = {
	{ "a delimiter is due exactly under the condition of the design, for "
	    "every combination of inputs", exactly_the_condition },
	{ "epochs close by the long interval when idle, the short one when an "
	    "update is pending", epochs_follow_the_intervals },
	{ "a delimiter that was lost is proposed again after the retry interval",
	    a_lost_proposal_is_retried },
	{ "a replica that does not lead closes the epoch when the leader does not, "
	    "and not before", others_step_in_for_a_leader_that_is_silent },
	{ "retries back off, and never beyond the maximum", backoff_is_bounded },
};
TESTS(tests)
