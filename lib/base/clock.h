#ifndef KS_BASE_CLOCK_H
#define KS_BASE_CLOCK_H

#include <stdint.h>

/**
 * clock_mono_ms(void):
 * Return milliseconds of a clock that never steps; only differences mean
 * anything.  For deadlines and intervals.
 */
uint64_t clock_mono_ms(void);

/**
 * clock_mono_ns(void):
 * As clock_mono_ms, in nanoseconds.  For measurements.
 */
uint64_t clock_mono_ns(void);

/**
 * clock_wall_ms(void):
 * Return milliseconds since 1970-01-01T00:00:00Z.  For issue times and
 * cosignature timestamps only.
 */
uint64_t clock_wall_ms(void);

#endif
