#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/exits.h"
#include "head/head.h"
#include "http/http.h"
#include "proto/proto_admit.h"
#include "proto/proto_publish.h"

#include "client/client_impl.h"
#include "client/client_web.h"

/* Bytes of input that can wait: one unfinished frame and a chunk behind it. */
#define CLIENT_INPUT_MAX	(2 * (FRAME_LEN_MAX + 4))

/* Longest path of a question over HTTP: a user, all of it encoded, and numbers. */
#define CLIENT_PATH_MAX		(3 * USER_LEN_MAX + 512)

/* Names the file of authorities, unless client_set_ca does. */
#define CLIENT_CA_ENV		"KS_CA_FILE"

struct client *
client_new(void)
{
	struct attempt * A;
	struct client * C;

	if ((C = calloc(1, sizeof(*C))) == NULL)
		return (NULL);
	wbuf_init(&C->question, FRAME_LEN_MAX + 4);
	wbuf_init(&C->path, CLIENT_PATH_MAX);
	for (unsigned i = 0; i < CLIENT_SERVERS_MAX; i++) {
		A = &C->server[i].attempt;
		A->fd = -1;
		wbuf_init(&A->in, CLIENT_INPUT_MAX);
	}
	C->error_server = -1;
	C->deadline_ms = UINT64_MAX;
	client_set_ca(C, secure_getenv(CLIENT_CA_ENV));
	return (C);
}

void
client_free(struct client * C)
{

	if (C == NULL)
		return;
	for (unsigned i = 0; i < CLIENT_SERVERS_MAX; i++)
		wbuf_free(&C->server[i].attempt.in);
	http_free(C->http);
	wbuf_free(&C->path);
	wbuf_free(&C->question);
	free(C);
}

void
client_set_ca(struct client * C, const char * path)
{

	if (path != NULL && *path != '\0')
		C->ca = path;
}

int
client_add(struct client * C, const char * url, const char * base)
{
	struct server_url * U;
	const char * why;

	if (C->n == CLIENT_SERVERS_MAX) {
		warnx("%s: more than %d servers", url, CLIENT_SERVERS_MAX);
		return (-1);
	}
	U = &C->server[C->n].url;
	if (server_url_parse(url, base, U, &why)) {
		warnx("%s: %s", url, why);
		return (-1);
	}
	if (U->http && C->http == NULL &&
	    (C->http = http_new(NULL, C->ca)) == NULL)
		return (-1);
	C->n++;
	return (0);
}

unsigned
client_servers(const struct client * C)
{

	return (C->n);
}

const struct common_error *
client_error(const struct client * C)
{

	return (&C->error);
}

const char *
client_error_server(const struct client * C)
{

	return (C->error_server < 0 ? NULL :
	    C->server[C->error_server].url.at);
}

int
client_in_doubt(const struct client * C)
{

	return (C->in_doubt);
}

void
client_set_deadline(struct client * C, uint64_t deadline_ms)
{

	C->deadline_ms = deadline_ms > UINT64_MAX - CLIENT_GRACE_MS ?
	    UINT64_MAX : deadline_ms + CLIENT_GRACE_MS;
}

int
client_all_said(const struct client * C, const char * rule)
{

	for (unsigned i = 0; i < C->n; i++)
		if (!C->server[i].passed &&
		    strcmp(C->server[i].said, rule) != 0)
			return (0);
	return (1);
}

unsigned
client_pass(struct client * C)
{
	unsigned left = 0;

	C->server[C->first].passed = 1;
	for (unsigned i = 0; i < C->n; i++)
		left += !C->server[i].passed;
	return (left);
}

void
client_pass_none(struct client * C)
{

	for (unsigned i = 0; i < C->n; i++)
		C->server[i].passed = 0;
}

/* "who: RULE: text", or without the rule. */
static void
say(const char * who, const struct common_error * E)
{

	warnx("%s: %s%s%s", who, E->rule, E->rule[0] != '\0' ? ": " : "",
	    E->text);
}

int
client_say(const struct client * C, enum client_outcome outcome,
    const char * who)
{
	const struct client_server * S;

	if (outcome == CLIENT_REFUSED) {
		warnx("%s: refused: %s: %s", who, C->error.rule, C->error.text);
		return (EXITS_PERMANENT);
	}
	for (unsigned i = 0; i < C->n; i++) {
		S = &C->server[i];
		if (S->unusable)
			say(S->url.at, &S->error);
	}
	if (outcome == CLIENT_UNUSABLE)
		return (EXITS_PERMANENT);
	if (C->error_server < 0 || !C->server[C->error_server].unusable)
		say(C->error_server < 0 ? who :
		    C->server[C->error_server].url.at, &C->error);
	return (EXITS_TEMPORARY);
}

/* Where the text of a proof goes. */
struct copy {
	char ** text;
	size_t * len;
};

/* Give the caller a copy of the ${len} bytes at ${p}, with a NUL. */
static int
hand_over(struct copy * to, const void * p, size_t len)
{

	if ((*to->text = malloc(len + 1)) == NULL) {
		errno = ENOMEM;
		return (-1);
	}
	memcpy(*to->text, p, len);
	(*to->text)[len] = '\0';
	*to->len = len;
	return (0);
}

