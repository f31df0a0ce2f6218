#ifndef KS_CLIENT_CLIENT_H
#define KS_CLIENT_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#include "crypto/hash.h"
#include "entry/limits.h"
#include "frame/common.h"
#include "merkle/merkle.h"

/*
 * Blocking questions to the servers of a realm.  They are asked in the order in
 * which they were added, beginning with the one that answered last: one that is
 * away, or cannot answer now, is passed over; while one keeps silent the next is
 * asked as well, and the first answer counts.  One that breaks a rule of HTTP
 * (PROTOCOL section 10) is passed over, too.  What they say is not checked
 * here: see client/client_check.h.
 */
struct client;

/* Most servers of a realm file, or on a command line. */
#define CLIENT_SERVERS_MAX	8

/* How long a server may take to answer, besides what it was asked to wait. */
#define CLIENT_TIMEOUT_MS	10000

/* One that has not answered for so long may hang: the next is asked as well. */
#define CLIENT_PATIENCE_MS	1500

/* An answer that was to come by a deadline may be so late on its way. */
#define CLIENT_GRACE_MS		2000

/* What came of a question. */
enum client_outcome {
	CLIENT_OK = 0,		/* there is an answer */
	CLIENT_REFUSED,		/* a server refused: asking again is in vain */
	CLIENT_UNAVAILABLE,	/* no server could answer: try again later */
	CLIENT_UNUSABLE		/* none will do: asking again is in vain */
};

/* What is asked for by client_lookup; as in PROTOCOL section 11. */
struct client_lookup {
	uint64_t epoch;		/* 0: the newest */
	uint64_t epoch_min;
	uint64_t wait_ms;	/* at most LOOKUP_WAIT_MAX_MS counts */
	const char * user;
	const char * policy;	/* NULL: the realm's */
	size_t policy_len;
	const uint8_t * known;	/* HASH_LEN bytes: policy of the realm file */
};

/* What is sent by client_update. */
struct client_update {
	uint8_t request_id[REQUEST_ID_LEN];
	const char * user;
	const uint8_t * update;
	size_t update_len;
	const uint8_t * profile;
	size_t profile_len;
};

/* Most versions that client_history brings at a time. */
#define CLIENT_HISTORY_MAX	16

/* What is asked for by client_history. */
struct client_history_ask {
	const char * user;
	uint64_t from_epoch;	/* versions of this epoch and later */
	unsigned max;		/* 1 to CLIENT_HISTORY_MAX of them, the oldest */
	const char * policy;	/* that the proofs are to meet; NULL: the realm's */
	size_t policy_len;
	const uint8_t * known;	/* HASH_LEN bytes: policy of the realm file */
};

/* A version of an entry, as a server tells it. */
struct client_version {
	uint64_t epoch;		/* in which it became so */
	uint64_t version;
	char * proof;		/* of a lookup at that epoch, with a NUL */
	size_t proof_len;
};

/* A page of the history of an entry, for client_history_free. */
struct client_history {
	uint64_t next_epoch;	/* from which there are more; 0: there are none */
	unsigned n;
	struct client_version versions[CLIENT_HISTORY_MAX];	/* oldest first */
};

/**
 * client_new(void):
 * Return a client without servers, for client_free, or NULL (ENOMEM).
 */
struct client * client_new(void);

/**
 * client_free(C):
 * Close the connections of ${C} and free it; NULL is fine.
 */
void client_free(struct client *);

/**
 * client_set_ca(C, path):
 * Let ${C} trust the certificate authorities in the file ${path}, whose name must
 * stay, and no others; without it (NULL, "") those in the file that the environment
 * names in KS_CA_FILE, else those of the system.  To be called before client_add.
 */
void client_set_ca(struct client *, const char *);

/**
 * client_add(C, url, base):
 * Add the server ${url} (client/server_url.h; relative to the folder of the file
 * ${base}, which may be NULL) to ${C}.  Return 0, or -1 after a line on standard
 * error.
 */
int client_add(struct client *, const char *, const char *);

