#ifndef KS_CLIENT_INSTANT_H
#define KS_CLIENT_INSTANT_H

#include <stdint.h>

/* Bytes that hold any instant as text, with a NUL: 9999-12-31T23:59:59.999Z. */
#define INSTANT_SIZE	25

/* The last instant that four digits of a year can say, in milliseconds. */
#define INSTANT_MAX_MS	253402300799999ULL

/**
 * instant_parse(text, time_ms):
 * Parse the string ${text}, a time in RFC 3339 (2026-01-31T12:00:00Z, also with
 * a fraction, of which milliseconds count, or with an offset such as +01:00) or
 * seconds since 1970 in decimal, and store it in ${time_ms}, milliseconds since
 * 1970.  A leap second is taken as the second after it.  Return 0, or -1 if it
 * is neither, or not between 1970 and 9999.
 */
int instant_parse(const char *, uint64_t *);

/**
 * instant_format(time_ms, text):
 * Write ${time_ms}, milliseconds since 1970, to ${text} in RFC 3339, in UTC, with
 * milliseconds only if they are not 0.  A time above INSTANT_MAX_MS is written
 * as if it were that.
 */
void instant_format(uint64_t, char[INSTANT_SIZE]);

#endif
