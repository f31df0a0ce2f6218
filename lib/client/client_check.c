#include <err.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/exits.h"
#include "client/client.h"
#include "client/remember.h"
#include "realm/realm.h"

#include "client/client_check.h"

void
client_check_say(const char * who, const char * rule)
{
	const char * text = rule_text(rule);

	warnx("%s: %s: %s", who, rule, text != NULL ? text : "refused");
}

void
client_check_free(struct client_check_answer * A)
{

	proof_free(A->proof);
	free(A->text);
	memset(A, 0, sizeof(*A));
}

/* Say which rule ${V} breaks as the answer of what was asked of ${epoch}. */
static void
say_verdict(const char * who, uint64_t epoch, const struct proof_verdict * V)
{

	if (strcmp(V->rule, RULE_EPOCH_MISMATCH) == 0)
		warnx("%s: %s: the proof is of epoch %" PRIu64 ", not of %"
		    PRIu64, who, V->rule, V->head.epoch, epoch);
	else if (strcmp(V->rule, RULE_NOT_FRESH) == 0 &&
	    V->head.epoch != V->checkpoint.size)
		warnx("%s: %s: this is the state at epoch %" PRIu64 ", under the"
		    " checkpoint of epoch %" PRIu64, who, V->rule,
		    V->head.epoch, V->checkpoint.size);
	else
		client_check_say(who, V->rule);
}

int
client_check_verify(struct client_check_answer * A, const struct realm * realm,
    const struct policy * policy, const char * user, uint64_t epoch,
    uint64_t now_ms)
{
	const char * who = user != NULL ? user : "proof";
	enum proof_result result;
	const char * rule;

	if (proof_parse(A->text, A->len, &A->proof, &rule)) {
		if (rule == NULL) {
			warnx("%s: out of memory", who);
			return (EXITS_TEMPORARY);
		}
		client_check_say(who, rule);
		return (EXITS_REFUSED);
	}
	result = proof_verify(A->proof, realm, policy, user, epoch, now_ms,
	    &A->V);
	if (result == PROOF_VERIFIED)
		return (EXITS_OK);
	say_verdict(who, epoch, &A->V);
	return (result == PROOF_REFUSED ? EXITS_REFUSED : EXITS_UNMET);
}

/* Say why there is no answer to ${Q}, whose ${outcome} is not CLIENT_OK. */
static int
no_answer(const struct client_check * Q, enum client_outcome outcome)
{

	if (outcome == CLIENT_UNAVAILABLE && Q->quiet)
		return (EXITS_TEMPORARY);
	return (client_say(Q->client, outcome, Q->user));
}

/*
 * Ask for the proof, not before the epoch ${seen} if the newest is wanted; store
 * in ${older} whether every server said that it has none such.
 */
static int
get_proof(const struct client_check * Q, uint64_t seen,
    struct client_check_answer * A, int * older)
{
	struct client_lookup L = {
		.epoch = Q->epoch, .epoch_min = Q->epoch_min,
		.wait_ms = Q->wait_ms, .user = Q->user,
		.policy = Q->policy_text, .policy_len = Q->policy_len,
		.known = Q->realm->policy_hash
	};
	enum client_outcome outcome;

	*older = 0;
	if (Q->epoch == 0 && seen > L.epoch_min)
		L.epoch_min = seen;
	outcome = client_lookup(Q->client, &L, &A->text, &A->len);
	if (outcome == CLIENT_UNAVAILABLE && L.epoch_min > Q->epoch_min &&
	    client_all_said(Q->client, RULE_EPOCH_NOT_PUBLISHED)) {
		/*
		 * Nobody has what was seen before.  What they have instead shows
		 * whether the realm stepped back.  (If one is away it may have
		 * it: then there is no answer now.)
		 */
		*older = 1;
		L.epoch_min = Q->epoch_min;
		L.wait_ms = 0;
		outcome = client_lookup(Q->client, &L, &A->text, &A->len);
	}
	return (outcome == CLIENT_OK ? EXITS_OK : no_answer(Q, outcome));
}

/*
 * Get and verify the proof.  One before the epoch ${seen} is only taken when there
 * is no server left that may have a newer one.
 */
static int
get_verified(const struct client_check * Q, uint64_t seen,
    struct client_check_answer * A)
{
	int code, older;

	client_pass_none(Q->client);
	for (;;) {
		if ((code = get_proof(Q, seen, A, &older)) != EXITS_OK)
			break;
		code = client_check_verify(A, Q->realm, Q->policy, Q->user,
		    Q->epoch, clock_wall_ms());
		if ((code != EXITS_OK && code != EXITS_UNMET) || older ||
		    Q->epoch != 0 || A->V.checkpoint.size >= seen ||
		    client_pass(Q->client) == 0)
			break;
		client_check_free(A);
	}
	client_pass_none(Q->client);
	return (code);
}

int
client_check_lookup(const struct client_check * Q,
    struct client_check_answer * A)
{
	uint64_t seen;
	int code, memory;

	memset(A, 0, sizeof(*A));
	if (remember_size(Q->realm, &seen))
		return (EXITS_PERMANENT);
	code = get_verified(Q, seen, A);
	if (code != EXITS_OK && code != EXITS_UNMET)
		return (code);
	if (code == EXITS_OK && A->V.head.epoch < Q->epoch_min) {
		A->V.rule = RULE_EPOCH_MISMATCH;
		warnx("%s: %s: the proof is of epoch %" PRIu64 ", before %"
		    PRIu64, Q->user, A->V.rule, A->V.head.epoch, Q->epoch_min);
		return (EXITS_REFUSED);
	}
	memory = remember_checkpoint(Q->client, Q->realm, A->proof, &A->V,
	    Q->epoch == 0 ? seen : 0);
	return (memory != EXITS_OK ? memory : code);
}
