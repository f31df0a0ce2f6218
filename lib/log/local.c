#include <err.h>
#include <stdint.h>
#include <stdlib.h>

#include "log/committed.h"
#include "log/log.h"

#include "log/local.h"

struct local {
	struct log_engine engine;	/* first: the two are the same address */
	struct committed * committed;
	const struct log_events * events;
	void * ctx;
	size_t n;		/* proposals that wait, */
	size_t len;		/* and their bytes */
	uint64_t first;		/* the index that the first of them will have */
	struct log_ticket tickets[LOG_BATCH_MAX];
};

static int
local_flush(struct log_engine * E)
{
	struct local * X = (struct local *)E;
	size_t n = X->n;

	if (n == 0)
		return (0);
	if (committed_commit(X->committed))
		return (-1);
	X->n = X->len = 0;
	for (size_t i = 0; i < n; i++) {
		if (X->events->proposed(X->ctx, X->tickets[i], X->first + i))
			return (-1);
	}
	return (X->events->committed(X->ctx, X->first + n - 1));
}

static int
local_propose(struct log_engine * E, struct log_ticket ticket,
    const uint8_t * entry, size_t len)
{
	struct local * X = (struct local *)E;
	uint64_t index;

	if (committed_put(X->committed, entry, len, &index))
		return (-1);
	if (X->n == 0)
		X->first = index;
	X->tickets[X->n++] = ticket;
	X->len += len;
	if (X->n < LOG_BATCH_MAX && X->len < LOG_BATCH_LEN_MAX)
		return (0);
	return (local_flush(E));
}

static int
local_leader(const struct log_engine * E)
{

	(void)E;
	return (1);
}

static size_t
local_waiting(const struct log_engine * E)
{

	return (((const struct local *)E)->n);
}

static void
local_close(struct log_engine * E)
{

	free(E);
}

struct log_engine *
log_local_new(struct committed * C, const struct log_events * events,
    void * ctx)
{
	static const struct log_engine_ops ops = {
		"local", local_propose, local_flush, local_leader,
		local_waiting, local_close, NULL, NULL
	};
	struct local * X;

	if ((X = calloc(1, sizeof(*X))) == NULL) {
		warn("log");
		return (NULL);
	}
	X->engine.ops = &ops;
	X->committed = C;
	X->events = events;
	X->ctx = ctx;
	return (&X->engine);
}
