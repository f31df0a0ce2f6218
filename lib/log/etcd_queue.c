#include <err.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#include "log/etcd_impl.h"

static const char NO_SPACE[] =
    "etcd is out of space: at each member etcdctl defrag, then etcdctl alarm disarm";

static void
put_free(struct log_etcd_put * P)
{

	etcd_cancel(P->request);
	wbuf_free(&P->value);
	free(P->tickets);
	free(P);
}

static struct log_etcd_put *
put_new(struct log_etcd * X)
{
	struct log_etcd_put * P;

	if ((P = calloc(1, sizeof(*P))) == NULL)
		return (NULL);
	P->X = X;
	wbuf_init(&P->value, LOG_ETCD_BATCH_LEN_MAX);
	log_etcd_batch_begin(&P->value);
	TAILQ_INSERT_TAIL(&X->waiting, P, link);
	X->nwaiting++;
	return (P);
}

static int
add_ticket(struct log_etcd_put * P, struct log_ticket ticket)
{
	struct log_ticket * tickets;
	size_t cap;

	if (P->n == P->cap) {
		cap = P->cap > 0 ? 2 * P->cap : 16;
		tickets = reallocarray(P->tickets, cap, sizeof(*tickets));
		if (tickets == NULL)
			return (-1);
		P->tickets = tickets;
		P->cap = cap;
	}
	P->tickets[P->n++] = ticket;
	return (0);
}

int
log_etcd_queue_add(struct log_etcd * X, struct log_ticket ticket,
    const uint8_t * entry, size_t len)
{
	struct log_etcd_put * P = TAILQ_LAST(&X->waiting, log_etcd_puts);
	int rc = 1;

	if (P != NULL)
		rc = log_etcd_batch_add(&P->value, entry, len);
	if (rc == 1 && (P = put_new(X)) != NULL)
		rc = log_etcd_batch_add(&P->value, entry, len);
	if (rc != 0 || add_ticket(P, ticket)) {
		warnx("log: out of memory");
		return (-1);
	}
	X->ntickets++;
	return (0);
}

/* Tell all proposals of ${P} that they are at their indices, or, if ${why}, that
 * nobody knows. */
static int
put_tell(struct log_etcd * X, struct log_etcd_put * P, const char * why)
{
	int rc;

	P->told = 1;
	X->ntickets -= P->n;
	for (size_t i = 0; i < P->n; i++) {
		if (why != NULL)
			rc = X->events->failed(X->ctx, P->tickets[i], why);
		else
			rc = X->events->proposed(X->ctx, P->tickets[i],
			    P->first + i);
		if (rc)
			return (-1);
	}
	return (0);
}

/* Forget ${P}, of which all was told, unless its answer is still to come. */
static void
put_done(struct log_etcd * X, struct log_etcd_put * P)
{

	if (!P->told || P->request != NULL)
		return;
	TAILQ_REMOVE(&X->sent, P, link);
	X->nsent--;
	put_free(P);
}

int
log_etcd_queue_fail(struct log_etcd * X, const char * why)
{
	struct log_etcd_put * P;
	int rc;

	while ((P = TAILQ_FIRST(&X->waiting)) != NULL) {
		TAILQ_REMOVE(&X->waiting, P, link);
		X->nwaiting--;
		rc = put_tell(X, P, why);
		put_free(P);
		if (rc)
			return (-1);
	}
	return (0);
}

/* Is it that etcd had no leader for it?  One that is tried for too long is not. */
static int
is_leaders_fault(const struct log_etcd * X, const struct log_etcd_put * P,
    const struct etcd_reply * R)
{

	return (R->answered && X->state == LOG_ETCD_WATCHING &&
	    (strstr(R->why, "leader") != NULL ||
	    strstr(R->why, "timed out") != NULL) &&
	    clock_mono_ms() - P->first_ms < LOG_ETCD_PUT_MS);
}

static int
on_put(void * ctx, struct etcd_reply * R)
{
	struct log_etcd_put * P = ctx;
	struct log_etcd * X = P->X;
	char why[ETCD_WHY_MAX + 64];
	int rc = 0;

	P->request = NULL;
	P->revision = R->revision;
	if (R->why != NULL)
		log_etcd_care_soon(X);
	if (!P->told && P->first == 0) {
		snprintf(why, sizeof(why), "etcd did not take it, or may yet: %s",
		    R->why != NULL ? R->why : "");
		if (R->why != NULL && is_leaders_fault(X, P, R))
			P->again = 1;
		else if (R->why != NULL)
			rc = put_tell(X, P, R->no_space ? NO_SPACE : why);
		else if (R->revision <= X->taken)
			rc = put_tell(X, P, "it is in the log, at an unknown index");
	}
	put_done(X, P);
	return (rc ? -1 : log_etcd_queue_send(X));
}

/* May another batch be put? */
static int
may_send(const struct log_etcd * X)
{
	const struct log_etcd_put * P;

	if (X->nsent >= LOG_ETCD_PUTS_MAX)
		return (0);
	/* Two at once might change places. */
	TAILQ_FOREACH(P, &X->sent, link) {
		if ((P->request != NULL || P->again) && P->first == 0 &&
		    !P->told)
			return (0);
	}
	return (1);
}

