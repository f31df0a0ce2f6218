#include <poll.h>
#include <stdio.h>
#include <string.h>

#include <bsd/string.h>

#include "base/clock.h"
#include "entry/rule_names.h"
#include "http/http.h"

#include "client/client_impl.h"

/* poll(2) takes an int: longer waits are made of several. */
#define POLL_MS_MAX	60000

void
client_set_error(struct client * C, int server, uint16_t code,
    const char * rule, const char * text)
{

	C->error_server = server;
	C->error.code = code;
	strlcpy(C->error.rule, rule, sizeof(C->error.rule));
	strlcpy(C->error.text, text, sizeof(C->error.text));
}

enum client_outcome
client_judge(struct client * C, unsigned server, const struct common_error * E)
{

	client_set_error(C, (int)server, E->code, E->rule, E->text);
	strlcpy(C->server[server].said, E->rule,
	    sizeof(C->server[server].said));

	/* One that does not have an epoch yet is behind: another may have it. */
	if (E->code == ERROR_UNAVAILABLE || E->code == ERROR_INTERNAL ||
	    strcmp(E->rule, RULE_EPOCH_UNKNOWN) == 0)
		return (CLIENT_UNAVAILABLE);
	return (CLIENT_REFUSED);
}

/* Is ${server} being asked? */
static int
asked(const struct client * C, unsigned server)
{
	const struct attempt * A = &C->server[server].attempt;

	return (A->fd != -1 || A->call != NULL);
}

/* How many are asked now. */
static unsigned
running(const struct client * C)
{
	unsigned n = 0;

	for (unsigned i = 0; i < C->n; i++)
		n += asked(C, i) != 0;
	return (n);
}

/* Begin to ask ${server}.  Return 0, or -1 if it is not there. */
static int
start(struct client * C, unsigned server, const struct question * Q)
{
	struct attempt * A = &C->server[server].attempt;
	uint64_t now = clock_mono_ms();

	A->deadline_ms = Q->timeout_ms > UINT64_MAX - now ? UINT64_MAX :
	    now + Q->timeout_ms;
	if (A->deadline_ms > C->deadline_ms)
		A->deadline_ms = C->deadline_ms;
	return (C->server[server].url.http ? client_http_start(C, server, Q) :
	    client_unix_start(C, server, Q));
}

static enum client_outcome
advance(struct client * C, unsigned server, const struct question * Q)
{
	enum client_outcome outcome;

	outcome = C->server[server].url.http ?
	    client_http_advance(C, server, Q) :
	    client_unix_advance(C, server, Q);
	if (outcome != CLIENT_UNAVAILABLE)
		C->first = server;
	return (outcome);
}

/* Wait until one of those who were asked says something, or until ${until}. */
static void
wait_any(struct client * C, uint64_t until)
{
	struct pollfd P[CLIENT_SERVERS_MAX];
	const struct attempt * A;
	uint64_t now = clock_mono_ms();
	unsigned n = 0;

	for (unsigned i = 0; i < C->n; i++) {
		A = &C->server[i].attempt;
		if (!asked(C, i))
			continue;
		if (A->deadline_ms < until)
			until = A->deadline_ms;
		if (A->fd == -1)
			continue;
		P[n].fd = A->fd;
		P[n].events = POLLIN;
		if (A->sent < C->question.len && !A->deaf)
			P[n].events |= POLLOUT;
		n++;
	}
	until = until > now ? until - now : 0;
	if (until > POLL_MS_MAX)
		until = POLL_MS_MAX;
	/* Without libcurl for those who need none; or if it fails, with a pause
	 * until they time out. */
	if (C->http == NULL || http_poll(C->http, P, n, until))
		poll(P, n, (int)until);
}

/* Nobody answered: would it help to ask again?  One that was passed over may. */
static enum client_outcome
nobody(const struct client * C)
{

	for (unsigned i = 0; i < C->n; i++)
		if (C->server[i].passed || !C->server[i].unusable)
			return (CLIENT_UNAVAILABLE);
	return (C->n > 0 ? CLIENT_UNUSABLE : CLIENT_UNAVAILABLE);
}

/* As client_ask, with the question's frame made. */
static enum client_outcome
race(struct client * C, const struct question * Q)
{
	enum client_outcome outcome;
	const unsigned first = C->first;
	uint64_t more_ms = 0;	/* when to ask one more */
	unsigned next = 0, server;

	for (;;) {
		while (next < C->n && (running(C) == 0 ||
		    clock_mono_ms() >= more_ms)) {
			server = (first + next++) % C->n;
			if (C->server[server].passed || start(C, server, Q))
				continue;
			more_ms = clock_mono_ms() + CLIENT_PATIENCE_MS;
		}
		if (running(C) == 0)
			return (nobody(C));
		wait_any(C, next < C->n ? more_ms : UINT64_MAX);
		for (unsigned i = 0; i < C->n; i++) {
			if (!asked(C, i))
				continue;
			outcome = advance(C, i, Q);
			if (outcome != CLIENT_UNAVAILABLE)
				return (outcome);
		}
	}
}

enum client_outcome
client_ask(struct client * C, const struct question * Q)
{
	enum client_outcome outcome;

	C->in_doubt = 0;
	for (unsigned i = 0; i < C->n; i++) {
		C->server[i].said[0] = '\0';
		C->server[i].unusable = 0;
	}
	wbuf_reset(&C->question);
	frame_put(&C->question, Q->type, CLIENT_CALL_ID, Q->body->data,
	    Q->body->len);
	wbuf_put_u8(&C->path, '\0');
	if (wbuf_failed(Q->body) || wbuf_failed(&C->question) ||
	    wbuf_failed(&C->path)) {
		client_set_error(C, -1, ERROR_MALFORMED, "",
		    "the question is too long to be sent");
		return (CLIENT_REFUSED);
	}
	client_set_error(C, -1, ERROR_UNAVAILABLE, "",
	    "there is no server to ask");
	outcome = race(C, Q);

	/* Those whose answer is not awaited any more. */
	for (unsigned i = 0; i < C->n; i++) {
		if (!asked(C, i))
			continue;
		if (C->server[i].url.http)
			client_http_stop(&C->server[i].attempt);
		else
			client_unix_stop(&C->server[i].attempt);
		C->in_doubt = 1;
	}
	return (outcome);
}
