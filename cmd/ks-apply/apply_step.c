#include <err.h>
#include <inttypes.h>
#include <string.h>

#include "base/panic.h"
#include "codec/rbuf.h"
#include "entry/limits.h"
#include "entry/rule_names.h"
#include "entry/update.h"
#include "pool/pool.h"
#include "proto/log_entry.h"
#include "realm/realm.h"
#include "stage/stage.h"
#include "store/rowkey.h"
#include "store/view.h"

#include "apply_state.h"
#include "apply_step.h"

/* What the threads of apply_prepare share: each works on its own ${i}. */
struct prepare {
	struct apply_state * A;
	const struct stage_event * events;
	int failed;			/* set by any, never cleared */
};

static void
prepare_one(void * cookie, size_t i)
{
	struct prepare * P = cookie;
	const struct stage_event * event = &P->events[i];
	struct log_entry E;
	struct update U;

	memset(&P->A->prepared[i], 0, sizeof(P->A->prepared[i]));
	if (log_entry_parse(&E, event->body, event->len) ||
	    E.type != LOG_ENTRY_UPDATE || update_parse(&U, E.body, E.body_len))
		return;
	if (rules_prepare(&P->A->prepared[i], &U, P->A->realm->name))
		__atomic_store_n(&P->failed, 1, __ATOMIC_RELAXED);
}

int
apply_prepare(void * cookie, const struct stage_event * events, size_t n)
{
	struct apply_state * A = cookie;
	struct prepare P = { A, events, 0 };

	for (size_t i = 0; i < A->nprepared; i++)
		rules_free(&A->prepared[i]);
	A->nprepared = n;
	pool_run(A->pool, prepare_one, &P, n);
	if (P.failed)
		warnx("out of memory");
	return (P.failed ? -1 : 0);
}

int
apply_event(struct apply_state * A, struct view * view, uint8_t type,
    const void * body, size_t len)
{
	uint8_t key[ROWKEY_MAX];
	size_t klen = rowkey_number(key, APPLY_TABLE_EVENT, A->events + 1);

	wbuf_reset(&A->out);
	wbuf_put_u8(&A->out, type);
	wbuf_put_bytes(&A->out, body, len);
	if (wbuf_failed(&A->out) ||
	    view_put(view, key, klen, A->out.data, A->out.len))
		return (-1);
	A->events++;
	return (0);
}

/* Return 1 if the request id of ${E} was seen in the window, 0 if not, or -1. */
static int
is_duplicate(struct apply_state * A, struct view * view,
    const struct log_entry * E)
{
	uint8_t key[ROWKEY_MAX];
	size_t klen = rowkey_named(key, APPLY_TABLE_REQUEST, E->request_id,
	    REQUEST_ID_LEN);
	int rc = view_get(view, key, klen, &A->row);

	return (rc < 0 ? -1 : rc == 0);
}

/* Forget the request whose entry has just left the window. */
static int
forget_request(struct apply_state * A, struct view * view)
{
	uint8_t key[ROWKEY_MAX];
	size_t klen;
	int rc, duplicate;
	struct rbuf R;
	const uint8_t * id;

	if (A->index <= REQUEST_WINDOW)
		return (0);
	klen = rowkey_number(key, APPLY_TABLE_OUTCOME, A->index - REQUEST_WINDOW);
	if ((rc = view_get(view, key, klen, &A->row)) != 0)
		return (rc < 0 ? -1 : 0);
	if (view_del(view, key, klen))
		return (-1);
	rbuf_init(&R, A->row.data, A->row.len);
	id = rbuf_get_bytes(&R, REQUEST_ID_LEN);
	rbuf_get_u8(&R);
	duplicate = rbuf_get_u8(&R);
	if (id == NULL || R.failed)
		return (-1);
	if (duplicate)
		return (0);
	klen = rowkey_named(key, APPLY_TABLE_REQUEST, id, REQUEST_ID_LEN);
	return (view_del(view, key, klen));
}

