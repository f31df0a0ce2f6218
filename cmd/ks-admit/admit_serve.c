#include <err.h>
#include <inttypes.h>
#include <stdint.h>
#include <string.h>

#include "base/clock.h"
#include "config/config.h"
#include "daemon/conn.h"
#include "daemon/daemon.h"
#include "entry/rule_names.h"
#include "frame/common.h"
#include "frame/frame.h"
#include "pool/pool.h"
#include "proto/proto_admit.h"

#include "admit.h"

/* Bytes of an UPDATE whose fields are all empty. */
#define UPDATE_BODY_MIN (REQUEST_ID_LEN + 1 + 4 + 4 + 4)

/* Count that the request of ${len} bytes waits on ${C}; -1 if that is too much. */
static int
hold(struct conn * C, size_t len)
{

	if (conn_hold(C, CONN_WAITS, 1, ADMIT_CONN_WAITERS_MAX))
		return (-1);
	if (conn_hold(C, CONN_BYTES, len, ADMIT_CONN_BYTES_MAX) == 0)
		return (0);
	conn_release(C, CONN_WAITS, 1);
	return (-1);
}

static void
release(struct conn * C, size_t len)
{

	conn_release(C, CONN_WAITS, 1);
	conn_release(C, CONN_BYTES, len);
}

int
admit_accept(struct admit * M, struct admit_update * U, uint64_t epoch)
{
	struct conn * C;
	uint32_t id;

	M->accepted++;
	histogram_note(&M->update_us, (clock_mono_ms() -
	    (U->deadline_ms - ADMIT_WAIT_MS)) * 1000);
	while (admit_open_take(&M->open, U, &C, &id)) {
		release(C, U->len);
		proto_admit_put_accepted(conn_begin(C, UPDATE_ACCEPTED, id), epoch);
		if (conn_end(C, 0))
			return (-1);
	}
	admit_open_remove(&M->open, U);
	return (0);
}

/* Answer all who wait for ${U} with an ERROR and close it. */
static int
answer_error(struct admit * M, struct admit_update * U, enum error_code code,
    const char * rule, const char * text)
{
	struct conn * C;
	uint32_t id;

	while (admit_open_take(&M->open, U, &C, &id)) {
		release(C, U->len);
		if (conn_error(C, id, code, rule, text, 0))
			return (-1);
	}
	admit_open_remove(&M->open, U);
	return (0);
}

int
admit_refuse(struct admit * M, struct admit_update * U, const char * rule)
{
	const char * text = rule_text(rule);

	if (U->stage == ADMIT_PROPOSED)
		M->log_refused++;
	else
		tally_note(&M->refusals, rule);
	return (answer_error(M, U, ERROR_REFUSED, rule,
	    text != NULL ? text : rule));
}

int
admit_give_up(struct admit * M, struct admit_update * U, const char * rule,
    const char * text)
{

	M->unavailable++;
	return (answer_error(M, U, ERROR_UNAVAILABLE, rule, text));
}

/* There is no room for one more, of which ${held} bytes were counted. */
static int
too_many(struct admit * M, struct conn * C, uint32_t id, size_t held)
{

	if (held > 0)
		release(C, held);
	M->unavailable++;
	return (conn_error(C, id, ERROR_UNAVAILABLE, RULE_TOO_MANY_WAITING,
	    "too many updates are open, or too many of this connection", 0));
}

/* Let the request ${id} of ${C} wait for ${U} as well. */
static int
join(struct admit * M, struct admit_update * U, struct conn * C, uint32_t id)
{

	if (hold(C, U->len))
		return (too_many(M, C, id, 0));
	return (admit_open_wait(&M->open, U, C, id) == 0 ? 0 :
	    too_many(M, C, id, U->len));
}

static int
serve_update(void * cookie, struct conn * C, uint32_t id, const uint8_t * body,
    size_t len)
{
	struct admit * M = cookie;
	struct proto_admit_update request;
	struct admit_update * U;

	if (proto_admit_get_update(body, len, &request))
		return (conn_malformed(C, "frame-malformed"));

	/* One outcome for each request id, however often it is asked for. */
	if ((U = admit_open_find(&M->open, request.request_id)) != NULL)
		return (join(M, U, C, id));
	if (hold(C, len))
		return (too_many(M, C, id, 0));
	if ((U = admit_open_add(&M->open, body, len,
	    clock_mono_ms() + ADMIT_WAIT_MS)) == NULL)
		return (too_many(M, C, id, len));
	if (admit_open_wait(&M->open, U, C, id)) {
		admit_open_remove(&M->open, U);
		return (too_many(M, C, id, len));
	}
	return (0);
}

