#include <err.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "codec/rbuf.h"
#include "codec/wbuf.h"
#include "daemon/conn.h"
#include "entry/limits.h"
#include "entry/rule_names.h"
#include "frame/common.h"
#include "loop/loop.h"
#include "policy/history.h"
#include "proto/list.h"
#include "proto/log_entry.h"
#include "proto/proto_apply.h"
#include "stage/actions.h"
#include "stage/dump.h"
#include "stage/stage.h"
#include "store/rowkey.h"
#include "store/store.h"

#include "apply_propose.h"
#include "apply_serve.h"
#include "apply_state.h"
#include "apply_waiters.h"

/* Bytes of events in one APPLY_EVENTS, unless a single one is longer. */
#define CHUNK_LEN ((size_t)256 * 1024)

/* A stream of events to a connection. */
struct follower {
	struct conn * conn;
	uint32_t id;		/* of the APPLY_FOLLOW */
	uint64_t next;		/* sequence number to send next */
	LIST_ENTRY(follower) link;
};

struct apply_serve {
	const struct apply_state * state;
	struct store * store;
	const struct apply_propose * propose;
	uint64_t events;		/* committed, so that they may be sent */
	LIST_HEAD(, follower) followers;
	struct apply_waiters * waiters;
	struct loop_timer * timer;	/* set while somebody waits */
	struct stage * stage;
	struct bytes row;
	struct wbuf body;
};

/* One APPLY_EVENTS being filled from rows. */
struct chunk {
	struct list list;
	struct wbuf * W;
	uint64_t n;
};

static int
chunk_row(void * cookie, const uint8_t * key, size_t klen,
    const uint8_t * value, size_t vlen)
{
	struct chunk * K = cookie;

	(void)key;
	(void)klen;
	if (vlen < 1) {
		warnx("a row of the table \"event\" is damaged");
		return (-1);
	}
	if (K->n > 0 && K->W->len + vlen > CHUNK_LEN)
		return (1);
	proto_apply_put_event(&K->list, value[0], value + 1, vlen - 1);
	return (++K->n == STAGE_EVENTS_MAX);
}

/* Send the next chunk to ${F}, which may be empty. */
static int
send_chunk(struct apply_serve * V, struct follower * F)
{
	uint8_t from[ROWKEY_MAX], to[ROWKEY_MAX];
	struct chunk K = { { NULL, 0, 0 }, &V->body, 0 };
	size_t len;

	wbuf_reset(&V->body);
	proto_apply_begin_events(&K.list, &V->body, F->next);
	len = rowkey_number(from, APPLY_TABLE_EVENT, F->next);
	rowkey_number(to, APPLY_TABLE_EVENT, V->events + 1);
	if (F->next <= V->events &&
	    store_scan(V->store, from, len, to, len, chunk_row, &K) < 0)
		return (-1);
	list_end(&K.list);
	if (wbuf_failed(&V->body)) {
		warnx("out of memory");
		return (-1);
	}
	F->next += K.n;
	return (conn_send(F->conn, APPLY_EVENTS, F->id, V->body.data,
	    V->body.len, store_number(V->store)));
}

/* Send to ${F} as long as there is something and it keeps up. */
static int
push(struct apply_serve * V, struct follower * F)
{

	while (F->next <= V->events && conn_room(F->conn))
		if (send_chunk(V, F))
			return (-1);
	return (0);
}

int
apply_serve_push(struct apply_serve * V)
{
	struct follower * F;

	V->events = V->state->events;
	LIST_FOREACH(F, &V->followers, link)
		if (push(V, F))
			return (-1);
	return (0);
}

static int
on_drained(void * cookie, struct conn * C)
{
	struct apply_serve * V = cookie;
	struct follower * F;

	LIST_FOREACH(F, &V->followers, link)
		if (F->conn == C && push(V, F))
			return (-1);
	return (0);
}

static void
on_gone(void * cookie, struct conn * C)
{
	struct apply_serve * V = cookie;
	struct follower * F, * next;

	for (F = LIST_FIRST(&V->followers); F != NULL; F = next) {
		next = LIST_NEXT(F, link);
		if (F->conn != C)
			continue;
		LIST_REMOVE(F, link);
		free(F);
	}
	apply_waiters_gone(V->waiters, C);
}

