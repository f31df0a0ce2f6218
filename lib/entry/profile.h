#ifndef KS_ENTRY_PROFILE_H
#define KS_ENTRY_PROFILE_H

#include <stddef.h>
#include <stdint.h>

#include "codec/rbuf.h"
#include "entry/limits.h"

struct wbuf;

/* The nonce that hides a profile behind its commitment. */
#define PROFILE_NONCE_LEN	32

/*
 * A profile (PROTOCOL section 4): what a user publishes to those who look him
 * up.  Parsed in place.
 */
struct profile {
	const uint8_t * nonce;	/* PROFILE_NONCE_LEN bytes */
	uint16_t count;		/* applications */
	const uint8_t * apps;	/* the encoded applications */
	size_t apps_len;
};

/* One application of a profile. */
struct profile_app {
	const char * app;	/* name, not NUL-terminated */
	size_t app_len;		/* 1 to APP_LEN_MAX */
	const uint8_t * value;
	size_t value_len;	/* 0 to 65535 */
};

/**
 * profile_parse(P, p, len):
 * Decode the ${len} bytes at ${p} into ${P}, which points into them.  Return 0,
 * or -1 if they are not a profile (shape, limits, order and alphabet of the
 * applications).
 */
int profile_parse(struct profile *, const uint8_t *, size_t);

/**
 * profile_start(P, cursor):
 * Make ${cursor} stand before the first application of the parsed ${P}.
 */
void profile_start(const struct profile *, struct rbuf *);

/**
 * profile_next(cursor, app):
 * Store the next application in ${app} and return 1, or return 0 after the
 * last one.
 */
int profile_next(struct rbuf *, struct profile_app *);

/**
 * profile_find(P, name, app):
 * Store in ${app} the application of ${P} with the NUL-terminated ${name} and
 * return 1, or return 0 if there is none.
 */
int profile_find(const struct profile *, const char *, struct profile_app *);

/**
 * profile_app_ok(name, len):
 * Return 1 if the ${len} bytes at ${name} are an application's name, or 0.
 */
int profile_app_ok(const char *, size_t);

/**
 * profile_put(W, nonce, apps, n):
 * Append to ${W} the profile of the ${n} applications ${apps}, in any order,
 * with the PROFILE_NONCE_LEN bytes ${nonce}, which must be random and fresh.
 * Return 0, or -1 if a name is not one or is there twice, a limit is exceeded,
 * or ${W} fails.
 */
int profile_put(struct wbuf *, const uint8_t *, const struct profile_app *,
    size_t);

/**
 * profile_commitment(commitment, p, len):
 * Store in ${commitment} the HASH_LEN bytes that commit to the profile encoded
 * in the ${len} bytes at ${p}.
 */
void profile_commitment(uint8_t *, const uint8_t *, size_t);

#endif
