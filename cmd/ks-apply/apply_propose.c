#include <err.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/clock.h"
#include "codec/wbuf.h"
#include "config/config.h"
#include "daemon/upstream.h"
#include "entry/limits.h"
#include "loop/loop.h"
#include "metrics/epochs.h"
#include "metrics/histogram.h"
#include "propose/due.h"
#include "proto/log_entry.h"
#include "proto/proto_log.h"

#include "apply_propose.h"
#include "apply_state.h"

/* Request id of the frames that carry proposals; their replies say nothing. */
#define PROPOSE_FRAME_ID 3

struct apply_propose {
	const struct apply_state * state;
	const struct config_replica * config;
	struct loop_timer * timer;
	struct upstream * log;		/* NULL while the log is down */
	int leader;
	uint64_t last;			/* committed, as hinted */
	int hinted;			/* the log was up once since the start */
	uint64_t goal;			/* the most that was ever hinted */
	uint64_t seen_signed;		/* epoch whose majority was noticed */
	uint64_t signed_ms;		/* when that was */
	uint64_t pending_ms;	/* when something began to wait, or DUE_NEVER */
	uint64_t pending_epoch;	/* for the epoch after this one */
	uint64_t proposed_ms;		/* when the last proposal was made */
	uint64_t count;
	uint64_t proposed_epoch;	/* of the last proposal */
	uint64_t retries;		/* proposals of an epoch again */
	struct epochs epochs;		/* when they were seen to close */
	uint64_t seen_closed;		/* the newest of them */
	struct histogram majority_us;	/* from there to the majority */
};

static int
on_timer(void * cookie)
{

	return (apply_propose_consider(cookie));
}

struct apply_propose *
apply_propose_new(struct loop * L, const struct apply_state * A,
    const struct config_replica * config)
{
	struct apply_propose * P;
	uint64_t wall_ms = clock_wall_ms(), age_ms;

	if ((P = calloc(1, sizeof(*P))) == NULL)
		return (NULL);
	if ((P->timer = loop_timer_new(L, on_timer, P)) == NULL) {
		free(P);
		return (NULL);
	}
	P->state = A;
	P->config = config;
	P->proposed_ms = P->pending_ms = DUE_NEVER;

	/* Across a restart, the last issue time stands for the last majority. */
	P->seen_signed = A->signed_epoch;
	P->seen_closed = A->closed;
	age_ms = wall_ms > A->time_ms ? wall_ms - A->time_ms : 0;
	P->signed_ms = A->closed == 0 || age_ms > clock_mono_ms() ? DUE_NEVER :
	    clock_mono_ms() - age_ms;
	return (P);
}

void
apply_propose_hint(struct apply_propose * P, struct upstream * log, int leader,
    uint64_t last)
{

	P->log = log;
	P->leader = log != NULL && leader;
	P->last = last;
	if (log != NULL)
		P->hinted = 1;
	if (last > P->goal)
		P->goal = last;
}

int
apply_propose_current(const struct apply_propose * P)
{

	return (P->hinted && P->state->index >= P->goal);
}

/* Send the delimiter of the next epoch to the log. */
static int
propose(struct apply_propose * P, uint64_t now_ms)
{
	const struct apply_state * A = P->state;
	struct log_entry_delimiter D;
	struct log_entry E;
	struct wbuf body, entry;
	uint8_t id[REQUEST_ID_LEN];
	uint64_t wall_ms = clock_wall_ms();
	int rc = -1;

	D.epoch = A->closed + 1;
	D.time_ms = wall_ms > A->time_ms ? wall_ms : A->time_ms;
	D.base = A->index;
	memcpy(D.hash, A->log_hash, HASH_LEN);
	wbuf_init(&body, LOG_ENTRY_MAX);
	wbuf_init(&entry, LOG_ENTRY_MAX);
	log_entry_put_delimiter(&body, &D);
	randombytes_buf(id, sizeof(id));
	E.request_id = id;
	E.type = LOG_ENTRY_DELIMITER;
	E.body = body.data;
	E.body_len = body.len;
	E.erasable = NULL;
	E.erasable_len = 0;
	log_entry_put(&entry, &E);
	if (wbuf_failed(&body) == 0 && wbuf_failed(&entry) == 0)
		rc = upstream_send(P->log, LOG_PROPOSE, PROPOSE_FRAME_ID,
		    entry.data, entry.len, 0);
	wbuf_free(&body);
	wbuf_free(&entry);
	P->proposed_ms = now_ms;
	P->count++;
	P->retries += D.epoch == P->proposed_epoch;
	P->proposed_epoch = D.epoch;
	if (rc)
		warnx("out of memory");
	return (rc);
}

