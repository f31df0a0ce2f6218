#ifndef KS_POLICY_POLICY_H
#define KS_POLICY_POLICY_H

#include <stddef.h>
#include <stdint.h>

#include "note/vkey.h"

/*
 * Who has to sign: the syntax of c2sp.org/tlog-policy, where "log" lines give
 * way to "replica" lines that groups may count, and a user's own keys are "key"
 * lines:
 *
 *	replica NAME VKEY [URL]
 *	witness NAME VKEY [URL]
 *	key NAME VKEY
 *	group NAME all|any|K NAME...
 *	quorum NAME|none
 *
 * A name is a member of one group at most, and a public key stands in the
 * policy once, so that nobody counts twice.  Nor do two keys have the same
 * four-byte identifier, so that it alone tells them apart.
 */
#define POLICY_LEN_MAX		8192	/* bytes of a policy */
#define POLICY_KEYS_MAX		64	/* replica, witness and key lines */
#define POLICY_GROUPS_MAX	64	/* group lines */
#define POLICY_NAME_MAX		255	/* bytes of a name */
#define POLICY_URL_MAX		255	/* bytes of a URL */

/* What a key is there for; also what a policy may hold, as a set of bits. */
enum policy_kind {
	POLICY_REPLICA = 0x01,	/* signs checkpoints; VKEY_ED25519 */
	POLICY_WITNESS = 0x02,	/* cosigns checkpoints; VKEY_COSIGNATURE */
	POLICY_KEY = 0x04,	/* signs a user's updates; VKEY_ED25519 */
	POLICY_NONE = 0x08	/* not of a key: "quorum none" is allowed */
};

/* Who has to sign the checkpoints of a realm. */
#define POLICY_FOR_REALM	(POLICY_REPLICA | POLICY_WITNESS | POLICY_NONE)

/* Who has to sign the updates of a user. */
#define POLICY_FOR_UPDATE	POLICY_KEY

struct policy;

/* A key of a policy. */
struct policy_key {
	const char * name;	/* in this policy only; opaque bytes */
	const char * url;	/* NULL if none */
	enum policy_kind kind;
	struct vkey vkey;
};

/* Why a policy was refused. */
struct policy_error {
	unsigned line;		/* from 1; 0 if it is about the whole */
	const char * rule;	/* NULL if memory ran out */
};

/**
 * policy_parse(text, len, kinds, P, error):
 * Parse the ${len} bytes at ${text} and store a new policy, for policy_free, in
 * ${P}.  Only the kinds of lines in the set ${kinds} of enum policy_kind are
 * allowed.  Return 0, or -1 and fill ${error}.
 */
int policy_parse(const char *, size_t, unsigned, struct policy **,
    struct policy_error *);

/**
 * policy_parse_realm(text, len, realm, P, error):
 * Parse the ${len} bytes at ${text} as a policy of the realm with the name
 * ${realm} and store it, for policy_free, in ${P}: POLICY_FOR_REALM, with at
 * least one replica, and with the name of the realm in each replica's key.
 * Return 0, or -1 and fill ${error}.
 */
int policy_parse_realm(const char *, size_t, const char *, struct policy **,
    struct policy_error *);

/**
 * policy_free(P):
 * Free ${P}, which may be NULL.
 */
void policy_free(struct policy *);

/**
 * policy_keys(P):
 * Return how many keys ${P} has; at most POLICY_KEYS_MAX.
 */
unsigned policy_keys(const struct policy *);

/**
 * policy_key(P, i):
 * Return key ${i} of ${P}, in the order of its lines; panic if there is none.
 * It stays until policy_free.
 */
const struct policy_key * policy_key(const struct policy *, unsigned);

/**
 * policy_replicas(P):
 * Return how many of the keys of ${P} are of kind POLICY_REPLICA.
 */
unsigned policy_replicas(const struct policy *);

/**
 * policy_find_pk(P, pk):
 * Return the number of the key of ${P} with the public key ${pk}, or -1.
 */
int policy_find_pk(const struct policy *, const uint8_t[SIGN_PK_LEN]);

/**
 * policy_find_id(P, name, namelen, id):
 * Return the number of the key of ${P} whose vkey has the ${namelen} bytes at
 * ${name} as its name and ${id} as its identifier, or -1.
 */
int policy_find_id(const struct policy *, const char *, size_t,
    const uint8_t[VKEY_ID_LEN]);

/**
 * policy_find_keyid(P, kind, id):
 * Return the number of the key of ${P} of ${kind} whose vkey has ${id} as its
 * identifier, or -1: for formats that carry no key name.
 */
int policy_find_keyid(const struct policy *, enum policy_kind,
    const uint8_t[VKEY_ID_LEN]);

/**
 * policy_find_name(P, name):
 * Return the number of the key of ${P} whose line has the string ${name}, or -1.
 */
int policy_find_name(const struct policy *, const char *);

/**
 * policy_met(P, satisfied):
 * Return nonzero if the quorum of ${P} is met when the keys i with nonzero
 * ${satisfied}[i] have signed; ${satisfied} has policy_keys(${P}) elements.  It
 * is never met by nobody: "quorum none" takes a majority of the replicas, or any
 * key where there are none.
 */
int policy_met(const struct policy *, const uint8_t *);

#endif