static int
handle_follow(void * cookie, struct conn * C, uint32_t id, const uint8_t * body,
    size_t len)
{
	struct apply_serve * V = cookie;
	struct follower * F;
	uint64_t from;

	if (proto_apply_get_follow(body, len, &from) || from == 0)
		return (conn_malformed(C, "frame-malformed"));
	if (from > V->events + 1)
		return (conn_error(C, id, ERROR_REFUSED, RULE_EVENTS_SHORTER,
		    "there are fewer events than that", 0));
	if (conn_hold(C, CONN_STREAMS, 1, 1))
		return (conn_error(C, id, ERROR_REFUSED, RULE_STREAM_REPEATED,
		    "this connection has such a stream already", 0));
	if ((F = calloc(1, sizeof(*F))) == NULL) {
		warn("client");
		return (-1);
	}
	F->conn = C;
	F->id = id;
	F->next = from;
	LIST_INSERT_HEAD(&V->followers, F, link);

	/* The first answer comes at once, also if it is empty. */
	if (send_chunk(V, F))
		return (-1);
	return (push(V, F));
}

static int
handle_entry(void * cookie, struct conn * C, uint32_t id, const uint8_t * body,
    size_t len)
{
	struct apply_serve * V = cookie;
	uint8_t key[ROWKEY_MAX];
	const uint8_t * index;
	struct rbuf R;
	uint64_t epoch;
	int rc;

	if (proto_apply_get_entry(body, len, &index))
		return (conn_malformed(C, "frame-malformed"));

	/* A user that is there must not look new while we replay the log. */
	if (!apply_propose_current(V->propose))
		return (conn_error(C, id, ERROR_UNAVAILABLE, "replaying",
		    "this replica has not caught up with the log", 0));
	rc = store_get(V->store, key, rowkey_named(key, APPLY_TABLE_ENTRY,
	    index, INDEX_LEN), &V->row);
	if (rc < 0)
		return (-1);
	if (rc == 1)
		return (conn_send(C, APPLY_NO_ENTRY, id, NULL, 0,
		    store_number(V->store)));
	rbuf_init(&R, V->row.data, V->row.len);
	epoch = rbuf_get_u64(&R);
	wbuf_reset(&V->body);
	proto_apply_put_entry_reply(&V->body, epoch, R.data, R.len);
	if (wbuf_failed(&V->body))
		return (-1);
	return (conn_send(C, APPLY_ENTRY_REPLY, id, V->body.data, V->body.len,
	    store_number(V->store)));
}

/* Answer ${id} of ${C} with the outcome that ${R} stands before. */
static int
send_outcome(struct apply_serve * V, struct conn * C, uint32_t id,
    struct rbuf * R, uint64_t needs)
{
	uint64_t epoch = rbuf_get_u64(R);
	size_t len;
	const uint8_t * name = rbuf_get_var8(R, COMMON_RULE_MAX, &len);
	const char * rule;

	if (rbuf_end(R)) {
		warnx("a row of the table \"request\" is damaged");
		return (-1);
	}
	if (len > 0) {
		if ((rule = rule_name((const char *)name, len)) == NULL)
			rule = "rule-unknown";
		return (conn_error(C, id, ERROR_REFUSED, rule,
		    rule_text(rule) != NULL ? rule_text(rule) : rule, needs));
	}
	wbuf_reset(&V->body);
	proto_apply_put_accepted(&V->body, epoch);
	if (wbuf_failed(&V->body))
		return (-1);
	return (conn_send(C, APPLY_ACCEPTED, id, V->body.data, V->body.len,
	    needs));
}

/* Answer those who have waited long enough, and wait for the next of them. */
static int
on_timer(void * cookie)
{
	struct apply_serve * V = cookie;
	uint64_t now_ms = clock_mono_ms(), until_ms;
	struct conn * C;
	uint32_t id;

	while (apply_waiters_take_old(V->waiters, now_ms, &C, &id)) {
		conn_release(C, CONN_WAITS, 1);
		if (conn_error(C, id, ERROR_UNAVAILABLE, RULE_OUTCOME_UNKNOWN,
		    rule_text(RULE_OUTCOME_UNKNOWN), 0))
			return (-1);
	}
	until_ms = apply_waiters_until(V->waiters);
	if (until_ms != UINT64_MAX)
		loop_timer_set(V->timer, until_ms - now_ms);
	return (0);
}

