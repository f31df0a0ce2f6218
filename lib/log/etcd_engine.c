#include <err.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/panic.h"
#include "codec/rbuf.h"
#include "loop/loop.h"
#include "proto/list.h"

#include "log/compare.h"
#include "log/etcd_impl.h"

static int on_watch(void *, struct etcd_reply *);

int
log_etcd_permanent(struct log_etcd * X)
{

	if (X->events->permanent != NULL)
		X->events->permanent(X->ctx);
	return (-1);
}

static int
on_took(void * ctx)
{
	struct log_etcd * X = ctx;

	return (X->events->committed(X->ctx, committed_last(X->C)));
}

/* A peer led us to a place: go on from there. */
static int
on_fetched(void * ctx)
{
	struct log_etcd * X = ctx;

	log_fetch_free(X->fetch);
	X->fetch = NULL;
	X->taken = committed_place(X->C).revision;
	X->state = LOG_ETCD_OPENING;
	loop_timer_set(X->again, 0);
	if (log_etcd_base_check(X))
		return (log_etcd_permanent(X));
	warnx("log: caught up from a peer to entry %ju",
	    (uintmax_t)committed_last(X->C));
	return (log_etcd_queue_passed(X));
}

static int
fall_behind(struct log_etcd * X)
{
	struct log_fetch_spec spec = {
		.peers = X->options.peers, .npeers = X->options.npeers,
		.cluster = X->cluster,
		.revision_min = X->enough,
		.ctx = X, .took = on_took, .done = on_fetched
	};

	X->state = LOG_ETCD_BEHIND;
	warnx("this replica is behind the tail that etcd keeps: fetch the "
	    "missing entries from a peer%s", spec.npeers > 0 ? "" :
	    " (ks.conf has none)");
	if (log_etcd_commit(X))
		return (-1);
	X->fetch = log_fetch_new(X->L, X->C, &spec);
	if (X->fetch == NULL || log_etcd_care_hint(X))
		return (-1);
	return (log_etcd_queue_fail(X, "this replica is behind, and catches up "
	    "from a peer"));
}

/* The key of the log has changed last at ${last} (0: never), and etcd told it
 * at ${now}.  Store in X->taken from where on to watch; 1 if that is gone. */
static int
find_start(struct log_etcd * X, uint64_t last, uint64_t now)
{
	struct committed_place place = committed_place(X->C);

	X->enough = X->base_revision;
	if (committed_last(X->C) < X->base_index)
		return (1);
	if (place.revision == 0 && X->taken == 0 && committed_last(X->C) > 0)
		return (1);	/* fetching was interrupted */
	if (X->compacted <= X->taken + 1)
		return (0);
	/*
	 * What is gone may be others' keys alone.  If not, whoever has the key's
	 * last change has what we lack.
	 */
	X->enough = X->compacted - 1;
	if (last > 0 && last < X->enough && now >= X->enough)
		X->enough = last;
	if (last > X->taken || (last == 0 && X->taken > X->base_revision) ||
	    now + 1 < X->compacted)
		return (1);
	X->taken = now;
	return (0);
}

int
log_etcd_opened(void * ctx, struct etcd_reply * R)
{
	struct log_etcd * X = ctx;
	struct etcd_row row = { .revision = 0 };
	int rc;

	X->opening = NULL;
	if (R->why != NULL || (R->n > 0 && etcd_next(R, &row) != 1)) {
		log_etcd_reopen(X, R->why != NULL ? R->why :
		    "the answer is not etcd's");
		return (0);
	}
	if (log_etcd_check_cluster(X, R))
		return (-1);
	if (R->revision < X->taken) {
		warnx("log: etcd at %s is at revision %ju, this log at %ju: was "
		    "etcd restored from a backup?", X->options.etcd.url,
		    (uintmax_t)R->revision, (uintmax_t)X->taken);
		return (log_etcd_permanent(X));
	}
	if ((rc = log_etcd_probe(X)) != 0)
		return (rc == 1 ? 0 : -1);
	if (find_start(X, row.revision, R->revision))
		return (fall_behind(X));
	X->watch = etcd_watch(X->etcd, X->key, X->taken + 1, on_watch, X);
	return (X->watch != NULL ? 0 : -1);
}

