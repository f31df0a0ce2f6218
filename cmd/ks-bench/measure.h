#ifndef KS_BENCH_MEASURE_H
#define KS_BENCH_MEASURE_H

#include <stddef.h>
#include <stdint.h>

struct bench;

/* Times taken one by one, in nanoseconds. */
struct samples {
	uint64_t * ns;
	size_t n;
	size_t cap;
	int sorted;
};

/**
 * measure_print(B, name, value, unit):
 * Print the measure ${name} with its ${value} in ${unit}, as ${B} asks for.
 */
void measure_print(const struct bench *, const char *, double, const char *);

/**
 * measure_ratio(B, name, value, unit, floor, floor_value):
 * The same, with the floor named ${floor} and the ratio of ${value} to the
 * ${floor_value}, which was taken in the same run and is in the same unit.
 */
void measure_ratio(const struct bench *, const char *, double, const char *,
    const char *, double);

/**
 * samples_init(S), samples_free(S):
 * Make ${S} hold no sample; free what it holds.
 */
void samples_init(struct samples *);
void samples_free(struct samples *);

/**
 * samples_add(S, ns):
 * Add a time of ${ns} nanoseconds.  Return 0, or -1 if out of memory.
 */
int samples_add(struct samples *, uint64_t);

/**
 * samples_quantile(S, q):
 * Return the time below which the part ${q} of ${S} lies, from 0 to 1, in
 * nanoseconds; 0 if there is no sample.
 */
double samples_quantile(struct samples *, double);

#endif
