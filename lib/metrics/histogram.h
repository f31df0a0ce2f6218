#ifndef KS_METRICS_HISTOGRAM_H
#define KS_METRICS_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

struct wbuf;

/*
 * How long something took, counted in fixed buckets whose bounds rise 1, 2.5, 5,
 * 10...: cheap to note, and the counts of several may be added.  The caller reads
 * the clock.
 */

/* Bounds of the buckets: 100 microseconds to 100 seconds; beyond is one more. */
#define HISTOGRAM_BOUNDS	19

struct histogram {
	uint64_t buckets[HISTOGRAM_BOUNDS + 1];	/* each alone, not cumulative */
	uint64_t count;
	uint64_t sum_us;
};

/**
 * histogram_bound(i):
 * Return the bound of bucket ${i} (below HISTOGRAM_BOUNDS) in microseconds: what took
 * exactly so long is in it.
 */
uint64_t histogram_bound(size_t);

/**
 * histogram_note(H, us):
 * Count in ${H} something that took ${us} microseconds.
 */
void histogram_note(struct histogram *, uint64_t);

/**
 * histogram_put(H, name, W):
 * Append to ${W}, for STATUS, the lines ${name}_us_le_BOUND for each bound, with how many
 * took no longer than that, then ${name}_us_count and ${name}_us_sum.
 */
void histogram_put(const struct histogram *, const char *, struct wbuf *);

#endif