/* What waits for the next delimiter: updates, and a policy that is chosen. */
static uint64_t
pending(const struct apply_state * A)
{

	return (A->pending + (A->chosen != 0));
}

/* Measure how long epochs wait for their majority, but for those replayed. */
static void
note_epochs(struct apply_propose * P)
{
	const struct apply_state * A = P->state;
	const uint64_t now_us = clock_mono_ns() / 1000;
	uint64_t us;

	if (A->closed > P->seen_closed) {
		P->seen_closed = A->closed;
		epochs_seen(&P->epochs, A->closed, A->time_ms, clock_wall_ms(),
		    now_us);
	}
	if (A->signed_epoch > P->seen_signed && epochs_since(&P->epochs,
	    A->signed_epoch, now_us, &us) == 0)
		histogram_note(&P->majority_us, us);
}

/* Note when a majority came, and when something began to wait. */
static void
note_times(struct apply_propose * P, uint64_t now_ms)
{
	const struct apply_state * A = P->state;

	note_epochs(P);
	if (A->signed_epoch > P->seen_signed) {
		P->seen_signed = A->signed_epoch;
		P->signed_ms = now_ms;
	}
	if (pending(A) == 0) {
		P->pending_ms = DUE_NEVER;
	} else if (P->pending_ms == DUE_NEVER || P->pending_epoch != A->closed) {
		P->pending_ms = now_ms;
		P->pending_epoch = A->closed;
	}
}

int
apply_propose_consider(struct apply_propose * P)
{
	const struct apply_state * A = P->state;
	uint64_t now_ms = clock_mono_ms(), next_ms;
	struct due_delimiter D;

	note_times(P, now_ms);
	D.leader = P->leader;
	D.current = P->log != NULL && A->index >= P->last;
	D.head_signed = A->signed_epoch == A->closed;
	D.pending = pending(A);
	D.pending_ms = P->pending_ms;
	D.proposed_ms = P->proposed_ms;
	D.signed_ms = P->signed_ms;
	D.min_ms = P->config->epoch_min_ms;
	D.max_ms = P->config->epoch_max_ms;
	D.retry_ms = P->config->epoch_retry_ms;
	if (due_delimiter(&D, now_ms, &next_ms)) {
		if (propose(P, now_ms))
			return (-1);
		D.proposed_ms = P->proposed_ms;
		due_delimiter(&D, now_ms, &next_ms);
	}
	if (next_ms == DUE_NEVER)
		loop_timer_clear(P->timer);
	else
		loop_timer_set(P->timer, next_ms - now_ms);
	return (0);
}

void
apply_propose_status(const struct apply_propose * P, struct wbuf * W)
{

	wbuf_printf(W, "leader %d\n", P->leader);
	wbuf_printf(W, "delimiters_proposed %" PRIu64 "\n", P->count);
	wbuf_printf(W, "delimiters_retried %" PRIu64 "\n", P->retries);
	histogram_put(&P->majority_us, "majority", W);
}

void
apply_propose_free(struct apply_propose * P)
{

	if (P == NULL)
		return;
	loop_timer_free(P->timer);
	free(P);
}
