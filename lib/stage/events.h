#ifndef KS_STAGE_EVENTS_H
#define KS_STAGE_EVENTS_H

#include <stddef.h>
#include <stdint.h>

#include "codec/wbuf.h"

/*
 * Events on their way from APPLY_EVENTS frames into a stage: several small
 * frames that came in one turn become one batch, with one commit.
 */
struct stage;

/** Bytes of events gathered before they must be run. */
#define STAGE_EVENTS_LEN_MAX ((size_t)4 * 1024 * 1024)

struct stage_events {
	uint64_t next;		/* position of the event that must come next */
	size_t n;		/* events gathered */
	struct wbuf list;	/* them, each u8 type, var32 body */
};

/**
 * stage_events_init(E, next), stage_events_free(E):
 * Make ${E} empty, to be continued with the event at position ${next}; free what
 * it holds.
 */
void stage_events_init(struct stage_events *, uint64_t);
void stage_events_free(struct stage_events *);

/**
 * stage_events_add(E, body, len, rule):
 * Gather the events of the APPLY_EVENTS frame in the ${len} bytes at ${body},
 * which are copied.  Return 0, or -1 and gather nothing of it: ${rule} is then
 * the rule that it breaks ("events-malformed"; "events-not-next": it repeats
 * events or leaves some out), or NULL if memory ran out.
 */
int stage_events_add(struct stage_events *, const uint8_t *, size_t,
    const char **);

/**
 * stage_events_full(E):
 * Return nonzero if ${E} must be run before more is added.
 */
int stage_events_full(const struct stage_events *);

/**
 * stage_events_run(E, G):
 * Give all gathered events to stage_run of ${G}, in batches that it allows;
 * ${E} is empty then.  Return 0, or -1 as stage_run.
 */
int stage_events_run(struct stage_events *, struct stage *);

#endif
