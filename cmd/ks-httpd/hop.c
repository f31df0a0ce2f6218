#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "base/panic.h"
#include "daemon/conn.h"
#include "daemon/daemon.h"
#include "daemon/upstream.h"
#include "frame/frame.h"
#include "loop/loop.h"
#include "web/web.h"

#include "hop.h"

struct hop_ask {
	struct hop * H;
	uint32_t id;
	int streams;		/* hop_stream */
	uint16_t last;
	enum hop_outcome late;	/* what is told when the timer runs out */
	struct loop_timer * timer;
	int (* callback)(void *, const struct hop_answer *);
	void * ctx;
};

struct hop {
	struct loop * L;
	struct upstream * U;
	struct upstream_spec spec;
	uint32_t serial;		/* of the last question */
	unsigned nasks;
	int paused;
	struct hop_ask * ask[HOP_ASKS_MAX];	/* by id % HOP_ASKS_MAX */
};

static void
free_ask(struct hop_ask * A)
{

	A->H->ask[A->id % HOP_ASKS_MAX] = NULL;
	A->H->nasks--;
	loop_timer_free(A->timer);
	free(A);
}

/* Tell what came of ${A}, which ends with it. */
static int
finish(struct hop_ask * A, const struct hop_answer * answer)
{
	int (* callback)(void *, const struct hop_answer *) = A->callback;
	void * ctx = A->ctx;

	free_ask(A);
	return (callback(ctx, answer));
}

static int
on_late(void * cookie)
{
	struct hop_ask * A = cookie;
	const struct hop_answer answer = { .outcome = A->late };

	(void)finish(A, &answer);
	return (0);
}

static int
on_up(void * cookie, struct upstream * U)
{
	struct hop * H = cookie;

	if (H->paused)
		conn_pause(upstream_conn(U), 1);
	return (0);
}

/* What was asked will not be answered: tell all who wait, from their timers. */
static int
on_down(void * cookie, struct upstream * U)
{
	struct hop * H = cookie;

	(void)U;
	for (unsigned i = 0; i < HOP_ASKS_MAX; i++) {
		if (H->ask[i] == NULL)
			continue;
		H->ask[i]->late = HOP_DOWN;
		loop_timer_set(H->ask[i]->timer, 0);
	}
	return (0);
}

static int
on_frame(void * cookie, struct upstream * U, const struct frame * F)
{
	struct hop * H = cookie;
	struct hop_ask * A = H->ask[F->id % HOP_ASKS_MAX];
	struct hop_answer answer = { .outcome = HOP_ANSWER, .frame = F };
	struct common_error E;
	int rc;

	/* Nobody waits any more. */
	if (A == NULL || A->id != F->id || A->late == HOP_DOWN)
		return (0);
	if (F->type == COMMON_ERROR) {
		if (common_get_error(F->body, F->len, &E))
			return (upstream_malformed(U, "error-malformed"));
		answer = (struct hop_answer){ .outcome = HOP_ERROR, .error = &E };
	} else if (A->streams && F->type != A->last) {
		answer.outcome = HOP_MORE;
	}
	rc = answer.outcome == HOP_MORE ? A->callback(A->ctx, &answer) :
	    finish(A, &answer);
	return (rc == 0 ? 0 : upstream_malformed(U, "answer-malformed"));
}

struct hop *
hop_new(struct daemon * D, const char * path)
{
	struct hop * H;

	if ((H = calloc(1, sizeof(*H))) == NULL) {
		warn("%s", path);
		return (NULL);
	}
	H->L = daemon_loop(D);
	H->spec.path = path;
	H->spec.ctx = H;
	H->spec.up = on_up;
	H->spec.down = on_down;
	H->spec.frame = on_frame;
	if ((H->U = daemon_follow(D, &H->spec)) == NULL) {
		free(H);
		return (NULL);
	}
	return (H);
}

void
hop_quiet(struct hop * H)
{

	upstream_quiet(H->U);
}

void
hop_free(struct hop * H)
{

	if (H == NULL)
		return;
	for (unsigned i = 0; i < HOP_ASKS_MAX; i++)
		if (H->ask[i] != NULL)
			free_ask(H->ask[i]);
	free(H);
}

const char *
hop_path(const struct hop * H)
{

	return (H->spec.path);
}

int
hop_up(const struct hop * H)
{

	return (upstream_conn(H->U) != NULL);
}

