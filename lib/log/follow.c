#include <err.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "codec/wbuf.h"
#include "daemon/conn.h"
#include "frame/common.h"
#include "frame/frame.h"
#include "log/fetch.h"
#include "loop/loop.h"
#include "proto/proto_log.h"

#include "log/follow.h"
#include "log/follow_impl.h"

/* Leave this peer for the next one, saying ${why} once unless it is NULL. */
static int
leave(struct log_follow * X, const char * why)
{

	if (why != NULL && !X->said[X->peer])
		warnx("log: %s %s", X->peers[X->peer], why);
	if (why != NULL)
		X->said[X->peer] = 1;
	X->state = LOG_FOLLOW_AWAY;
	X->position = X->stream = 0;
	loop_timer_set(X->next, LOG_FOLLOW_AGAIN_MS);
	return (log_follow_forget(X));
}

static int
on_next(void * ctx)
{
	struct log_follow * X = ctx;

	if (log_follow_forget(X))
		return (-1);
	if (X->tries == X->npeers && !X->waiting_said) {
		X->waiting_said = 1;
		warnx("log: no peer can be followed: waiting for one");
	}
	X->tries++;
	upstream_free(X->U);
	X->state = LOG_FOLLOW_AWAY;
	X->position = X->stream = 0;
	X->peer = (X->peer + 1) % X->npeers;
	X->up.path = X->peers[X->peer];
	if ((X->U = upstream_new(X->L, &X->up, NULL)) == NULL) {
		warn("log");
		return (-1);
	}
	upstream_quiet(X->U);
	loop_timer_set(X->next, LOG_FOLLOW_CONNECT_MS);
	return (0);
}

static int
ask_position(struct log_follow * X)
{

	X->position = ++X->id;
	loop_timer_set(X->next, LOG_FOLLOW_ANSWER_MS);
	return (upstream_send(X->U, LOG_POSITION, X->position, NULL, 0, 0));
}

static int
on_up(void * ctx, struct upstream * U)
{

	(void)U;
	return (ask_position(ctx));
}

static int
on_down(void * ctx, struct upstream * U)
{

	(void)U;
	return (leave(ctx, NULL));
}

/* Now and then: is the peer there, and did what it took come out? */
static int
on_look(void * ctx)
{
	struct log_follow * X = ctx;

	loop_timer_set(X->look, LOG_FOLLOW_LOOK_MS);
	if (log_follow_late(X, clock_mono_ms()))
		return (-1);
	if (X->state == LOG_FOLLOW_FOLLOWING && X->position == 0)
		return (ask_position(X));
	return (0);
}

static int
follow(struct log_follow * X)
{
	struct conn * C = upstream_conn(X->U);

	X->state = LOG_FOLLOW_ASKED;
	X->stream = ++X->id;
	proto_log_put_follow(conn_begin(C, LOG_FOLLOW, X->stream),
	    committed_put_last(X->C) + 1);
	loop_timer_set(X->next, LOG_FOLLOW_ANSWER_MS);
	return (conn_end(C, 0));
}

static int
on_position(struct log_follow * X, const uint8_t * body, size_t len)
{
	uint64_t own = committed_place(X->C).cluster;
	struct proto_log_position P;

	X->position = 0;
	if (proto_log_get_position(body, len, &P))
		return (upstream_malformed(X->U, "body-malformed"));
	if (P.last < committed_put_last(X->C))
		return (leave(X, NULL));	/* it is behind */
	if (own != 0 && P.cluster != own)
		return (leave(X, P.cluster != 0 ? "is of another etcd cluster" :
		    "follows no etcd cluster"));
	X->cluster = P.cluster;
	if (X->state == LOG_FOLLOW_AWAY)
		return (follow(X));
	if (X->state == LOG_FOLLOW_FOLLOWING)
		loop_timer_clear(X->next);
	return (0);
}

