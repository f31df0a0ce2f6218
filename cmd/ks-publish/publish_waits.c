#include <err.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "daemon/conn.h"
#include "entry/rule_names.h"
#include "entry/user.h"
#include "loop/loop.h"
#include "proto/proto_publish.h"
#include "store/store.h"

#include "publish.h"

/* A LOOKUP that waits for an epoch or a quorum. */
struct wait {
	struct conn * conn;
	uint32_t id;
	uint64_t began_ns;	/* when it came */
	uint64_t deadline_ms;
	uint64_t epoch;
	uint64_t epoch_min;
	char user[USER_LEN_MAX + 1];
	uint8_t known[HASH_LEN];
	TAILQ_ENTRY(wait) link;
	size_t policy_len;
	char policy[];
};

struct publish_waits {
	struct publish * P;
	struct loop_timer * timer;
	TAILQ_HEAD(, wait) list;
	size_t n;
};

/* A lookup at this moment, parked or just come. */
struct lookup {
	struct conn * conn;
	uint32_t id;
	uint64_t epoch;
	uint64_t epoch_min;
	const char * user;
	const char * policy;
	size_t policy_len;
	const uint8_t * known;	/* of the realm policy that the client has */
	int patient;		/* it may still wait */
	uint64_t began_ns;
};

/* What answer returns when the lookup has to wait. */
#define ANSWER_WAIT 1

static int
refuse(struct publish * P, const struct lookup * L, const char * rule)
{

	tally_note(&P->refusals, rule);
	return (publish_refuse(L->conn, L->id, rule));
}

static int
send_proof(struct publish * P, const struct lookup * L,
    const struct policy_era * known, uint64_t epoch, uint64_t checkpoint)
{
	const char * rule;
	struct wbuf text;
	int rc = 0;

	wbuf_init(&text, PROOF_LEN_MAX);
	if (publish_model_prove(&P->model, L->user, known, epoch, checkpoint,
	    &text, &rule))
		rc = rule != NULL ? refuse(P, L, rule) :
		    publish_internal(P, L->conn, L->id);
	else {
		P->proofs++;
		P->proof_bytes += text.len;
		proto_publish_put_proof(conn_begin(L->conn, LOOKUP_PROOF, L->id),
		    (const char *)text.data, text.len);
		rc = conn_end(L->conn, store_number(P->store));
	}
	wbuf_free(&text);
	return (rc);
}

/* Answer ${L}, or return ANSWER_WAIT; -1 if the daemon cannot go on. */
static int
answer(struct publish * P, const struct lookup * L)
{
	struct publish_policy * policy;
	enum publish_choice choice;
	uint64_t epoch, checkpoint;
	const char * rule;

	if (publish_model_policy(&P->model, L->policy, L->policy_len, L->known,
	    &policy, &rule)) {
		if (rule != NULL)
			return (refuse(P, L, rule));
		return (publish_internal(P, L->conn, L->id));
	}
	if (publish_model_best(&P->model, policy))
		return (publish_internal(P, L->conn, L->id));
	choice = publish_model_choose(policy, L->epoch, L->epoch_min, &epoch,
	    &checkpoint);
	if (choice != PUBLISH_PROVE && L->patient)
		return (ANSWER_WAIT);
	if (choice == PUBLISH_NOT_YET)
		return (conn_error(L->conn, L->id, ERROR_UNAVAILABLE,
		    RULE_EPOCH_NOT_PUBLISHED, rule_text(RULE_EPOCH_NOT_PUBLISHED),
		    store_number(P->store)));
	return (send_proof(P, L, policy->known, epoch, checkpoint));
}

/* Note in ${H} how long ${L} took. */
static void
note(struct histogram * H, const struct lookup * L)
{

	histogram_note(H, (clock_mono_ns() - L->began_ns) / 1000);
}

static void
forget(struct publish_waits * W, struct wait * waiter)
{

	TAILQ_REMOVE(&W->list, waiter, link);
	W->n--;
	free(waiter);
}

/* Let the timer come when the first of them has waited long enough. */
static void
set_timer(struct publish_waits * W)
{
	uint64_t now = clock_mono_ms(), first = UINT64_MAX;
	struct wait * waiter;

	TAILQ_FOREACH(waiter, &W->list, link)
		if (waiter->deadline_ms < first)
			first = waiter->deadline_ms;
	if (first == UINT64_MAX)
		loop_timer_clear(W->timer);
	else
		loop_timer_set(W->timer, first > now ? first - now : 0);
}

