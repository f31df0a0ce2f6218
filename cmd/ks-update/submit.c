#include <err.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "base/clock.h"
#include "base/exits.h"
#include "client/client.h"
#include "entry/rule_names.h"

#include "submit.h"

/* A server that was given so long has not lost the update, but cannot say. */
#define ATTEMPT_MS	30000

uint64_t
submit_pause_ms(unsigned attempt)
{
	uint64_t ms = SUBMIT_PAUSE_MIN_MS;

	while (attempt-- > 0 && ms < SUBMIT_PAUSE_MAX_MS)
		ms *= 2;
	return (ms > SUBMIT_PAUSE_MAX_MS ? SUBMIT_PAUSE_MAX_MS : ms);
}

int
submit_pause(unsigned attempt, uint64_t deadline_ms)
{
	const uint64_t now = clock_mono_ms();
	uint64_t ms = submit_pause_ms(attempt);
	struct timespec ts;

	if (now >= deadline_ms)
		return (-1);
	if (ms > deadline_ms - now)
		ms = deadline_ms - now;
	ts.tv_sec = (time_t)(ms / 1000);
	ts.tv_nsec = (long)(ms % 1000) * 1000000;
	nanosleep(&ts, NULL);
	return (clock_mono_ms() >= deadline_ms ? -1 : 0);
}

/* A server refused the update; ${doubt} if an earlier answer was lost. */
static int
refused(const struct submit * S, int doubt, uint64_t * epoch)
{
	const struct common_error * E = client_error(S->client);
	const char * text = rule_text(E->rule);

	if (doubt && strcmp(E->rule, RULE_VERSION_MUST_RISE) == 0) {
		*epoch = 0;
		return (EXITS_OK);
	}
	warnx("%s: refused: %s: %s", S->user, E->rule,
	    text != NULL ? text : E->text);
	return (strcmp(E->rule, RULE_EPOCH_FULL) == 0 ? EXITS_TEMPORARY :
	    EXITS_PERMANENT);
}

int
submit_update(const struct submit * S, uint64_t * epoch)
{
	struct client_update U = {
		.user = S->user, .update = S->update,
		.update_len = S->update_len, .profile = S->profile,
		.profile_len = S->profile_len
	};
	enum client_outcome outcome;
	uint64_t now, left;
	int code, doubt = 0;

	randombytes_buf(U.request_id, sizeof(U.request_id));
	for (unsigned attempt = 0;; attempt++) {
		now = clock_mono_ms();
		left = now < S->deadline_ms ? S->deadline_ms - now : 1;
		outcome = client_update(S->client, &U,
		    left < ATTEMPT_MS ? left : ATTEMPT_MS, epoch);
		if (outcome == CLIENT_OK)
			return (EXITS_OK);
		doubt |= client_in_doubt(S->client);
		if (outcome == CLIENT_REFUSED)
			return (refused(S, doubt, epoch));
		if (outcome == CLIENT_UNUSABLE ||
		    submit_pause(attempt, S->deadline_ms))
			break;
	}
	code = client_say(S->client, outcome, S->user);
	if (doubt)
		warnx("%s: the update may still take effect", S->user);
	return (code);
}
