#include <stdint.h>

#include "daemon/upstream.h"
#include "frame/frame.h"
#include "loop/loop.h"

#include "echo.h"
#include "test.h"

static size_t ups, downs, answers;

static int
on_up(void * ctx, struct upstream * U)
{

	(void)ctx;
	ups++;
	return (upstream_send(U, T_ECHO, 1, "again", 5, 0));
}

static int
on_down(void * ctx, struct upstream * U)
{

	(void)ctx;
	(void)U;
	downs++;
	return (0);
}

static int
on_answer(void * ctx, struct upstream * U, const struct frame * F)
{

	(void)ctx;
	(void)U;
	answers += F->type == T_ECHO && F->len == 5;
	return (0);
}

static const struct upstream_spec up = {
	.path = "sock", .up = on_up, .down = on_down, .frame = on_answer
};

static void
reconnect(void)
{
	struct server * S = echo_start();
	struct upstream * U;

	CHECK(S != NULL);
	server_free(S);
	ups = downs = answers = 0;
	CHECK((U = upstream_new(echo.L, &up, echo_batch)) != NULL);
	for (int i = 0; i < 5; i++)
		CHECK(loop_turn(echo.L, 10) == 0);
	CHECK(ups == 0 && upstream_conn(U) == NULL);
	CHECK(upstream_send(U, T_ECHO, 1, "lost", 4, 0) == 0);
	for (size_t i = 1; i <= 3; i++) {
		CHECK((S = server_new(echo.L, &echo_spec, echo_batch)) != NULL);
		CHECK(echo_turn_until(&answers, i) == 0 && ups == i);
		server_free(S);
		CHECK(echo_turn_until(&downs, i) == 0);
	}
	upstream_free(U);
	loop_deferred_free(echo_batch);
	loop_free(echo.L);
}

static const struct test tests[] = {
	{ "an upstream may come late and come back", reconnect },
};
TESTS(tests)
