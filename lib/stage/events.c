#include <err.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/panic.h"
#include "codec/rbuf.h"
#include "frame/frame.h"

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

static void
get_event(struct rbuf * R, struct stage_event * event)
{

	event->type = rbuf_get_u8(R);
	event->body = rbuf_get_var32(R, FRAME_BODY_MAX, &event->len);
}

int
stage_events_add(struct stage_events * E, const uint8_t * body, size_t len,
    const char ** rule)
{
	struct stage_event event;
	struct rbuf R, list;
	uint64_t first;
	uint32_t n;

	rbuf_init(&R, body, len);
	first = rbuf_get_u64(&R);
	n = rbuf_get_u32(&R);
	list = R;
	for (uint32_t i = 0; i < n && !R.failed; i++)
		get_event(&R, &event);
	*rule = "events-malformed";
	if (rbuf_end(&R))
		return (-1);
	*rule = "events-not-next";
	if (first != E->next || n > UINT64_MAX - first)
		return (-1);
	*rule = NULL;
	wbuf_put_bytes(&E->list, list.data, list.len);
	if (wbuf_failed(&E->list)) {
		warnx("events of the stage upstream: out of memory");
		return (-1);
	}
	E->next += n;
	E->n += n;
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
	struct rbuf R;
	size_t n;
	int rc = 0;

	if (E->n == 0)
		return (0);
	if ((batch = calloc(E->n < STAGE_EVENTS_MAX ? E->n : STAGE_EVENTS_MAX,
	    sizeof(*batch))) == NULL) {
		warn("events of the stage upstream");
		return (-1);
	}
	rbuf_init(&R, E->list.data, E->list.len);
	while (E->n > 0 && rc == 0) {
		n = E->n < STAGE_EVENTS_MAX ? E->n : STAGE_EVENTS_MAX;
		for (size_t i = 0; i < n; i++) {
			batch[i].position = position++;
			get_event(&R, &batch[i]);
		}
		PANIC_UNLESS(!R.failed);
		E->n -= n;
		rc = stage_run(G, batch, n);
	}
	E->n = 0;
	wbuf_reset(&E->list);
	free(batch);
	return (rc);
}