int
log_follow_commit(struct log_follow * X)
{
	struct committed_place own = committed_place(X->C);
	struct committed_place place = { X->cluster, 0 };

	if (committed_put_last(X->C) == committed_last(X->C))
		return (0);
	X->put_len = 0;
	/* Of no place in etcd: with the engine etcd the rest is fetched. */
	if (X->cluster != 0 &&
	    (own.cluster != X->cluster || own.revision != 0) &&
	    committed_set_place(X->C, place))
		return (-1);
	if (committed_commit(X->C) || log_follow_tell(X))
		return (-1);
	return (X->events->committed(X->ctx, committed_last(X->C)));
}

static int
on_commit(void * ctx)
{

	return (log_follow_commit(ctx));
}

static int
on_entries(struct log_follow * X, const uint8_t * body, size_t len)
{
	struct proto_log_entries E;
	struct log_entry entry;
	const uint8_t * data;
	uint64_t index;
	size_t n;
	int rc;

	if (proto_log_get_entries(body, len, &E))
		return (upstream_malformed(X->U, "body-malformed"));
	if (E.first != committed_put_last(X->C) + 1)
		return (leave(X, "sends what it was not asked for"));
	if (memcmp(E.hash, committed_put_hash(X->C), HASH_LEN) != 0)
		return (leave(X, "has another log than this one"));
	if (X->state == LOG_FOLLOW_ASKED) {
		X->state = LOG_FOLLOW_FOLLOWING;
		loop_timer_clear(X->next);
		if (X->waiting_said || !X->following_said)
			warnx("log: following %s", X->peers[X->peer]);
		X->following_said = 1;
		X->waiting_said = 0;
		X->tries = 0;
	}
	while ((rc = proto_log_next(&E, &entry, &data, &n)) == 1) {
		if (committed_put(X->C, data, n, &index))
			return (-1);
	}
	if (rc == -1) {
		committed_discard(X->C);
		return (leave(X, "sends what is no log entry"));
	}
	loop_deferred_set(X->commit);
	X->put_len += len;
	/* One commit a turn, and not a large one. */
	if (X->put_len >= LOG_BATCH_LEN_MAX ||
	    committed_put_last(X->C) - committed_last(X->C) >= LOG_BATCH_MAX)
		return (log_follow_commit(X));
	return (0);
}

static int
on_error(struct log_follow * X, const struct frame * M)
{
	struct common_error E;
	int rc;

	if (common_get_error(M->body, M->len, &E))
		return (upstream_malformed(X->U, "body-malformed"));
	if (M->id == X->stream && X->stream != 0)
		return (leave(X, NULL));	/* it is behind */
	if (M->id == X->position && X->position != 0)
		return (leave(X, "refuses to tell its log"));
	rc = log_follow_refused(X, M->id, &E);
	/* Another peer may take what this one cannot. */
	if (rc == 0 && E.code == ERROR_UNAVAILABLE && X->npeers > 1)
		return (leave(X, NULL));
	return (rc);
}

static int
on_frame(void * ctx, struct upstream * U, const struct frame * M)
{
	struct log_follow * X = ctx;
	uint64_t index;

	switch (M->type) {
	case LOG_POSITION_REPLY:
		return (M->id == X->position && M->id != 0 ?
		    on_position(X, M->body, M->len) : 0);
	case LOG_ENTRIES:
		return (M->id == X->stream && M->id != 0 ?
		    on_entries(X, M->body, M->len) : 0);
	case LOG_PROPOSED:
		if (proto_log_get_proposed(M->body, M->len, &index))
			return (upstream_malformed(U, "body-malformed"));
		return (log_follow_proposed(X, M->id, index));
	case COMMON_ERROR:
		return (on_error(X, M));
	}
	return (upstream_malformed(U, "type-unknown"));
}

/* All peers were compared with: the one that is followed must not be behind. */
static int
on_seen(void * ctx, size_t peer, uint64_t last)
{
	struct log_follow * X = ctx;

	if (X->state != LOG_FOLLOW_FOLLOWING || peer == X->peer)
		return (0);
	/* Twice, with nothing from ours meanwhile. */
	if (last > committed_put_last(X->C) && X->ahead[peer] != 0 &&
	    X->ahead[peer] == committed_put_last(X->C)) {
		X->ahead[peer] = 0;
		return (leave(X, "is behind another peer"));
	}
	X->ahead[peer] = last > committed_put_last(X->C) ?
	    committed_put_last(X->C) : 0;
	return (0);
}

