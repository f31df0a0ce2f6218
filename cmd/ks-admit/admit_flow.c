#include <err.h>
#include <inttypes.h>
#include <stdint.h>
#include <string.h>

#include "base/clock.h"
#include "config/config.h"
#include "daemon/daemon.h"
#include "entry/rule_names.h"
#include "frame/common.h"
#include "frame/frame.h"
#include "loop/loop.h"
#include "proto/log_entry.h"
#include "proto/proto_apply.h"
#include "proto/proto_log.h"

#include "admit.h"

uint32_t
admit_flow_id(struct admit * M, uint32_t slot)
{

	/* Never 0, which means "no request". */
	if ((++M->last_id << ADMIT_SLOT_BITS) == 0)
		M->last_id = 1;
	return (M->last_id << ADMIT_SLOT_BITS | slot);
}

static void
schedule(struct admit * M, uint64_t at_ms, uint64_t now_ms)
{

	if (at_ms >= M->timer_ms)
		return;
	M->timer_ms = at_ms;
	loop_timer_set(M->timer, at_ms > now_ms ? at_ms - now_ms : 0);
}

void
admit_flow_schedule(struct admit * M, uint64_t at_ms)
{

	schedule(M, at_ms, clock_mono_ms());
}

/* Send the scratch body. */
static int
send_body(struct admit * M, struct upstream * U, uint16_t type, uint32_t id)
{

	if (wbuf_failed(&M->body)) {
		warnx("out of memory");
		return (-1);
	}
	return (upstream_send(U, type, id, M->body.data, M->body.len, 0));
}

/* Ask ks-apply what ${U} has to know next, if it is there. */
static int
ask(struct admit * M, struct admit_update * U)
{

	U->asked = 0;
	if (U->stage == ADMIT_ARRIVED || upstream_conn(M->apply) == NULL)
		return (0);
	U->asked = admit_flow_id(M, U->slot);
	wbuf_reset(&M->body);
	if (U->stage == ADMIT_ENTRY) {
		proto_apply_put_entry(&M->body, U->check.update.entry.index);
		return (send_body(M, M->apply, APPLY_ENTRY, U->asked));
	}
	proto_apply_put_outcome(&M->body, U->check.request.request_id);
	return (send_body(M, M->apply, APPLY_OUTCOME, U->asked));
}

static int
propose(struct admit * M, struct admit_update * U, uint64_t now_ms)
{
	const struct proto_admit_update * R = &U->check.request;
	struct log_entry E = { R->request_id, LOG_ENTRY_UPDATE, R->update,
	    R->update_len, R->profile, R->profile_len };

	if (U->retry.tries > 0)
		M->retries++;
	M->proposals++;
	due_retry_made(&U->retry, now_ms);
	U->proposed = admit_flow_id(M, U->slot);
	wbuf_reset(&M->body);
	log_entry_put(&M->body, &E);
	return (send_body(M, M->log, LOG_PROPOSE, U->proposed));
}

/*
 * Is there somebody to propose ${U} to, or to ask for its outcome?  What was
 * committed comes out of the log by itself: another proposal would be one more
 * entry for everybody, and most of all when everybody is behind already.
 */
static int
wanting(const struct admit * M, const struct admit_update * U)
{

	return ((!U->committed && upstream_conn(M->log) != NULL) ||
	    (U->asked == 0 && upstream_conn(M->apply) != NULL));
}

