#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/hex.h"
#include "codec/rbuf.h"
#include "codec/wbuf.h"
#include "entry/rule_names.h"
#include "frame/frame.h"
#include "head/head.h"
#include "proto/proto_publish.h"
#include "proto/signature.h"
#include "web/web.h"

#include "api_feed.h"
#include "httpd.h"
#include "tail.h"

/* Bytes of events in one answer, unless it is a single one; the cursor tells the rest. */
#define TAIL_ANSWER_MAX	((size_t)1024 * 1024)

/* Somebody who polls. */
struct poll {
	struct httpd * H;
	struct web_request * R;
	uint64_t number;	/* up to which he has had everything */
	struct tail_wait wait;
};

/* The event ${E} as JSON, or NULL. */
static json_t *
event_json(const struct tail_event * E)
{
	char hex[HEX_SIZE(HASH_LEN)];
	struct signature_ratification S;
	struct proto_publish_head P;
	struct frame F;
	struct head H;
	size_t used;

	/* It was decoded when it came. */
	if (frame_parse(E->frame, E->len, &F, &used) != 1)
		return (NULL);
	if (E->is_head) {
		if (proto_publish_get_head_reply(F.body, F.len, &P) ||
		    head_parse(&H, P.head, HEAD_LEN))
			return (NULL);
		hex_encode(H.root, HASH_LEN, hex, sizeof(hex));
		return (json_pack("{s:s, s:I, s:I, s:I, s:s}", "type", "head",
		    "epoch", (json_int_t)H.epoch, "time_ms", (json_int_t)H.time_ms,
		    "updates", (json_int_t)H.updates, "root", hex));
	}
	if (signature_get_ratification(F.body, F.len, &S))
		return (NULL);
	hex_encode(S.key_id, VKEY_ID_LEN, hex, sizeof(hex));
	return (json_pack("{s:s, s:I, s:s, s:I}", "type", "ratification", "epoch",
	    (json_int_t)S.epoch, "key_id", hex, "seconds", (json_int_t)S.time_s));
}

/* Append the events after ${number}, as many as fit, to ${W}; return the last one. */
static uint64_t
put_frames(const struct tail_ring * ring, uint64_t number, struct wbuf * W)
{
	const struct tail_event * E;

	for (E = tail_ring_next(ring, number); E != NULL;
	    E = TAILQ_NEXT(E, link)) {
		if (W->len > 0 && W->len + E->len > TAIL_ANSWER_MAX)
			break;
		wbuf_put_bytes(W, E->frame, E->len);
		number = E->number;
	}
	return (number);
}

/* The same as a JSON array, for json_decref; NULL if memory ran out. */
static json_t *
make_events(const struct tail_ring * ring, uint64_t * number)
{
	const struct tail_event * E;
	json_t * events = json_array();
	size_t len = 0;

	for (E = tail_ring_next(ring, *number); E != NULL && events != NULL &&
	    (len == 0 || len + E->len <= TAIL_ANSWER_MAX); E = TAILQ_NEXT(E, link)) {
		if (json_array_append_new(events, event_json(E))) {
			json_decref(events);
			return (NULL);
		}
		len += E->len;
		*number = E->number;
	}
	return (events);
}

/* Append the answer with what came after ${number} to ${W}; return the last one. */
static uint64_t
put_json(const struct tail_ring * ring, uint64_t number, struct wbuf * W)
{
	char cursor[TAIL_RING_CURSOR_SIZE];
	json_t * events = make_events(ring, &number), * J;
	char * text = NULL;

	tail_ring_cursor(ring, number, cursor);
	J = json_pack("{s:s, s:o}", "cursor", cursor, "events", events);
	if (J != NULL)
		text = json_dumps(J, JSON_COMPACT);
	json_decref(J);
	if (text == NULL)
		W->failed = 1;
	else
		wbuf_put_bytes(W, text, strlen(text));
	free(text);
	return (number);
}

/* Answer with what came after ${number}, which may be nothing. */
static void
answer(const struct tail_ring * ring, struct web_request * R, uint64_t number)
{
	char cursor[TAIL_RING_CURSOR_SIZE];
	const char * const headers[] = { "Ks-Cursor", cursor, NULL };
	struct web_answer A = { .type = "application/octet-stream", .vary = 1,
	    .headers = headers };
	struct wbuf W;

	wbuf_init(&W, 2 * TAIL_ANSWER_MAX + FRAME_LEN_MAX + 4);
	if (web_wants_json(R)) {
		A.type = "application/json";
		number = put_json(ring, number, &W);
	} else
		number = put_frames(ring, number, &W);
	tail_ring_cursor(ring, number, cursor);
	A.body = W.data;
	A.len = W.len;
	if (wbuf_failed(&W))
		httpd_no_memory(R);
	else
		web_answer(R, &A);
	wbuf_free(&W);
}

/* Answer with what is there; that nothing is may be because nobody tells us. */
static void
answer_now(struct httpd * H, struct web_request * R, uint64_t number)
{

	if (tail_ring_next(&H->tail.ring, number) == NULL && !tail_up(&H->tail))
		web_error(R, 503, "unavailable", "stage-unavailable",
		    "this replica cannot be asked now");
	else
		answer(&H->tail.ring, R, number);
}

static int
on_wait(void * cookie)
{
	struct poll * P = cookie;
	struct poll copy = *P;

	free(P);
	answer_now(copy.H, copy.R, copy.number);
	return (0);
}

static void
on_gone(void * cookie)
{
	struct poll * P = cookie;

	tail_wait_cancel(&P->H->tail, &P->wait);
	free(P);
}

int
api_tail(void * ctx, struct web_request * R)
{
	struct httpd * H = ctx;
	const char * cursor;
	struct poll * P;
	uint64_t number = 0, wait_ms = 0;

	if (web_args_only(R, "cursor wait_ms") ||
	    web_arg_u64(R, "wait_ms", 0, TAIL_WAIT_MAX_MS, &wait_ms))
		return (0);
	if ((cursor = web_arg(R, "cursor")) != NULL &&
	    tail_ring_after(&H->tail.ring, cursor, &number)) {
		web_error(R, 400, "malformed", "argument-malformed",
		    "this is no cursor");
		return (0);
	}
	if (wait_ms == 0 || tail_ring_next(&H->tail.ring, number) != NULL) {
		answer_now(H, R, number);
		return (0);
	}
	if ((P = calloc(1, sizeof(*P))) == NULL)
		return (-1);
	P->H = H;
	P->R = R;
	P->number = number;
	P->wait = (struct tail_wait){ .number = number, .done = on_wait, .ctx = P };
	if (tail_wait(&H->tail, &P->wait, wait_ms)) {
		free(P);
		web_error(R, 503, "unavailable", RULE_TOO_MANY_WAITING,
		    "too many wait already");
		return (0);
	}
	web_on_gone(R, on_gone, P);
	return (0);
}
