#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/hex.h"
#include "codec/wbuf.h"
#include "entry/rule_names.h"
#include "entry/user.h"
#include "frame/frame.h"
#include "proto/proto_publish.h"
#include "realm/realm.h"
#include "web/web.h"

#include "api_feed.h"
#include "hop.h"
#include "httpd.h"

/*
 * The history of an entry: the epochs of its versions, then a LOOKUP at each.  While the
 * client takes one proof the next is asked for: two are held, however many there are.
 */

/* Most versions in one answer. */
#define VERSIONS_MAX	16

/* Bytes of a piece: a proof, in JSON escaped, and what stands around it. */
#define PIECE_MAX	(2 * PROOF_LEN_MAX + 4096)

struct history {
	struct httpd * H;
	struct web_request * R;
	struct hop_ask * ask;		/* NULL: none */
	char user[USER_LEN_MAX + 1];	/* normalised */
	uint8_t known[HASH_LEN];
	uint32_t max;
	int json;
	uint64_t next_epoch;
	uint32_t n;			/* versions */
	struct proto_publish_version versions[VERSIONS_MAX];
	uint32_t got;			/* of these, with their proofs */
	uint32_t sent;
	int streams;			/* nonzero: the answer was begun */
	int wanted;			/* nonzero: the client waits for a piece */
	struct wbuf piece;		/* the next one, if got > sent */
};

static void
history_free(struct history * Y)
{

	if (Y->ask != NULL)
		hop_cancel(Y->ask);
	wbuf_free(&Y->piece);
	free(Y);
}

static void
on_gone(void * cookie)
{

	history_free(cookie);
}

/* There will be no answer, or no more of it: ${A} says why, NULL: memory is short. */
static void
fail(struct history * Y, const struct hop_answer * A)
{
	struct web_request * R = Y->R;
	int streams = Y->streams;

	history_free(Y);
	if (streams)
		web_stream_abort(R);
	else if (A == NULL)
		httpd_no_memory(R);
	else
		hop_fail(R, A);
}

/* A stage sent what it must not.  Return -1. */
static int
malformed(struct history * Y)
{
	struct web_request * R = Y->R;

	if (Y->streams) {
		fail(Y, NULL);
		return (-1);
	}
	history_free(Y);
	return (hop_malformed(R));
}

/* Append ${name}, of ${len} bytes of text, as a JSON string. */
static void
put_string(struct wbuf * W, const char * text, size_t len)
{
	json_t * string = json_stringn(text, len);
	char * dump = string == NULL ? NULL : json_dumps(string,
	    JSON_ENCODE_ANY | JSON_COMPACT);

	if (dump == NULL)
		W->failed = 1;
	else
		wbuf_put_bytes(W, dump, strlen(dump));
	free(dump);
	json_decref(string);
}

/* Append what comes before the first version. */
static void
put_begin(struct history * Y, struct wbuf * W)
{

	if (Y->json) {
		wbuf_printf(W, "{\"user\":");
		put_string(W, Y->user, strlen(Y->user));
		wbuf_printf(W, ",\"next\":%" PRIu64 ",\"versions\":[",
		    Y->next_epoch);
	} else
		wbuf_printf(W, "ks-history/v1\nuser %s\nversions %" PRIu32
		    "\nnext %" PRIu64 "\n", Y->user, Y->n, Y->next_epoch);
}

/* Append the version ${i} with its ${proof}. */
static void
put_version(struct history * Y, uint32_t i, const char * proof, size_t len,
    struct wbuf * W)
{
	const struct proto_publish_version * v = &Y->versions[i];

	if (!Y->json) {
		wbuf_printf(W, "proof %" PRIu64 " %" PRIu64 " %zu\n", v->epoch,
		    v->version, len);
		wbuf_put_bytes(W, proof, len);
		return;
	}
	wbuf_printf(W, "%s{\"epoch\":%" PRIu64 ",\"version\":%" PRIu64
	    ",\"proof\":", i > 0 ? "," : "", v->epoch, v->version);
	put_string(W, proof, len);
	wbuf_printf(W, "}");
}

static void
put_end(struct history * Y, struct wbuf * W)
{

	if (Y->json)
		wbuf_printf(W, "]}\n");
}

static const char *
type(const struct history * Y)
{

	return (Y->json ? "application/json" : NULL);
}

/* There is no version: that is the answer. */
static void
answer_none(struct history * Y)
{
	struct web_answer A = { .type = type(Y), .cache = WEB_NO_CACHE,
	    .vary = 1 };
	struct web_request * R = Y->R;

	put_begin(Y, &Y->piece);
	put_end(Y, &Y->piece);
	if (wbuf_failed(&Y->piece)) {
		fail(Y, NULL);
		return;
	}
	A.body = Y->piece.data;
	A.len = Y->piece.len;
	web_answer(R, &A);
	history_free(Y);
}

static int on_proof(void *, const struct hop_answer *);

/* Ask for the next proof.  0, or -1: memory is short. */
static int
ask_proof(struct history * Y)
{
	const struct proto_publish_lookup L = {
		.epoch = Y->versions[Y->got].epoch, .user = Y->user,
		.user_len = strlen(Y->user), .known = Y->known
	};
	struct wbuf W;

	wbuf_init(&W, FRAME_BODY_MAX);
	proto_publish_put_lookup(&W, &L);
	if (!wbuf_failed(&W))
		Y->ask = hop_ask(Y->H->publish, LOOKUP, W.data, W.len,
		    HOP_TIMEOUT_MS, on_proof, Y);
	wbuf_free(&W);
	return (Y->ask == NULL ? -1 : 0);
}

