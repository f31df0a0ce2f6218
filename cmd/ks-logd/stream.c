#include <stdint.h>
#include <string.h>

#include "codec/wbuf.h"
#include "daemon/conn.h"
#include "daemon/daemon.h"
#include "entry/rule_names.h"
#include "frame/common.h"
#include "frame/frame.h"
#include "log/committed.h"
#include "log/log.h"
#include "proto/list.h"
#include "proto/proto_log.h"
#include "stage/stage.h"

#include "logd.h"

/* Bytes of a LOG_ENTRIES before its entries: first, hash, number. */
#define ENTRIES_HEADER	(8 + HASH_LEN + 4)

/* A run of entries to send, and what was sent of it. */
struct run {
	uint64_t lo;		/* lo to hi, bounded as in committed_read */
	uint64_t hi;
	size_t len_max;
	uint32_t n_max;
	uint8_t * hash;		/* before lo; then after the last one sent */
	uint32_t n;		/* how many were sent */
};

/* Nothing is served past an entry that is damaged, also after a start. */
static int
cannot_read(struct logd * X, int rc)
{

	if (rc == 1)
		daemon_permanent(X->daemon);
	return (-1);
}

/* Send ${C} the entries ${R} in one LOG_ENTRIES that answers ${id}. */
static int
send_run(struct logd * X, struct conn * C, uint32_t id, struct run * R)
{
	struct wbuf * W = conn_begin(C, LOG_ENTRIES, id);
	struct list L;
	int rc;

	proto_log_begin_entries(&L, W, R->lo, R->hash);
	rc = committed_read(X->committed, R->lo, R->hi, R->len_max, R->n_max,
	    &L, R->hash);
	if (rc != 0)
		return (cannot_read(X, rc));
	list_end(&L);
	R->n = L.n;
	return (conn_end(C, committed_needs(X->committed, R->lo - 1 + L.n)));
}

/* Send the follower ${P} the next entries, if any. */
static int
send_next(struct logd * X, struct logd_peer * P)
{
	struct run R = {
		.lo = P->next, .hi = UINT64_MAX, .len_max = LOGD_CHUNK_LEN,
		.n_max = STAGE_EVENTS_MAX, .hash = P->hash
	};

	if (send_run(X, P->conn, P->follow_id, &R))
		return (-1);
	P->next += R.n;
	return (0);
}

/* One who asks for what comes later than what we have knows another log. */
static int
refuse_shorter(struct conn * C, uint32_t id)
{

	return (conn_error(C, id, ERROR_REFUSED, RULE_LOG_SHORTER,
	    rule_text(RULE_LOG_SHORTER), 0));
}

static int
refuse_repeated(struct conn * C, uint32_t id)
{

	return (conn_error(C, id, ERROR_REFUSED, RULE_STREAM_REPEATED,
	    "this connection has such a stream already", 0));
}

int
logd_stream_push(struct logd * X, struct logd_peer * P)
{

	/* More comes when the queue has drained. */
	while (P->follows && !X->draining &&
	    P->next <= committed_last(X->committed) &&
	    conn_room(P->conn)) {
		if (send_next(X, P))
			return (-1);
	}
	return (0);
}

int
logd_stream_follow(void * ctx, struct conn * C, uint32_t id,
    const uint8_t * body, size_t len)
{
	struct logd * X = ctx;
	struct logd_peer * P;
	uint64_t from;
	int rc;

	if (proto_log_get_follow(body, len, &from))
		return (conn_malformed(C, "body-malformed"));
	if (from == 0)
		return (conn_malformed(C, RULE_INDEX_ZERO));
	if (from - 1 > committed_last(X->committed))
		return (refuse_shorter(C, id));
	if ((P = logd_peer_of(X, C)) == NULL)
		return (-1);
	if (P->follows)
		return (refuse_repeated(C, id));
	if ((rc = committed_hash_before(X->committed, from, P->hash)) != 0)
		return (cannot_read(X, rc));
	P->follows = 1;
	conn_hold(C, CONN_STREAMS, 1, SIZE_MAX);
	P->follow_id = id;
	P->next = from;

	/* The first reply comes also if there is nothing yet. */
	if (send_next(X, P))
		return (-1);
	return (logd_stream_push(X, P));
}

int
logd_stream_read(void * ctx, struct conn * C, uint32_t id,
    const uint8_t * body, size_t len)
{
	struct logd * X = ctx;
	uint8_t hash[HASH_LEN];
	struct run R = { .n_max = UINT32_MAX, .hash = hash };
	uint32_t bytes_max;
	int rc;

	if (proto_log_get_read(body, len, &R.lo, &R.hi, &bytes_max))
		return (conn_malformed(C, "body-malformed"));
	if (R.lo == 0)
		return (conn_malformed(C, RULE_INDEX_ZERO));
	if (R.lo - 1 > committed_last(X->committed))
		return (refuse_shorter(C, id));
	if ((rc = committed_hash_before(X->committed, R.lo, hash)) != 0)
		return (cannot_read(X, rc));
	if (bytes_max > FRAME_BODY_MAX - ENTRIES_HEADER)
		bytes_max = FRAME_BODY_MAX - ENTRIES_HEADER;
	R.len_max = bytes_max;
	return (send_run(X, C, id, &R));
}

int
logd_stream_tell(struct logd * X, struct logd_peer * P)
{
	uint64_t last = committed_last(X->committed);

	proto_log_put_hint(conn_begin(P->conn, LOG_HINT_REPLY, P->hint_id),
	    log_leader(X->engine), last);
	return (conn_end(P->conn, committed_needs(X->committed, last)));
}

int
logd_stream_hint(void * ctx, struct conn * C, uint32_t id,
    const uint8_t * body, size_t len)
{
	struct logd * X = ctx;
	struct logd_peer * P;

	(void)body;
	(void)len;
	if ((P = logd_peer_of(X, C)) == NULL)
		return (-1);
	if (P->hinted)
		return (refuse_repeated(C, id));
	P->hinted = 1;
	conn_hold(C, CONN_STREAMS, 1, SIZE_MAX);
	P->hint_id = id;
	return (logd_stream_tell(X, P));
}
