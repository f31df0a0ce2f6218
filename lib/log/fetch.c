#include <err.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "codec/wbuf.h"
#include "daemon/conn.h"
#include "daemon/upstream.h"
#include "frame/common.h"
#include "frame/frame.h"
#include "log/committed.h"
#include "loop/loop.h"
#include "proto/proto_log.h"

#include "log/fetch.h"

struct log_fetch {
	struct loop * L;
	struct committed * C;
	struct log_fetch_spec spec;
	struct upstream_spec up;
	struct upstream * U;	/* the peer that is asked, or NULL */
	size_t peer;		/* the next one */
	struct loop_timer * next;
	struct proto_log_position want;	/* what this peer leads to */
	uint32_t id;		/* of the last question */
	int said[LOG_FETCH_PEERS_MAX];	/* that it does not help */
};

/* Leave this peer for the next one, saying why once. */
static int
leave(struct log_fetch * F, const char * why)
{
	size_t i = (F->peer + F->spec.npeers - 1) % F->spec.npeers;

	if (why != NULL && !F->said[i])
		warnx("log: %s %s", F->spec.peers[i], why);
	if (why != NULL)
		F->said[i] = 1;
	F->id++;	/* nothing more that it says counts */
	committed_discard(F->C);
	loop_timer_set(F->next, LOG_FETCH_AGAIN_MS);
	return (0);
}

static int
on_next(void * ctx)
{
	struct log_fetch * F = ctx;

	upstream_free(F->U);
	committed_discard(F->C);
	F->up.path = F->spec.peers[F->peer];
	F->peer = (F->peer + 1) % F->spec.npeers;
	if ((F->U = upstream_new(F->L, &F->up, NULL)) == NULL) {
		warn("log");
		return (-1);
	}
	loop_timer_set(F->next, LOG_FETCH_ANSWER_MS);
	return (0);
}

static int
on_up(void * ctx, struct upstream * U)
{
	struct log_fetch * F = ctx;

	return (upstream_send(U, LOG_POSITION, ++F->id, NULL, 0, 0));
}

static int
on_down(void * ctx, struct upstream * U)
{

	(void)U;
	return (leave(ctx, NULL));
}

/* Make what was put durable, with the place ${revision} of the peer's. */
static int
commit(struct log_fetch * F, uint64_t revision)
{
	struct committed_place place = { F->spec.cluster, revision };

	if (committed_set_place(F->C, place) || committed_commit(F->C))
		return (-1);
	return (F->spec.took(F->spec.ctx));
}

/* All is here that the peer told of: if it leads to the hash told, be done. */
static int
end(struct log_fetch * F)
{

	if (memcmp(committed_put_hash(F->C), F->want.hash, HASH_LEN) != 0)
		return (leave(F, "has another log than this one"));
	if (commit(F, F->want.revision))
		return (-1);
	return (F->spec.done(F->spec.ctx));
}

static int
ask_more(struct log_fetch * F)
{
	struct wbuf * W;

	if (upstream_conn(F->U) == NULL)
		return (0);
	W = conn_begin(upstream_conn(F->U), LOG_READ, ++F->id);
	proto_log_put_read(W, committed_put_last(F->C) + 1, F->want.last,
	    LOG_FETCH_LEN);
	loop_timer_set(F->next, LOG_FETCH_ANSWER_MS);
	return (conn_end(upstream_conn(F->U), 0));
}

static int
on_position(struct log_fetch * F, const uint8_t * body, size_t len)
{

	if (proto_log_get_position(body, len, &F->want))
		return (upstream_malformed(F->U, "body-malformed"));
	if (F->want.cluster != F->spec.cluster)
		return (leave(F, "is of another etcd cluster"));
	/* It may have caught up when its turn comes again. */
	if (F->want.revision == 0 ||
	    F->want.revision < F->spec.revision_min ||
	    F->want.last < committed_last(F->C))
		return (leave(F, NULL));
	if (F->want.last == committed_last(F->C))
		return (end(F));
	return (ask_more(F));
}

static int
on_entries(struct log_fetch * F, const uint8_t * body, size_t len)
{
	struct proto_log_entries E;
	struct log_entry entry;
	const uint8_t * data;
	uint64_t index;
	size_t n;
	int rc;

	if (proto_log_get_entries(body, len, &E))
		return (upstream_malformed(F->U, "body-malformed"));
	if (E.n == 0 || E.first != committed_put_last(F->C) + 1 ||
	    E.n > F->want.last - committed_put_last(F->C))
		return (leave(F, "sends what it was not asked for"));
	if (memcmp(E.hash, committed_put_hash(F->C), HASH_LEN) != 0)
		return (leave(F, "has another log than this one"));
	/* Hence what came before is what the peer has: now it may stay. */
	if (committed_put_last(F->C) != committed_last(F->C) && commit(F, 0))
		return (-1);
	while ((rc = proto_log_next(&E, &entry, &data, &n)) == 1) {
		if (committed_put(F->C, data, n, &index))
			return (-1);
	}
	if (rc == -1)
		return (leave(F, "sends what is no log entry"));
	if (committed_put_last(F->C) == F->want.last)
		return (end(F));
	return (ask_more(F));
}

static int
on_frame(void * ctx, struct upstream * U, const struct frame * M)
{
	struct log_fetch * F = ctx;

	if (M->id != F->id)
		return (0);
	switch (M->type) {
	case LOG_POSITION_REPLY:
		return (on_position(F, M->body, M->len));
	case LOG_ENTRIES:
		return (on_entries(F, M->body, M->len));
	case COMMON_ERROR:
		return (leave(F, "refuses to tell its log"));
	}
	return (upstream_malformed(U, "type-unknown"));
}

struct log_fetch *
log_fetch_new(struct loop * L, struct committed * C,
    const struct log_fetch_spec * spec)
{
	struct log_fetch * F;

	if ((F = calloc(1, sizeof(*F))) == NULL)
		goto err0;
	F->L = L;
	F->C = C;
	F->spec = *spec;
	F->up = (struct upstream_spec){ .ctx = F, .up = on_up, .down = on_down,
	    .frame = on_frame };
	if ((F->next = loop_timer_new(L, on_next, F)) == NULL)
		goto err1;
	if (spec->npeers > 0)
		loop_timer_set(F->next, 0);
	return (F);

err1:
	free(F);
err0:
	warn("log");
	return (NULL);
}

void
log_fetch_free(struct log_fetch * F)
{

	if (F == NULL)
		return;
	upstream_free(F->U);
	loop_timer_free(F->next);
	free(F);
}
