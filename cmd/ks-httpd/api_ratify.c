#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/hex.h"
#include "codec/rbuf.h"
#include "codec/wbuf.h"
#include "entry/rule_names.h"
#include "frame/frame.h"
#include "note/note.h"
#include "proto/proto_admit.h"
#include "proto/proto_publish.h"
#include "proto/signature.h"
#include "web/web.h"

#include "api_feed.h"
#include "hop.h"
#include "httpd.h"

/* ks-admit waits for an outcome for so long, besides what the way takes. */
#define OUTCOME_WAIT_MS	60000

/* A question that is answered by one frame. */
struct call {
	struct web_request * R;
	struct hop_ask * ask;
	uint64_t epoch;
};

static void
on_gone(void * cookie)
{
	struct call * C = cookie;

	hop_cancel(C->ask);
	free(C);
}

/* Ask ${hop} for R what is in ${W}, which is freed.  0, or -1: memory is short. */
static int
call(struct web_request * R, struct hop * hop, uint16_t type, struct wbuf * W,
    uint64_t wait_ms, uint64_t epoch, int (* callback)(void *,
    const struct hop_answer *))
{
	struct call * C = NULL;
	int rc = -1;

	if (wbuf_failed(W) || (C = calloc(1, sizeof(*C))) == NULL)
		goto done;
	C->R = R;
	C->epoch = epoch;
	if ((C->ask = hop_ask(hop, type, W->data, W->len,
	    wait_ms + HOP_TIMEOUT_MS, callback, C)) == NULL) {
		free(C);
		goto done;
	}
	web_on_gone(R, on_gone, C);
	rc = 0;
done:
	wbuf_free(W);
	return (rc);
}

/*
 * The call ${C} has ended: free it.  Return its request if ${A} is a frame of ${type};
 * else answer it and return NULL with what the callback has to return in ${rc}.
 */
static struct web_request *
end(struct call * C, const struct hop_answer * A, uint16_t type, int * rc)
{
	struct web_request * R = C->R;

	free(C);
	*rc = 0;
	if (A->outcome == HOP_ANSWER && A->frame->type == type)
		return (R);
	if (A->outcome == HOP_ANSWER)
		*rc = hop_malformed(R);
	else
		hop_fail(R, A);
	return (NULL);
}

static int
on_proposed(void * cookie, const struct hop_answer * A)
{
	struct web_request * R;
	int rc;

	if ((R = end(cookie, A, RATIFY_PROPOSED, &rc)) == NULL)
		return (rc);
	if (A->frame->len != 0)
		return (hop_malformed(R));
	web_text(R, WEB_NO_STORE, "proposed\n");
	return (0);
}

static int
propose(struct httpd * H, struct web_request * R,
    const struct signature_ratification * S)
{
	struct wbuf W;

	wbuf_init(&W, 256);
	signature_put_ratification(&W, S);
	return (call(R, H->publish, RATIFY, &W, 0, S->epoch, on_proposed));
}

static void
malformed(struct web_request * R, const char * text)
{

	web_error(R, 400, "malformed", "body-malformed", text);
}

int
api_ratify(void * ctx, struct web_request * R)
{
	struct signature_ratification S;
	const uint8_t * body;
	size_t len;

	if (web_args_only(R, ""))
		return (0);
	if (!httpd_is_type(R, "application/octet-stream")) {
		web_error(R, 415, "malformed", "media-type-unknown",
		    "a ratification is application/octet-stream");
		return (0);
	}
	body = web_body(R, &len);
	if (signature_get_ratification(body, len, &S)) {
		malformed(R, "this is not the body of a RATIFY frame");
		return (0);
	}
	return (propose(ctx, R, &S));
}

