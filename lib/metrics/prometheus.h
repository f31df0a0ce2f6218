#ifndef KS_METRICS_PROMETHEUS_H
#define KS_METRICS_PROMETHEUS_H

#include <stddef.h>
#include <stdint.h>

#include "metrics/histogram.h"

struct wbuf;

/*
 * The text format of Prometheus, version 0.0.4: for each metric two lines of what it
 * is, then its samples, all together.
 */

/* The type of the answer. */
#define PROMETHEUS_TYPE	"text/plain; version=0.0.4; charset=utf-8"

/* Names and values of labels by turns, then NULL. */
typedef const char * const prometheus_labels[];

/**
 * prometheus_family(W, name, type, help):
 * Append the lines that begin the metric ${name} (of a-z 0-9 and _) of ${type} "counter",
 * "gauge" or "histogram"; ${help} is a sentence without a backslash or line end.
 */
void prometheus_family(struct wbuf *, const char *, const char *, const char *);

/**
 * prometheus_sample(W, name, labels, x):
 * Append the sample ${x} of ${name} with ${labels}, which may be NULL; what is special in
 * their values is escaped.
 */
void prometheus_sample(struct wbuf *, const char *, prometheus_labels, uint64_t);

/**
 * prometheus_seconds(W, name, labels, us):
 * The same for a sample of ${us} microseconds, in seconds.
 */
void prometheus_seconds(struct wbuf *, const char *, prometheus_labels, uint64_t);

/**
 * prometheus_histogram(W, name, labels, upto, count, sum_us):
 * Append the samples of a histogram of seconds, of which ${upto}[i] took no longer than
 * histogram_bound(i), ${count} there were in all, and ${sum_us} microseconds they took
 * together.  ${labels} has at most PROMETHEUS_LABELS_MAX labels.
 */
#define PROMETHEUS_LABELS_MAX	4
void prometheus_histogram(struct wbuf *, const char *, prometheus_labels,
    const uint64_t[HISTOGRAM_BOUNDS], uint64_t, uint64_t);

#endif
