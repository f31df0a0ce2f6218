#include <stdlib.h>
#include <string.h>

#include "proto/proto_publish.h"

#include "client/client_impl.h"
#include "client/client_web.h"

void
client_history_free(struct client_history * H)
{

	for (unsigned i = 0; i < H->n; i++)
		free(H->versions[i].proof);
	memset(H, 0, sizeof(*H));
}

/* How long a page of a history may take: over HTTP it is many proofs long. */
#define HISTORY_TIMEOUT_MS	(6 * CLIENT_TIMEOUT_MS)

/* What is asked for, and where the answer goes. */
struct page {
	const struct client_history_ask * A;
	struct client_history * H;
};

/* The versions, without proofs. */
static int
take_body(void * ctx, const uint8_t * body, size_t len)
{
	struct page * P = ctx;
	struct client_history * H = P->H;
	struct proto_publish_versions V;
	struct proto_publish_version v;

	memset(H, 0, sizeof(*H));
	if (proto_publish_get_versions(body, len, &V) || V.n > P->A->max)
		return (-1);
	H->next_epoch = V.next_epoch;
	while (proto_publish_next_version(&V, &v)) {
		if (v.epoch < P->A->from_epoch)
			return (-1);
		H->versions[H->n].epoch = v.epoch;
		H->versions[H->n++].version = v.version;
	}
	return (0);
}

/* The versions with the proofs that the realm's policy asks for. */
static int
take_text(void * ctx, const uint8_t * p, size_t len)
{
	struct page * P = ctx;

	return (client_web_get_history(p, len, P->A, P->H));
}

static enum client_outcome
ask_versions(struct client * C, const struct client_history_ask * A,
    struct client_history * H)
{
	const struct proto_publish_history P = { A->user, strlen(A->user),
	    A->from_epoch, A->max };
	struct page page = { A, H };
	struct wbuf body;
	const struct question Q = {
		.timeout_ms = HISTORY_TIMEOUT_MS, .ctx = &page,
		.socket = "publish", .type = HISTORY, .reply = HISTORY_REPLY,
		.body = &body, .take_body = take_body, .accept = "text/plain",
		.answer_max = CLIENT_WEB_HISTORY_MAX, .take_text = take_text
	};
	enum client_outcome outcome;

	wbuf_init(&body, FRAME_BODY_MAX);
	proto_publish_put_history(&body, &P);
	wbuf_reset(&C->path);
	client_web_put_history(&C->path, A);
	outcome = client_ask(C, &Q);
	wbuf_free(&body);
	return (outcome);
}

/* Get the proof of ${V}, unless it came with it and no other is wanted. */
static enum client_outcome
ask_proof(struct client * C, const struct client_history_ask * A,
    struct client_version * V)
{
	const struct client_lookup L = { .epoch = V->epoch, .user = A->user,
	    .policy = A->policy, .policy_len = A->policy_len,
	    .known = A->known };

	if (V->proof != NULL && A->policy == NULL)
		return (CLIENT_OK);
	free(V->proof);
	V->proof = NULL;
	return (client_lookup(C, &L, &V->proof, &V->proof_len));
}

enum client_outcome
client_history(struct client * C, const struct client_history_ask * A,
    struct client_history * H)
{
	enum client_outcome outcome;

	memset(H, 0, sizeof(*H));
	if (A->max == 0 || A->max > CLIENT_HISTORY_MAX) {
		client_set_error(C, -1, ERROR_MALFORMED, "",
		    "no, or too many, versions are asked for");
		return (CLIENT_REFUSED);
	}
	outcome = ask_versions(C, A, H);
	for (unsigned i = 0; outcome == CLIENT_OK && i < H->n; i++)
		outcome = ask_proof(C, A, &H->versions[i]);
	if (outcome != CLIENT_OK)
		client_history_free(H);
	return (outcome);
}
