#ifndef KS_HKP_WKD_H
#define KS_HKP_WKD_H

#include "entry/limits.h"

/*
 * The Web Key Directory (draft-koch-openpgp-webkey-service): an address is looked
 * up at its own domain, under a hash of its local part.
 */

/* Characters of the hash: z-base-32 of a SHA-1. */
#define WKD_HASH_LEN	32

/**
 * wkd_hash(local, hash):
 * Store in ${hash}, with a NUL, the hash of the local part ${local}, in which ASCII
 * letters count as small.  Return 0, or -1 if the library will not make it.
 */
int wkd_hash(const char *, char[WKD_HASH_LEN + 1]);

/**
 * wkd_user(user, hash, local, domain):
 * Store in ${user}, which has room for USER_LEN_MAX + 1 bytes, the normalised
 * address of ${local}, which may be NULL, at ${domain}.  Return 0, or -1 if there is
 * none, or ${hash} is not its hash.
 */
int wkd_user(char *, const char *, const char *, const char *);

#endif
