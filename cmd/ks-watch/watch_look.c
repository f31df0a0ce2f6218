#include <err.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/exits.h"
#include "client/client.h"
#include "client/client_check.h"
#include "client/remember.h"
#include "client/setup.h"
#include "realm/realm.h"

#include "watch.h"

/* The history of one user, while it is gone through. */
struct walk {
	struct watch * W;
	struct watch_state last;	/* the newest version so far, or absent */
	struct watch_change * scratch;
};

/* What is asked of every lookup. */
static struct client_check
question(const struct watch * W, uint64_t epoch)
{
	const struct setup * S = W->setup;
	const struct client_check Q = {
		.client = S->client, .realm = S->realm, .policy = S->policy,
		.policy_text = S->policy_text, .policy_len = S->policy_len,
		.user = W->user, .epoch = epoch, .wait_ms = W->wait_ms
	};

	return (Q);
}

/* The history that the server tells is not what its proofs show. */
static int
incomplete(struct watch * W, uint64_t epoch)
{

	W->incomplete = 1;
	warnx("%s: %s: epoch %" PRIu64 ": %s", W->user,
	    RULE_HISTORY_INCOMPLETE, epoch, rule_text(RULE_HISTORY_INCOMPLETE));
	return (EXITS_REFUSED);
}

static int
out_of_memory(const struct watch * W)
{

	warnx("%s: out of memory", W->user);
	return (EXITS_TEMPORARY);
}

static int
same_entry(const struct watch_state * one, const struct watch_state * other)
{

	return (one->entry_len == other->entry_len &&
	    memcmp(one->entry, other->entry, one->entry_len) == 0);
}

static uint64_t
version_of(const struct watch_state * S)
{
	struct entry E;

	return (S->entry_len > 0 &&
	    entry_parse(&E, S->entry, S->entry_len) == 0 ? E.version : 0);
}

/* Look the user up at ${epoch} (0: now) and store what is shown in ${S}. */
static int
look(struct watch * W, uint64_t epoch, struct watch_state * S)
{
	const struct client_check Q = question(W, epoch);
	struct client_check_answer A;
	int code;

	code = client_check_lookup(&Q, &A);
	if (code == EXITS_OK) {
		watch_state_take(S, A.proof, &A.V);
		W->time_ms = A.V.head.time_ms;
	}
	client_check_free(&A);
	return (code);
}

/*
 * Until the epoch before ${epoch}, in which the next version that was told began,
 * nothing else was there than the last one: versions only rise, so what is there at
 * the end of that time was there during all of it.
 */
static int
check_gap(struct walk * K, uint64_t epoch)
{
	struct watch * W = K->W;
	const uint64_t time_ms = W->time_ms;
	struct watch_state * S;
	int code;

	if (epoch - 1 <= K->last.epoch)
		return (EXITS_OK);
	if ((S = malloc(sizeof(*S))) == NULL)
		return (out_of_memory(W));
	code = look(W, epoch - 1, S);
	W->time_ms = time_ms;
	if (code == EXITS_OK && !same_entry(S, &K->last))
		code = incomplete(W, epoch - 1);
	free(S);
	return (code);
}

/* Keep what K->scratch says. */
static int
keep(struct walk * K)
{
	struct watch * W = K->W;
	struct watch_change ** list, * C;

	list = reallocarray(W->changes, W->nchanges + 1, sizeof(*list));
	if (list == NULL)
		return (out_of_memory(W));
	W->changes = list;
	if ((C = malloc(WATCH_CHANGE_SIZE(K->scratch->nwords))) == NULL)
		return (out_of_memory(W));
	memcpy(C, K->scratch, WATCH_CHANGE_SIZE(K->scratch->nwords));
	for (unsigned i = 0; i < C->nwords; i++)
		W->missing |= C->words[i].kind == WATCH_OWN_KEY;
	W->changes[W->nchanges++] = C;
	return (EXITS_OK);
}

/* Take the version that ${A}, verified, shows. */
static int
take(struct walk * K, const struct client_version * V,
    const struct client_check_answer * A)
{
	struct watch * W = K->W;
	struct watch_state * S;
	int code;

	if (A->V.found != TREE_PRESENT || A->V.entry.version != V->version ||
	    (K->last.entry_len > 0 && V->version <= version_of(&K->last)))
		return (incomplete(W, V->epoch));
	if ((code = check_gap(K, V->epoch)) != EXITS_OK)
		return (code);
	if ((S = malloc(sizeof(*S))) == NULL)
		return (out_of_memory(W));
	watch_state_take(S, A->proof, &A->V);
	if (watch_diff(&K->last, S, W->own, K->scratch)) {
		code = out_of_memory(W);
	} else {
		K->scratch->epoch = V->epoch;
		K->scratch->time_ms = A->V.head.time_ms;
		code = keep(K);
	}
	K->last = *S;
	free(S);
	return (code);
}

