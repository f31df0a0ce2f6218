#include <err.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/base64.h"
#include "daemon/conn.h"
#include "entry/rule_names.h"
#include "head/head.h"
#include "note/note.h"
#include "proto/proto_publish.h"

#include "fetch_impl.h"

/* The media type of a checkpoint with its head record. */
#define JSON	"application/json"

/* Answer the HEAD that waits with ${head} and ${note}. */
static int
answer(struct face * F, const uint8_t * head, const char * note)
{
	const struct proto_publish_head P = { .head = head,
	    .note = (const uint8_t *)note, .note_len = strlen(note) };
	struct head H;

	if (head_parse(&H, head, HEAD_LEN) == 0 && H.epoch > F->newest)
		F->newest = H.epoch;
	if (F->conn == NULL || F->head_id == 0)
		return (0);
	proto_publish_put_head_reply(conn_begin(F->conn, HEAD_REPLY,
	    F->head_id), &P);
	F->head_id = 0;
	return (conn_end(F->conn, 0));
}

/* Take the JSON of a checkpoint.  1: it is none. */
static int
take(struct face * F, const char * text, size_t len)
{
	json_t * all = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	uint8_t head[HEAD_LEN];
	const char * b64, * note;
	size_t n;
	int rc = 1;

	if (all != NULL && json_unpack(all, "{s:s,s:s}", "head", &b64, "note",
	    &note) == 0 && strlen(note) <= UINT16_MAX &&
	    base64_decode(b64, strlen(b64), head, sizeof(head), &n) == 0 &&
	    n == HEAD_LEN)
		rc = answer(F, head, note);
	json_decref(all);
	return (rc);
}

static int
on_head(void * cookie, const struct http_result * R)
{
	struct face * F = cookie;
	struct http_call * call = F->head;
	int rc = 0;

	F->head = NULL;
	switch (fetch_face_judge(F, R, JSON)) {
	case FETCH_GOOD:
		if ((rc = take(F, (const char *)R->body, R->len)) == 1) {
			fetch_face_fail(F, RULE_NOT_A_KEYSERVER,
			    "the checkpoint is none", FETCH_REST_MS_REFUSED);
			rc = 0;
		}
		break;
	case FETCH_REFUSED:
		if (F->head_id != 0)
			rc = fetch_face_error(F, F->head_id, R);
		F->head_id = 0;
		break;
	default:
		break;
	}
	http_end(call);
	return (rc ? rc : fetch_face_go(F));
}

int
fetch_head_go(struct face * F, uint64_t now_ms, uint64_t * wake_ms)
{
	const struct http_request Q = { .accept = JSON,
	    .answer_max = FETCH_HEAD_MAX,
	    .timeout_ms = FETCH_HEAD_TIMEOUT_MS, .done = on_head, .ctx = F };

	if (F->head_id == 0 || F->head != NULL)
		return (0);
	if (now_ms < F->head_ms + FETCH_HEAD_MS) {
		if (F->head_ms + FETCH_HEAD_MS < *wake_ms)
			*wake_ms = F->head_ms + FETCH_HEAD_MS;
		return (0);
	}
	F->head_ms = now_ms;
	F->head = fetch_face_get(F, "/v1/checkpoint", &Q);
	return (F->head == NULL ? -1 : 0);
}