static int
on_differs(void * ctx)
{
	struct log_follow * X = ctx;

	if (X->events->permanent != NULL)
		X->events->permanent(X->ctx);
	return (-1);
}

static int
follow_flush(struct log_engine * E)
{

	(void)E;
	return (0);
}

static int
follow_leader(const struct log_engine * E)
{

	(void)E;
	return (0);
}

static size_t
follow_waiting(const struct log_engine * E)
{

	return (((const struct log_follow *)E)->nwaiting);
}

static int
follow_full(const struct log_engine * E)
{
	const struct log_follow * X = (const struct log_follow *)E;
	struct conn * C = X->U != NULL ? upstream_conn(X->U) : NULL;

	return (X->nwaiting >= LOG_FOLLOW_WAITING_MAX || (X->nwaiting > 0 &&
	    C != NULL && conn_queued(C) >= LOG_FOLLOW_QUEUE_MAX));
}

static void
follow_status(const struct log_engine * E, struct wbuf * W)
{
	const struct log_follow * X = (const struct log_follow *)E;
	int follows = X->state == LOG_FOLLOW_FOLLOWING;

	wbuf_printf(W, "follow %s\n", follows ? "following" : "waiting");
	wbuf_printf(W, "follow_peer %s\n", follows ? X->peers[X->peer] : "-");
	wbuf_printf(W, "follow_waiting %zu\n", X->nwaiting);
	wbuf_printf(W, "etcd_cluster %016jx\n",
	    (uintmax_t)committed_place(X->C).cluster);
}

static void
follow_close(struct log_engine * E)
{
	struct log_follow * X = (struct log_follow *)E;

	log_compare_free(X->compare);
	upstream_free(X->U);
	log_follow_free(X);
	if (X->next != NULL)
		loop_timer_free(X->next);
	if (X->look != NULL)
		loop_timer_free(X->look);
	if (X->commit != NULL)
		loop_deferred_free(X->commit);
	free(X);
}

static const struct log_engine_ops ops = {
	"follow", log_follow_propose, follow_flush, follow_leader,
	follow_waiting, follow_close, follow_full, follow_status
};

static int
start(struct log_follow * X)
{
	struct log_compare_spec spec = {
		.peers = X->peers, .npeers = X->npeers, .ctx = X,
		.differs = on_differs, .seen = on_seen
	};

	X->next = loop_timer_new(X->L, on_next, X);
	X->look = loop_timer_new(X->L, on_look, X);
	X->commit = loop_deferred_new(X->L, LOOP_FLUSH, on_commit, X);
	if (X->next == NULL || X->look == NULL || X->commit == NULL) {
		warn("log");
		return (-1);
	}
	X->compare = log_compare_new(X->L, X->C, &spec);
	if (X->compare == NULL)
		return (-1);
	loop_timer_set(X->next, 0);
	loop_timer_set(X->look, LOG_FOLLOW_LOOK_MS);
	return (0);
}

struct log_engine *
log_follow_new(struct loop * L, struct committed * C,
    const char * const * peers, size_t npeers, const struct log_events * events,
    void * ctx)
{
	struct log_follow * X;

	if ((X = calloc(1, sizeof(*X))) == NULL) {
		warn("log");
		return (NULL);
	}
	X->engine.ops = &ops;
	X->L = L;
	X->C = C;
	for (size_t i = 0; i < npeers; i++)
		X->peers[i] = peers[i];
	X->npeers = npeers;
	X->peer = npeers - 1;	/* the next one is the first */
	X->events = events;
	X->ctx = ctx;
	X->up = (struct upstream_spec){ .ctx = X, .up = on_up,
	    .down = on_down, .frame = on_frame };
	TAILQ_INIT(&X->waiting);
	if (start(X)) {
		follow_close(&X->engine);
		return (NULL);
	}
	return (&X->engine);
}
