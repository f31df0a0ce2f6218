#include <err.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hex.h"
#include "codec/wbuf.h"
#include "config/config.h"
#include "daemon/conn.h"
#include "daemon/daemon.h"
#include "daemon/server.h"
#include "entry/rule_names.h"
#include "frame/common.h"
#include "frame/frame.h"
#include "log/committed.h"
#include "log/log.h"
#include "proto/proto_log.h"
#include "stage/dump.h"
#include "store/store.h"

#include "logd.h"

struct logd_peer *
logd_peer_of(struct logd * X, struct conn * C)
{
	struct logd_peer * P;

	if ((P = conn_tag(C)) != NULL)
		return (P);
	if ((P = calloc(1, sizeof(*P))) == NULL) {
		warn("client");
		return (NULL);
	}
	P->conn = C;
	conn_set_tag(C, P);
	TAILQ_INSERT_TAIL(&X->peers, P, link);
	return (P);
}

/* Free ${P} unless its connection or a proposal still knows it. */
static void
peer_release(struct logd * X, struct logd_peer * P)
{

	if (P->conn != NULL || P->waiting > 0)
		return;
	TAILQ_REMOVE(&X->peers, P, link);
	free(P);
}

void
logd_peers_free(struct logd * X)
{
	struct logd_peer * P;

	while ((P = TAILQ_FIRST(&X->peers)) != NULL) {
		TAILQ_REMOVE(&X->peers, P, link);
		free(P);
	}
}

/* The engine has room again: read on. */
static void
resume(struct logd * X)
{
	struct logd_peer * P;

	if (X->paused == 0 || log_full(X->engine))
		return;
	TAILQ_FOREACH(P, &X->peers, link) {
		if (P->paused && P->conn != NULL)
			conn_pause(P->conn, 0);
		P->paused = 0;
	}
	X->paused = 0;
}

static int
on_propose(void * ctx, struct conn * C, uint32_t id, const uint8_t * body,
    size_t len)
{
	struct logd * X = ctx;
	struct log_ticket ticket = { NULL, id, clock_mono_ns() };
	struct logd_peer * P;
	const char * rule;

	if ((rule = log_check(body, len)) == NULL)
		rule = log_check_time(body, len, clock_wall_ms());
	if (rule != NULL) {
		X->refused++;
		tally_note(&X->refusals, rule);
		return (conn_error(C, id, ERROR_REFUSED, rule, rule_text(rule),
		    0));
	}
	if ((P = logd_peer_of(X, C)) == NULL)
		return (-1);
	ticket.who = P;
	P->waiting++;
	conn_hold(C, CONN_WAITS, 1, SIZE_MAX);
	X->proposals++;
	if (log_propose(X->engine, ticket, body, len))
		return (-1);
	if (log_full(X->engine) && !P->paused) {
		P->paused = 1;
		X->paused++;
		conn_pause(C, 1);
	}
	return (0);
}

static int
on_dump(void * ctx, struct conn * C, uint32_t id, const uint8_t * body,
    size_t len)
{
	struct logd * X = ctx;

	return (dump_serve(X->store, C, id, body, len));
}

static int
on_position(void * ctx, struct conn * C, uint32_t id, const uint8_t * body,
    size_t len)
{
	struct logd * X = ctx;
	struct committed_place place = committed_place(X->committed);
	struct proto_log_position P;

	(void)body;
	(void)len;
	P.last = committed_last(X->committed);
	memcpy(P.hash, committed_hash(X->committed), HASH_LEN);
	P.cluster = place.cluster;
	P.revision = place.revision;
	proto_log_put_position(conn_begin(C, LOG_POSITION_REPLY, id), &P);
	return (conn_end(C, committed_needs(X->committed, P.last)));
}

static int
on_proposed(void * ctx, struct log_ticket ticket, uint64_t index)
{
	struct logd * X = ctx;
	struct logd_peer * P = ticket.who;
	int rc = 0;

	histogram_note(&X->append_us,
	    (clock_mono_ns() - ticket.made_ns) / 1000);
	P->waiting--;
	if (P->conn != NULL) {
		conn_release(P->conn, CONN_WAITS, 1);
		proto_log_put_proposed(conn_begin(P->conn, LOG_PROPOSED,
		    ticket.id), index);
		rc = conn_end(P->conn, committed_needs(X->committed, index));
	}
	peer_release(X, P);
	resume(X);
	return (rc);
}

