#ifndef KS_UPDATE_COMPOSE_H
#define KS_UPDATE_COMPOSE_H

#include <stddef.h>
#include <stdint.h>

#include "codec/wbuf.h"
#include "entry/entry.h"
#include "note/keyfile.h"

/*
 * An update is composed from what was looked up and what is asked for.
 */
struct compose {
	const char * realm;		/* name */
	const uint8_t * index;		/* of the user */
	const struct entry * current;	/* NULL: a registration */
	const char * policy;		/* new one; NULL: the current one */
	size_t policy_len;
	const uint8_t * profile;	/* encoded */
	size_t profile_len;
	struct keyfile * const * keys;	/* that sign, 1 to UPDATE_SIGS_MAX */
	size_t nkeys;
};

/**
 * compose_policy(K, W):
 * Append to ${W} the policy of a user with the only key ${K}: a line `key me
 * VKEY` and `quorum me`.  Return 0, or -1 if the key is not valid.
 */
int compose_policy(const struct keyfile *, struct wbuf *);

/**
 * compose_update(C, W, rule):
 * Append to ${W} the signed update ${C}: version 0 if there is no current entry,
 * else one above its version.  It is checked against the rules of an update:
 * return 0 and store in ${rule} NULL, or the rule that it breaks; or return -1
 * if it cannot be made: out of memory, a key twice, the last version used.
 */
int compose_update(const struct compose *, struct wbuf *, const char **);

#endif
