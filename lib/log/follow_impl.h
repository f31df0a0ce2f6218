#ifndef KS_LOG_FOLLOW_IMPL_H
#define KS_LOG_FOLLOW_IMPL_H

#include <sys/queue.h>

#include <stddef.h>
#include <stdint.h>

#include "daemon/upstream.h"
#include "entry/limits.h"
#include "log/committed.h"
#include "log/compare.h"
#include "log/fetch.h"
#include "log/log.h"

struct common_error;

/* What the files of the engine share; nobody else includes this. */

enum log_follow_state {
	LOG_FOLLOW_AWAY,	/* the peer has not told where it is */
	LOG_FOLLOW_ASKED,	/* for its log, from our last entry on */
	LOG_FOLLOW_FOLLOWING	/* it sends it */
};

/* A proposal that was handed on. */
struct log_follow_ticket {
	TAILQ_ENTRY(log_follow_ticket) link;
	struct log_ticket ticket;
	uint8_t request_id[REQUEST_ID_LEN];
	uint32_t id;		/* of its frame */
	uint64_t index;		/* once it was answered, else 0 */
	uint64_t answered_ms;
};

TAILQ_HEAD(log_follow_tickets, log_follow_ticket);

struct log_follow {
	struct log_engine engine;	/* first: the two are the same address */
	struct loop * L;
	struct committed * C;
	const struct log_events * events;
	void * ctx;
	const char * peers[LOG_FETCH_PEERS_MAX];
	size_t npeers;

	enum log_follow_state state;
	struct upstream_spec up;
	struct upstream * U;	/* the peer at hand, or NULL */
	size_t peer;		/* its number */
	uint32_t id;		/* of the last frame that was sent */
	uint32_t position;	/* of the question that is open, or 0 */
	uint32_t stream;	/* of what is followed, or 0 */
	uint64_t cluster;	/* of the peer's log, or 0 */
	size_t put_len;		/* bytes taken since the last commit */
	struct loop_timer * next;	/* then the peer is left */
	struct loop_timer * look;
	struct loop_deferred * commit;
	struct log_compare * compare;
	size_t tries;		/* peers in a row that did not help */
	int waiting_said;
	int following_said;
	int said[LOG_FETCH_PEERS_MAX];	/* what is wrong with it */
	uint64_t ahead[LOG_FETCH_PEERS_MAX];	/* our last when it had more */

	struct log_follow_tickets waiting;	/* as they were proposed */
	size_t nwaiting;
};

/**
 * log_follow_commit(X):
 * Commit what was taken, and tell of it.  Return 0, or -1 (reported): cannot go on.
 */
int log_follow_commit(struct log_follow *);

/**
 * log_follow_propose(E, ticket, entry, len):
 * As log_propose: hand it on to the peer at hand, or fail it.
 */
int log_follow_propose(struct log_engine *, struct log_ticket, const uint8_t *,
    size_t);

/**
 * log_follow_proposed(X, id, index):
 * The peer committed what was sent with ${id} at ${index}.  Return 0 or -1.
 */
int log_follow_proposed(struct log_follow *, uint32_t, uint64_t);

/**
 * log_follow_refused(X, id, error):
 * The peer answered what was sent with ${id} by ${error}.  Return 0 or -1.
 */
int log_follow_refused(struct log_follow *, uint32_t, const struct common_error *);

/**
 * log_follow_tell(X):
 * Tell the proposals whose entries are committed here now.  Return 0 or -1.
 */
int log_follow_tell(struct log_follow *);

/**
 * log_follow_late(X, now_ms):
 * Fail the proposals that the peer has committed, by the time ${now_ms}, for longer than
 * LOG_FOLLOW_PUT_MS and that did not come here.  Return 0 or -1.
 */
int log_follow_late(struct log_follow *, uint64_t);

/**
 * log_follow_forget(X):
 * The peer is left: fail all that it did not answer.  Return 0 or -1.
 */
int log_follow_forget(struct log_follow *);

/**
 * log_follow_free(X):
 * Forget all proposals of ${X}.
 */
void log_follow_free(struct log_follow *);

#endif
