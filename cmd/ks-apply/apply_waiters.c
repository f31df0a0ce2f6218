#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <bsd/sys/tree.h>

#include "entry/limits.h"

#include "apply_waiters.h"

/* Ordered by request id, then by age, so that equal requests stay apart. */
struct waiter {
	uint8_t request_id[REQUEST_ID_LEN];
	uint64_t serial;
	struct conn * conn;
	uint32_t id;
	uint64_t until_ms;
	RB_ENTRY(waiter) link;
	TAILQ_ENTRY(waiter) age;
};

RB_HEAD(waiter_tree, waiter);

struct apply_waiters {
	struct waiter_tree tree;
	TAILQ_HEAD(, waiter) list;	/* oldest first */
	uint64_t serial;
	size_t count;
	size_t max;
};

static int
waiter_cmp(const struct waiter * a, const struct waiter * b)
{
	int rc = memcmp(a->request_id, b->request_id, REQUEST_ID_LEN);

	if (rc != 0)
		return (rc);
	return (a->serial < b->serial ? -1 : a->serial > b->serial);
}

/* Not all of what this makes is used. */
RB_GENERATE_INTERNAL(waiter_tree, waiter, link, waiter_cmp,
    static __attribute__((unused)))

struct apply_waiters *
apply_waiters_new(size_t max)
{
	struct apply_waiters * S;

	if ((S = calloc(1, sizeof(*S))) == NULL)
		return (NULL);
	RB_INIT(&S->tree);
	TAILQ_INIT(&S->list);
	S->max = max;
	return (S);
}

int
apply_waiters_add(struct apply_waiters * S, const uint8_t * request_id,
    struct conn * C, uint32_t id, uint64_t until_ms)
{
	struct waiter * w;

	if (S->count == S->max || (w = calloc(1, sizeof(*w))) == NULL)
		return (-1);
	memcpy(w->request_id, request_id, REQUEST_ID_LEN);
	w->serial = ++S->serial;
	w->conn = C;
	w->id = id;
	w->until_ms = until_ms;
	RB_INSERT(waiter_tree, &S->tree, w);
	TAILQ_INSERT_TAIL(&S->list, w, age);
	S->count++;
	return (0);
}

static void
take(struct apply_waiters * S, struct waiter * w)
{

	RB_REMOVE(waiter_tree, &S->tree, w);
	TAILQ_REMOVE(&S->list, w, age);
	S->count--;
	free(w);
}

int
apply_waiters_take(struct apply_waiters * S, const uint8_t * request_id,
    struct conn ** C, uint32_t * id)
{
	struct waiter want, * w;

	memcpy(want.request_id, request_id, REQUEST_ID_LEN);
	want.serial = 0;
	w = RB_NFIND(waiter_tree, &S->tree, &want);
	if (w == NULL || memcmp(w->request_id, request_id, REQUEST_ID_LEN) != 0)
		return (0);
	*C = w->conn;
	*id = w->id;
	take(S, w);
	return (1);
}

uint64_t
apply_waiters_until(const struct apply_waiters * S)
{

	return (TAILQ_EMPTY(&S->list) ? UINT64_MAX :
	    TAILQ_FIRST(&S->list)->until_ms);
}

int
apply_waiters_take_old(struct apply_waiters * S, uint64_t now_ms,
    struct conn ** C, uint32_t * id)
{
	struct waiter * w = TAILQ_FIRST(&S->list);

	if (w == NULL || w->until_ms > now_ms)
		return (0);
	*C = w->conn;
	*id = w->id;
	take(S, w);
	return (1);
}

void
apply_waiters_gone(struct apply_waiters * S, const struct conn * C)
{
	struct waiter * w, * next;

	for (w = TAILQ_FIRST(&S->list); w != NULL; w = next) {
		next = TAILQ_NEXT(w, age);
		if (w->conn == C)
			take(S, w);
	}
}

size_t
apply_waiters_count(const struct apply_waiters * S)
{

	return (S->count);
}

void
apply_waiters_free(struct apply_waiters * S)
{
	struct conn * C;
	uint32_t id;

	if (S == NULL)
		return;
	while (apply_waiters_take_old(S, UINT64_MAX, &C, &id))
		continue;
	free(S);
}