/* Do what is due for ${U} and store when the next thing is; it may be closed. */
static int
attend(struct admit * M, struct admit_update * U, uint64_t now_ms,
    uint64_t * next_ms)
{
	uint64_t at;

	*next_ms = DUE_NEVER;
	if (now_ms >= U->deadline_ms)
		return (admit_give_up(M, U, RULE_OUTCOME_UNKNOWN,
		    rule_text(RULE_OUTCOME_UNKNOWN)));
	*next_ms = U->deadline_ms;
	if (U->stage == ADMIT_ENTRY && U->asked == 0 &&
	    upstream_conn(M->apply) != NULL) {
		/* ks-apply could not say: ask again, later and later. */
		if (due_retry(&U->retry, now_ms, &at)) {
			due_retry_made(&U->retry, now_ms);
			return (ask(M, U));
		}
		if (at < *next_ms)
			*next_ms = at;
	}
	if (U->stage != ADMIT_PROPOSED || !wanting(M, U))
		return (0);
	if (due_retry(&U->retry, now_ms, &at)) {
		if (U->asked == 0 && ask(M, U))
			return (-1);
		if (U->committed || upstream_conn(M->log) == NULL)
			due_retry_made(&U->retry, now_ms);
		else if (propose(M, U, now_ms))
			return (-1);
		if (!wanting(M, U))
			return (0);
		due_retry(&U->retry, now_ms, &at);
	}
	if (at < *next_ms)
		*next_ms = at;
	return (0);
}

/* Attend to all that is open. */
static int
attend_all(struct admit * M)
{
	struct admit_update * U, * next;
	uint64_t now = clock_mono_ms(), at;

	loop_timer_clear(M->timer);
	M->timer_ms = DUE_NEVER;
	for (U = TAILQ_FIRST(&M->open.list); U != NULL; U = next) {
		next = TAILQ_NEXT(U, link);
		if (attend(M, U, now, &at))
			return (-1);
		schedule(M, at, now);
	}
	if (admit_outcome_expire(M, now, &at))
		return (-1);
	schedule(M, at, now);
	return (0);
}

static int
on_timer(void * cookie)
{

	return (attend_all(cookie));
}

int
admit_flow_begin(struct admit * M, struct admit_update * U)
{

	U->stage = ADMIT_ENTRY;
	schedule(M, U->deadline_ms, clock_mono_ms());
	return (ask(M, U));
}

/* The entry that ${U} meets is known: refuse or propose. */
static int
on_entry(struct admit * M, struct admit_update * U, uint64_t epoch,
    const uint8_t * current, size_t len)
{
	uint64_t now = clock_mono_ms(), at;
	const char * rule;

	if (current != NULL && admit_check_is(&U->check, current, len))
		return (admit_accept(M, U, epoch));
	if (admit_check_state(&U->check, M->realm, current, len, &rule)) {
		warnx("an update cannot be checked: out of memory, or what ks-apply "
		    "has is no entry");
		return (admit_give_up(M, U, "unavailable",
		    "the update cannot be checked now"));
	}
	if (rule != NULL)
		return (admit_refuse(M, U, rule));
	U->stage = ADMIT_PROPOSED;
	U->retry.tries = 0;
	U->retry.first_ms = ADMIT_PROPOSE_MS_MIN;
	if (ask(M, U) || attend(M, U, now, &at))
		return (-1);
	schedule(M, at, now);
	return (0);
}

/* An ERROR about the entry or the outcome of ${U}. */
static int
on_apply_error(struct admit * M, struct admit_update * U,
    const struct common_error * E)
{
	const char * rule = rule_name(E->rule, strlen(E->rule));
	uint64_t now = clock_mono_ms(), at;

	if (U->stage == ADMIT_PROPOSED && E->code == ERROR_REFUSED)
		return (admit_refuse(M, U, rule != NULL ? rule : "rule-unknown"));

	/* Not now: it is asked for again, later and later. */
	U->asked = 0;
	if (U->retry.tries == 0)
		due_retry_made(&U->retry, now);
	due_retry(&U->retry, now, &at);
	schedule(M, at, now);
	return (0);
}

