#ifndef KS_LOG_ETCD_IMPL_H
#define KS_LOG_ETCD_IMPL_H

#include <sys/queue.h>

#include <stdint.h>

#include "codec/wbuf.h"
#include "crypto/hash.h"
#include "log/committed.h"
#include "log/etcd.h"
#include "log/etcd_batch.h"
#include "log/log.h"

/* What the files of the engine share; nobody else includes this. */

/* Longest time of a put, whose outcome is unknown then: etcd itself gives up after
 * 7 s.  One that may have been lost, with a leader, or as nothing was answered for so
 * long, is put again: who comes twice has the same request ids, hence the outcome of the
 * first. */
#define LOG_ETCD_PUT_MS		8000
#define LOG_ETCD_PUT_AGAIN_MS	2500

/* Longest time of anything else. */
#define LOG_ETCD_ASK_MS		3000

/* Between two tries to reach etcd. */
#define LOG_ETCD_AGAIN_MS	250

/* Between two looks at the member, by which a new leader learns that it is one; shorter
 * while a put is late. */
#define LOG_ETCD_LOOK_MS	250
#define LOG_ETCD_LOOK_SOON_MS	100

/* A put that was done, and is not told by the watch, after so long means that the
 * watch is dead. */
#define LOG_ETCD_STALL_MS	5000

/* Between two puts of the progress. */
#define LOG_ETCD_PROGRESS_MS	1000

/* Between two looks at who the members are, and how many of them are told. */
#define LOG_ETCD_MEMBERS_MS	5000
#define LOG_ETCD_MEMBERS_MAX	16

/* Reasons of one time without etcd that are said. */
#define LOG_ETCD_SAID_MAX	8

/* Between two tries to trim. */
#define LOG_ETCD_TRIM_MS	2000

/* Puts that were answered, or not yet, and not told by the watch. */
#define LOG_ETCD_PUTS_MAX	4

/* Batches that wait above which log_full says so. */
#define LOG_ETCD_QUEUE_FULL	8

/* Bytes of a key of ours. */
#define LOG_ETCD_KEY_MAX	512

enum log_etcd_state {
	LOG_ETCD_OPENING,	/* etcd is to be asked how it stands */
	LOG_ETCD_WATCHING,	/* its answer is the log */
	LOG_ETCD_BEHIND		/* entries are fetched from a peer */
};

/* Proposals that are put together. */
struct log_etcd_put {
	TAILQ_ENTRY(log_etcd_put) link;
	struct log_etcd * X;
	struct wbuf value;	/* the batch */
	struct log_ticket * tickets;
	size_t n;
	size_t cap;
	struct etcd_request * request;	/* until it is answered */
	int again;		/* no answer came, and none will: put it again */
	int leaderless;		/* there was no leader since it was sent */
	uint64_t first_ms;	/* when it was sent first, */
	uint64_t sent_ms;	/* and last */
	uint64_t leader;	/* at that time */
	uint64_t revision;	/* once it was answered */
	uint64_t first;		/* once it came back: index of the first entry */
	int told;		/* proposed or failed was called for all */
};

TAILQ_HEAD(log_etcd_puts, log_etcd_put);

struct log_etcd {
	struct log_engine engine;	/* first: the two are the same address */
	struct loop * L;
	struct committed * C;
	struct log_etcd_options options;
	const struct log_events * events;
	void * ctx;
	struct etcd * etcd;
	char dir[LOG_ETCD_KEY_MAX];		/* begins all keys of the realm */
	char base[LOG_ETCD_KEY_MAX];		/* of the base */
	char key[LOG_ETCD_KEY_MAX];		/* of the log */
	char progress[LOG_ETCD_KEY_MAX];	/* begins those of the progress */

	enum log_etcd_state state;
	uint64_t cluster;	/* 0: not known yet */
	int based;		/* the base was read: */
	uint64_t base_index;	/* the batches go on after this entry, */
	uint8_t base_hash[HASH_LEN];	/* with this running hash; */
	uint64_t base_revision;	/* it was put at this one, 0 if it was not */
	uint64_t taken;		/* all up to this revision is put in C */
	uint64_t compacted;	/* revisions before it are gone, as far as known */
	uint64_t enough;	/* who is behind needs all up to this revision */
	size_t put_len;		/* bytes taken since the last commit */
	struct etcd_request * opening;
	struct etcd_request * watch;
	struct loop_timer * again;
	struct loop_deferred * commit;
	struct log_fetch * fetch;
	struct log_compare * compare;
	struct etcd * stranger;	/* the same etcd, without a certificate; or NULL */
	int probed;		/* that one is not answered */
	size_t nsaid;		/* reasons why we wait, that were said; */
	uint64_t said[LOG_ETCD_SAID_MAX];	/* "connected" not yet */
	uint64_t skipped;	/* values that are no batch */

	struct log_etcd_puts waiting;	/* not sent yet */
	struct log_etcd_puts sent;
	size_t nwaiting;	/* elements of each list */
	size_t nsent;
	size_t ntickets;	/* not told yet */

	struct loop_timer * look;
	struct etcd_request * looking;
	unsigned misses;	/* looks in a row that failed */
	uint64_t leader;	/* id, 0: none or not known */
	int leads;		/* this member does */
	int hinted;		/* what was told of it */
	uint64_t looked_ms;
	int no_space;
	uint64_t in_use;
	struct etcd_request * asking;	/* who the members are */
	uint64_t asked_ms;
	uint64_t member;	/* id of ours, 0: not known yet */
	uint64_t size;
	size_t nmembers;
	struct etcd_member members[LOG_ETCD_MEMBERS_MAX];
	int removed;		/* a peer says that ours is none any more */
	struct etcd_request * writing;	/* progress */
	uint64_t written;	/* what it last said, */
	uint64_t written_ms;	/* and when */
	struct etcd_request * trimming;
	uint64_t trim_ms;	/* when it was last tried */
	uint64_t trimming_to;
	uint64_t trimmed;
};