/* Append the entries of a batch that came out of etcd at ${row}. */
static int
take(struct log_etcd * X, const struct etcd_row * row)
{
	const uint8_t * entry;
	uint64_t index, first = committed_put_last(X->C) + 1;
	struct rbuf R;
	uint32_t n;
	size_t len;

	if (row->revision <= X->taken)
		return (0);
	X->taken = row->revision;
	if (row->deleted || row->value == NULL ||
	    log_etcd_batch_parse(row->value, row->value_len, &R, &n)) {
		if (X->skipped++ == 0)
			warnx("log: what is in etcd at revision %ju is no "
			    "batch: skipped", (uintmax_t)row->revision);
		return (0);
	}
	while (list_next(&R, &entry, &len)) {
		if (committed_put(X->C, entry, len, &index))
			return (-1);
	}
	log_etcd_queue_match(X, row->value, row->value_len, row->revision,
	    first);
	/* One commit a turn, and not a large one. */
	X->put_len += row->value_len;
	if (X->put_len >= LOG_BATCH_LEN_MAX ||
	    committed_put_last(X->C) - committed_last(X->C) >= LOG_BATCH_MAX)
		return (log_etcd_commit(X));
	loop_deferred_set(X->commit);
	return (0);
}

int
log_etcd_commit(struct log_etcd * X)
{
	struct committed_place place = { X->cluster, X->taken };

	if (committed_put_last(X->C) == committed_last(X->C))
		return (0);
	X->put_len = 0;
	if (committed_set_place(X->C, place) || committed_commit(X->C) ||
	    log_etcd_queue_tell(X) ||
	    X->events->committed(X->ctx, committed_last(X->C)))
		return (-1);
	return (log_etcd_queue_send(X));
}

static int
on_commit(void * ctx)
{

	return (log_etcd_commit(ctx));
}

/* The watch is there. */
static int
on_created(struct log_etcd * X)
{

	if (X->nsaid > 0)
		warnx("connected to etcd at %s", X->options.etcd.url);
	X->nsaid = 0;
	X->removed = 0;
	X->state = LOG_ETCD_WATCHING;
	log_etcd_care_soon(X);
	return (log_etcd_queue_send(X));
}

static int
on_watch(void * ctx, struct etcd_reply * R)
{
	struct log_etcd * X = ctx;
	struct etcd_row row;
	int rc;

	if (R->ended)
		X->watch = NULL;
	if (R->why != NULL) {
		log_etcd_reopen(X, R->why);
		return (0);
	}
	if (log_etcd_check_cluster(X, R))
		return (-1);
	if (R->ended) {
		X->compacted = R->compacted;
		X->state = LOG_ETCD_OPENING;
		loop_timer_set(X->again, 0);
		return (0);
	}
	if (X->state != LOG_ETCD_WATCHING && on_created(X))
		return (-1);
	while ((rc = etcd_next(R, &row)) == 1) {
		if (take(X, &row))
			return (-1);
	}
	if (rc == -1)
		log_etcd_reopen(X, "the answer is not etcd's");
	return (0);
}

static int
etcd_engine_propose(struct log_engine * E, struct log_ticket ticket,
    const uint8_t * entry, size_t len)
{

	return (log_etcd_queue_add((struct log_etcd *)E, ticket, entry, len));
}

static int
etcd_engine_flush(struct log_engine * E)
{

	return (log_etcd_queue_send((struct log_etcd *)E));
}

static int
etcd_engine_leader(const struct log_engine * E)
{

	return (((const struct log_etcd *)E)->hinted);
}

static size_t
etcd_engine_waiting(const struct log_engine * E)
{

	return (((const struct log_etcd *)E)->ntickets);
}

