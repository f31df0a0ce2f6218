#ifndef KS_CLIENT_SETUP_H
#define KS_CLIENT_SETUP_H

#include <stddef.h>
#include <stdint.h>

struct client;
struct policy;
struct proof_verdict;
struct realm;

/* What a client's tools begin with: a realm file, a policy, servers. */
struct setup {
	struct realm * realm;
	struct policy * policy;		/* own; NULL: the realm's */
	char * policy_text;		/* NULL with it */
	size_t policy_len;
	struct client * client;
};

/**
 * setup_realm(S, realm, policy):
 * Make ${S}, for setup_free whatever comes of it, hold the realm file ${realm}
 * and, unless it is NULL, the quorum policy in the file ${policy}.  Return 0, or
 * -1 after a line on standard error.
 */
int setup_realm(struct setup *, const char *, const char *);

/**
 * setup_servers(S, realm, servers, n, ca):
 * Give ${S} a client of the ${n} ${servers}, or if there are none of those in
 * the realm file ${realm}, with the authorities in the file ${ca} (client_set_ca).  Return 0, or -1 after a line on standard error.
 */
int setup_servers(struct setup *, const char *, const char * const *,
    unsigned, const char *);

/**
 * setup_free(S):
 * Free what ${S} holds.
 */
void setup_free(struct setup *);

/**
 * setup_save(path, text, len):
 * Write the ${len} bytes at ${text} to the file ${path}, whole or not at all,
 * with the mode of a new file.  Return 0, or -1 after a line on standard error.
 */
int setup_save(const char *, const void *, size_t);

/**
 * setup_report(S, user, V, json):
 * Print what the verified ${V} says of ${user}, as JSON if ${json} is nonzero,
 * on standard output.  Return the exit code (report_code).
 */
int setup_report(const struct setup *, const char *,
    const struct proof_verdict *, int);

#endif
