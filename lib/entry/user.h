#ifndef KS_ENTRY_USER_H
#define KS_ENTRY_USER_H

#include <stddef.h>

#include "entry/limits.h"

/**
 * user_normalise(user, p, len):
 * Store in ${user}, which has room for USER_LEN_MAX + 1 bytes, the normal form
 * of the user id in the ${len} bytes at ${p}, with a NUL.  Return 0, or -1 if
 * they are not a user id: rule `user-malformed`.
 */
int user_normalise(char *, const char *, size_t);

/**
 * user_is_normal(p, len):
 * Return 1 if the ${len} bytes at ${p} are a user id in normal form, or 0.
 */
int user_is_normal(const char *, size_t);

/**
 * user_realm_ok(p, len):
 * Return 1 if the ${len} bytes at ${p} are a realm's name (PROTOCOL section 3),
 * or 0.
 */
int user_realm_ok(const char *, size_t);

#endif