static int
serve_outcome(void * cookie, struct conn * C, uint32_t id, const uint8_t * body,
    size_t len)
{
	struct admit * M = cookie;
	const uint8_t * request_id;
	struct admit_update * U;

	if (proto_admit_get_outcome(body, len, &request_id))
		return (conn_malformed(C, "frame-malformed"));
	if ((U = admit_open_find(&M->open, request_id)) != NULL)
		return (join(M, U, C, id));
	return (admit_outcome_ask(M, C, id, request_id));
}

/* Check number ${i} of those that arrived; several threads do so at once. */
static void
check_one(void * cookie, size_t i)
{
	struct admit * M = cookie;
	struct admit_update * U = M->arrived[i];

	U->failed = admit_check_request(&U->check, M->realm, M->key, &U->rule);
}

int
admit_serve_batch(void * cookie)
{
	struct admit * M = cookie;
	struct admit_update * U;
	int rc = 0;

	/* A connection may have gone since, and its updates with it. */
	M->narrived = 0;
	TAILQ_FOREACH_REVERSE(U, &M->open.list, admit_list, link) {
		if (U->stage != ADMIT_ARRIVED)
			break;
		M->arrived[M->narrived++] = U;
	}
	if (M->narrived == 0)
		return (0);
	pool_run(M->pool, check_one, M, M->narrived);

	/* The last one was found first. */
	for (size_t i = M->narrived; i > 0 && rc == 0; i--) {
		U = M->arrived[i - 1];
		if (U->failed) {
			warnx("out of memory");
			rc = admit_give_up(M, U, "out-of-memory",
			    "the update cannot be checked now");
		} else if (U->rule != NULL)
			rc = admit_refuse(M, U, U->rule);
		else
			rc = admit_flow_begin(M, U);
	}
	return (rc);
}

int
admit_serve_drain(void * cookie)
{
	struct admit * M = cookie;
	struct admit_update * U;

	while ((U = TAILQ_FIRST(&M->open.list)) != NULL)
		if (admit_give_up(M, U, "stopping",
		    "this replica is being stopped; the update may yet be accepted"))
			return (-1);
	return (admit_outcome_drain(M));
}

static int
serve_dump(void * cookie, struct conn * C, uint32_t id, const uint8_t * body,
    size_t len)
{
	struct common_dump want;

	(void)cookie;
	if (common_get_dump(body, len, &want))
		return (conn_malformed(C, "frame-malformed"));
	return (conn_error(C, id, ERROR_NOT_FOUND, "no-tables",
	    "ks-admit stores nothing", 0));
}

static int
status(void * cookie, struct wbuf * W)
{
	struct admit * M = cookie;

	wbuf_printf(W, "open %zu\n", M->open.n);
	wbuf_printf(W, "open_bytes %zu\n", M->open.bytes);
	wbuf_printf(W, "waiting %zu\n", M->open.nwaiters);
	wbuf_printf(W, "outcomes_waiting %zu\n", M->noutcomes);
	wbuf_printf(W, "accepted %" PRIu64 "\n", M->accepted);
	wbuf_printf(W, "unavailable %" PRIu64 "\n", M->unavailable);
	wbuf_printf(W, "proposals %" PRIu64 "\n", M->proposals);
	wbuf_printf(W, "retries %" PRIu64 "\n", M->retries);
	wbuf_printf(W, "upstream_log %s\n",
	    upstream_conn(M->log) != NULL ? "up" : "down");
	wbuf_printf(W, "upstream_apply %s\n",
	    upstream_conn(M->apply) != NULL ? "up" : "down");
	wbuf_printf(W, "log_refused %" PRIu64 "\n", M->log_refused);
	tally_put(&M->refusals, "refused", W);
	histogram_put(&M->update_us, "update", W);
	return (0);
}

static void
on_gone(void * cookie, struct conn * C)
{
	struct admit * M = cookie;

	admit_open_gone(&M->open, C);
	admit_outcome_gone(M, C);
}

static const struct server_handler handlers[] = {
	{ UPDATE, "UPDATE", UPDATE_BODY_MIN, FRAME_BODY_MAX, serve_update },
	{ OUTCOME, "OUTCOME", REQUEST_ID_LEN, REQUEST_ID_LEN, serve_outcome },
	{ COMMON_DUMP, "DUMP", 9, 9 + 2 * 65535, serve_dump },
};

static const char *
frame_name(uint16_t type)
{

	return (type == UPDATE_ACCEPTED ? "UPDATE_ACCEPTED" : NULL);
}

void
admit_serve_spec(struct admit * M)
{

	M->server = (struct server_spec){ .path = CONFIG_SOCKET_ADMIT,
	    .mode = 0660, .fd = -1, .handlers = handlers,
	    .nhandlers = sizeof(handlers) / sizeof(handlers[0]), .ctx = M,
	    .status = status, .gone = on_gone, .frame_name = frame_name };
}