/* Let the request ${id} of ${C} wait for the outcome of ${request_id}. */
static int
wait_outcome(struct apply_serve * V, struct conn * C, uint32_t id,
    const uint8_t * request_id)
{

	if (conn_hold(C, CONN_WAITS, 1, APPLY_CONN_WAITERS_MAX))
		goto err0;
	if (apply_waiters_add(V->waiters, request_id, C, id,
	    clock_mono_ms() + APPLY_WAIT_MS))
		goto err1;
	if (apply_waiters_count(V->waiters) == 1)
		loop_timer_set(V->timer, APPLY_WAIT_MS);
	return (0);

err1:
	conn_release(C, CONN_WAITS, 1);
err0:
	return (conn_error(C, id, ERROR_UNAVAILABLE, RULE_TOO_MANY_WAITING,
	    "too many requests wait for their outcome", 0));
}

static int
handle_outcome(void * cookie, struct conn * C, uint32_t id, const uint8_t * body,
    size_t len)
{
	struct apply_serve * V = cookie;
	uint8_t key[ROWKEY_MAX];
	const uint8_t * request_id;
	struct rbuf R;
	int rc;

	if (proto_apply_get_outcome(body, len, &request_id))
		return (conn_malformed(C, "frame-malformed"));
	rc = store_get(V->store, key, rowkey_named(key, APPLY_TABLE_REQUEST,
	    request_id, REQUEST_ID_LEN), &V->row);
	if (rc < 0)
		return (-1);
	if (rc == 0) {
		rbuf_init(&R, V->row.data, V->row.len);
		rbuf_get_u64(&R);
		return (send_outcome(V, C, id, &R, store_number(V->store)));
	}
	return (wait_outcome(V, C, id, request_id));
}

int
apply_serve_outcome(struct apply_serve * V, const struct action * action,
    uint64_t needs)
{
	const uint8_t * request_id;
	struct rbuf R, outcome;
	struct conn * C;
	uint32_t id;

	rbuf_init(&R, action->body, action->len);
	if ((request_id = rbuf_get_bytes(&R, REQUEST_ID_LEN)) == NULL)
		return (-1);
	while (apply_waiters_take(V->waiters, request_id, &C, &id)) {
		conn_release(C, CONN_WAITS, 1);
		outcome = R;
		if (send_outcome(V, C, id, &outcome, needs))
			return (-1);
	}
	return (0);
}

int
apply_serve_drain(struct apply_serve * V)
{
	struct conn * C;
	uint32_t id;

	while (apply_waiters_take_old(V->waiters, UINT64_MAX, &C, &id))
		if (conn_error(C, id, ERROR_UNAVAILABLE, RULE_STOPPING,
		    "this replica is being stopped", 0))
			return (-1);
	return (0);
}

static int
handle_dump(void * cookie, struct conn * C, uint32_t id, const uint8_t * body,
    size_t len)
{
	struct apply_serve * V = cookie;

	return (dump_serve(V->store, C, id, body, len));
}

/* What was accepted, by its type, and refused, by the rule. */
static void
status_entries(const struct apply_state * A, struct wbuf * W)
{
	static const char * const names[LOG_ENTRY_APPROVAL + 1] = {
		[LOG_ENTRY_UPDATE] = "updates",
		[LOG_ENTRY_DELIMITER] = "delimiters",
		[LOG_ENTRY_SIGNATURE] = "signatures",
		[LOG_ENTRY_RATIFICATION] = "ratifications",
		[LOG_ENTRY_APPROVAL] = "approvals"
	};

	for (size_t i = LOG_ENTRY_UPDATE; i <= LOG_ENTRY_APPROVAL; i++)
		wbuf_printf(W, "accepted_%s %" PRIu64 "\n", names[i],
		    A->accepted_types[i]);
	tally_put(&A->refusals, "refused", W);
}

