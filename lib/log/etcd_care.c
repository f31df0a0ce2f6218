#include <err.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "loop/loop.h"

#include "log/etcd_impl.h"
#include "log/etcd_trim.h"

/* Looks in a row that fail before the member counts as lost. */
#define MISSES_MAX	2

int
log_etcd_care_hint(struct log_etcd * X)
{
	int leads = X->state == LOG_ETCD_WATCHING && X->leads;

	X->leads = leads;
	if (leads == X->hinted)
		return (0);
	X->hinted = leads;
	return (X->events->hint(X->ctx, leads));
}

static int
on_status(void * ctx, struct etcd_reply * R)
{
	struct log_etcd * X = ctx;

	X->looking = NULL;
	if (R->why != NULL) {
		X->leads = 0;
		if (++X->misses >= MISSES_MAX && X->state == LOG_ETCD_WATCHING)
			log_etcd_reopen(X, R->why);
		X->leader = 0;
		if (log_etcd_queue_look(X, clock_mono_ms()))
			return (-1);
		return (log_etcd_care_hint(X));
	}
	X->misses = 0;
	if (R->no_space != X->no_space)
		warnx("log: etcd at %s is %s", X->options.etcd.url, R->no_space ?
		    "out of space: at each member etcdctl defrag, then etcdctl "
		    "alarm disarm" :
		    "not out of space any more");
	X->no_space = R->no_space;
	X->in_use = R->in_use;
	X->size = R->size;
	X->member = R->member;
	X->leader = R->leader;
	X->leads = R->leader != 0 && R->leader == R->member;
	if (log_etcd_care_hint(X))
		return (-1);
	return (log_etcd_queue_look(X, clock_mono_ms()));
}

static int
on_written(void * ctx, struct etcd_reply * R)
{
	struct log_etcd * X = ctx;

	X->writing = NULL;
	if (R->why != NULL)
		X->written = 0;	/* again */
	return (0);
}

/* Say how far this replica is, if that changed. */
static int
write_progress(struct log_etcd * X, uint64_t now_ms)
{
	uint64_t revision = committed_place(X->C).revision;
	char key[2 * LOG_ETCD_KEY_MAX], value[24];
	int n;

	if (X->writing != NULL || X->no_space || revision == X->written ||
	    revision == 0 || now_ms - X->written_ms < LOG_ETCD_PROGRESS_MS)
		return (0);
	snprintf(key, sizeof(key), "%s%s", X->progress, X->options.name);
	n = snprintf(value, sizeof(value), "%ju", (uintmax_t)revision);
	X->written = revision;
	X->written_ms = now_ms;
	X->writing = etcd_put(X->etcd, key, (const uint8_t *)value, (size_t)n,
	    LOG_ETCD_ASK_MS, on_written, X);
	return (X->writing != NULL ? 0 : -1);
}

static int
on_compacted(void * ctx, struct etcd_reply * R)
{
	struct log_etcd * X = ctx;

	X->trimming = NULL;
	if (R->why == NULL)
		X->trimmed = X->trimming_to;
	return (0);
}

/* The revision in a value, 0 if it is none. */
static uint64_t
parse_progress(const struct etcd_row * row)
{
	uint64_t x = 0;

	if (row->value == NULL || row->value_len > 19)
		return (0);
	for (size_t i = 0; i < row->value_len; i++) {
		if (row->value[i] < '0' || row->value[i] > '9')
			return (0);
		x = 10 * x + (uint64_t)(row->value[i] - '0');
	}
	return (x);
}

static int
on_progress(void * ctx, struct etcd_reply * R)
{
	struct log_etcd * X = ctx;
	uint64_t own = committed_place(X->C).revision;
	struct log_etcd_trim T = {
		.current = R->revision, .lowest = own, .own = own,
		.keep = X->options.keep, .max = X->options.max,
		.in_use = X->in_use
	};
	struct etcd_row row;
	uint64_t progress;

	X->trimming = NULL;
	if (R->why != NULL)
		return (0);
	while (etcd_next(R, &row) == 1) {
		if ((progress = parse_progress(&row)) < T.lowest)
			T.lowest = progress;
	}
	X->trimming_to = log_etcd_trim(&T);
	/* Not for every revision. */
	if (X->trimming_to < X->trimmed + 1 + X->options.keep / 10)
		return (0);
	X->trimming = etcd_compact(X->etcd, X->trimming_to, LOG_ETCD_ASK_MS,
	    on_compacted, X);
	return (X->trimming != NULL ? 0 : -1);
}

static int
trim(struct log_etcd * X, uint64_t now_ms)
{

	if (!X->leads || X->trimming != NULL ||
	    now_ms - X->trim_ms < LOG_ETCD_TRIM_MS)
		return (0);
	X->trim_ms = now_ms;
	X->trimming = etcd_range(X->etcd, X->progress, 1, 1, LOG_ETCD_ASK_MS,
	    on_progress, X);
	return (X->trimming != NULL ? 0 : -1);
}

static int
on_look(void * ctx)
{
	struct log_etcd * X = ctx;
	uint64_t now_ms = clock_mono_ms();

	loop_timer_set(X->look, X->ntickets > 0 ? LOG_ETCD_LOOK_SOON_MS :
	    LOG_ETCD_LOOK_MS);
	if (X->looking == NULL && (X->ntickets == 0 ||
	    now_ms - X->looked_ms >= LOG_ETCD_LOOK_MS ||
	    log_etcd_queue_late(X, now_ms))) {
		X->looked_ms = now_ms;
		X->looking = etcd_status(X->etcd, LOG_ETCD_ASK_MS, on_status, X);
		if (X->looking == NULL)
			return (-1);
	}
	if (X->state != LOG_ETCD_WATCHING)
		return (0);
	if (log_etcd_who_look(X, now_ms))
		return (-1);
	return (write_progress(X, now_ms) || trim(X, now_ms) ? -1 : 0);
}

int
log_etcd_care_start(struct log_etcd * X)
{

	if ((X->look = loop_timer_new(X->L, on_look, X)) == NULL) {
		warn("log");
		return (-1);
	}
	loop_timer_set(X->look, 0);
	return (0);
}

void
log_etcd_care_soon(struct log_etcd * X)
{

	loop_timer_set(X->look, 0);
}

void
log_etcd_care_stop(struct log_etcd * X)
{

	if (X->look != NULL)
		loop_timer_free(X->look);
	X->look = NULL;
}