static int
put(struct log_etcd * X, struct log_etcd_put * P)
{

	P->again = P->leaderless = 0;
	P->sent_ms = clock_mono_ms();
	P->leader = X->leader;
	P->request = etcd_put(X->etcd, X->key, P->value.data, P->value.len,
	    LOG_ETCD_PUT_MS, on_put, P);
	return (P->request != NULL ? 0 : -1);
}

int
log_etcd_queue_send(struct log_etcd * X)
{
	struct log_etcd_put * P;

	if (TAILQ_EMPTY(&X->waiting))
		return (0);
	if (X->state == LOG_ETCD_BEHIND)
		return (log_etcd_queue_fail(X, "this replica is behind, and "
		    "catches up from a peer"));
	if (X->state == LOG_ETCD_OPENING)
		return (log_etcd_queue_fail(X, "etcd cannot be reached"));
	if (X->no_space)
		return (log_etcd_queue_fail(X, NO_SPACE));
	if (!may_send(X))
		return (0);
	P = TAILQ_FIRST(&X->waiting);
	P->first_ms = clock_mono_ms();
	if (put(X, P))
		return (-1);
	TAILQ_REMOVE(&X->waiting, P, link);
	X->nwaiting--;
	TAILQ_INSERT_TAIL(&X->sent, P, link);
	X->nsent++;
	return (0);
}

void
log_etcd_queue_match(struct log_etcd * X, const uint8_t * value, size_t len,
    uint64_t revision, uint64_t first)
{
	struct log_etcd_put * P;

	/*
	 * By its bytes, not its revision: the watch may be faster than the answer,
	 * which may be lost.  If another replica put the same bytes, either place
	 * is true.
	 */
	TAILQ_FOREACH(P, &X->sent, link) {
		if (P->told || P->first != 0 || P->value.len != len ||
		    memcmp(P->value.data, value, len) != 0)
			continue;
		P->first = first;
		P->revision = revision;
		return;
	}
}

int
log_etcd_queue_tell(struct log_etcd * X)
{
	struct log_etcd_put * P, * next;

	for (P = TAILQ_FIRST(&X->sent); P != NULL; P = next) {
		next = TAILQ_NEXT(P, link);
		if (P->first == 0 || P->told)
			continue;
		if (put_tell(X, P, NULL))
			return (-1);
		put_done(X, P);
	}
	return (0);
}

int
log_etcd_queue_passed(struct log_etcd * X)
{
	struct log_etcd_put * P, * next;

	for (P = TAILQ_FIRST(&X->sent); P != NULL; P = next) {
		next = TAILQ_NEXT(P, link);
		if (P->request != NULL || P->again || P->told || P->first != 0 ||
		    P->revision > X->taken)
			continue;
		if (put_tell(X, P, "it is in the log, at an unknown index"))
			return (-1);
		put_done(X, P);
	}
	return (0);
}

/* A put that was done, and is not told by the watch. */
static void
look_at_done(struct log_etcd * X, struct log_etcd_put * P, uint64_t now_ms)
{

	if (now_ms - P->sent_ms <= LOG_ETCD_STALL_MS ||
	    X->state != LOG_ETCD_WATCHING)
		return;
	P->sent_ms = now_ms;
	log_etcd_reopen(X, "the watch tells nothing");
}

/* A put that has no answer. */
static int
look_at_open(struct log_etcd * X, struct log_etcd_put * P, uint64_t now_ms)
{
	int lost = P->again || now_ms - P->sent_ms > LOG_ETCD_PUT_AGAIN_MS;

	if (X->leader == 0)
		P->leaderless = 1;
	lost |= P->leaderless || (P->leader != 0 && P->leader != X->leader);
	if (!lost || (X->leader == 0 && !P->again))
		return (0);
	if (now_ms - P->first_ms < LOG_ETCD_PUT_MS &&
	    X->state == LOG_ETCD_WATCHING) {
		if (X->leader == 0)
			return (0);
		etcd_cancel(P->request);
		return (put(X, P));
	}
	etcd_cancel(P->request);
	P->request = NULL;
	P->again = 0;
	if (put_tell(X, P, "etcd had no leader for too long: it may be in the log "
	    "or not"))
		return (-1);
	put_done(X, P);
	return (0);
}

int
log_etcd_queue_look(struct log_etcd * X, uint64_t now_ms)
{
	struct log_etcd_put * P, * next;

	for (P = TAILQ_FIRST(&X->sent); P != NULL; P = next) {
		next = TAILQ_NEXT(P, link);
		if (P->told || P->first != 0)
			continue;
		if (P->request == NULL && !P->again)
			look_at_done(X, P, now_ms);
		else if (look_at_open(X, P, now_ms))
			return (-1);
	}
	return (log_etcd_queue_send(X));
}

int
log_etcd_queue_late(const struct log_etcd * X, uint64_t now_ms)
{
	const struct log_etcd_put * P;

	TAILQ_FOREACH(P, &X->sent, link) {
		if (!P->told && P->first == 0 &&
		    now_ms - P->sent_ms > LOG_ETCD_LOOK_SOON_MS)
			return (1);
	}
	return (0);
}

void
log_etcd_queue_free(struct log_etcd * X)
{
	struct log_etcd_put * P;

	while ((P = TAILQ_FIRST(&X->waiting)) != NULL) {
		TAILQ_REMOVE(&X->waiting, P, link);
		put_free(P);
	}
	while ((P = TAILQ_FIRST(&X->sent)) != NULL) {
		TAILQ_REMOVE(&X->sent, P, link);
		put_free(P);
	}
}