/* Return a new question with a free number, not sent; or NULL. */
static struct hop_ask *
new_ask(struct hop * H)
{
	struct hop_ask * A;

	if ((A = calloc(1, sizeof(*A))) == NULL)
		return (NULL);
	A->H = H;
	if ((A->timer = loop_timer_new(H->L, on_late, A)) == NULL) {
		free(A);
		return (NULL);
	}
	do {
		A->id = ++H->serial;
	} while (A->id == 0 || H->ask[A->id % HOP_ASKS_MAX] != NULL);
	H->ask[A->id % HOP_ASKS_MAX] = A;
	H->nasks++;
	return (A);
}

static struct hop_ask *
ask(struct hop * H, uint16_t type, const void * body, size_t len,
    uint64_t timeout_ms, int (* callback)(void *, const struct hop_answer *),
    void * ctx)
{
	struct hop_ask * A;

	/* The last place is for who is told that there is none. */
	if (H->nasks == HOP_ASKS_MAX || (A = new_ask(H)) == NULL)
		return (NULL);
	A->callback = callback;
	A->ctx = ctx;
	if (H->nasks == HOP_ASKS_MAX || !hop_up(H)) {
		A->late = hop_up(H) ? HOP_BUSY : HOP_DOWN;
		loop_timer_set(A->timer, 0);
		return (A);
	}
	A->late = HOP_LATE;
	if (timeout_ms > 0)
		loop_timer_set(A->timer, timeout_ms);
	if (upstream_send(H->U, type, A->id, body, len, 0)) {
		free_ask(A);
		return (NULL);
	}
	return (A);
}

struct hop_ask *
hop_ask(struct hop * H, uint16_t type, const void * body, size_t len,
    uint64_t timeout_ms, int (* callback)(void *, const struct hop_answer *),
    void * ctx)
{

	return (ask(H, type, body, len, timeout_ms, callback, ctx));
}

struct hop_ask *
hop_stream(struct hop * H, uint16_t type, const void * body, size_t len,
    uint16_t last, uint64_t timeout_ms,
    int (* callback)(void *, const struct hop_answer *), void * ctx)
{
	struct hop_ask * A;

	A = ask(H, type, body, len, last != 0 ? timeout_ms : 0, callback, ctx);
	if (A != NULL) {
		A->streams = 1;
		A->last = last;
	}
	return (A);
}

void
hop_cancel(struct hop_ask * A)
{

	free_ask(A);
}

void
hop_pause(struct hop * H, int paused)
{

	H->paused = paused;
	if (hop_up(H))
		conn_pause(upstream_conn(H->U), paused);
}

/* The status that an ERROR stands for. */
static unsigned
status_of(const struct common_error * E, const char ** code)
{
	static const struct { unsigned status; const char * code; } as[] = {
		[ERROR_MALFORMED] = { 400, "malformed" },
		[ERROR_UNKNOWN_TYPE] = { 501, "unknown-type" },
		[ERROR_REFUSED] = { 422, "refused" },
		[ERROR_UNAVAILABLE] = { 503, "unavailable" },
		[ERROR_NOT_FOUND] = { 404, "not-found" },
		[ERROR_INTERNAL] = { 500, "internal" },
	};

	if (E->code == 0 || E->code >= sizeof(as) / sizeof(as[0])) {
		*code = "internal";
		return (500);
	}
	*code = as[E->code].code;
	if (E->code == ERROR_REFUSED && strcmp(E->rule, "epoch-unknown") == 0)
		return (404);
	return (as[E->code].status);
}

void
hop_fail(struct web_request * R, const struct hop_answer * A)
{
	const char * code;
	unsigned status;

	switch (A->outcome) {
	case HOP_ERROR:
		status = status_of(A->error, &code);
		web_error(R, status, code, A->error->rule, A->error->text);
		return;
	case HOP_DOWN:
		web_error(R, 503, "unavailable", "stage-unavailable",
		    "this replica cannot be asked now");
		return;
	case HOP_LATE:
		web_error(R, 504, "unavailable", "stage-timeout",
		    "this replica did not answer in time");
		return;
	case HOP_BUSY:
		web_error(R, 503, "unavailable", "too-many-waiting",
		    "too many requests are being dealt with");
		return;
	case HOP_ANSWER:
	case HOP_MORE:
		break;
	}
	panic("hop_fail: an answer is no failure");
}

int
hop_malformed(struct web_request * R)
{

	web_error(R, 502, "internal", "stage-malformed",
	    "this replica gave an answer that cannot be right");
	return (-1);
}