/* Record what became of ${E}: the outcome row, and the request row if first. */
static int
record(struct apply_state * A, struct view * view, const struct log_entry * E,
    int duplicate, const char * rule)
{
	uint8_t key[ROWKEY_MAX];
	size_t klen;

	wbuf_reset(&A->out);
	wbuf_put_bytes(&A->out, E->request_id, REQUEST_ID_LEN);
	wbuf_put_u8(&A->out, E->type);
	wbuf_put_u8(&A->out, (uint8_t)duplicate);
	wbuf_put_str8(&A->out, rule == NULL ? "" : rule);
	klen = rowkey_number(key, APPLY_TABLE_OUTCOME, A->index);
	if (wbuf_failed(&A->out) ||
	    view_put(view, key, klen, A->out.data, A->out.len))
		return (-1);
	if (duplicate)
		return (0);
	wbuf_reset(&A->out);
	wbuf_put_u64(&A->out, A->index);
	wbuf_put_u64(&A->out, A->closed + 1);
	wbuf_put_str8(&A->out, rule == NULL ? "" : rule);
	klen = rowkey_named(key, APPLY_TABLE_REQUEST, E->request_id,
	    REQUEST_ID_LEN);
	if (wbuf_failed(&A->out))
		return (-1);
	return (view_put(view, key, klen, A->out.data, A->out.len));
}

/* Step ${E} by its type, unless its shape is refused. */
static int
step_type(struct apply_state * A, struct view * view, const struct log_entry * E,
    size_t i, const char ** rule)
{

	if ((*rule = log_entry_rule(E)) != NULL)
		return (0);
	switch (E->type) {
	case LOG_ENTRY_UPDATE:
		return (apply_step_update(A, view, E, i, rule));
	case LOG_ENTRY_DELIMITER:
		return (apply_step_delimiter(A, view, E, rule));
	case LOG_ENTRY_SIGNATURE:
		return (apply_step_signature(A, view, E, rule));
	case LOG_ENTRY_RATIFICATION:
		return (apply_step_ratification(A, view, E, rule));
	case LOG_ENTRY_APPROVAL:
		return (apply_step_approval(A, view, E, rule));
	}
	panic("log entry of type %u has no step", E->type);
}

/* Move on to ${E} at ${position}: cursor and running hash. */
static int
advance(struct apply_state * A, struct view * view, uint64_t position,
    const struct log_entry * E)
{
	uint8_t key[ROWKEY_MAX];
	size_t klen;

	PANIC_UNLESS(position == A->index + 1);
	A->index = position;
	log_entry_hash(A->log_hash, position, E, A->log_hash);
	klen = rowkey_number(key, APPLY_TABLE_HASH, position);
	return (view_put(view, key, klen, A->log_hash, HASH_LEN));
}

/* Whoever waits for the outcome of ${E} is told after the commit. */
static void
tell_outcome(struct apply_state * A, const struct log_entry * E,
    const char * rule, struct actions * actions)
{

	wbuf_reset(&A->out);
	wbuf_put_bytes(&A->out, E->request_id, REQUEST_ID_LEN);
	wbuf_put_u64(&A->out, A->closed + 1);
	wbuf_put_str8(&A->out, rule == NULL ? "" : rule);
	PANIC_UNLESS(wbuf_failed(&A->out) == 0);
	actions_put(actions, APPLY_ACT_OUTCOME, A->out.data, A->out.len);
}

int
apply_step(void * cookie, struct view * view, const struct stage_event * event,
    size_t i, struct actions * actions)
{
	struct apply_state * A = cookie;
	struct log_entry E;
	const char * rule = NULL;
	int duplicate;

	/* ks-logd lets nothing in that does not decode: this is damage. */
	if (log_entry_parse(&E, event->body, event->len)) {
		warnx("log entry %" PRIu64 " does not decode", event->position);
		return (-1);
	}
	if (advance(A, view, event->position, &E) ||
	    (duplicate = is_duplicate(A, view, &E)) < 0)
		return (-1);
	if (duplicate)
		A->duplicates++;
	else if (step_type(A, view, &E, i, &rule))
		return (-1);
	else if (rule != NULL) {
		A->refused++;
		tally_note(&A->refusals, rule);
	} else {
		A->accepted++;
		A->accepted_types[E.type]++;
	}
	if (record(A, view, &E, duplicate, rule) || forget_request(A, view))
		return (-1);
	if (!duplicate && (E.type == LOG_ENTRY_UPDATE ||
	    E.type == LOG_ENTRY_APPROVAL))
		tell_outcome(A, &E, rule, actions);
	return (0);
}
