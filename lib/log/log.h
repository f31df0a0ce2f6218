#ifndef KS_LOG_LOG_H
#define KS_LOG_LOG_H

#include <stddef.h>
#include <stdint.h>

/*
 * An engine of the replicated log: it puts proposals into one order that all
 * replicas agree on.  Whatever the engine, the committed entries are in ks-logd's
 * own store (log/committed.h), durable there before anyone is told of them, and
 * are read from there; an engine only proposes, and tells when more is there.
 *
 * Proposing is asynchronous.  An engine gathers what is proposed in one turn of
 * the loop, or while it waits for its medium, and packs it; it never waits for
 * more.  Proposals come out in the order in which they were made, or not at all.
 *
 * Engines: log/local.h, log/etcd.h.
 */
struct log_engine;
struct wbuf;

/* Most proposals that an engine gathers before it commits them: with the next,
 * what bounds its memory and the time of one commit. */
#define LOG_BATCH_MAX		4096

/* Most bytes of proposals that it gathers; the last one may go beyond. */
#define LOG_BATCH_LEN_MAX	((size_t)4 * 1024 * 1024)

/* Who is told what becomes of a proposal; the engine does not look into it. */
struct log_ticket {
	void * who;
	uint32_t id;
	uint64_t made_ns;	/* when, by clock_mono_ns */
};

/*
 * What an engine tells whoever runs it.  Each returns 0, or -1 (reported) if the
 * program cannot go on.  None of them may propose, flush or close.
 */
struct log_events {
	/* The proposal of this ticket is committed at this index, and durable. */
	int (* proposed)(void *, struct log_ticket, uint64_t);

	/* The proposal of this ticket may be committed or not, now or later; the
	 * text says why nobody knows, for a person. */
	int (* failed)(void *, struct log_ticket, const char *);

	/* All entries up to this index are committed, and durable; told after
	 * those of them that were proposed here. */
	int (* committed)(void *, uint64_t);

	/* This replica is now likely the leader (1), or is not (0). */
	int (* hint)(void *, int);

	/* The engine is about to fail for a reason that starting again does not
	 * mend; it was reported. */
	void (* permanent)(void *);
};

struct log_engine_ops {
	const char * name;	/* one word, for STATUS */

	/* As log_propose, of what log_check let through. */
	int (* propose)(struct log_engine *, struct log_ticket, const uint8_t *,
	    size_t);
	/* As log_flush, log_leader, log_waiting, log_close. */
	int (* flush)(struct log_engine *);
	int (* leader)(const struct log_engine *);
	size_t (* waiting)(const struct log_engine *);
	void (* close)(struct log_engine *);
	/* As log_full and log_status; NULL: never full, nothing to say. */
	int (* full)(const struct log_engine *);
	void (* status)(const struct log_engine *, struct wbuf *);
};

/* The first member of each engine's own structure. */
struct log_engine {
	const struct log_engine_ops * ops;
};

/**
 * log_check(entry, len):
 * Return NULL if the ${len} bytes at ${entry} have the shape of a log entry: it
 * decodes, its type is known and it has at most LOG_ENTRY_MAX bytes.  Otherwise
 * return the name of the rule that is broken.  The body is not looked at: what
 * is wrong in it is for ks-apply to refuse, the same on every replica.
 */
const char * log_check(const uint8_t *, size_t);

/**
 * log_check_time(entry, len, now_ms):
 * Return the rule that the ${len} bytes at ${entry}, which log_check let through, break
 * if they are a delimiter whose time is more than CLOCK_SKEW_MS after ${now_ms}, else
 * NULL.  Times of epochs never decrease: one that comes out of the log makes all heads
 * after it lie in the future, and nothing takes it back.
 */
const char * log_check_time(const uint8_t *, size_t, uint64_t);

/**
 * log_name(E):
 * Return the name of the engine ${E}.
 */
const char * log_name(const struct log_engine *);

/**
 * log_propose(E, ticket, entry, len):
 * Propose the ${len} bytes of the encoded log ${entry}, which are copied, to ${E}.
 * One that log_check refuses is a bug of the caller, hence a panic.  proposed or
 * failed is called with ${ticket} once, from here, log_flush or the loop; not at
 * all if ${E} is closed before.  Return 0; or -1 (reported): the program cannot go
 * on, and nothing may be acknowledged any more.
 */
int log_propose(struct log_engine *, struct log_ticket, const uint8_t *, size_t);

/**
 * log_flush(E):
 * All proposals of this turn of the loop have been made: begin to commit them.
 * Return as log_propose.
 */
int log_flush(struct log_engine *);

/**
 * log_leader(E):
 * Return 1 if this replica is likely the leader, whose proposals are likely to
 * be taken; else 0.
 */
int log_leader(const struct log_engine *);

/**
 * log_waiting(E):
 * Return how many proposals were made and neither committed nor failed yet.
 */
size_t log_waiting(const struct log_engine *);

/**
 * log_full(E):
 * Return 1 if so much waits that whoever proposes should pause until something
 * was proposed or failed; what he proposes nevertheless is taken.
 */
int log_full(const struct log_engine *);

/**
 * log_status(E, W):
 * Append to ${W} the lines "name value" that ${E} alone knows.
 */
void log_status(const struct log_engine *, struct wbuf *);

/**
 * log_close(E):
 * Forget the proposals that wait and free ${E}.  NULL is fine.
 */
void log_close(struct log_engine *);

#endif
