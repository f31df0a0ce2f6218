#include <err.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/exits.h"
#include "base/panic.h"
#include "client/client.h"
#include "client/client_check.h"
#include "client/setup.h"
#include "entry/update.h"

#include "confirm.h"
#include "submit.h"

uint64_t
confirm_left_ms(uint64_t deadline_ms)
{
	const uint64_t now = clock_mono_ms();

	return (now < deadline_ms ? deadline_ms - now : 0);
}

enum confirm_result
confirm_compare(const struct proof_verdict * V, const uint8_t * entry,
    size_t entry_len, const uint8_t * update, size_t len)
{
	struct update U;

	if (update_parse(&U, update, len))
		panic("our own update does not parse");
	if (V->found != TREE_PRESENT)
		return (CONFIRM_MISSING);
	if (entry_len == U.entry_len &&
	    memcmp(entry, U.entry_data, entry_len) == 0)
		return (CONFIRM_SHOWN);
	return (V->entry.version > U.entry.version ? CONFIRM_SUPERSEDED :
	    CONFIRM_MISSING);
}

/* Tell what the proof ${A} shows, and keep it. */
static int
tell(const struct client_check * Q, const struct client_check_answer * A,
    const uint8_t * update, size_t len, const char * out, int superseded)
{
	struct update U;

	if (update_parse(&U, update, len))
		panic("our own update does not parse");
	if (out != NULL && setup_save(out, A->text, A->len))
		return (EXITS_PERMANENT);
	if (superseded)
		warnx("%s: superseded by version %" PRIu64, Q->user,
		    A->V.entry.version);
	printf("%s version %" PRIu64 " epoch %" PRIu64 "\n", Q->user,
	    U.entry.version, Q->epoch_min != 0 ? Q->epoch_min :
	    A->V.head.epoch);
	return (EXITS_OK);
}

/*
 * What the lookup with ${code} and ${A} means: an enum exits; or -1, the proof
 * does not show the update yet, which is right only if its epoch is not known.
 */
static int
judge(const struct client_check * Q, int code,
    const struct client_check_answer * A, const uint8_t * update, size_t len,
    const char * out)
{
	enum confirm_result result;

	if (code != EXITS_OK && code != EXITS_UNMET)
		return (code);
	result = confirm_compare(&A->V, A->proof->entry, A->proof->entry_len,
	    update, len);
	if (result == CONFIRM_MISSING && Q->epoch_min == 0)
		return (-1);

	/* What does not meet the quorum proves nothing, for or against. */
	if (code == EXITS_UNMET)
		return (code);
	if (result == CONFIRM_MISSING) {
		warnx("%s: the server accepted the update for epoch %" PRIu64
		    ", but epoch %" PRIu64 " does not have it", Q->user,
		    Q->epoch_min, A->V.head.epoch);
		return (EXITS_REFUSED);
	}
	return (tell(Q, A, update, len, out, result == CONFIRM_SUPERSEDED));
}

/* Time is up: say what is known. */
static int
give_up(const struct client_check * Q, int code)
{
	const struct common_error * E = client_error(Q->client);

	if (code == EXITS_UNMET) {
		warnx("%s: the update was accepted for epoch %" PRIu64 ", which"
		    " does not meet the quorum yet", Q->user, Q->epoch_min);
		return (EXITS_UNMET);
	}
	if (Q->epoch_min == 0)
		warnx("%s: another update came first, or this one was accepted"
		    " and is not published yet", Q->user);
	else
		warnx("%s: the update was accepted for epoch %" PRIu64 ", but"
		    " no proof could be got: %s", Q->user, Q->epoch_min,
		    E->text);
	return (EXITS_TEMPORARY);
}

int
confirm_update(const struct client_check * Q, const uint8_t * update,
    size_t len, uint64_t deadline_ms, const char * out)
{
	struct client_check query = *Q;
	struct client_check_answer A;
	int code;

	query.quiet = 1;
	for (unsigned attempt = 0;; attempt++) {
		query.wait_ms = query.epoch_min == 0 ? 0 :
		    confirm_left_ms(deadline_ms);
		code = client_check_lookup(&query, &A);
		if (code == EXITS_PERMANENT && query.epoch_min != 0)
			warnx("%s: the update was accepted for epoch %" PRIu64
			    ", but no proof can be got", Q->user,
			    query.epoch_min);
		code = judge(&query, code, &A, update, len, out);
		client_check_free(&A);
		if (code != -1 && code != EXITS_UNMET && code != EXITS_TEMPORARY)
			return (code);
		if (submit_pause(attempt, deadline_ms))
			return (give_up(&query, code));
	}
}