static int
on_apply_frame(void * cookie, struct upstream * A, const struct frame * F)
{
	struct admit * M = cookie;
	struct admit_update * U = admit_open_slot(&M->open, F->id);
	struct common_error E;
	const uint8_t * entry;
	uint64_t epoch;
	size_t len;

	switch (F->type) {
	case COMMON_ERROR:
		if (common_get_error(F->body, F->len, &E))
			break;
		return (U == NULL ? admit_outcome_error(M, F->id, &E) :
		    on_apply_error(M, U, &E));
	case APPLY_ENTRY_REPLY:
		if (proto_apply_get_entry_reply(F->body, F->len, &epoch, &entry,
		    &len))
			break;
		if (U == NULL || U->stage != ADMIT_ENTRY)
			return (0);
		return (on_entry(M, U, epoch, entry, len));
	case APPLY_NO_ENTRY:
		if (U == NULL || U->stage != ADMIT_ENTRY)
			return (0);
		return (on_entry(M, U, 0, NULL, 0));
	case APPLY_ACCEPTED:
		if (proto_apply_get_accepted(F->body, F->len, &epoch))
			break;
		if (U == NULL)
			return (admit_outcome_accepted(M, F->id, epoch));
		return (U->stage != ADMIT_PROPOSED ? 0 :
		    admit_accept(M, U, epoch));
	}
	return (upstream_malformed(A, "frame-malformed"));
}

/* Ask anew all that was open. */
static int
on_apply_up(void * cookie, struct upstream * A)
{
	struct admit * M = cookie;
	struct admit_update * U;

	M->apply = A;
	TAILQ_FOREACH(U, &M->open.list, link)
		if (ask(M, U))
			return (-1);
	return (0);
}

static int
on_apply_down(void * cookie, struct upstream * A)
{
	struct admit * M = cookie;
	struct admit_update * U;

	(void)A;
	TAILQ_FOREACH(U, &M->open.list, link)
		U->asked = 0;
	return (admit_outcome_down(M));
}

/* Only the outcome counts; but what was committed needs no further proposal. */
static int
on_log_frame(void * cookie, struct upstream * L, const struct frame * F)
{
	struct admit * M = cookie;
	struct admit_update * U = admit_open_proposed(&M->open, F->id);
	struct common_error E;
	uint64_t index;

	if (F->type == COMMON_ERROR && common_get_error(F->body, F->len, &E) == 0)
		return (0);
	if (F->type == LOG_PROPOSED &&
	    proto_log_get_proposed(F->body, F->len, &index) == 0) {
		if (U != NULL)
			U->committed = 1;
		return (0);
	}
	return (upstream_malformed(L, "frame-malformed"));
}

/* Propose anew all that was open. */
static int
on_log_up(void * cookie, struct upstream * L)
{
	struct admit * M = cookie;
	struct admit_update * U;

	M->log = L;
	TAILQ_FOREACH(U, &M->open.list, link)
		U->retry.tried_ms = DUE_NEVER;
	return (attend_all(M));
}

static int
on_log_down(void * cookie, struct upstream * L)
{

	(void)cookie;
	(void)L;
	return (0);
}

static const char *
frame_name(uint16_t type)
{

	switch (type) {
	case LOG_PROPOSE:
		return ("LOG_PROPOSE");
	case APPLY_ENTRY:
		return ("APPLY_ENTRY");
	case APPLY_OUTCOME:
		return ("APPLY_OUTCOME");
	}
	return (NULL);
}

int
admit_flow_start(struct admit * M, struct daemon * D)
{

	M->timer_ms = DUE_NEVER;
	if ((M->timer = loop_timer_new(daemon_loop(D), on_timer, M)) == NULL) {
		warn("timer");
		return (-1);
	}
	M->log_spec = (struct upstream_spec){ CONFIG_SOCKET_LOG, M, on_log_up,
	    on_log_down, on_log_frame, frame_name };
	M->apply_spec = (struct upstream_spec){ CONFIG_SOCKET_APPLY, M,
	    on_apply_up, on_apply_down, on_apply_frame, frame_name };
	if ((M->log = daemon_follow(D, &M->log_spec)) == NULL ||
	    (M->apply = daemon_follow(D, &M->apply_spec)) == NULL)
		return (-1);
	return (0);
}

void
admit_flow_free(struct admit * M)
{

	loop_timer_free(M->timer);
}
