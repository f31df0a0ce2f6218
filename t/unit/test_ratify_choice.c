#include <string.h>

#include "../../cmd/ks-ratify/ratify_choice.h"

#include "test.h"

#define NOW	1000000

/* ${n} publishers, all of them there and at epoch 5, of which 0 is followed. */
static struct ratify_choice
make(unsigned n)
{
	struct ratify_choice C;

	memset(&C, 0, sizeof(C));
	C.n = n;
	for (unsigned i = 0; i < n; i++) {
		C.way[i].up = C.way[i].heard = 1;
		ratify_choice_told(&C, i, 5, 5, NOW);
	}
	return (C);
}

static void
follows(void)
{
	struct ratify_choice C = make(3);
	unsigned to = 9;

	CHECK(ratify_choice_make(&C, 5, NOW, &to) == RATIFY_STAY && to == 9);

	/* Away: the next one, but not one that only accepts connections. */
	C.way[0].up = 0;
	CHECK(ratify_choice_make(&C, 5, NOW, &to) == RATIFY_AWAY && to == 1);
	C.way[1].heard = 0;
	CHECK(ratify_choice_make(&C, 5, NOW, &to) == RATIFY_AWAY && to == 2);
	ratify_choice_move(&C, to);
	CHECK(C.at == 2);
	CHECK(ratify_choice_make(&C, 5, NOW, &to) == RATIFY_STAY);
	C.way[2].up = 0;
	CHECK(ratify_choice_make(&C, 5, NOW, &to) == RATIFY_STAY);

	/* One that does not answer, and who would not either. */
	C = make(3);
	C.way[0].asked_ms = C.way[1].asked_ms = NOW;
	CHECK(ratify_choice_make(&C, 5, NOW + RATIFY_HANG_MS - 1, &to) ==
	    RATIFY_STAY);
	CHECK(ratify_choice_make(&C, 5, NOW + RATIFY_HANG_MS, &to) ==
	    RATIFY_HANGS && to == 2);
	C.way[2].asked_ms = NOW;
	CHECK(ratify_choice_make(&C, 5, NOW + RATIFY_HANG_MS, &to) ==
	    RATIFY_STAY);
}

static void
behind(void)
{
	struct ratify_choice C = make(3);
	unsigned to;

	/* Another has more: for so long it may still come. */
	ratify_choice_told(&C, 2, 6, 5, NOW);
	ratify_choice_told(&C, 2, 7, 5, NOW + 2000);
	CHECK(ratify_choice_make(&C, 5, NOW + RATIFY_BEHIND_MS - 1, &to) ==
	    RATIFY_STAY);
	CHECK(ratify_choice_make(&C, 5, NOW + RATIFY_BEHIND_MS, &to) ==
	    RATIFY_BEHIND && to == 2);

	/* Who brings something is not left, and time runs anew. */
	ratify_choice_moved(&C);
	CHECK(ratify_choice_make(&C, 6, NOW + RATIFY_BEHIND_MS, &to) ==
	    RATIFY_STAY);
	ratify_choice_told(&C, 2, 7, 6, NOW + RATIFY_BEHIND_MS);
	CHECK(ratify_choice_make(&C, 6, NOW + 2 * RATIFY_BEHIND_MS - 1, &to) ==
	    RATIFY_STAY);
	CHECK(ratify_choice_make(&C, 6, NOW + 2 * RATIFY_BEHIND_MS, &to) ==
	    RATIFY_BEHIND && to == 2);
	ratify_choice_move(&C, to);
	CHECK(ratify_choice_make(&C, 6, NOW + 2 * RATIFY_BEHIND_MS, &to) ==
	    RATIFY_STAY);

	/* Nobody else has it. */
	C = make(2);
	ratify_choice_told(&C, 0, 9, 5, NOW);
	CHECK(ratify_choice_make(&C, 5, NOW + RATIFY_BEHIND_MS, &to) ==
	    RATIFY_STAY);
}

