#include <stdlib.h>
#include <string.h>

#include <bsd/sys/tree.h>

#include "entry/limits.h"

#include "apply_waiters.h"

/* Ordered by request id, then by age, so that equal requests stay apart. */
struct waiter {
	uint8_t request_id[REQUEST_ID_LEN];
	uint64_t serial;
	struct conn * conn;
	uint32_t id;
	RB_ENTRY(waiter) link;
};

RB_HEAD(waiter_tree, waiter);

struct apply_waiters {
	struct waiter_tree tree;
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
	S->max = max;
	return (S);
}

int
apply_waiters_add(struct apply_waiters * S, const uint8_t * request_id,
    struct conn * C, uint32_t id)
{
	struct waiter * w;

	if (S->count == S->max || (w = calloc(1, sizeof(*w))) == NULL)
		return (-1);
	memcpy(w->request_id, request_id, REQUEST_ID_LEN);
	w->serial = ++S->serial;
	w->conn = C;
	w->id = id;
	RB_INSERT(waiter_tree, &S->tree, w);
	S->count++;
	return (0);
}

static void
take(struct apply_waiters * S, struct waiter * w)
{

	RB_REMOVE(waiter_tree, &S->tree, w);
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

int
apply_waiters_take_any(struct apply_waiters * S, struct conn ** C, uint32_t * id)
{
	struct waiter * w = RB_MIN(waiter_tree, &S->tree);

	if (w == NULL)
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

	for (w = RB_MIN(waiter_tree, &S->tree); w != NULL; w = next) {
		next = RB_NEXT(waiter_tree, &S->tree, w);
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
	while (apply_waiters_take_any(S, &C, &id))
		continue;
	free(S);
}