/**
 * client_servers(C):
 * Return how many servers ${C} has.
 */
unsigned client_servers(const struct client *);

/**
 * client_error(C):
 * Return why the last question of ${C} got no answer: the rule and the sentence
 * of the server that spoke, or of our own; valid until the next question.
 */
const struct common_error * client_error(const struct client *);

/**
 * client_error_server(C):
 * Return the directory or URL of the server that client_error is about, or NULL if
 * it is about none.
 */
const char * client_error_server(const struct client *);

/**
 * client_say(C, outcome, who):
 * Say on standard error why the last question of ${C}, about ${who}, ended by
 * ${outcome}, which is not CLIENT_OK: a line, and one for each server that will not
 * do.  Return EXITS_TEMPORARY if asking again may help, else EXITS_PERMANENT.
 */
int client_say(const struct client *, enum client_outcome, const char *);

/**
 * client_in_doubt(C):
 * Return nonzero if a server may have received a request of the last question
 * without our having seen its answer: an update may have taken effect.
 */
int client_in_doubt(const struct client *);

/**
 * client_set_deadline(C, deadline_ms):
 * Wait for no answer beyond ${deadline_ms} of clock_mono_ms and CLIENT_GRACE_MS.
 */
void client_set_deadline(struct client *, uint64_t);

/**
 * client_all_said(C, rule):
 * Return nonzero if every server that was asked the last question of ${C} told
 * that it breaks ${rule}, none was away, and none was not asked.
 */
int client_all_said(const struct client *, const char *);

/**
 * client_pass(C), client_pass_none(C):
 * Ask the server of ${C} that answered last no more, and return how many are left;
 * ask all again.
 */
unsigned client_pass(struct client *);
void client_pass_none(struct client *);

/**
 * client_lookup(C, L, proof, len):
 * Ask for the proof of the lookup ${L} and store its text, unverified, in
 * ${proof}, for free(3), with a NUL after its ${len} bytes.
 */
enum client_outcome client_lookup(struct client *,
    const struct client_lookup *, char **, size_t *);

/**
 * client_history(C, A, H), client_history_free(H):
 * Ask for the versions ${A} of an entry, with their proofs, all of them unverified,
 * and store them in ${H}, which then is to be freed, once; it holds nothing unless
 * CLIENT_OK.  ${H} says what one server, or several in turn, told: that nothing is
 * missing, and that the epochs and versions are those of the proofs, is not said.
 */
enum client_outcome client_history(struct client *,
    const struct client_history_ask *, struct client_history *);
void client_history_free(struct client_history *);

/**
 * client_consistency(C, m, n, proof, count):
 * Ask for the proof that the epoch log of size ${m} is a prefix of that of size
 * ${n}, 0 < ${m} <= ${n}, and store its ${count} hashes in ${proof}.
 */
enum client_outcome client_consistency(struct client *, uint64_t, uint64_t,
    uint8_t[MERKLE_DEPTH_MAX][HASH_LEN], unsigned *);

/**
 * client_update(C, U, timeout_ms, epoch):
 * Send the update ${U} until a server has taken it, for ${timeout_ms} each, and
 * store in ${epoch} the epoch in which it is or will be.  With the
 * same request id it may be sent again without taking effect twice.
 */
enum client_outcome client_update(struct client *,
    const struct client_update *, uint64_t, uint64_t *);

/* Most users of an answer to client_find. */
#define CLIENT_FOUND_MAX	16

/* Who is said to have published a key. */
struct client_found {
	unsigned n;
	char user[CLIENT_FOUND_MAX][USER_LEN_MAX + 1];	/* normalised */
};

/**
 * client_find(C, id, len, F):
 * Ask who has published an OpenPGP key with the fingerprint or key id in the ${len}
 * bytes at ${id}, and fill ${F}.  That is a hint: look each up.  If there is no such key,
 * or no index of them, client_error has the rule of a search over HKP.
 */
enum client_outcome client_find(struct client *, const uint8_t *, size_t,
    struct client_found *);

#endif