static int
etcd_engine_full(const struct log_engine * E)
{

	return (((const struct log_etcd *)E)->nwaiting >= LOG_ETCD_QUEUE_FULL);
}

static void
etcd_engine_status(const struct log_engine * E, struct wbuf * W)
{
	static const char * const states[] = { "waiting", "connected", "behind" };
	const struct log_etcd * X = (const struct log_etcd *)E;
	struct committed_place place = committed_place(X->C);

	wbuf_printf(W, "etcd %s\n", states[X->state]);
	wbuf_printf(W, "etcd_waiting %zu\n", X->ntickets);
	wbuf_printf(W, "etcd_space %s\n", X->no_space ? "none" : "yes");
	wbuf_printf(W, "etcd_cluster %016jx\n", (uintmax_t)X->cluster);
	wbuf_printf(W, "etcd_revision %ju\n", (uintmax_t)place.revision);
	wbuf_printf(W, "etcd_compacted %ju\n", (uintmax_t)X->trimmed);
	wbuf_printf(W, "etcd_skipped %ju\n", (uintmax_t)X->skipped);
	log_etcd_who_status(X, W);
}

static void
etcd_engine_close(struct log_engine * E)
{
	struct log_etcd * X = (struct log_etcd *)E;

	log_compare_free(X->compare);
	log_fetch_free(X->fetch);
	log_etcd_care_stop(X);
	log_etcd_queue_free(X);
	etcd_close(X->etcd);
	etcd_close(X->stranger);
	if (X->again != NULL)
		loop_timer_free(X->again);
	if (X->commit != NULL)
		loop_deferred_free(X->commit);
	free(X);
}

static const struct log_engine_ops ops = {
	"etcd", etcd_engine_propose, etcd_engine_flush, etcd_engine_leader,
	etcd_engine_waiting, etcd_engine_close, etcd_engine_full,
	etcd_engine_status
};

static int
on_differs(void * ctx)
{

	return (log_etcd_permanent(ctx));
}

static int
start(struct log_etcd * X)
{
	struct log_compare_spec spec = {
		.peers = X->options.peers, .npeers = X->options.npeers,
		.ctx = X, .differs = on_differs, .wants = log_etcd_who_wants,
		.told = log_etcd_who_told
	};
	int n;

	n = snprintf(X->progress, sizeof(X->progress), "ks/%s/progress/",
	    X->options.realm);
	PANIC_UNLESS(n > 0 && (size_t)n < sizeof(X->progress));
	snprintf(X->key, sizeof(X->key), "ks/%s/log", X->options.realm);
	snprintf(X->base, sizeof(X->base), "ks/%s/base", X->options.realm);
	snprintf(X->dir, sizeof(X->dir), "ks/%s/", X->options.realm);
	if ((X->etcd = etcd_open(X->L, &X->options.etcd)) == NULL ||
	    log_etcd_open_start(X))
		return (-1);
	X->commit = loop_deferred_new(X->L, LOOP_FLUSH, on_commit, X);
	if (X->commit == NULL) {
		warn("log");
		return (-1);
	}
	if ((X->compare = log_compare_new(X->L, X->C, &spec)) == NULL)
		return (-1);
	loop_timer_set(X->again, 0);
	return (log_etcd_care_start(X));
}

struct log_engine *
log_etcd_new(struct loop * L, struct committed * C,
    const struct log_etcd_options * options, const struct log_events * events,
    void * ctx)
{
	struct log_etcd * X;

	if ((X = calloc(1, sizeof(*X))) == NULL) {
		warn("log");
		return (NULL);
	}
	X->engine.ops = &ops;
	X->L = L;
	X->C = C;
	X->options = *options;
	X->events = events;
	X->ctx = ctx;
	X->taken = committed_place(C).revision;
	TAILQ_INIT(&X->waiting);
	TAILQ_INIT(&X->sent);
	if (start(X)) {
		etcd_engine_close(&X->engine);
		return (NULL);
	}
	return (&X->engine);
}
