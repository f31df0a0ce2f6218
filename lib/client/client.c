#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "head/head.h"
#include "proto/proto_admit.h"
#include "proto/proto_publish.h"

#include "client/client_impl.h"

/* Bytes of input that can wait: one unfinished frame and a chunk behind it. */
#define CLIENT_INPUT_MAX	(2 * (FRAME_LEN_MAX + 4))

struct client *
client_new(void)
{
	struct client * C;

	if ((C = calloc(1, sizeof(*C))) == NULL)
		return (NULL);
	wbuf_init(&C->reply, CLIENT_INPUT_MAX);
	wbuf_init(&C->question, FRAME_LEN_MAX + 4);
	for (unsigned i = 0; i < CLIENT_SERVERS_MAX; i++) {
		C->attempt[i].fd = -1;
		wbuf_init(&C->attempt[i].in, CLIENT_INPUT_MAX);
	}
	C->error_server = -1;
	C->deadline_ms = UINT64_MAX;
	return (C);
}

void
client_free(struct client * C)
{

	if (C == NULL)
		return;
	for (unsigned i = 0; i < CLIENT_SERVERS_MAX; i++)
		wbuf_free(&C->attempt[i].in);
	wbuf_free(&C->question);
	wbuf_free(&C->reply);
	free(C);
}

int
client_add(struct client * C, const char * url, const char * base)
{
	const char * why;

	if (C->n == CLIENT_SERVERS_MAX) {
		warnx("%s: more than %d servers", url, CLIENT_SERVERS_MAX);
		return (-1);
	}
	if (server_url_dir(url, base, C->dirs[C->n], &why)) {
		warnx("%s: %s", url, why);
		return (-1);
	}
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

	return (C->error_server < 0 ? NULL : C->dirs[C->error_server]);
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
		if (!C->passed[i] && strcmp(C->said[i], rule) != 0)
			return (0);
	return (1);
}

unsigned
client_pass(struct client * C)
{
	unsigned left = 0;

	C->passed[C->first] = 1;
	for (unsigned i = 0; i < C->n; i++)
		left += !C->passed[i];
	return (left);
}

void
client_pass_none(struct client * C)
{

	memset(C->passed, 0, sizeof(C->passed));
}

enum client_outcome
client_malformed(struct client * C)
{

	client_set_error(C, (int)C->first, ERROR_INTERNAL, "",
	    "the server sent a malformed answer");
	return (CLIENT_UNAVAILABLE);
}

/* Give the caller a copy of the ${len} bytes at ${p}, with a NUL. */
static enum client_outcome
hand_over(struct client * C, const void * p, size_t len, char ** copy,
    size_t * copy_len)
{

	if ((*copy = malloc(len + 1)) == NULL) {
		client_set_error(C, -1, ERROR_UNAVAILABLE, "", "out of memory");
		return (CLIENT_UNAVAILABLE);
	}
	memcpy(*copy, p, len);
	(*copy)[len] = '\0';
	*copy_len = len;
	return (CLIENT_OK);
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
	struct question Q = { "publish", LOOKUP, LOOKUP_PROOF, 0 };
	enum client_outcome outcome;
	struct frame F;
	struct wbuf body;
	const char * text;
	size_t text_len;

	P.wait_ms = L->wait_ms > LOOKUP_WAIT_MAX_MS ? LOOKUP_WAIT_MAX_MS :
	    (uint32_t)L->wait_ms;
	Q.timeout_ms = P.wait_ms + CLIENT_TIMEOUT_MS;
	wbuf_init(&body, FRAME_BODY_MAX);
	proto_publish_put_lookup(&body, &P);
	outcome = client_ask(C, &Q, &body, &F);
	wbuf_free(&body);
	if (outcome != CLIENT_OK)
		return (outcome);
	if (proto_publish_get_proof(F.body, F.len, &text, &text_len))
		return (client_malformed(C));
	return (hand_over(C, text, text_len, proof, len));
}

enum client_outcome
client_consistency(struct client * C, uint64_t m, uint64_t n,
    uint8_t proof[MERKLE_DEPTH_MAX][HASH_LEN], unsigned * count)
{
	const struct question Q = { "publish", CONSISTENCY, CONSISTENCY_REPLY,
	    CLIENT_TIMEOUT_MS };
	enum client_outcome outcome;
	struct frame F;
	struct wbuf body;

	wbuf_init(&body, FRAME_BODY_MAX);
	proto_publish_put_consistency(&body, m, n);
	outcome = client_ask(C, &Q, &body, &F);
	wbuf_free(&body);
	if (outcome != CLIENT_OK)
		return (outcome);
	if (proto_publish_get_consistency_reply(F.body, F.len, proof, count))
		return (client_malformed(C));
	return (CLIENT_OK);
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
	const struct question Q = { "admit", UPDATE, UPDATE_ACCEPTED,
	    timeout_ms };
	enum client_outcome outcome;
	struct frame F;
	struct wbuf body;

	wbuf_init(&body, FRAME_BODY_MAX);
	proto_admit_put_update(&body, &P);
	outcome = client_ask(C, &Q, &body, &F);
	wbuf_free(&body);
	if (outcome != CLIENT_OK)
		return (outcome);
	if (proto_admit_get_accepted(F.body, F.len, epoch))
		return (client_malformed(C));
	return (CLIENT_OK);
}
