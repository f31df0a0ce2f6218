#ifndef KS_CLIENT_CLIENT_CHECK_H
#define KS_CLIENT_CLIENT_CHECK_H

#include <stddef.h>
#include <stdint.h>

#include "proof/proof.h"

struct client;
struct policy;
struct realm;

/*
 * A lookup as a client makes it: asked for, verified against the realm file and
 * a policy, held against the checkpoint that the client remembers of the realm,
 * and remembered.
 */

/* What is asked for. */
struct client_check {
	struct client * client;
	const struct realm * realm;
	const struct policy * policy;	/* NULL: the realm's own */
	const char * policy_text;	/* of policy; NULL with it */
	size_t policy_len;
	const char * user;		/* normalised */
	uint64_t epoch;			/* 0: the newest */
	uint64_t epoch_min;
	uint64_t wait_ms;		/* for the quorum, and epoch_min */
	int quiet;			/* nonzero: no line if no server answers */
};

/* What was found, for client_check_free. */
struct client_check_answer {
	char * text;		/* the proof, NUL-terminated; NULL if none */
	size_t len;
	struct proof * proof;	/* the same, taken apart */
	struct proof_verdict V;	/* points into proof */
};

/**
 * client_check_lookup(Q, A):
 * Do the lookup ${Q} and fill ${A}, which must be freed with client_check_free
 * whatever comes of it.  Return an enum exits: EXITS_OK, present or absent and
 * verified (see ${A}->V); EXITS_UNMET, verified but ${A}->V.rule is broken;
 * EXITS_REFUSED, the proof does not verify, or forks from or lies before what is
 * remembered: then the two checkpoints are kept in a file in the client's state
 * folder; EXITS_PERMANENT or EXITS_TEMPORARY, there is no answer.  All but
 * EXITS_OK after a line on standard error (with ${Q}->quiet none if no server
 * answered: see client_error).  A checkpoint is remembered only if it meets the
 * policy.
 */
int client_check_lookup(const struct client_check *,
    struct client_check_answer *);

/**
 * client_check_free(A):
 * Free what ${A} holds.
 */
void client_check_free(struct client_check_answer *);

/**
 * client_check_verify(A, realm, policy, user, epoch, now_ms):
 * Take the text of ${A} apart and verify it at the time ${now_ms} against
 * ${realm} and ${policy} (or NULL) as a proof of ${user} (or NULL: of anyone) at
 * ${epoch}, of which freshness is not asked; for 0 as that of the newest state,
 * which it is not, and not fresh, if its checkpoint is of a later epoch.  Return
 * an enum exits, as client_check_lookup; no file or socket is touched.
 */
int client_check_verify(struct client_check_answer *, const struct realm *,
    const struct policy *, const char *, uint64_t, uint64_t);

/**
 * client_check_say(who, rule):
 * Print the line "PROGRAM: ${who}: ${rule}: sentence" on standard error.
 */
void client_check_say(const char *, const char *);

#endif