int
publish_waits_wake(struct publish_waits * W)
{
	uint64_t now = clock_mono_ms();
	struct wait * waiter, * next;
	struct lookup L;
	int rc;

	for (waiter = TAILQ_FIRST(&W->list); waiter != NULL; waiter = next) {
		next = TAILQ_NEXT(waiter, link);
		L = (struct lookup){ waiter->conn, waiter->id, waiter->epoch,
		    waiter->epoch_min, waiter->user, waiter->policy,
		    waiter->policy_len, waiter->known,
		    waiter->deadline_ms > now, waiter->began_ns };
		if ((rc = answer(W->P, &L)) < 0)
			return (-1);
		if (rc == ANSWER_WAIT)
			continue;
		note(&W->P->lookup_waited_us, &L);
		conn_release(waiter->conn, CONN_WAITS, 1);
		forget(W, waiter);
	}
	set_timer(W);
	return (0);
}

/* Let ${L} wait; 0, or -1 if there is no room. */
static int
park(struct publish_waits * W, const struct lookup * L, uint32_t wait_ms)
{
	struct wait * waiter;

	if (W->n == PUBLISH_WAITS_MAX ||
	    conn_hold(L->conn, CONN_WAITS, 1, PUBLISH_CONN_WAITS_MAX))
		return (-1);
	if ((waiter = malloc(sizeof(*waiter) + L->policy_len)) == NULL) {
		conn_release(L->conn, CONN_WAITS, 1);
		return (-1);
	}
	waiter->conn = L->conn;
	waiter->id = L->id;
	waiter->began_ns = L->began_ns;
	waiter->deadline_ms = clock_mono_ms() + wait_ms;
	waiter->epoch = L->epoch;
	waiter->epoch_min = L->epoch_min;
	memcpy(waiter->user, L->user, strlen(L->user) + 1);
	memcpy(waiter->known, L->known, HASH_LEN);
	waiter->policy_len = L->policy_len;
	if (L->policy_len > 0)
		memcpy(waiter->policy, L->policy, L->policy_len);
	TAILQ_INSERT_TAIL(&W->list, waiter, link);
	W->n++;
	set_timer(W);
	return (0);
}

int
publish_serve_lookup(void * cookie, struct conn * C, uint32_t id,
    const uint8_t * body, size_t len)
{
	struct publish * P = cookie;
	struct proto_publish_lookup want;
	char user[USER_LEN_MAX + 1];
	struct lookup L;
	int rc;

	if (proto_publish_get_lookup(body, len, &want))
		return (conn_malformed(C, "frame-malformed"));
	P->lookups++;
	L = (struct lookup){ C, id, want.epoch, want.epoch_min, user, want.policy,
	    want.policy_len, want.known, want.wait_ms > 0, clock_mono_ns() };
	if (user_normalise(user, want.user, want.user_len))
		return (refuse(P, &L, RULE_USER_MALFORMED));
	if ((rc = answer(P, &L)) != ANSWER_WAIT) {
		note(&P->lookup_us, &L);
		return (rc);
	}
	if (park(P->waits, &L, want.wait_ms) == 0)
		return (0);
	return (conn_error(C, id, ERROR_UNAVAILABLE, RULE_TOO_MANY_WAITING,
	    "too many lookups wait already", 0));
}

void
publish_waits_gone(struct publish_waits * W, struct conn * C)
{
	struct wait * waiter, * next;

	for (waiter = TAILQ_FIRST(&W->list); waiter != NULL; waiter = next) {
		next = TAILQ_NEXT(waiter, link);
		if (waiter->conn == C)
			forget(W, waiter);
	}
}

int
publish_waits_drain(struct publish_waits * W)
{
	struct wait * waiter;
	int rc = 0;

	while (rc == 0 && (waiter = TAILQ_FIRST(&W->list)) != NULL) {
		rc = publish_stopping(waiter->conn, waiter->id);
		forget(W, waiter);
	}
	return (rc);
}

size_t
publish_waits_count(const struct publish_waits * W)
{

	return (W->n);
}

static int
on_timer(void * cookie)
{

	return (publish_waits_wake(cookie));
}

struct publish_waits *
publish_waits_new(struct publish * P, struct loop * L)
{
	struct publish_waits * W;

	if ((W = calloc(1, sizeof(*W))) == NULL)
		return (NULL);
	if ((W->timer = loop_timer_new(L, on_timer, W)) == NULL) {
		free(W);
		return (NULL);
	}
	W->P = P;
	TAILQ_INIT(&W->list);
	return (W);
}

void
publish_waits_free(struct publish_waits * W)
{
	struct wait * waiter;

	if (W == NULL)
		return;
	while ((waiter = TAILQ_FIRST(&W->list)) != NULL)
		forget(W, waiter);
	loop_timer_free(W->timer);
	free(W);
}