static int
on_failed(void * ctx, struct log_ticket ticket, const char * why)
{
	struct logd * X = ctx;
	struct logd_peer * P = ticket.who;
	int rc = 0;

	X->failed++;
	P->waiting--;
	if (P->conn != NULL) {
		conn_release(P->conn, CONN_WAITS, 1);
		rc = conn_error(P->conn, ticket.id, ERROR_UNAVAILABLE,
		    RULE_LOG_UNAVAILABLE, why, 0);
	}
	peer_release(X, P);
	resume(X);
	return (rc);
}

static int
on_committed(void * ctx, uint64_t last)
{
	struct logd * X = ctx;
	struct logd_peer * P;

	(void)last;
	TAILQ_FOREACH(P, &X->peers, link) {
		if (logd_stream_push(X, P))
			return (-1);
	}
	return (0);
}

static int
on_hint(void * ctx, int leader)
{
	struct logd * X = ctx;
	struct logd_peer * P;

	(void)leader;
	TAILQ_FOREACH(P, &X->peers, link) {
		if (P->hinted && logd_stream_tell(X, P))
			return (-1);
	}
	return (0);
}

static void
on_permanent(void * ctx)
{
	struct logd * X = ctx;

	daemon_permanent(X->daemon);
}

const struct log_events logd_events = {
	on_proposed, on_failed, on_committed, on_hint, on_permanent
};

static int
on_drained(void * ctx, struct conn * C)
{
	struct logd_peer * P = conn_tag(C);

	return (P != NULL ? logd_stream_push(ctx, P) : 0);
}

static void
on_gone(void * ctx, struct conn * C)
{
	struct logd_peer * P = conn_tag(C);

	if (P == NULL)
		return;
	P->conn = NULL;
	P->follows = P->hinted = 0;
	peer_release(ctx, P);
}

static int
on_status(void * ctx, struct wbuf * W)
{
	struct logd * X = ctx;
	struct logd_peer * P;
	char hash[HEX_SIZE(HASH_LEN)];
	unsigned followers = 0;

	TAILQ_FOREACH(P, &X->peers, link)
		followers += P->follows != 0;
	hex_encode(committed_hash(X->committed), HASH_LEN, hash, sizeof(hash));
	wbuf_printf(W, "engine %s\n", log_name(X->engine));
	wbuf_printf(W, "leader %d\n", log_leader(X->engine));
	wbuf_printf(W, "first 1\n");
	wbuf_printf(W, "last %ju\n", (uintmax_t)committed_last(X->committed));
	wbuf_printf(W, "hash %s\n", hash);
	wbuf_printf(W, "followers %u\n", followers);
	wbuf_printf(W, "proposals %ju\n", (uintmax_t)X->proposals);
	wbuf_printf(W, "commits %ju\n",
	    (uintmax_t)committed_commits(X->committed));
	wbuf_printf(W, "refused %ju\n", (uintmax_t)X->refused);
	wbuf_printf(W, "failed %ju\n", (uintmax_t)X->failed);
	tally_put(&X->refusals, "refused", W);
	histogram_put(&X->append_us, "append", W);
	store_status(X->store, W);
	log_status(X->engine, W);
	logd_certs_status(&X->certs, (int64_t)(clock_wall_ms() / 1000), W);
	return (0);
}

static const char *
frame_name(uint16_t type)
{

	switch (type) {
	case LOG_PROPOSED:
		return ("LOG_PROPOSED");
	case LOG_ENTRIES:
		return ("LOG_ENTRIES");
	case LOG_HINT_REPLY:
		return ("LOG_HINT_REPLY");
	case LOG_POSITION_REPLY:
		return ("LOG_POSITION_REPLY");
	}
	return (NULL);
}

void
logd_serve_spec(struct logd * X, struct server_spec * spec)
{
	/* The shape of a proposal is a matter of its rule, not of the frame. */
	static const struct server_handler handlers[] = {
		{ LOG_PROPOSE, "LOG_PROPOSE", 0, FRAME_BODY_MAX, on_propose },
		{ LOG_FOLLOW, "LOG_FOLLOW", 8, 8, logd_stream_follow },
		{ LOG_READ, "LOG_READ", 20, 20, logd_stream_read },
		{ LOG_HINT, "LOG_HINT", 0, 0, logd_stream_hint },
		{ LOG_POSITION, "LOG_POSITION", 0, 0, on_position },
		{ COMMON_DUMP, "DUMP", DUMP_BODY_MIN, DUMP_BODY_MAX, on_dump }
	};

	*spec = (struct server_spec){
		.path = CONFIG_SOCKET_LOG,
		.mode = 0600,
		.fd = -1,
		.handlers = handlers,
		.nhandlers = sizeof(handlers) / sizeof(handlers[0]),
		.ctx = X,
		.status = on_status,
		.drained = on_drained,
		.gone = on_gone,
		.frame_name = frame_name
	};
}