static void
rests(void)
{
	struct ratify_choice C = make(2);
	uint64_t now = NOW, wait = RATIFY_WAIT_MS_MIN;
	unsigned to;

	ratify_choice_blame(&C, now);
	CHECK(ratify_choice_make(&C, 5, now, &to) == RATIFY_RESTS && to == 1);
	ratify_choice_move(&C, to);

	/* Both lie: whoever has rested is asked again, at growing intervals. */
	ratify_choice_blame(&C, now);
	CHECK(ratify_choice_make(&C, 5, now, &to) == RATIFY_STAY);
	now += RATIFY_WAIT_MS_MIN;
	CHECK(ratify_choice_make(&C, 5, now, &to) == RATIFY_STAY);
	for (int i = 0; i < 20; i++) {
		ratify_choice_blame(&C, now);
		wait = 2 * wait > RATIFY_WAIT_MS_MAX ? RATIFY_WAIT_MS_MAX :
		    2 * wait;
		CHECK(C.way[1].rests_ms == now + wait);
	}
	ratify_choice_praise(&C);
	CHECK(ratify_choice_make(&C, 5, now, &to) == RATIFY_STAY);
	ratify_choice_blame(&C, now);
	CHECK(C.way[1].rests_ms == now + RATIFY_WAIT_MS_MIN);
}

static void
pushes(void)
{
	struct ratify_choice C = make(3);

	CHECK(ratify_choice_push(&C, 0, NOW) == 0);
	CHECK(ratify_choice_push(&C, 0, NOW) == 0);
	CHECK(ratify_choice_push(&C, 1, NOW) == 1);
	CHECK(ratify_choice_push(&C, 0, NOW) == 1);
	C.way[2].up = 0;
	CHECK(ratify_choice_push(&C, 1, NOW) == 0);
	C.way[0].asked_ms = NOW;
	CHECK(ratify_choice_push(&C, 0, NOW + RATIFY_HANG_MS) == 1);
	CHECK(ratify_choice_push(&C, 1, NOW + RATIFY_HANG_MS) == 1);
	C.way[1].heard = 0;
	CHECK(ratify_choice_push(&C, 1, NOW + RATIFY_HANG_MS) == -1);

	/* Of one there is no choice, heard or not. */
	C = make(1);
	C.way[0].heard = 0;
	CHECK(ratify_choice_push(&C, 0, NOW) == 0);
	CHECK(ratify_choice_push(&C, 1, NOW) == 0);
	C.way[0].up = 0;
	CHECK(ratify_choice_push(&C, 0, NOW) == -1);
}

static void
hangs_by_its_own_fault(void)
{
	struct ratify_choice C = make(2);

	C.way[1].asked_ms = NOW;
	CHECK(!ratify_choice_hangs(&C, 1, NOW + RATIFY_HANG_MS - 1));
	CHECK(ratify_choice_hangs(&C, 1, NOW + RATIFY_HANG_MS));
	CHECK(!ratify_choice_hangs(&C, 0, NOW + RATIFY_HANG_MS));
	ratify_choice_paused(&C, NOW + RATIFY_HANG_MS);
	CHECK(!ratify_choice_hangs(&C, 1, NOW + RATIFY_HANG_MS));
	CHECK(C.way[0].asked_ms == 0);
	C.way[1].asked_ms = NOW;
	C.way[1].up = 0;
	CHECK(!ratify_choice_hangs(&C, 1, NOW + RATIFY_HANG_MS));
}

static const struct test tests[] = {
	{ "a publisher that is away or hangs is left for one that answers",
	    follows },
	{ "one is left that brings nothing for long while another has more",
	    behind },
	{ "one that refused or lied rests, each time longer", rests },
	{ "one hangs that is silent for long, unless nobody listened",
	    hangs_by_its_own_fault },
	{ "what did not come back is pushed to the next one", pushes },
};
TESTS(tests)
