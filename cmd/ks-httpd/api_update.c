#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/hex.h"
#include "codec/wbuf.h"
#include "frame/frame.h"
#include "proto/proto_admit.h"
#include "proto/update_json.h"

#include "httpd.h"

/* ks-admit waits for what becomes of an update, and says so when it does not. */
#define UPDATE_TIMEOUT_MS	65000

/* An update whose outcome is awaited. */
struct update {
	struct web_request * R;
	struct hop_ask * ask;
};

static void
on_gone(void * cookie)
{
	struct update * U = cookie;

	hop_cancel(U->ask);
	free(U);
}

static int
on_accepted(void * cookie, const struct hop_answer * A)
{
	struct update * U = cookie;
	struct web_request * R = U->R;
	uint64_t epoch;

	free(U);
	if (A->outcome != HOP_ANSWER) {
		hop_fail(R, A);
		return (0);
	}
	if (A->frame->type != UPDATE_ACCEPTED ||
	    proto_admit_get_accepted(A->frame->body, A->frame->len, &epoch))
		return (hop_malformed(R));
	if (web_wants_json(R))
		httpd_json(R, WEB_NO_STORE, json_pack("{s:I}", "epoch",
		    (json_int_t)epoch));
	else
		web_text(R, WEB_NO_STORE, "epoch %" PRIu64 "\n", epoch);
	return (0);
}

/* Append the body of an UPDATE from that of ${R}.  0; or -1 and it is answered. */
static int
take_body(struct web_request * R, struct wbuf * W)
{
	struct proto_admit_update U;
	const uint8_t * body;
	size_t len;
	int rc = -1;

	body = web_body(R, &len);
	if (httpd_is_type(R, "application/octet-stream")) {
		if (len > FRAME_BODY_MAX) {
			web_error(R, 413, "refused", "body-too-large",
			    "an update is not so large");
			return (-1);
		}
		if ((rc = proto_admit_get_update(body, len, &U)) == 0)
			wbuf_put_bytes(W, body, len);
	} else if (httpd_is_type(R, "application/json")) {
		rc = update_json_read((const char *)body, len, W);
	} else {
		web_error(R, 415, "malformed", "media-type-unknown",
		    "an update is application/octet-stream or application/json");
		return (-1);
	}
	if (rc == 0)
		return (0);
	web_error(R, 400, "malformed", "body-malformed",
	    "the body is no update in its form");
	return (-1);
}

int
api_update(void * cookie, struct web_request * R)
{
	const struct httpd * H = cookie;
	struct update * U;
	struct wbuf W;

	wbuf_init(&W, FRAME_BODY_MAX);
	if (web_args_only(R, "") || take_body(R, &W)) {
		wbuf_free(&W);
		return (0);
	}
	if ((U = calloc(1, sizeof(*U))) != NULL) {
		U->R = R;
		U->ask = hop_ask(H->admit, UPDATE, W.data, W.len,
		    UPDATE_TIMEOUT_MS, on_accepted, U);
	}
	wbuf_free(&W);
	if (U == NULL || U->ask == NULL) {
		free(U);
		return (-1);
	}
	web_on_gone(R, on_gone, U);
	return (0);
}
