#ifndef KS_HKP_HKP_H
#define KS_HKP_HKP_H

#include <stddef.h>
#include <stdint.h>

#include "openpgp/openpgp.h"

struct wbuf;

/*
 * HKP, the protocol in which gpg, sq and others ask a keyserver for OpenPGP keys
 * (draft-ietf-openpgp-hkp), as far as it is words: what was asked, and how keys
 * and lists of keys are written.  Pure: no network, no clock.
 */

/* The application of a profile whose value is the owner's OpenPGP keys. */
#define HKP_APP			"pgp"

/* Addresses that may have what is asked for by id: each costs a lookup. */
#define HKP_VALUES_MAX		16

/* Most keys of an answer: all of all, or one who publishes many copies of another's
 * key would leave no place for the owner's. */
#define HKP_HITS_MAX		(HKP_VALUES_MAX * OPENPGP_CERTS_MAX)

/* Bytes of an answer: keys in armor, or a list of them, each text escaped. */
#define HKP_ANSWER_MAX		(HKP_VALUES_MAX * OPENPGP_ARMOR_MAX)

/* Why a search finds nothing, or cannot be made; in PROTOCOL. */
#define HKP_SEARCH_MALFORMED	"search-malformed"	/* 400 */
#define HKP_SEARCH_UNSUPPORTED	"search-unsupported"	/* 501 */
#define HKP_KEY_NOT_FOUND	"key-not-found"		/* 404 */
#define HKP_ADD_REFUSED		"add-refused"		/* 403 */

/* What is answered to who sends a key. */
#define HKP_ADD_TEXT \
	"keys are not published by sending them, but by an update that their" \
	" owner signs: ks-update -r REALM.CONF -k KEY ADDRESS pgp=@FILE"

enum hkp_op {
	HKP_GET = 0,
	HKP_INDEX,
	HKP_VINDEX,	/* with subkeys */
	HKP_STATS
};

/* The arguments as they came, decoded; NULL: not there. */
struct hkp_args {
	const char * op;
	const char * search;
	const char * options;	/* words, separated by commas */
	const char * exact;
};

/* What is asked. */
struct hkp_query {
	enum hkp_op op;
	int mr;				/* nonzero: the list is for a machine */
	int exact;			/* nonzero: user ids of the address only */
	char user[USER_LEN_MAX + 1];	/* an address; "" if it is by id */
	uint8_t id[OPENPGP_FPR_MAX];	/* a fingerprint or key id */
	size_t id_len;
};

/* A key that was found. */
struct hkp_hit {
	const struct openpgp_cert * cert;
	const char * user;		/* under whom; NULL: not by exact address */
};

/* What was found so far, for hkp_found_free; all zeroes at first. */
struct hkp_found {
	struct openpgp * values[HKP_VALUES_MAX];	/* of users */
	size_t nvalues;
	struct hkp_hit hits[HKP_HITS_MAX];
	size_t n;
	const char * none;	/* a sentence on why there is nothing, or NULL */
};

/* An error as it is answered. */
struct hkp_error {
	unsigned status;
	const char * code;		/* as of an ERROR */
	const char * rule;
	const char * text;
};

/**
 * hkp_query(Q, A, E):
 * Store in ${Q} what the arguments ${A} ask for.  A search is an address, in angle
 * brackets or not, or 0x and 16, 40 or 64 hexadecimal digits.  Return 0; or -1 and
 * store in ${E} why it is none, or one that cannot be answered.
 */
int hkp_query(struct hkp_query *, const struct hkp_args *, struct hkp_error *);

/**
 * hkp_found_add(F, Q, value, len):
 * Add to ${F} those keys that ${Q} asks for in the ${len} bytes at ${value}, the value
 * of HKP_APP of a verified profile: by address all, or if it is to be exact those with
 * a user id of it; by id those that have it.  Return 0; or -1 if memory ran
 * out.
 */
int hkp_found_add(struct hkp_found *, const struct hkp_query *,
    const uint8_t *, size_t);

/**
 * hkp_found_free(F):
 * Free what ${F} holds.
 */
void hkp_found_free(struct hkp_found *);

/**
 * hkp_answer(W, Q, F, now):
 * Append to ${W} the answer to ${Q} of what is in ${F}, at the time ${now} in seconds
 * since 1970: one block of ASCII armor with all keys; or a list of them, lines of fields for a
 * machine, else text for a person.  Copies of one key become one.
 */
void hkp_answer(struct wbuf *, const struct hkp_query *,
    const struct hkp_found *, uint64_t);

/**
 * hkp_none(F, E):
 * Store in ${E} that there is nothing in ${F}, and why.
 */
void hkp_none(const struct hkp_found *, struct hkp_error *);

/**
 * hkp_uid_line(line, len, user):
 * Store in ${user}, which has room for USER_LEN_MAX + 1 bytes, the address in the
 * ${len} bytes at ${line}, a line without its end of a list for a machine.  Return 0,
 * or -1 if it is not that of a user id with an address.
 */
int hkp_uid_line(const char *, size_t, char *);

/**
 * hkp_type(Q):
 * Return the content type of the answer to ${Q}.
 */
const char * hkp_type(const struct hkp_query *);

#endif
