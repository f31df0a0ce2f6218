#ifndef KS_OPENPGP_OPENPGP_H
#define KS_OPENPGP_OPENPGP_H

#include <stddef.h>
#include <stdint.h>

#include "entry/limits.h"

struct wbuf;

/*
 * What a keyserver must know of published OpenPGP keys: the value of the
 * application `pgp` of a profile, one key (certificate) or several one after the
 * other, binary or in ASCII armor.  It is untrusted input, and no signature in it
 * is checked here: when a key expires or whether it was revoked is what its own
 * self-signatures say, good enough to show.  Whose the value is, the directory
 * proves; what the key is good for, the user's own OpenPGP program checks.
 */

/* Bytes of a value: more do not fit into a profile. */
#define OPENPGP_LEN_MAX		PROFILE_LEN_MAX

/* Bytes of a fingerprint: 20 of version 4, 32 of versions 5 and 6. */
#define OPENPGP_FPR_MAX		32

/* Bytes of a key id, a part of the fingerprint. */
#define OPENPGP_KEYID_LEN	8

/* In one value: far more than people have, and few enough to be looked through. */
#define OPENPGP_CERTS_MAX	16	/* keys with their user ids */
#define OPENPGP_KEYS_MAX	128	/* primary keys and subkeys in all of them */
#define OPENPGP_UIDS_MAX	128	/* user ids in all of them */

/* Bytes of a value in ASCII armor, of which the headers and line ends are a part. */
#define OPENPGP_ARMOR_MAX	(OPENPGP_LEN_MAX / 3 * 4 + OPENPGP_LEN_MAX / 48 + 256)

/* A primary key or a subkey. */
struct openpgp_key {
	uint8_t version;	/* 4, 5 or 6 */
	uint8_t algorithm;	/* number of RFC 9580, section 9.1 */
	uint8_t fpr_len;
	uint8_t fpr[OPENPGP_FPR_MAX];
	uint8_t keyid[OPENPGP_KEYID_LEN];
	uint32_t bits;		/* 0: not known */
	uint64_t created;	/* seconds since 1970 */
	uint64_t expires;	/* 0: never */
	int revoked;
};

/* A user id; its text is any bytes but is mostly `Name <address>`. */
struct openpgp_uid {
	const uint8_t * text;	/* points into the struct openpgp */
	size_t len;
	uint64_t created;	/* of its newest self-signature; 0: none */
	uint64_t expires;	/* of the same; 0: never */
	int revoked;
};

/* A key with what belongs to it. */
struct openpgp_cert {
	const uint8_t * data;	/* its packets */
	size_t len;
	const struct openpgp_key * keys;	/* the first is the primary key */
	size_t nkeys;
	const struct openpgp_uid * uids;
	size_t nuids;
};

/* A parsed value, for openpgp_free. */
struct openpgp {
	struct openpgp_cert certs[OPENPGP_CERTS_MAX];
	size_t ncerts;		/* at least 1 */

	/* What the pointers in certs point into. */
	struct openpgp_key keys[OPENPGP_KEYS_MAX];
	size_t nkeys;
	struct openpgp_uid uids[OPENPGP_UIDS_MAX];
	size_t nuids;
	uint8_t * data;
	size_t len;
};

/**
 * openpgp_parse(O, p, len, why):
 * Take the ${len} bytes at ${p}, a value of the application `pgp`, apart into a
 * new ${O}, which keeps a copy.  Return 0; or -1 and store in ${why} a sentence
 * on why it is no such value, or NULL if memory ran out.  Secret keys are none.
 * Takes time and memory in proportion to ${len}.
 */
int openpgp_parse(struct openpgp **, const uint8_t *, size_t, const char **);

/**
 * openpgp_free(O):
 * Free ${O}; NULL is fine.
 */
void openpgp_free(struct openpgp *);

/**
 * openpgp_uid_address(U, user):
 * Store in ${user}, which has room for USER_LEN_MAX + 1 bytes, the e-mail
 * address in the user id ${U}, as a normalised user id of a realm.  Return 0, or
 * -1 if there is none.
 */
int openpgp_uid_address(const struct openpgp_uid *, char *);

/**
 * openpgp_cert_has(C, id, len):
 * Return nonzero if the ${len} bytes at ${id} are the fingerprint, the key id, or
 * its last 4 bytes, of a primary key or subkey of ${C}.
 */
int openpgp_cert_has(const struct openpgp_cert *, const uint8_t *, size_t);

/**
 * openpgp_cert_names(C, user):
 * Return nonzero if a user id of ${C} that was not revoked has the address
 * ${user}, a normalised user id.
 */
int openpgp_cert_names(const struct openpgp_cert *, const char *);

/**
 * openpgp_cert_put(W, C, user):
 * Append to ${W} the packets of ${C}; unless ${user} is NULL without the user ids
 * that have another address than ${user}, a normalised user id, and without what is
 * signed with them, and without attributes (photographs).
 */
void openpgp_cert_put(struct wbuf *, const struct openpgp_cert *, const char *);

/**
 * openpgp_cert_same(C, D):
 * Return nonzero if ${C} and ${D} are the same key: their primary keys are.
 */
int openpgp_cert_same(const struct openpgp_cert *, const struct openpgp_cert *);

/**
 * openpgp_merge(W, certs, n):
 * Append to ${W} the ${n} > 1 ${certs}, copies of the same key, as one: what any of them
 * has, so that none can hide what another tells, a revocation above all.  Packets that do
 * not belong into a key are left out.
 */
void openpgp_merge(struct wbuf *, const struct openpgp_cert * const *, size_t);

/**
 * openpgp_armor(W, p, len):
 * Append to ${W} the ${len} bytes at ${p}, packets of public keys, in ASCII armor.
 */
void openpgp_armor(struct wbuf *, const uint8_t *, size_t);

#endif
