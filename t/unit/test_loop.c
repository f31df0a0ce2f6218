#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "loop/loop.h"

#include "test.h"

/* What was called, in order. */
static char calls[64];
static size_t ncalls;
static struct loop * L;

static int
note(void * ctx)
{

	if (ncalls < sizeof(calls) - 1) {
		calls[ncalls++] = *(const char *)ctx;
		calls[ncalls] = '\0';
	}
	return (0);
}

static int
note_fd(void * ctx, int ready)
{

	(void)ready;
	return (note(ctx));
}

static int
note_and_stop(void * ctx)
{

	loop_stop(L);
	return (note(ctx));
}

static int
fail(void * ctx)
{

	note(ctx);
	return (-1);
}

static void
start(void)
{

	L = loop_new();
	ncalls = 0;
	calls[0] = '\0';
}

static char a[] = "a", b[] = "b", c[] = "c", d[] = "d", e[] = "e";

static void
timers_in_order(void)
{
	struct loop_timer * T[4];

	start();
	T[0] = loop_timer_new(L, note_and_stop, a);
	T[1] = loop_timer_new(L, note, b);
	T[2] = loop_timer_new(L, note, c);
	T[3] = loop_timer_new(L, note, d);
	loop_timer_set(T[0], 30);
	loop_timer_set(T[1], 500000);
	loop_timer_set(T[2], 10);
	loop_timer_set(T[3], 20);
	loop_timer_set(T[1], 0);
	loop_timer_clear(T[3]);
	CHECK(loop_run(L) == 0);
	CHECK(strcmp(calls, "bca") == 0);
	for (size_t i = 0; i < 4; i++)
		loop_timer_free(T[i]);
	loop_free(L);
}

/* A pseudo-random walk over many timers: the heap keeps its order. */
static uint64_t due[100], last;
static int ordered;

static int
check_order(void * ctx)
{
	uint64_t mine = *(uint64_t *)ctx;

	ordered &= mine >= last;
	last = mine;
	if (--ncalls == 0)
		loop_stop(L);
	return (0);
}

static void
many_timers(void)
{
	struct loop_timer * T[100];
	uint64_t began;
	uint32_t x = 1;

	start();
	ordered = 1;
	last = 0;
	for (size_t i = 0; i < 100; i++)
		CHECK((T[i] = loop_timer_new(L, check_order, &due[i])) != NULL);
	for (size_t i = 0; i < 1000; i++) {
		x = x * 1664525 + 1013904223;
		due[i % 100] = 20 + (x >> 16) % 50 * 4;
		loop_timer_set(T[i % 100], due[i % 100]);
		if (x >> 31)
			loop_timer_clear(T[(x >> 8) % 100]);
	}
	/* Set within one step of the times, or the order is not known. */
	do {
		began = clock_mono_ms();
		for (size_t i = 0; i < 100; i++)
			loop_timer_set(T[i], due[i]);
	} while (clock_mono_ms() - began >= 4);
	ncalls = 100;
	CHECK(loop_run(L) == 0);
	CHECK(ordered && ncalls == 0);
	for (size_t i = 0; i < 100; i++)
		loop_timer_free(T[i]);
	loop_free(L);
}

static struct loop_deferred * again;

static int
note_again(void * ctx)
{

	loop_deferred_set(again);
	return (note(ctx));
}

static void
order_of_a_turn(void)
{
	struct loop_deferred * flush, * batch;
	struct loop_timer * T;
	struct loop_fd * W;
	int fd[2];

	start();
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == 0);
	flush = loop_deferred_new(L, LOOP_FLUSH, note, e);
	batch = loop_deferred_new(L, LOOP_BATCH, note_again, c);
	again = batch;
	T = loop_timer_new(L, note, b);
	W = loop_fd_new(L, fd[0], note_fd, a);
	CHECK(flush && batch && T && W);
	loop_deferred_set(flush);
	loop_deferred_set(flush);
	loop_deferred_set(batch);
	loop_timer_set(T, 0);
	CHECK(write(fd[1], "x", 1) == 1);
	CHECK(loop_fd_want(W, LOOP_READ) == 0);
	CHECK(loop_turn(L, 0) == 0);
	CHECK(strcmp(calls, "abce") == 0);
	/* What was set in its own order comes in the next turn, without wait. */
	CHECK(loop_turn(L, 1000000) == 0);
	CHECK(strcmp(calls, "abceac") == 0);
	loop_deferred_free(batch);
	CHECK(loop_fd_want(W, 0) == 0);
	CHECK(loop_turn(L, 0) == 0);
	CHECK(strcmp(calls, "abceac") == 0);
	loop_deferred_free(flush);
	loop_timer_free(T);
	loop_fd_free(W);
	close(fd[0]);
	close(fd[1]);
	loop_free(L);
}

static struct loop_fd * pair[2];

static int
free_both(void * ctx, int ready)
{

	(void)ready;
	loop_fd_free(pair[0]);
	loop_fd_free(pair[1]);
	return (note(ctx));
}

static void
freed_is_not_called(void)
{
	int fd[2];

	start();
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == 0);
	for (size_t i = 0; i < 2; i++) {
		pair[i] = loop_fd_new(L, fd[i], free_both, a);
		CHECK(pair[i] != NULL);
		CHECK(loop_fd_want(pair[i], LOOP_WRITE) == 0);
	}
	CHECK(loop_turn(L, 1000) == 0);
	CHECK(strcmp(calls, "a") == 0);
	CHECK(loop_turn(L, 0) == 0);
	CHECK(strcmp(calls, "a") == 0);
	close(fd[0]);
	close(fd[1]);
	loop_free(L);
}

static void
failures_travel(void)
{
	struct loop_deferred * D, * E;

	start();
	D = loop_deferred_new(L, LOOP_BATCH, fail, d);
	E = loop_deferred_new(L, LOOP_BATCH, note, e);
	loop_deferred_set(D);
	loop_deferred_set(E);
	CHECK(loop_run(L) == -1);
	CHECK(strcmp(calls, "d") == 0);
	loop_deferred_free(D);
	loop_deferred_free(E);
	loop_free(L);
}

static void
signals(void)
{
	struct loop_signal * S;

	start();
	CHECK((S = loop_signal_new(L, SIGUSR1, note_and_stop, a)) != NULL);
	CHECK(raise(SIGUSR1) == 0);
	CHECK(ncalls == 0);
	CHECK(loop_run(L) == 0);
	CHECK(strcmp(calls, "a") == 0);
	loop_signal_free(S);
	loop_free(L);
}

static const struct test tests[] = {
	{ "timers call back once, in the order of their times", timers_in_order },
	{ "many timers, set and cleared, keep their order", many_timers },
	{ "a turn is: descriptors, timers, batch, flush", order_of_a_turn },
	{ "what was freed is not called, even in the same turn", freed_is_not_called },
	{ "a callback's failure ends the loop", failures_travel },
	{ "a signal arrives in the loop", signals },
};
TESTS(tests)
