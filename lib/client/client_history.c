#include <stdlib.h>
#include <string.h>

#include "proto/proto_publish.h"

#include "client/client_impl.h"

void
client_history_free(struct client_history * H)
{

	for (unsigned i = 0; i < H->n; i++)
		free(H->versions[i].proof);
	memset(H, 0, sizeof(*H));
}

/* Ask for the versions, without proofs. */
static enum client_outcome
ask_versions(struct client * C, const struct client_history_ask * A,
    struct client_history * H)
{
	static const struct question Q = { "publish", HISTORY, HISTORY_REPLY,
	    CLIENT_TIMEOUT_MS };
	const struct proto_publish_history P = { A->user, strlen(A->user),
	    A->from_epoch, A->max };
	struct proto_publish_versions V;
	struct proto_publish_version v;
	enum client_outcome outcome;
	struct frame F;
	struct wbuf body;

	wbuf_init(&body, FRAME_BODY_MAX);
	proto_publish_put_history(&body, &P);
	outcome = client_ask(C, &Q, &body, &F);
	wbuf_free(&body);
	if (outcome != CLIENT_OK)
		return (outcome);
	if (proto_publish_get_versions(F.body, F.len, &V) || V.n > A->max)
		return (client_malformed(C));
	H->next_epoch = V.next_epoch;
	while (proto_publish_next_version(&V, &v)) {
		if (v.epoch < A->from_epoch)
			return (client_malformed(C));
		H->versions[H->n].epoch = v.epoch;
		H->versions[H->n++].version = v.version;
	}
	return (CLIENT_OK);
}

enum client_outcome
client_history(struct client * C, const struct client_history_ask * A,
    struct client_history * H)
{
	struct client_lookup L = { .user = A->user, .policy = A->policy,
	    .policy_len = A->policy_len, .known = A->known };
	enum client_outcome outcome;

	memset(H, 0, sizeof(*H));
	if (A->max == 0 || A->max > CLIENT_HISTORY_MAX) {
		client_set_error(C, -1, ERROR_MALFORMED, "",
		    "no, or too many, versions are asked for");
		return (CLIENT_REFUSED);
	}
	outcome = ask_versions(C, A, H);
	for (unsigned i = 0; outcome == CLIENT_OK && i < H->n; i++) {
		L.epoch = H->versions[i].epoch;
		outcome = client_lookup(C, &L, &H->versions[i].proof,
		    &H->versions[i].proof_len);
	}
	if (outcome != CLIENT_OK)
		client_history_free(H);
	return (outcome);
}
