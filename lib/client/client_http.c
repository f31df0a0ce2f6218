#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <bsd/string.h>

#include "base/clock.h"
#include "entry/rule_names.h"
#include "http/http.h"
#include "http/http_url.h"

#include "client/client_impl.h"
#include "client/client_web.h"

int
client_http_start(struct client * C, unsigned server, const struct question * Q)
{
	struct client_server * S = &C->server[server];
	struct http_request R = {
		.accept = Q->accept, .type = Q->sent_type,
		.body = Q->sent_type != NULL ? Q->sent : NULL,
		.body_len = Q->sent_len, .answer_max = Q->answer_max
	};
	uint64_t now = clock_mono_ms();
	struct wbuf url;

	R.timeout_ms = S->attempt.deadline_ms > now ?
	    S->attempt.deadline_ms - now : 1;
	wbuf_init(&url, SERVER_URL_MAX + C->path.len + 1);
	http_url_put(&url, S->url.at, (const char *)C->path.data);
	wbuf_put_u8(&url, '\0');
	if (wbuf_failed(&url) == 0) {
		R.url = (const char *)url.data;
		S->attempt.call = http_start(C->http, &R);
	}
	wbuf_free(&url);
	if (S->attempt.call != NULL)
		return (0);
	client_set_error(C, (int)server, ERROR_UNAVAILABLE, "", "out of memory");
	return (-1);
}

void
client_http_stop(struct attempt * A)
{

	http_end(A->call);
	A->call = NULL;
}

/* ${server} will not do, as ${rule} says; ${text} says more. */
static enum client_outcome
unusable(struct client * C, unsigned server, const char * rule,
    const char * text)
{
	struct client_server * S = &C->server[server];

	S->unusable = 1;
	S->error.code = ERROR_REFUSED;
	strlcpy(S->error.rule, rule, sizeof(S->error.rule));
	strlcpy(S->error.text, text, sizeof(S->error.text));
	/* One that may answer the next time has more to say. */
	if (C->error_server < 0)
		client_set_error(C, (int)server, ERROR_REFUSED, rule, text);
	return (CLIENT_UNAVAILABLE);
}

/* The answer ${R} of status 200. */
static enum client_outcome
take(struct client * C, unsigned server, const struct question * Q,
    const struct http_result * R)
{
	char text[HTTP_TYPE_MAX + 64];

	if (strcmp(R->type, Q->accept) != 0) {
		snprintf(text, sizeof(text), "it answers with %s, not %s",
		    R->type[0] != '\0' ? R->type : "no type", Q->accept);
		return (unusable(C, server, RULE_NOT_A_KEYSERVER, text));
	}
	errno = 0;
	if (Q->take_text(Q->ctx, R->body, R->len) == 0)
		return (CLIENT_OK);
	if (errno != ENOMEM)
		return (unusable(C, server, RULE_NOT_A_KEYSERVER,
		    "its answer is malformed"));
	client_set_error(C, (int)server, ERROR_UNAVAILABLE, "", "out of memory");
	return (CLIENT_UNAVAILABLE);
}

/* What the end ${R} of the request to ${server} amounts to. */
static enum client_outcome
judge(struct client * C, unsigned server, const struct question * Q,
    const struct http_result * R)
{
	struct common_error E;
	char text[64];

	if (R->end == HTTP_REJECTED)
		return (unusable(C, server, R->rule, R->why));
	if (R->end == HTTP_FAILED) {
		client_set_error(C, (int)server, ERROR_UNAVAILABLE, "", R->why);
		return (CLIENT_UNAVAILABLE);
	}
	if (R->status == 200)
		return (take(C, server, Q, R));
	client_web_get_error(R->body, R->len, R->status, R->rule, &E);
	if (E.code == ERROR_UNAVAILABLE || E.code == ERROR_INTERNAL ||
	    (R->status >= 400 && R->rule[0] != '\0'))
		return (client_judge(C, server, &E));
	snprintf(text, sizeof(text), "it answers with HTTP status %u",
	    R->status);
	return (unusable(C, server, RULE_NOT_A_KEYSERVER, text));
}

enum client_outcome
client_http_advance(struct client * C, unsigned server,
    const struct question * Q)
{
	struct attempt * A = &C->server[server].attempt;
	const struct http_result * R = http_result(A->call);
	enum client_outcome outcome;

	if (R == NULL)
		return (CLIENT_UNAVAILABLE);
	outcome = judge(C, server, Q, R);
	if (outcome == CLIENT_UNAVAILABLE && R->sent)
		C->in_doubt = 1;
	client_http_stop(A);
	return (outcome);
}
