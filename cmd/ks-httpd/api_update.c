#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/base64.h"
#include "base/hex.h"
#include "codec/wbuf.h"
#include "entry/limits.h"
#include "frame/frame.h"
#include "proto/proto_admit.h"

#include "httpd.h"

/* ks-admit waits for what becomes of an update, and says so when it does not. */
#define UPDATE_TIMEOUT_MS	65000

/* The fields of a JSON update that are base64. */
enum { FIELD_UPDATE, FIELD_PROFILE, FIELD_REGISTRATION, FIELDS };

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

/* Store in ${p} and ${len} the base64 text ${J}.  0, or -1. */
static int
take_base64(const json_t * J, uint8_t ** p, size_t * len)
{
	const size_t n = json_string_length(J);

	if (!json_is_string(J) || (*p = malloc(n + 1)) == NULL)
		return (-1);
	return (base64_decode(json_string_value(J), n, *p, n, len));
}

/* Append the body of the UPDATE that the JSON object ${J} says.  0, or -1. */
static int
put_json(struct wbuf * W, json_t * J)
{
	static const char * const name[FIELDS] = { "update", "profile",
		"registration" };
	struct proto_admit_update U;
	uint8_t id[REQUEST_ID_LEN], * p[FIELDS] = { NULL };
	size_t len[FIELDS] = { 0 }, n, known = 2;
	const char * hex;
	int rc = -1;

	hex = json_string_value(json_object_get(J, "request_id"));
	U.user = json_string_value(json_object_get(J, "user"));
	if (hex == NULL || U.user == NULL || hex_decode(hex, strlen(hex), id,
	    sizeof(id), &n) || n != sizeof(id))
		return (-1);
	for (unsigned i = 0; i < FIELDS; i++) {
		const json_t * field = json_object_get(J, name[i]);

		if (field == NULL && i == FIELD_REGISTRATION)
			continue;
		known++;
		if (take_base64(field, &p[i], &len[i]))
			goto done;
	}
	/* An unknown field is not passed over: it may matter to who sent it. */
	if (json_object_size(J) != known)
		goto done;
	U.request_id = id;
	U.user_len = json_string_length(json_object_get(J, "user"));
	U.update = p[FIELD_UPDATE];
	U.update_len = len[FIELD_UPDATE];
	U.profile = p[FIELD_PROFILE];
	U.profile_len = len[FIELD_PROFILE];
	U.registration = p[FIELD_REGISTRATION];
	U.registration_len = len[FIELD_REGISTRATION];
	proto_admit_put_update(W, &U);
	rc = wbuf_failed(W);
done:
	for (unsigned i = 0; i < FIELDS; i++)
		free(p[i]);
	return (rc);
}

/* Append the body of an UPDATE from that of ${R}.  0; or -1 and it is answered. */
static int
take_body(struct web_request * R, struct wbuf * W)
{
	struct proto_admit_update U;
	const uint8_t * body;
	json_t * J;
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
		J = json_loadb((const char *)body, len, JSON_REJECT_DUPLICATES,
		    NULL);
		if (json_is_object(J))
			rc = put_json(W, J);
		json_decref(J);
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
