#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/panic.h"
#include "codec/wbuf.h"
#include "metrics/histogram.h"
#include "store/store.h"
#include "store/view.h"

#include "stage/stage.h"

struct stage {
	const struct stage_spec * spec;
	void * state;
	struct store * store;
	struct view * view;
	struct actions actions;
	struct histogram batch_us;	/* how long batches took */
	uint64_t events;		/* in all batches */
};

struct stage *
stage_new(const struct stage_spec * spec, void * state, struct store * S)
{
	struct stage * G;

	if ((G = malloc(sizeof(*G))) == NULL)
		return (NULL);
	if ((G->view = view_open(S)) == NULL) {
		free(G);
		return (NULL);
	}
	G->spec = spec;
	G->state = state;
	G->store = S;
	actions_init(&G->actions);
	memset(&G->batch_us, 0, sizeof(G->batch_us));
	G->events = 0;
	return (G);
}

struct view *
stage_view(struct stage * G)
{

	return (G->view);
}

static int
act_all(struct stage * G, uint64_t needs)
{
	struct action action;
	size_t pos = 0;
	int rc;

	while ((rc = actions_next(&G->actions, &pos, &action)) == 1)
		if (G->spec->act(G->state, &action, needs))
			return (-1);
	return (rc);
}

static int
run(struct stage * G, const struct stage_event * events, size_t n)
{
	uint64_t number;

	PANIC_UNLESS(n <= STAGE_EVENTS_MAX);
	actions_reset(&G->actions);
	if (G->spec->prepare != NULL && G->spec->prepare(G->state, events, n))
		goto err1;
	for (size_t i = 0; i < n; i++)
		if (G->spec->step(G->state, G->view, &events[i], i, &G->actions))
			goto err1;
	if (G->spec->finish(G->state, G->view))
		goto err1;
#ifdef KS_TEST_ACT_BEFORE_PERSIST
	/*
	 * The fault that the trace of every test run must be able to show: built
	 * only by the test that proves it (t/bats/trace.bats).
	 */
	if (act_all(G, store_number(G->store) + 1))
		goto err1;
	actions_reset(&G->actions);
#endif
	if (view_commit(G->view, &number))
		goto err0;
	return (act_all(G, number));

err1:
	view_discard(G->view);
err0:
	return (-1);
}

int
stage_run(struct stage * G, const struct stage_event * events, size_t n)
{
	const uint64_t began_ns = clock_mono_ns();

	if (run(G, events, n))
		return (-1);
	histogram_note(&G->batch_us, (clock_mono_ns() - began_ns) / 1000);
	G->events += n;
	return (0);
}

void
stage_status(const struct stage * G, struct wbuf * W)
{

	histogram_put(&G->batch_us, "batch", W);
	wbuf_printf(W, "batch_events %" PRIu64 "\n", G->events);
	store_status(G->store, W);
}

void
stage_free(struct stage * G)
{

	if (G == NULL)
		return;
	view_close(G->view);
	actions_free(&G->actions);
	free(G);
}
