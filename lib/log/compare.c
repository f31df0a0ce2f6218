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
#include "log/fetch.h"
#include "loop/loop.h"
#include "proto/proto_log.h"

#include "log/compare.h"

enum result {
	UNKNOWN, AGREES, DIFFERS
};

struct log_compare {
	struct loop * L;
	struct committed * C;
	struct log_compare_spec spec;
	struct upstream_spec up;
	struct upstream * U;	/* the peer that is asked, or NULL */
	size_t peer;		/* its number; npeers: the round is over */
	uint32_t id;		/* of the last question */
	uint32_t status_id;	/* of that for the STATUS */
	struct loop_timer * next;
	enum result results[LOG_FETCH_PEERS_MAX];	/* of this round */
	int said[LOG_FETCH_PEERS_MAX];	/* that it differs */
	unsigned doubts;	/* rounds in a row with more that differ */
	uint64_t index;		/* where the last one that differs does */
};

/* All were asked: who is right? */
static int
judge(struct log_compare * X)
{
	size_t agree = 0, differ = 0, away, who = 0;

	for (size_t i = 0; i < X->spec.npeers; i++) {
		agree += X->results[i] == AGREES;
		differ += X->results[i] == DIFFERS;
		if (X->results[i] == DIFFERS)
			who = i;
	}
	away = X->spec.npeers - agree - differ;
	X->doubts = differ > agree ? X->doubts + 1 : 0;
	if (differ > agree + away || X->doubts == LOG_COMPARE_ROUNDS) {
		warnx("log: it is another log than that of %s, at entry %ju or "
		    "before: see which one is damaged; to take theirs, remove "
		    "data/log", X->spec.peers[who], (uintmax_t)X->index);
		return (X->spec.differs(X->spec.ctx));
	}
	for (size_t i = 0; i < X->spec.npeers; i++) {
		if (X->results[i] == DIFFERS && !X->said[i])
			warnx("log: %s has another log than this replica and the "
			    "others", X->spec.peers[i]);
		X->said[i] = X->results[i] == DIFFERS;
	}
	return (0);
}

/* Ask the next peer, or end the round. */
static int
on_next(void * ctx)
{
	struct log_compare * X = ctx;

	upstream_free(X->U);
	X->U = NULL;
	X->id++;
	if (++X->peer > X->spec.npeers) {
		X->peer = 0;
		memset(X->results, 0, sizeof(X->results));
	}
	if (X->peer == X->spec.npeers) {
		loop_timer_set(X->next, X->spec.ms);
		return (judge(X));
	}
	X->up.path = X->spec.peers[X->peer];
	if ((X->U = upstream_new(X->L, &X->up, NULL)) == NULL) {
		warn("log");
		return (-1);
	}
	upstream_quiet(X->U);
	loop_timer_set(X->next, LOG_COMPARE_CONNECT_MS);
	return (0);
}

static int
on_up(void * ctx, struct upstream * U)
{
	struct log_compare * X = ctx;

	loop_timer_set(X->next, LOG_COMPARE_ANSWER_MS);
	if (X->spec.wants != NULL && X->spec.wants(X->spec.ctx)) {
		X->status_id = ++X->id;
		if (upstream_send(U, COMMON_STATUS, X->status_id, NULL, 0, 0))
			return (-1);
	}
	return (upstream_send(U, LOG_POSITION, ++X->id, NULL, 0, 0));
}

static int
on_down(void * ctx, struct upstream * U)
{
	struct log_compare * X = ctx;

	(void)U;
	loop_timer_set(X->next, 0);
	return (0);
}

/* The peer has the running hash ${hash} before ${index}, which we know too. */
static int
compare(struct log_compare * X, uint64_t index, const uint8_t * hash)
{
	uint8_t own[HASH_LEN];
	int rc;

	loop_timer_set(X->next, 0);
	if ((rc = committed_hash_before(X->C, index, own)) != 0)
		return (rc == 1 ? X->spec.differs(X->spec.ctx) : -1);
	X->results[X->peer] = AGREES;
	if (memcmp(own, hash, HASH_LEN) == 0)
		return (0);
	X->results[X->peer] = DIFFERS;
	X->index = index - 1;
	return (0);
}

static int
on_position(struct log_compare * X, const uint8_t * body, size_t len)
{
	uint64_t last = committed_last(X->C);
	struct proto_log_position P;
	struct wbuf * W;

	if (proto_log_get_position(body, len, &P))
		return (upstream_malformed(X->U, "body-malformed"));
	if (X->spec.seen != NULL && X->spec.seen(X->spec.ctx, X->peer, P.last))
		return (-1);
	if (last == 0 || P.last == 0) {
		loop_timer_set(X->next, 0);	/* nothing to compare */
		return (0);
	}
	if (P.last <= last)
		return (compare(X, P.last + 1, P.hash));
	W = conn_begin(upstream_conn(X->U), LOG_READ, ++X->id);
	proto_log_put_read(W, last + 1, last + 1, 1);
	return (conn_end(upstream_conn(X->U), 0));
}

static int
on_entries(struct log_compare * X, const uint8_t * body, size_t len)
{
	struct proto_log_entries E;

	if (proto_log_get_entries(body, len, &E))
		return (upstream_malformed(X->U, "body-malformed"));
	if (E.first == 0 || E.first - 1 > committed_last(X->C))
		return (upstream_malformed(X->U, "index-not-asked"));
	return (compare(X, E.first, E.hash));
}

static int
on_frame(void * ctx, struct upstream * U, const struct frame * M)
{
	struct log_compare * X = ctx;
	const char * text;
	size_t len;

	/* Answered in the order of the questions, before the position. */
	if (M->type == COMMON_STATUS_REPLY && M->id == X->status_id &&
	    common_get_status(M->body, M->len, &text, &len) == 0)
		X->spec.told(X->spec.ctx, text, len);
	if (M->id != X->id)
		return (0);
	switch (M->type) {
	case LOG_POSITION_REPLY:
		return (on_position(X, M->body, M->len));
	case LOG_ENTRIES:
		return (on_entries(X, M->body, M->len));
	case COMMON_ERROR:
		loop_timer_set(X->next, 0);
		return (0);
	}
	return (upstream_malformed(U, "type-unknown"));
}

struct log_compare *
log_compare_new(struct loop * L, struct committed * C,
    const struct log_compare_spec * spec)
{
	struct log_compare * X;

	if ((X = calloc(1, sizeof(*X))) == NULL)
		goto err0;
	X->L = L;
	X->C = C;
	X->spec = *spec;
	if (X->spec.ms == 0)
		X->spec.ms = LOG_COMPARE_MS;
	X->peer = spec->npeers;
	X->up = (struct upstream_spec){ .ctx = X, .up = on_up,
	    .down = on_down, .frame = on_frame };
	if ((X->next = loop_timer_new(L, on_next, X)) == NULL)
		goto err1;
	if (spec->npeers > 0)
		loop_timer_set(X->next, 0);
	return (X);

err1:
	free(X);
err0:
	warn("log");
	return (NULL);
}

void
log_compare_free(struct log_compare * X)
{

	if (X == NULL)
		return;
	upstream_free(X->U);
	loop_timer_free(X->next);
	free(X);
}