static int
status(void * cookie, struct wbuf * W)
{
	struct apply_serve * V = cookie;
	const struct apply_state * A = V->state;
	struct follower * F;
	unsigned n = 0;

	LIST_FOREACH(F, &V->followers, link)
		n++;
	wbuf_printf(W, "index %" PRIu64 "\n", A->index);
	wbuf_printf(W, "closed %" PRIu64 "\n", A->closed);
	wbuf_printf(W, "signed %" PRIu64 "\n", A->signed_epoch);
	wbuf_printf(W, "time_ms %" PRIu64 "\n", A->time_ms);
	wbuf_printf(W, "pending %" PRIu64 "\n", A->pending);
	wbuf_printf(W, "policy %" PRIu64 "\n",
	    apply_state_policy(A, A->closed + 1)->number);
	wbuf_printf(W, "policy_chosen %" PRIu64 "\n", A->chosen);
	wbuf_printf(W, "users %" PRIu64 "\n", A->tree.leaves);
	wbuf_printf(W, "events %" PRIu64 "\n", A->events);
	wbuf_printf(W, "followers %u\n", n);
	wbuf_printf(W, "waiting %zu\n", apply_waiters_count(V->waiters));
	wbuf_printf(W, "accepted %" PRIu64 "\n", A->accepted);
	wbuf_printf(W, "refused %" PRIu64 "\n", A->refused);
	wbuf_printf(W, "duplicates %" PRIu64 "\n", A->duplicates);
	status_entries(A, W);
	apply_propose_status(V->propose, W);
	stage_status(V->stage, W);
	return (0);
}

static const char *
frame_name(uint16_t type)
{

	switch (type) {
	case APPLY_EVENTS:
		return ("APPLY_EVENTS");
	case APPLY_ENTRY_REPLY:
		return ("APPLY_ENTRY_REPLY");
	case APPLY_NO_ENTRY:
		return ("APPLY_NO_ENTRY");
	case APPLY_ACCEPTED:
		return ("APPLY_ACCEPTED");
	}
	return (NULL);
}

static const struct server_handler handlers[] = {
	{ APPLY_FOLLOW, "APPLY_FOLLOW", 8, 8, handle_follow },
	{ APPLY_ENTRY, "APPLY_ENTRY", INDEX_LEN, INDEX_LEN, handle_entry },
	{ APPLY_OUTCOME, "APPLY_OUTCOME", REQUEST_ID_LEN, REQUEST_ID_LEN,
	    handle_outcome },
	{ COMMON_DUMP, "DUMP", DUMP_BODY_MIN, DUMP_BODY_MAX, handle_dump },
};

struct apply_serve *
apply_serve_new(struct loop * L, const struct apply_state * A,
    struct store * S, struct stage * G, const struct apply_propose * P)
{
	struct apply_serve * V;

	if ((V = calloc(1, sizeof(*V))) == NULL)
		goto err0;
	if ((V->waiters = apply_waiters_new(APPLY_WAITERS_MAX)) == NULL)
		goto err1;
	if ((V->timer = loop_timer_new(L, on_timer, V)) == NULL)
		goto err2;
	V->state = A;
	V->store = S;
	V->stage = G;
	V->propose = P;
	V->events = A->events;
	LIST_INIT(&V->followers);
	wbuf_init(&V->body, (size_t)1024 * 1024);
	return (V);

err2:
	apply_waiters_free(V->waiters);
err1:
	free(V);
err0:
	return (NULL);
}

void
apply_serve_spec(struct apply_serve * V, struct server_spec * spec)
{

	memset(spec, 0, sizeof(*spec));
	spec->mode = 0600;
	spec->fd = -1;
	spec->handlers = handlers;
	spec->nhandlers = sizeof(handlers) / sizeof(handlers[0]);
	spec->ctx = V;
	spec->status = status;
	spec->drained = on_drained;
	spec->gone = on_gone;
	spec->frame_name = frame_name;
}

void
apply_serve_free(struct apply_serve * V)
{
	struct follower * F;

	if (V == NULL)
		return;
	while ((F = LIST_FIRST(&V->followers)) != NULL) {
		LIST_REMOVE(F, link);
		free(F);
	}
	apply_waiters_free(V->waiters);
	loop_timer_free(V->timer);
	bytes_free(&V->row);
	wbuf_free(&V->body);
	free(V);
}
