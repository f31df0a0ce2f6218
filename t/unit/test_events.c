#include <stdint.h>
#include <string.h>

#include "base/panic.h"
#include "codec/wbuf.h"
#include "stage/events.h"
#include "stage/stage.h"
#include "store/store.h"
#include "store/view.h"

#include "test.h"

/* A stage that adds up what it is given. */
struct sum {
	uint64_t events;
	uint64_t last;		/* position of the last one */
	uint64_t bytes;
	size_t batches;
	int fail;
};

static int
sum_step(void * cookie, struct view * view, const struct stage_event * event,
    size_t i, struct actions * actions)
{
	struct sum * S = cookie;

	(void)view;
	(void)i;
	(void)actions;
	if (S->fail || event->position != S->last + 1 ||
	    event->type != event->position % 7)
		return (-1);
	S->last = event->position;
	S->events++;
	S->bytes += event->len;
	return (0);
}

static int
sum_finish(void * cookie, struct view * view)
{
	struct sum * S = cookie;

	S->batches++;
	return (view_put(view, "c", 1, &S->last, sizeof(S->last)));
}

static int
sum_act(void * cookie, const struct action * action, uint64_t needs)
{

	(void)cookie;
	(void)action;
	(void)needs;
	return (0);
}

static const struct stage_spec spec = { .step = sum_step, .finish = sum_finish,
    .act = sum_act };

/* The frame of ${n} events from ${first} on, with bodies of ${len} bytes. */
static void
put_frame(struct wbuf * W, uint64_t first, uint32_t n, size_t len)
{
	uint8_t body[300];

	PANIC_UNLESS(len <= sizeof(body));
	memset(body, 'x', sizeof(body));
	wbuf_reset(W);
	wbuf_put_u64(W, first);
	wbuf_put_u32(W, n);
	for (uint32_t i = 0; i < n; i++) {
		wbuf_put_u8(W, (uint8_t)((first + i) % 7));
		wbuf_put_var32(W, body, len);
	}
}

static void
test_order(void)
{
	struct sum S = { .last = 41 };
	struct stage_events E;
	struct store * store;
	struct stage * G;
	struct wbuf W;
	const char * rule;

	CHECK((store = store_open_memory()) != NULL);
	CHECK((G = stage_new(&spec, &S, store)) != NULL);
	wbuf_init(&W, 1 << 20);
	stage_events_init(&E, 42);
	put_frame(&W, 42, 0, 0);
	CHECK(stage_events_add(&E, W.data, W.len, &rule) == 0);
	put_frame(&W, 42, 3, 10);
	CHECK(stage_events_add(&E, W.data, W.len, &rule) == 0);
	CHECK(stage_events_add(&E, W.data, W.len, &rule) == -1);
	CHECK(strcmp(rule, "events-not-next") == 0);
	put_frame(&W, 46, 1, 10);
	CHECK(stage_events_add(&E, W.data, W.len, &rule) == -1);
	CHECK(strcmp(rule, "events-not-next") == 0);
	put_frame(&W, 45, 2000, 100);
	CHECK(stage_events_add(&E, W.data, W.len, &rule) == 0);
	put_frame(&W, 2045, 2500, 0);
	CHECK(stage_events_add(&E, W.data, W.len, &rule) == 0);
	CHECK(S.events == 0);
	CHECK(stage_events_run(&E, G) == 0);
	CHECK(S.events == 4503 && S.last == 4544 && S.bytes == 200030);
	CHECK(S.batches == 2 && store_number(store) == 2);
	CHECK(E.n == 0 && E.next == 4545);
	CHECK(stage_events_run(&E, G) == 0 && S.batches == 2);

	/* A failure of the stage is told, and nothing of that batch is stored. */
	S.fail = 1;
	put_frame(&W, 4545, 1, 0);
	CHECK(stage_events_add(&E, W.data, W.len, &rule) == 0);
	CHECK(stage_events_run(&E, G) == -1);
	CHECK(store_number(store) == 2);
	stage_events_free(&E);
	wbuf_free(&W);
	stage_free(G);
	store_close(store);
}

static void
test_hostile(void)
{
	struct stage_events E;
	struct wbuf W;
	const char * rule;

	wbuf_init(&W, 1 << 20);
	stage_events_init(&E, 1);
	put_frame(&W, 1, 5, 20);

	/* Every cut, every longer one, and a count that lies. */
	for (size_t len = 0; len < W.len; len++) {
		CHECK(stage_events_add(&E, W.data, len, &rule) == -1);
		CHECK(strcmp(rule, "events-malformed") == 0);
	}
	wbuf_put_u8(&W, 0);
	CHECK(stage_events_add(&E, W.data, W.len, &rule) == -1);
	W.data[8] = 0xff;
	CHECK(stage_events_add(&E, W.data, W.len, &rule) == -1);
	CHECK(E.n == 0 && E.list.len == 0 && E.next == 1);
	stage_events_free(&E);
	wbuf_free(&W);
}

static void
test_full(void)
{
	struct stage_events E;
	struct wbuf W;
	const char * rule;
	uint64_t next = 1;

	wbuf_init(&W, 1 << 20);
	stage_events_init(&E, 1);
	while (!stage_events_full(&E)) {
		put_frame(&W, next, 3000, 300);
		next += 3000;
		CHECK(stage_events_add(&E, W.data, W.len, &rule) == 0);
	}
	CHECK(E.list.len >= STAGE_EVENTS_LEN_MAX);
	CHECK(E.list.len <= STAGE_EVENTS_LEN_MAX + W.len);
	stage_events_free(&E);
	wbuf_free(&W);
}

static const struct test tests[] = {
	{ "events go through the stage once each and in order, in bounded batches",
	    test_order },
	{ "a malformed frame of events is refused whole", test_hostile },
	{ "what waits for a stage is bounded", test_full },
};

TESTS(tests)
