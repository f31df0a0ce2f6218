#include <stdint.h>
#include <string.h>

#include "stage/stage.h"
#include "store/store.h"
#include "store/store_memory.h"
#include "store/view.h"

#include "test.h"

/* A stage that counts: each event adds a row and asks for an action. */
struct counter {
	struct store * store;
	uint8_t steps;
	unsigned prepared;
	unsigned acts;
	unsigned early;		/* actions whose row was not durable */
	int fail_step;		/* step number that fails; 0: none */
	int fail_act;
};

static int
prepare(void * cookie, const struct stage_event * events, size_t n)
{
	struct counter * K = cookie;

	(void)events;
	K->prepared += (unsigned)n;
	return (0);
}

static int
step(void * cookie, struct view * view, const struct stage_event * event,
    size_t i, struct actions * actions)
{
	struct counter * K = cookie;
	uint8_t key[2] = { 2, ++K->steps };

	(void)i;
	if (K->fail_step == K->steps)
		return (-1);
	actions_put(actions, 7, key, sizeof(key));
	return (view_put(view, key, sizeof(key), event->body, event->len));
}

static int
finish(void * cookie, struct view * view)
{
	struct counter * K = cookie;

	return (view_put(view, "\001cursor", 7, &K->steps, 1));
}

static int
act(void * cookie, const struct action * action, uint64_t needs)
{
	struct counter * K = cookie;
	struct bytes row = { NULL, 0, 0 };

	K->acts++;
	if (action->kind != 7 || needs != store_number(K->store) ||
	    store_get(K->store, action->body, action->len, &row) != 0)
		K->early++;
	bytes_free(&row);
	return (K->fail_act ? -1 : 0);
}

static const struct stage_spec spec = { prepare, step, finish, act };

static const struct stage_event events[3] = {
	{ 1, 0, (const uint8_t *)"a", 1 }, { 2, 0, (const uint8_t *)"b", 1 },
	{ 3, 0, (const uint8_t *)"c", 1 }
};

static void
acts_after_the_commit(void)
{
	struct counter K = { .store = store_open_memory() };
	struct stage * G = stage_new(&spec, &K, K.store);

	CHECK(stage_run(G, events, 3) == 0);
	CHECK(K.prepared == 3 && K.steps == 3 && K.acts == 3);
	CHECK(K.early == 0);
	CHECK(store_number(K.store) == 1);
	CHECK(stage_run(G, events, 2) == 0);
	CHECK(K.acts == 5 && K.early == 0 && store_number(K.store) == 2);
	stage_free(G);
	store_close(K.store);
}

static void
no_act_without_commit(void)
{
	struct counter K = { .store = store_open_memory() };
	struct stage * G = stage_new(&spec, &K, K.store);

	store_memory_fail_commit(K.store, 2);
	CHECK(stage_run(G, events, 1) == 0 && K.acts == 1);
	CHECK(stage_run(G, events, 3) == -1 && K.acts == 1);
	stage_free(G);
	store_close(K.store);
}

static int
count_row(void * cookie, const uint8_t * key, size_t klen, const uint8_t * value,
    size_t vlen)
{

	(void)key;
	(void)klen;
	(void)value;
	(void)vlen;
	++*(unsigned *)cookie;
	return (0);
}

static void
a_failed_step_changes_nothing(void)
{
	struct counter K = { .store = store_open_memory(), .fail_step = 3 };
	struct stage * G = stage_new(&spec, &K, K.store);
	unsigned rows = 0;

	CHECK(stage_run(G, events, 3) == -1);
	CHECK(K.acts == 0 && store_number(K.store) == 0);
	CHECK(view_pending(stage_view(G), NULL) == 0);
	CHECK(store_scan(K.store, NULL, 0, NULL, 0, count_row, &rows) == 0);
	CHECK(rows == 0);
	stage_free(G);
	store_close(K.store);
}

static void
a_failed_act_is_told(void)
{
	struct counter K = { .store = store_open_memory(), .fail_act = 1 };
	struct stage * G = stage_new(&spec, &K, K.store);

	CHECK(stage_run(G, events, 3) == -1);
	CHECK(K.acts == 1 && store_number(K.store) == 1);
	stage_free(G);
	store_close(K.store);
}

static const struct test tests[] = {
	{ "actions come after the batch is durable, one commit a batch",
	    acts_after_the_commit },
	{ "nothing is acted on when the commit fails", no_act_without_commit },
	{ "a step that fails leaves nothing of its batch behind",
	    a_failed_step_changes_nothing },
	{ "an action that fails stops the stage", a_failed_act_is_told },
};
TESTS(tests)