/* Take the one signature line in the body apart.  0, 1 if it is none, -1: memory. */
static int
parse_line(const uint8_t * body, size_t len, struct signature_ratification * S)
{
	struct note * N = NULL;
	const char * rule;
	struct wbuf W;
	struct rbuf R;
	int rc = 1;

	/* A note of which only the line matters. */
	wbuf_init(&W, API_COSIGNATURE_MAX + 16);
	note_put_text(&W, "-\n", 2);
	wbuf_put_bytes(&W, body, len);
	if (wbuf_failed(&W) || (note_parse(&N, W.data, W.len, &rule) &&
	    rule == NULL))
		rc = -1;
	else if (N != NULL && N->nsigs == 1 && N->textlen == 2) {
		memcpy(S->key_id, N->sigs[0].id, VKEY_ID_LEN);
		rbuf_init(&R, N->sigs[0].sig, N->sigs[0].siglen);
		S->time_s = rbuf_get_u64(&R);
		rbuf_copy(&R, S->sig, SIGN_LEN);
		rc = rbuf_end(&R) ? 1 : 0;
	}
	note_free(N);
	wbuf_free(&W);
	return (rc);
}

int
api_cosignature(void * ctx, struct web_request * R)
{
	struct signature_ratification S;
	const uint8_t * body;
	size_t len;
	int rc;

	if (web_args_only(R, "") ||
	    web_segment_u64(R, 2, 1, UINT64_MAX, &S.epoch))
		return (0);
	body = web_body(R, &len);
	if ((rc = parse_line(body, len, &S)) < 0)
		return (-1);
	if (rc == 1) {
		malformed(R, "this is not one line of a cosignature/v1");
		return (0);
	}
	return (propose(ctx, R, &S));
}

static int
on_outcome(void * cookie, const struct hop_answer * A)
{
	struct web_request * R;
	uint64_t epoch;
	int rc;

	if ((R = end(cookie, A, UPDATE_ACCEPTED, &rc)) == NULL)
		return (rc);
	if (proto_admit_get_accepted(A->frame->body, A->frame->len, &epoch))
		return (hop_malformed(R));
	if (web_wants_json(R))
		httpd_json(R, WEB_NO_STORE, json_pack("{s:I}", "epoch",
		    (json_int_t)epoch));
	else
		web_text(R, WEB_NO_STORE, "epoch %" PRIu64 "\n", epoch);
	return (0);
}

int
api_outcome(void * ctx, struct web_request * R)
{
	struct httpd * H = ctx;
	uint8_t id[REQUEST_ID_LEN];
	const char * text = web_segment(R, 2);
	struct wbuf W;
	size_t n;

	if (web_args_only(R, ""))
		return (0);
	if (hex_decode(text, strlen(text), id, sizeof(id), &n) ||
	    n != sizeof(id)) {
		web_error(R, 400, "malformed", "argument-malformed",
		    "a request id is 32 hexadecimal digits");
		return (0);
	}
	wbuf_init(&W, 64);
	proto_admit_put_outcome(&W, id);
	return (call(R, H->admit, OUTCOME, &W, OUTCOME_WAIT_MS, 0, on_outcome));
}

static int
on_ratifications(void * cookie, const struct hop_answer * A)
{
	struct web_answer answer = { .type = "application/octet-stream",
	    .cache = WEB_NO_CACHE };
	const uint64_t epoch = ((struct call *)cookie)->epoch;
	struct proto_publish_ratifications S;
	struct web_request * R;
	struct wbuf W;
	size_t mark;
	int rc;

	if ((R = end(cookie, A, RATIFICATIONS_REPLY, &rc)) == NULL)
		return (rc);
	if (proto_publish_get_ratifications(A->frame->body, A->frame->len, &S) ||
	    S.epoch != epoch)
		return (hop_malformed(R));
	wbuf_init(&W, FRAME_LEN_MAX);
	for (unsigned i = 0; i < S.n; i++) {
		mark = frame_begin(&W, FEED_RATIFICATION, 0);
		signature_put_ratification(&W, &S.list[i]);
		frame_end(&W, mark);
	}
	answer.body = W.data;
	answer.len = W.len;
	if (wbuf_failed(&W))
		httpd_no_memory(R);
	else
		web_answer(R, &answer);
	wbuf_free(&W);
	return (0);
}

int
api_ratifications(void * ctx, struct web_request * R)
{
	struct httpd * H = ctx;
	struct wbuf W;
	uint64_t epoch;

	if (web_args_only(R, "") ||
	    web_segment_u64(R, 2, 1, UINT64_MAX, &epoch))
		return (0);
	wbuf_init(&W, 64);
	proto_publish_put_feed(&W, epoch);
	return (call(R, H->publish, RATIFICATIONS, &W, 0, epoch,
	    on_ratifications));
}
