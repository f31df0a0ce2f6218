#include <err.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/panic.h"
#include "frame/frame.h"
#include "proto/proto_apply.h"

#include "stage/events.h"
#include "stage/stage.h"

/* Room for a frame beside what did not make the list full. */
#define LIST_MAX	(STAGE_EVENTS_LEN_MAX + FRAME_LEN_MAX)

void
stage_events_init(struct stage_events * E, uint64_t next)
{

	E->next = next;
	E->n = 0;
	wbuf_init(&E->list, LIST_MAX);
}

void
stage_events_free(struct stage_events * E)
{

	wbuf_free(&E->list);
	E->n = 0;
}

int
stage_events_add(struct stage_events * E, const uint8_t * body, size_t len,
    const char ** rule)
{
	struct proto_apply_events frame;

	*rule = "events-malformed";
	if (proto_apply_get_events(body, len, &frame))
		return (-1);
	*rule = "events-not-next";
	if (frame.first != E->next || frame.n > UINT64_MAX - frame.first)
		return (-1);
	*rule = NULL;
	wbuf_put_bytes(&E->list, frame.list.data, frame.list.len);
	if (wbuf_failed(&E->list)) {
		warnx("events of the stage upstream: out of memory");
		return (-1);
	}
	E->next += frame.n;
	E->n += frame.n;
	return (0);
}

int
stage_events_full(const struct stage_events * E)
{

	return (E->list.len >= STAGE_EVENTS_LEN_MAX);
}

int
stage_events_run(struct stage_events * E, struct stage * G)
{
	struct stage_event * batch;
	uint64_t position = E->next - E->n;
	struct proto_apply_events all;
	size_t n;
	int rc = 0;

	if (E->n == 0)
		return (0);
	if ((batch = calloc(E->n < STAGE_EVENTS_MAX ? E->n : STAGE_EVENTS_MAX,
	    sizeof(*batch))) == NULL) {
		warn("events of the stage upstream");
		return (-1);
	}
	rbuf_init(&all.list, E->list.data, E->list.len);
	while (E->n > 0 && rc == 0) {
		n = E->n < STAGE_EVENTS_MAX ? E->n : STAGE_EVENTS_MAX;
		for (size_t i = 0; i < n; i++) {
			batch[i].position = position++;
			PANIC_UNLESS(proto_apply_next(&all, &batch[i].type,
			    &batch[i].body, &batch[i].len) == 1);
		}
		E->n -= n;
		rc = stage_run(G, batch, n);
	}
	E->n = 0;
	wbuf_reset(&E->list);
	free(batch);
	return (rc);
}
