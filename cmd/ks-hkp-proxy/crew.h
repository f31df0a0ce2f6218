#ifndef KS_HKP_PROXY_CREW_H
#define KS_HKP_PROXY_CREW_H

#include <stddef.h>
#include <stdint.h>

struct loop;
struct setup;
struct work_answer;

/*
 * The processes that look up: each does one thing at a time and may wait for a
 * keyserver that hangs, so there are several.  They are made before the loop, the web
 * server and the jail.
 */
struct crew;

/* How many: so many questions may hang before others wait. */
#define CREW_SIZE	8

/* Questions that wait until one of them is free; one more is refused. */
#define CREW_QUEUE_MAX	64

/* A question, until its answer is told. */
struct crew_job;

/**
 * crew_new(setup, ctx, wait_ms):
 * Make the processes: each calls ${setup}(${ctx}) for what it looks up with (NULL: it
 * has said why and leaves), then work_main.  Return the crew, or NULL after a line on
 * standard error.
 */
struct crew * crew_new(const struct setup * (*)(void *), void *, uint64_t);

/**
 * crew_start(C, L, lost, ctx):
 * Work on the loop ${L} from now on.  If a process ends by itself, ${lost}(${ctx}) is
 * called, which returns 0 or -1 as any callback.  Return 0, or -1 with errno.
 */
int crew_start(struct crew *, struct loop *, int (*)(void *), void *);

/**
 * crew_ask(C, type, body, len, callback, ctx):
 * Ask the question of ${type} with the ${len} bytes at ${body}: ${callback}(${ctx},
 * answer) is told the answer once, or NULL if there is none and will be none.  Return
 * the question, for crew_forget; or NULL with errno (EAGAIN: too many wait).
 */
struct crew_job * crew_ask(struct crew *, uint16_t, const void *, size_t,
    void (*)(void *, struct work_answer *), void *);

/**
 * crew_forget(J):
 * The answer to ${J}, which was not told yet, is not wanted any more.
 */
void crew_forget(struct crew_job *);

/**
 * crew_free(C):
 * Let the processes end, whatever they are at, forget what was asked, and free ${C};
 * NULL is fine.
 */
void crew_free(struct crew *);

#endif
