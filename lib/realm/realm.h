#ifndef KS_REALM_REALM_H
#define KS_REALM_REALM_H

#include <stddef.h>
#include <stdint.h>

#include "crypto/vrf.h"
#include "entry/limits.h"
#include "policy/policy.h"

struct wbuf;

#define REALM_NONCE_LEN		16		/* the tree nonce */
#define REALM_SERVERS_MAX	8		/* server lines */
#define REALM_SERVER_LEN_MAX	1023		/* bytes of a server's URL */
#define REALM_REGISTRATION_MAX	32		/* bytes of that line's value */
#define REALM_FRESH_MAX_S	315360000	/* ten years of 365 days */
#define REALM_FILE_MAX		65536		/* bytes of a realm file */
#define REALM_LINKS_MAX		64		/* link lines: one a policy key */
#define REALM_PIN_LEN		71		/* "SHA256:", 64 digits */

/* What somebody who comes over the network may have: flags. */
enum realm_role {
	REALM_ROLE_POLICY = 0,	/* that of its name's key in the policy */
	REALM_ROLE_REPLICA = 1,
	REALM_ROLE_VERIFIER = 2,
	REALM_ROLE_EDGE = 4	/* a host of clients */
};

/* Who may come over the network, with which certificate. */
struct realm_link {
	char name[POLICY_NAME_MAX + 1];	/* without a role: in the policy */
	char pin[REALM_PIN_LEN + 1];	/* SHA256: and the hash in hex */
	enum realm_role role;		/* as the line says */
	unsigned line;			/* where it stands; not formatted */
};

/* A realm file (PROTOCOL section 10): what anyone may know of a realm. */
struct realm {
	char name[REALM_NAME_MAX + 1];
	uint8_t nonce[REALM_NONCE_LEN];
	uint8_t vrf_pk[VRF_PK_LEN];
	uint64_t fresh_s;		/* how old a proof may be */

	/* How a new user proves an address; whoever takes updates must know
	 * the word, and refuse to run if he does not. */
	char registration[REALM_REGISTRATION_MAX + 1];

	unsigned nservers;
	char server[REALM_SERVERS_MAX][REALM_SERVER_LEN_MAX + 1];

	unsigned nlinks;
	struct realm_link link[REALM_LINKS_MAX];

	const char * policy_text;	/* of the realm policy, with a NUL */
	size_t policy_len;		/* without it */

	/* What follows from the above; realm_format does not look at it. */
	struct policy * policy;
	uint8_t policy_hash[HASH_LEN];	/* as in head records */
	uint8_t realm_hash[HASH_LEN];	/* as in head records */
	char * own;			/* private: holds policy_text */
};

/* Why a realm file was refused. */
struct realm_error {
	unsigned line;		/* from 1; 0 if it is about the whole */
	const char * rule;	/* NULL if memory ran out */
};

/**
 * realm_parse(text, len, realm, error):
 * Parse the ${len} bytes at ${text} and store a new realm, for realm_free, in
 * ${realm}.  Return 0, or -1 and fill ${error}.
 */
int realm_parse(const char *, size_t, struct realm **, struct realm_error *);

/**
 * realm_read(path):
 * Return the realm in the file ${path}, for realm_free; or NULL, with a line
 * "program: PATH:LINE: rule" on standard error.
 */
struct realm * realm_read(const char *);

/**
 * realm_format(W, realm):
 * Append to ${W} the realm file that says ${realm}.  realm_parse of it yields
 * the same again, if what ${realm} holds is allowed.
 */
void realm_format(struct wbuf *, const struct realm *);

/**
 * realm_pin_ok(p, len):
 * Return nonzero if the ${len} bytes at ${p} are the pin of a certificate.
 */
int realm_pin_ok(const char *, size_t);

/**
 * realm_find_pin(realm, pin), realm_find_link(realm, name):
 * Return the number of the link of ${realm} with the string ${pin}, or with the
 * string ${name}; or -1.
 */
int realm_find_pin(const struct realm *, const char *);
int realm_find_link(const struct realm *, const char *);

/**
 * realm_link_role(realm, i):
 * Return the role of link ${i} of ${realm}: what its line says, else what the
 * policy says of its name.
 */
enum realm_role realm_link_role(const struct realm *, unsigned);

/**
 * realm_role_parse(p, len), realm_role_word(role):
 * Return the role that the ${len} bytes at ${p} name, REALM_ROLE_POLICY if none;
 * and the word for ${role}, empty for that one.
 */
enum realm_role realm_role_parse(const char *, size_t);
const char * realm_role_word(enum realm_role);

/**
 * realm_free(realm):
 * Free ${realm}, which came from realm_parse or realm_read or is NULL.
 */
void realm_free(struct realm *);

#endif