static int
take_proof_body(void * ctx, const uint8_t * body, size_t len)
{
	const char * text;
	size_t text_len;

	if (proto_publish_get_proof(body, len, &text, &text_len))
		return (-1);
	return (hand_over(ctx, text, text_len));
}

static int
take_proof_text(void * ctx, const uint8_t * p, size_t len)
{

	return (client_web_is_proof(p, len) ? hand_over(ctx, p, len) : -1);
}

enum client_outcome
client_lookup(struct client * C, const struct client_lookup * L, char ** proof,
    size_t * len)
{
	struct proto_publish_lookup P = {
		.epoch = L->epoch, .epoch_min = L->epoch_min, .user = L->user,
		.user_len = strlen(L->user), .policy = L->policy,
		.policy_len = L->policy_len, .known = L->known
	};
	struct copy to = { proof, len };
	struct wbuf body;
	struct question Q = {
		.ctx = &to, .socket = "publish", .type = LOOKUP,
		.reply = LOOKUP_PROOF, .body = &body,
		.take_body = take_proof_body, .accept = "text/plain",
		.answer_max = PROOF_LEN_MAX, .take_text = take_proof_text,
		.sent_type = L->policy != NULL ? "text/plain" : NULL,
		.sent = L->policy, .sent_len = L->policy_len
	};
	enum client_outcome outcome;

	P.wait_ms = L->wait_ms > LOOKUP_WAIT_MAX_MS ? LOOKUP_WAIT_MAX_MS :
	    (uint32_t)L->wait_ms;
	Q.timeout_ms = P.wait_ms + CLIENT_TIMEOUT_MS;
	wbuf_init(&body, FRAME_BODY_MAX);
	proto_publish_put_lookup(&body, &P);
	wbuf_reset(&C->path);
	client_web_put_lookup(&C->path, L, P.wait_ms);
	outcome = client_ask(C, &Q);
	wbuf_free(&body);
	return (outcome);
}

/* Where a consistency proof goes. */
struct hashes {
	uint8_t (* proof)[HASH_LEN];
	unsigned * count;
};

static int
take_hashes_body(void * ctx, const uint8_t * body, size_t len)
{
	struct hashes * to = ctx;

	return (proto_publish_get_consistency_reply(body, len, to->proof,
	    to->count));
}

static int
take_hashes_text(void * ctx, const uint8_t * p, size_t len)
{
	struct hashes * to = ctx;

	return (client_web_get_consistency(p, len, to->proof, to->count));
}

enum client_outcome
client_consistency(struct client * C, uint64_t m, uint64_t n,
    uint8_t proof[MERKLE_DEPTH_MAX][HASH_LEN], unsigned * count)
{
	struct hashes to = { proof, count };
	struct wbuf body;
	const struct question Q = {
		.timeout_ms = CLIENT_TIMEOUT_MS, .ctx = &to,
		.socket = "publish", .type = CONSISTENCY,
		.reply = CONSISTENCY_REPLY, .body = &body,
		.take_body = take_hashes_body, .accept = "text/plain",
		.answer_max = CLIENT_WEB_CONSISTENCY_MAX,
		.take_text = take_hashes_text
	};
	enum client_outcome outcome;

	wbuf_init(&body, FRAME_BODY_MAX);
	proto_publish_put_consistency(&body, m, n);
	wbuf_reset(&C->path);
	client_web_put_consistency(&C->path, m, n);
	outcome = client_ask(C, &Q);
	wbuf_free(&body);
	return (outcome);
}

static int
take_accepted(void * ctx, const uint8_t * body, size_t len)
{

	return (proto_admit_get_accepted(body, len, ctx));
}

static int
take_epoch(void * ctx, const uint8_t * p, size_t len)
{

	return (client_web_get_epoch(p, len, ctx));
}

enum client_outcome
client_update(struct client * C, const struct client_update * U,
    uint64_t timeout_ms, uint64_t * epoch)
{
	const struct proto_admit_update P = {
		.request_id = U->request_id, .user = U->user,
		.user_len = strlen(U->user), .update = U->update,
		.update_len = U->update_len, .profile = U->profile,
		.profile_len = U->profile_len
	};
	struct wbuf body;
	struct question Q = {
		.timeout_ms = timeout_ms, .ctx = epoch, .socket = "admit",
		.type = UPDATE, .reply = UPDATE_ACCEPTED, .body = &body,
		.take_body = take_accepted, .accept = "text/plain",
		.answer_max = CLIENT_WEB_EPOCH_MAX, .take_text = take_epoch,
		.sent_type = "application/octet-stream"
	};
	enum client_outcome outcome;

	wbuf_init(&body, FRAME_BODY_MAX);
	proto_admit_put_update(&body, &P);
	Q.sent = body.data;
	Q.sent_len = body.len;
	wbuf_reset(&C->path);
	wbuf_printf(&C->path, "/v1/update");
	outcome = client_ask(C, &Q);
	wbuf_free(&body);
	return (outcome);
}
