#include <err.h>
#include <stdint.h>
#include <string.h>

#include "base/clock.h"
#include "daemon/conn.h"
#include "entry/rule_names.h"
#include "proto/proto_admit.h"
#include "proto/proto_apply.h"

#include "admit.h"

/* The OUTCOME that the answer ${id} of ks-apply is about, or NULL. */
static struct admit_outcome *
find(struct admit * M, uint32_t id)
{
	uint32_t slot = id % (1U << ADMIT_SLOT_BITS);
	struct admit_outcome * O;

	if (slot < ADMIT_SLOTS)
		return (NULL);
	O = &M->outcomes[slot - ADMIT_SLOTS];
	return (O->conn != NULL && O->asked == id ? O : NULL);
}

/* Nobody waits for ${O} any more; return who did. */
static struct conn *
take(struct admit * M, struct admit_outcome * O)
{
	struct conn * C = O->conn;

	O->conn = NULL;
	M->noutcomes--;
	conn_release(C, CONN_STREAMS, 1);
	return (C);
}

static int
unknown(struct conn * C, uint32_t id)
{

	return (conn_error(C, id, ERROR_UNAVAILABLE, RULE_OUTCOME_UNKNOWN,
	    rule_text(RULE_OUTCOME_UNKNOWN), 0));
}

int
admit_outcome_ask(struct admit * M, struct conn * C, uint32_t id,
    const uint8_t * request_id)
{
	struct admit_outcome * O = M->outcomes;

	if (upstream_conn(M->apply) == NULL)
		return (unknown(C, id));
	if (M->noutcomes == ADMIT_OUTCOMES_MAX ||
	    conn_hold(C, CONN_STREAMS, 1, ADMIT_CONN_OUTCOMES_MAX))
		return (conn_error(C, id, ERROR_UNAVAILABLE, RULE_TOO_MANY_WAITING,
		    "too many wait for an outcome, or too many of this connection",
		    0));
	while (O->conn != NULL)
		O++;
	M->noutcomes++;
	O->conn = C;
	O->id = id;
	O->until_ms = clock_mono_ms() + ADMIT_WAIT_MS;
	O->asked = admit_flow_id(M, ADMIT_SLOTS + (uint32_t)(O - M->outcomes));
	admit_flow_schedule(M, O->until_ms);
	wbuf_reset(&M->body);
	proto_apply_put_outcome(&M->body, request_id);
	if (wbuf_failed(&M->body)) {
		warnx("out of memory");
		return (-1);
	}
	return (upstream_send(M->apply, APPLY_OUTCOME, O->asked, M->body.data,
	    M->body.len, 0));
}

int
admit_outcome_accepted(struct admit * M, uint32_t asked, uint64_t epoch)
{
	struct admit_outcome * O = find(M, asked);
	struct conn * C;

	if (O == NULL)
		return (0);
	C = take(M, O);
	proto_admit_put_accepted(conn_begin(C, UPDATE_ACCEPTED, O->id), epoch);
	return (conn_end(C, 0));
}

int
admit_outcome_error(struct admit * M, uint32_t asked,
    const struct common_error * E)
{
	struct admit_outcome * O = find(M, asked);
	const char * rule = rule_name(E->rule, strlen(E->rule));
	struct conn * C;

	if (O == NULL)
		return (0);
	C = take(M, O);
	if (E->code != ERROR_REFUSED)
		return (unknown(C, O->id));
	if (rule == NULL)
		rule = "rule-unknown";
	return (conn_error(C, O->id, ERROR_REFUSED, rule, rule_text(rule) != NULL ?
	    rule_text(rule) : rule, 0));
}

int
admit_outcome_expire(struct admit * M, uint64_t now_ms, uint64_t * next_ms)
{
	struct admit_outcome * O;

	*next_ms = DUE_NEVER;
	for (size_t i = 0; M->noutcomes > 0 && i < ADMIT_OUTCOMES_MAX; i++) {
		O = &M->outcomes[i];
		if (O->conn == NULL)
			continue;
		if (O->until_ms <= now_ms) {
			if (unknown(take(M, O), O->id))
				return (-1);
		} else if (O->until_ms < *next_ms)
			*next_ms = O->until_ms;
	}
	return (0);
}

int
admit_outcome_down(struct admit * M)
{
	uint64_t next;

	return (admit_outcome_expire(M, UINT64_MAX, &next));
}

int
admit_outcome_drain(struct admit * M)
{
	struct admit_outcome * O;

	for (size_t i = 0; i < ADMIT_OUTCOMES_MAX; i++) {
		O = &M->outcomes[i];
		if (O->conn != NULL && conn_error(take(M, O), O->id,
		    ERROR_UNAVAILABLE, RULE_STOPPING,
		    "this replica is being stopped", 0))
			return (-1);
	}
	return (0);
}

void
admit_outcome_gone(struct admit * M, const struct conn * C)
{

	for (size_t i = 0; M->noutcomes > 0 && i < ADMIT_OUTCOMES_MAX; i++)
		if (M->outcomes[i].conn == C)
			take(M, &M->outcomes[i]);
}