/**
 * log_etcd_permanent(X):
 * A reason was reported that starting again does not mend.  Return -1.
 */
int log_etcd_permanent(struct log_etcd *);

/**
 * log_etcd_reopen(X, why):
 * Leave the watch of ${X}, for the reason ${why} if not NULL, and open again.
 */
void log_etcd_reopen(struct log_etcd *, const char *);

/**
 * log_etcd_open_start(X):
 * Begin to open.  Return 0, or -1 (reported).
 */
int log_etcd_open_start(struct log_etcd *);

/**
 * log_etcd_opened(X, reply):
 * Is told where the key of the log stands, and begins to watch it.
 */
int log_etcd_opened(void *, struct etcd_reply *);

/**
 * log_etcd_probe(X):
 * Does etcd answer also whoever comes without a certificate?  Return 0 if it is known
 * that it does not, or need not ask for one; 1 if it is asked now, and what follows has to
 * wait; or -1.
 */
int log_etcd_probe(struct log_etcd *);

/**
 * log_etcd_check_cluster(X, R):
 * Return 0 if ${R} comes from the cluster that the log is of, or -1 (reported).
 */
int log_etcd_check_cluster(struct log_etcd *, const struct etcd_reply *);

/**
 * log_etcd_base_ask(X):
 * Read from etcd after which entry its batches go on, found the log there if it
 * has none, and open again once this log is known to fit.  Return 0 or -1.
 */
int log_etcd_base_ask(struct log_etcd *);

/**
 * log_etcd_base_check(X):
 * Return 0 if this log has not the entry of the base, or with its hash; or -1
 * (reported).
 */
int log_etcd_base_check(struct log_etcd *);

/**
 * log_etcd_commit(X):
 * Commit what was taken, and tell of it.  Return 0, or -1 (reported): cannot go on.
 */
int log_etcd_commit(struct log_etcd *);

/**
 * log_etcd_queue_add(X, ticket, entry, len),
 * log_etcd_queue_send(X):
 * Propose, and put what waits if that can be now.  Return 0 or -1 (reported).
 */
int log_etcd_queue_add(struct log_etcd *, struct log_ticket, const uint8_t *,
    size_t);
int log_etcd_queue_send(struct log_etcd *);

/**
 * log_etcd_queue_match(X, value, len, revision, first):
 * The batch of the ${len} bytes ${value} came out at ${revision}, its first entry at the
 * index ${first}: if it is ours, remember it.
 */
void log_etcd_queue_match(struct log_etcd *, const uint8_t *, size_t, uint64_t,
    uint64_t);

/**
 * log_etcd_queue_tell(X):
 * Tell the proposals that came out, which are durable now.  Return 0 or -1.
 */
int log_etcd_queue_tell(struct log_etcd *);

/**
 * log_etcd_queue_fail(X, why):
 * Fail all that waits to be put for the reason ${why}.  Return 0 or -1.
 */
int log_etcd_queue_fail(struct log_etcd *, const char *);

/**
 * log_etcd_queue_passed(X):
 * Fail the puts that were done at revisions that will not be told any more, as
 * the log went past them.  Return 0 or -1.
 */
int log_etcd_queue_passed(struct log_etcd *);

/**
 * log_etcd_queue_look(X, now_ms):
 * Put the unanswered one again if it may be lost, or fail it if it was tried for too
 * long; open again if the watch does not tell one that was done; by the time ${now_ms}.
 * Return 0 or -1.
 */
int log_etcd_queue_look(struct log_etcd *, uint64_t);

/**
 * log_etcd_queue_late(X, now_ms):
 * Return 1 if a put is unanswered for longer than usual.
 */
int log_etcd_queue_late(const struct log_etcd *, uint64_t);

/**
 * log_etcd_queue_free(X):
 * Forget all proposals of ${X}.
 */
void log_etcd_queue_free(struct log_etcd *);

/**
 * log_etcd_care_start(X), log_etcd_care_soon(X), log_etcd_care_stop(X):
 * Begin to look after the member of ${X} (its health, the leader, progress, trimming);
 * look at once; end.  The first returns 0, or -1 (reported) if memory is short.
 */
int log_etcd_care_start(struct log_etcd *);
void log_etcd_care_soon(struct log_etcd *);
void log_etcd_care_stop(struct log_etcd *);

/**
 * log_etcd_who_look(X, now_ms):
 * Ask etcd who the members are, if by ${now_ms} it is time.  Return 0 or -1.
 */
int log_etcd_who_look(struct log_etcd *, uint64_t);

/**
 * log_etcd_who_status(X, W):
 * Append to ${W} the lines of STATUS about the members.
 */
void log_etcd_who_status(const struct log_etcd *, struct wbuf *);

/**
 * log_etcd_who_wants(X), log_etcd_who_told(X, text, len):
 * Is there something to learn from a peer's STATUS: whether a member that is away was
 * removed?  And learn it from the ${len} bytes ${text}, and say it, once.
 */
int log_etcd_who_wants(void *);
void log_etcd_who_told(void *, const char *, size_t);

/**
 * log_etcd_care_hint(X):
 * Tell whether ${X} leads, if that changed.  Return 0 or -1.
 */
int log_etcd_care_hint(struct log_etcd *);

#endif