/* Verify the version ${V}, as a lookup at its epoch, and take it. */
static int
check(struct walk * K, struct client_version * V)
{
	const struct setup * S = K->W->setup;
	struct client_check_answer A;
	int code;

	/* The proof is this answer's from now on. */
	memset(&A, 0, sizeof(A));
	A.text = V->proof;
	A.len = V->proof_len;
	V->proof = NULL;
	code = client_check_verify(&A, S->realm, S->policy, K->W->user,
	    V->epoch, clock_wall_ms());
	if (code == EXITS_OK)
		code = remember_checkpoint(S->client, S->realm, A.proof, &A.V,
		    0);
	if (code == EXITS_OK)
		code = take(K, V, &A);
	client_check_free(&A);
	return (code);
}

/* Ask for one page of the history, from ${from} on. */
static int
ask(struct watch * W, uint64_t from, struct client_history * H)
{
	const struct setup * S = W->setup;
	const struct client_history_ask A = {
		.user = W->user, .from_epoch = from, .max = CLIENT_HISTORY_MAX,
		.policy = S->policy_text, .policy_len = S->policy_len,
		.known = S->realm->policy_hash
	};
	enum client_outcome outcome;

	if ((outcome = client_history(S->client, &A, H)) == CLIENT_OK)
		return (EXITS_OK);
	return (client_say(S->client, outcome, W->user));
}

/* Go through what was told of the time up to W->is.epoch. */
static int
walk(struct walk * K)
{
	struct watch * W = K->W;
	uint64_t from = W->was.epoch + 1;
	struct client_history H;
	int code = EXITS_OK;

	while (from != 0 && from <= W->is.epoch && code == EXITS_OK) {
		if ((code = ask(W, from, &H)) != EXITS_OK)
			break;
		/* A page that goes nowhere would be asked for again, for ever. */
		if (H.next_epoch != 0 && (H.n == 0 || H.next_epoch <= from))
			code = incomplete(W, from);
		from = H.next_epoch;
		for (unsigned i = 0; i < H.n && code == EXITS_OK; i++) {
			/* What came since is told the next time. */
			if (H.versions[i].epoch <= W->is.epoch)
				code = check(K, &H.versions[i]);
		}
		client_history_free(&H);
	}
	return (code);
}

/* The history must end with what is there now. */
static int
finish(struct walk * K)
{
	struct watch * W = K->W;
	int lacks;

	if (!same_entry(&K->last, &W->is))
		return (incomplete(W, W->is.epoch));
	W->is.since = K->last.since;
	if (W->is.erased && !K->last.erased) {
		K->scratch->epoch = W->is.epoch;
		K->scratch->version = version_of(&W->is);
		K->scratch->time_ms = W->time_ms;
		K->scratch->nwords = 1;
		K->scratch->words[0] = (struct watch_word){ WATCH_PROFILE,
		    WATCH_REMOVED, "" };
		if (keep(K) != EXITS_OK)
			return (EXITS_TEMPORARY);
	}
	if ((lacks = watch_lacks(&W->is, W->own)) == -1)
		return (out_of_memory(W));
	W->missing |= lacks;
	return (EXITS_OK);
}

int
watch_look(struct watch * W)
{
	struct walk K = { .W = W };
	int code;

	if ((code = look(W, 0, &W->is)) != EXITS_OK)
		return (code);
	if (W->is.epoch < W->was.epoch) {
		warnx("%s: %s: epoch %" PRIu64 " after epoch %" PRIu64, W->user,
		    RULE_STEP_BACK, W->is.epoch, W->was.epoch);
		return (EXITS_REFUSED);
	}
	K.last = W->was;
	K.scratch = malloc(WATCH_CHANGE_SIZE(WATCH_WORDS_MAX));
	if (K.scratch == NULL)
		return (out_of_memory(W));
	if ((code = walk(&K)) == EXITS_OK)
		code = finish(&K);
	free(K.scratch);
	return (code);
}

void
watch_free(struct watch * W)
{

	for (unsigned i = 0; i < W->nchanges; i++)
		free(W->changes[i]);
	free(W->changes);
	W->changes = NULL;
	W->nchanges = 0;
	W->missing = W->incomplete = 0;
}
