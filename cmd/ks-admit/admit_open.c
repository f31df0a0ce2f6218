#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/panic.h"

#include "admit_open.h"

#define SLOTS (1U << ADMIT_SLOT_BITS)

_Static_assert(ADMIT_OPEN_MAX < ADMIT_SLOTS, "each open update has a slot");

static int
compare(const struct admit_update * a, const struct admit_update * b)
{

	return (memcmp(a->check.request.request_id, b->check.request.request_id,
	    REQUEST_ID_LEN));
}

/* Functions of the tree that nobody calls are no mistake. */
RB_GENERATE_INTERNAL(admit_tree, admit_update, by_id, compare,
    static __attribute__((unused)))

void
admit_open_init(struct admit_open * O)
{

	memset(O, 0, sizeof(*O));
	TAILQ_INIT(&O->list);
	RB_INIT(&O->tree);
}

void
admit_open_free(struct admit_open * O)
{
	struct admit_update * U;

	while ((U = TAILQ_FIRST(&O->list)) != NULL)
		admit_open_remove(O, U);
}

struct admit_update *
admit_open_find(struct admit_open * O, const uint8_t * request_id)
{
	struct admit_update key;

	key.check.request.request_id = request_id;
	return (RB_FIND(admit_tree, &O->tree, &key));
}

struct admit_update *
admit_open_slot(struct admit_open * O, uint32_t id)
{
	struct admit_update * U = O->slots[id % SLOTS];

	return (U != NULL && id != 0 && U->asked == id ? U : NULL);
}

struct admit_update *
admit_open_proposed(struct admit_open * O, uint32_t id)
{
	struct admit_update * U = O->slots[id % SLOTS];

	return (U != NULL && id != 0 && U->proposed == id ? U : NULL);
}

struct admit_update *
admit_open_add(struct admit_open * O, const uint8_t * body, size_t len,
    uint64_t deadline_ms)
{
	struct admit_update * U;

	if (O->n >= ADMIT_OPEN_MAX || len > ADMIT_BYTES_MAX - O->bytes)
		return (NULL);
	if ((U = calloc(1, sizeof(*U))) == NULL)
		goto err0;
	if ((U->body = malloc(len)) == NULL)
		goto err1;
	memcpy(U->body, body, len);
	U->len = len;
	if (proto_admit_get_update(U->body, len, &U->check.request))
		panic("an UPDATE that was well-formed");
	U->stage = ADMIT_ARRIVED;
	U->deadline_ms = deadline_ms;
	U->retry.first_ms = ADMIT_RETRY_MS_MIN;
	U->retry.most_ms = ADMIT_RETRY_MS_MAX;
	SLIST_INIT(&U->waiters);
	while (O->slots[O->next_slot] != NULL)
		O->next_slot = (O->next_slot + 1) % ADMIT_SLOTS;
	U->slot = O->next_slot;
	O->next_slot = (O->next_slot + 1) % ADMIT_SLOTS;
	O->slots[U->slot] = U;
	PANIC_UNLESS(RB_INSERT(admit_tree, &O->tree, U) == NULL);
	TAILQ_INSERT_TAIL(&O->list, U, link);
	O->n++;
	O->bytes += len;
	return (U);

err1:
	free(U);
err0:
	return (NULL);
}

int
admit_open_wait(struct admit_open * O, struct admit_update * U, struct conn * C,
    uint32_t id)
{
	struct admit_waiter * W;

	if (O->nwaiters >= ADMIT_WAITERS_MAX ||
	    (W = malloc(sizeof(*W))) == NULL)
		return (-1);
	W->conn = C;
	W->id = id;
	SLIST_INSERT_HEAD(&U->waiters, W, link);
	O->nwaiters++;
	return (0);
}

int
admit_open_take(struct admit_open * O, struct admit_update * U, struct conn ** C,
    uint32_t * id)
{
	struct admit_waiter * W = SLIST_FIRST(&U->waiters);

	if (W == NULL)
		return (0);
	*C = W->conn;
	*id = W->id;
	SLIST_REMOVE_HEAD(&U->waiters, link);
	O->nwaiters--;
	free(W);
	return (1);
}

/* Remove those of ${U} who wait on ${C}. */
static void
forget_conn(struct admit_open * O, struct admit_update * U,
    const struct conn * C)
{
	struct admit_waiter * W, * next;

	for (W = SLIST_FIRST(&U->waiters); W != NULL; W = next) {
		next = SLIST_NEXT(W, link);
		if (W->conn != C)
			continue;
		SLIST_REMOVE(&U->waiters, W, admit_waiter, link);
		O->nwaiters--;
		free(W);
	}
}

void
admit_open_gone(struct admit_open * O, const struct conn * C)
{
	struct admit_update * U, * next;

	for (U = TAILQ_FIRST(&O->list); U != NULL; U = next) {
		next = TAILQ_NEXT(U, link);
		forget_conn(O, U, C);
		if (SLIST_EMPTY(&U->waiters))
			admit_open_remove(O, U);
	}
}

void
admit_open_remove(struct admit_open * O, struct admit_update * U)
{
	struct conn * C;
	uint32_t id;

	while (admit_open_take(O, U, &C, &id))
		continue;
	O->slots[U->slot] = NULL;
	RB_REMOVE(admit_tree, &O->tree, U);
	TAILQ_REMOVE(&O->list, U, link);
	O->n--;
	O->bytes -= U->len;
	admit_check_free(&U->check);
	free(U->body);
	free(U);
}