/* Send the piece that is there, and ask for the one after it. */
static void
send_piece(struct history * Y)
{

	Y->wanted = 0;
	Y->sent++;
	web_stream_put(Y->R, Y->piece.data, Y->piece.len);
	wbuf_reset(&Y->piece);
	if (Y->got < Y->n && ask_proof(Y))
		fail(Y, NULL);
}

/* The client has taken what there was. */
static void
more(void * cookie)
{
	struct history * Y = cookie;
	struct web_request * R = Y->R;

	if (Y->sent == Y->n) {
		history_free(Y);
		web_stream_end(R);
	} else if (Y->got > Y->sent)
		send_piece(Y);
	else
		Y->wanted = 1;
}

static int
on_proof(void * cookie, const struct hop_answer * A)
{
	struct web_answer answer = { .cache = WEB_NO_CACHE, .vary = 1 };
	struct history * Y = cookie;
	const char * proof;
	size_t len;

	Y->ask = NULL;
	if (A->outcome != HOP_ANSWER) {
		fail(Y, A);
		return (0);
	}
	if (A->frame->type != LOOKUP_PROOF ||
	    proto_publish_get_proof(A->frame->body, A->frame->len, &proof, &len))
		return (malformed(Y));
	if (Y->got == 0)
		put_begin(Y, &Y->piece);
	put_version(Y, Y->got, proof, len, &Y->piece);
	if (++Y->got == Y->n)
		put_end(Y, &Y->piece);
	if (wbuf_failed(&Y->piece))
		fail(Y, NULL);
	else if (!Y->streams) {
		Y->streams = 1;
		answer.type = type(Y);
		web_stream(Y->R, &answer, more, Y);
	} else if (Y->wanted)
		send_piece(Y);
	return (0);
}

static int
on_versions(void * cookie, const struct hop_answer * A)
{
	struct history * Y = cookie;
	struct proto_publish_versions V;

	Y->ask = NULL;
	if (A->outcome != HOP_ANSWER) {
		fail(Y, A);
		return (0);
	}
	if (A->frame->type != HISTORY_REPLY ||
	    proto_publish_get_versions(A->frame->body, A->frame->len, &V) ||
	    V.n > Y->max)
		return (malformed(Y));
	Y->next_epoch = V.next_epoch;
	while (proto_publish_next_version(&V, &Y->versions[Y->n]))
		Y->n++;
	if (Y->n == 0)
		answer_none(Y);
	else if (ask_proof(Y))
		fail(Y, NULL);
	return (0);
}

/* Take the arguments into ${Y}.  0, or -1: it was answered. */
static int
take_args(struct history * Y, struct web_request * R, uint64_t * from)
{
	const char * user, * known;
	uint64_t max = VERSIONS_MAX;
	size_t n;

	if (web_args_only(R, "user from max known") ||
	    web_arg_u64(R, "from", 1, UINT64_MAX, from) ||
	    web_arg_u64(R, "max", 1, VERSIONS_MAX, &max))
		return (-1);
	Y->max = (uint32_t)max;
	if ((user = web_arg(R, "user")) == NULL) {
		web_error(R, 400, "malformed", "argument-malformed",
		    "the argument user is missing");
		return (-1);
	}
	if (user_normalise(Y->user, user, strlen(user))) {
		web_error(R, 422, "refused", RULE_USER_MALFORMED,
		    rule_text(RULE_USER_MALFORMED));
		return (-1);
	}
	memcpy(Y->known, Y->H->realm->policy_hash, HASH_LEN);
	if ((known = web_arg(R, "known")) != NULL && (hex_decode(known,
	    strlen(known), Y->known, HASH_LEN, &n) || n != HASH_LEN)) {
		web_error(R, 400, "malformed", "argument-malformed",
		    "the argument known is not 64 hexadecimal digits");
		return (-1);
	}
	return (0);
}

/* Ask for the versions from ${from} on.  0, or -1: memory is short. */
static int
ask_versions(struct history * Y, uint64_t from)
{
	const struct proto_publish_history P = { Y->user, strlen(Y->user), from,
	    Y->max };
	struct wbuf W;

	wbuf_init(&W, 1024);
	proto_publish_put_history(&W, &P);
	if (!wbuf_failed(&W))
		Y->ask = hop_ask(Y->H->publish, HISTORY, W.data, W.len,
		    HOP_TIMEOUT_MS, on_versions, Y);
	wbuf_free(&W);
	return (Y->ask == NULL ? -1 : 0);
}

int
api_history(void * ctx, struct web_request * R)
{
	struct history * Y;
	uint64_t from = 1;

	if ((Y = calloc(1, sizeof(*Y))) == NULL)
		return (-1);
	Y->H = ctx;
	Y->R = R;
	Y->json = web_wants_json(R);
	wbuf_init(&Y->piece, PIECE_MAX);
	if (take_args(Y, R, &from)) {
		history_free(Y);
		return (0);
	}
	if (ask_versions(Y, from)) {
		history_free(Y);
		return (-1);
	}
	web_on_gone(R, on_gone, Y);
	return (0);
}
