#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <bsd/string.h>

#include "base/clock.h"
#include "daemon/conn.h"
#include "entry/rule_names.h"
#include "frame/frame.h"
#include "head/head.h"
#include "http/http_url.h"
#include "proto/proto_publish.h"
#include "proto/signature.h"

#include "fetch_impl.h"

/* The media type of frames. */
#define FRAMES	"application/octet-stream"

static struct slot *
slot_of(struct face * F, uint64_t epoch)
{

	return (&F->slot[epoch % FETCH_AHEAD]);
}

static void
lower(uint64_t * wake_ms, uint64_t to_ms)
{

	if (to_ms < *wake_ms)
		*wake_ms = to_ms;
}

/* Make ${S} that of ${epoch}, of which nothing is there. */
static void
slot_reset(struct slot * S, uint64_t epoch)
{

	http_end(S->call);
	http_end(S->ratifications);
	S->call = S->ratifications = NULL;
	S->epoch = epoch;
	bundle_init(&S->bundle, BUNDLE_EPOCH);
	wbuf_free(&S->in);
	wbuf_free(&S->back);
	S->start_ms = 0;
	S->whole = S->paused = S->later = S->ratified = 0;
}

void
fetch_feed_end(struct face * F)
{

	http_end(F->tail);
	F->tail = NULL;
	F->feed_id = 0;
	F->told = 0;
	F->tail_ms = 0;
	F->cursor[0] = '\0';
	F->base = 0;
	for (unsigned i = 0; i < FETCH_AHEAD; i++)
		slot_reset(&F->slot[i], 0);
}

void
fetch_feed_begin(struct face * F, uint32_t id, uint64_t epoch)
{

	fetch_feed_end(F);
	F->feed_id = id;
	F->next = epoch;
	for (unsigned i = 0; i < FETCH_AHEAD; i++)
		slot_reset(slot_of(F, epoch + i), epoch + i);
}

/* The feed is refused as ${R} says. */
static int
refuse(struct face * F, const struct http_result * R)
{
	const uint32_t id = F->feed_id;
	int rc = fetch_face_error(F, id, R);

	fetch_feed_end(F);
	return (rc);
}

/* Hand the frames over that are in ${S}, whose turn it is.  1: they are none. */
static int
pass_on(struct slot * S)
{
	struct face * F = S->face;
	struct frame frame;
	size_t used, at = 0;
	int rc = 0;

	while (at < S->in.len && (rc = bundle_next(&S->bundle,
	    S->in.data + at, S->in.len - at, &frame, &used)) == 1) {
		if (conn_send(F->conn, frame.type, F->feed_id, frame.body,
		    frame.len, 0))
			return (-1);
		at += used;
	}
	if (at > 0) {
		S->in.len -= at;
		memmove(S->in.data, S->in.data + at, S->in.len);
	}
	return (rc == -1);
}

int
fetch_feed_pass_back(struct face * F, const uint8_t * p, size_t len)
{
	struct signature_ratification R;
	struct proto_publish_head P;
	struct frame frame;
	struct bundle B;
	struct head H;
	size_t used;
	int rc;

	bundle_init(&B, BUNDLE_TAIL);
	while ((rc = bundle_next(&B, p, len, &frame, &used)) == 1) {
		p += used;
		len -= used;
		if (frame.type == FEED_HEAD) {
			if (proto_publish_get_head_reply(frame.body, frame.len,
			    &P) == 0 && head_parse(&H, P.head, HEAD_LEN) == 0 &&
			    H.epoch > F->newest)
				F->newest = H.epoch;
			continue;
		}
		if (signature_get_ratification(frame.body, frame.len, &R))
			return (1);
		if (R.epoch >= F->next) {
			/* Those of an epoch follow it. */
			if (R.epoch > F->base && R.epoch <= F->newest)
				F->base = R.epoch;
			continue;
		}
		fetch_push_back(F, R.epoch, R.key_id);
		if (conn_send(F->conn, FEED_RATIFICATION, F->feed_id,
		    frame.body, frame.len, 0))
			return (-1);
	}
	return (rc == -1 || !bundle_whole(&B, len));
}

/* The server says what no keyserver does. */
static void
fail(struct face * F, const char * why)
{

	fetch_face_fail(F, RULE_NOT_A_KEYSERVER, why, FETCH_REST_MS_REFUSED);
}

/* Hand over what is there, in the order of the epochs. */
static int
advance(struct face * F)
{
	struct slot * S;
	int rc = 0;

	while (F->feed_id != 0) {
		S = slot_of(F, F->next);
		if ((rc = pass_on(S)) != 0)
			break;
		if (S->paused && conn_room(F->conn)) {
			S->paused = 0;
			http_resume(S->call);
		}
		if (!S->whole || (S->epoch <= F->base && !S->ratified))
			return (0);
		if (!bundle_whole(&S->bundle, S->in.len)) {
			fail(F, "the bundle of an epoch has no end");
			return (0);
		}
		F->next++;
		if (S->back.len > 0 &&
		    (rc = fetch_feed_pass_back(F, S->back.data, S->back.len)) != 0)
			break;
		slot_reset(S, F->next - 1 + FETCH_AHEAD);
	}
	if (rc == 1)
		fail(F, "the bundle of an epoch is none");
	return (rc == -1 ? -1 : 0);
}

void
fetch_feed_drained(struct face * F)
{
	struct slot * S = slot_of(F, F->next);

	if (F->feed_id == 0 || !S->paused)
		return;
	S->paused = 0;
	http_resume(S->call);
}

/* More of a bundle came. */
static enum http_take
on_piece(void * cookie, const uint8_t * p, size_t len)
{
	struct slot * S = cookie;
	struct face * F = S->face;
	const int turn = S->epoch == F->next;

	if (turn ? !conn_room(F->conn) : S->in.len + len >
	    FETCH_HOLD_MAX) {
		S->paused = 1;
		return (HTTP_FULL);
	}
	wbuf_put_bytes(&S->in, p, len);
	if (wbuf_failed(&S->in) || (turn && pass_on(S)))
		return (HTTP_BAD);
	return (HTTP_TAKEN);
}

/* The request for the bundle of ${S} ended. */
static int
on_bundle(void * cookie, const struct http_result * R)
{
	struct slot * S = cookie;
	struct face * F = S->face;
	int rc = 0;

	switch (fetch_face_judge(F, R, FRAMES)) {
	case FETCH_GOOD:
		S->whole = 1;
		http_end(S->call);
		S->call = NULL;
		if (advance(F))
			return (-1);
		return (fetch_face_go(F));
	case FETCH_REFUSED:
		if (S->epoch == F->next &&
		    strcmp(R->rule, RULE_EPOCH_UNKNOWN) != 0)
			rc = refuse(F, R);
		else
			S->later = S->epoch != F->next;
		break;
	case FETCH_LATER:
		break;
	default:
		return (0);
	}
	http_end(S->call);
	S->call = NULL;
	return (rc ? rc : fetch_face_go(F));
}

static int
ask_bundle(struct slot * S, uint64_t now_ms)
{
	struct http_request Q = { .accept = FRAMES, .answer_max = BUNDLE_LEN_MAX,
	    .stall_ms = FETCH_STALL_MS, .piece = on_piece, .done = on_bundle,
	    .ctx = S };
	char path[80];

	/* Bytes of an answer that was broken off are of no use. */
	wbuf_reset(&S->in);
	bundle_init(&S->bundle, BUNDLE_EPOCH);
	S->paused = 0;
	S->start_ms = now_ms;
	snprintf(path, sizeof(path), "/v1/feed/%" PRIu64 "?wait_ms=%d",
	    S->epoch, S->epoch == S->face->next ? FETCH_WAIT_MS : 0);
	S->call = fetch_face_get(S->face, path, &Q);
	return (S->call == NULL ? -1 : 0);
}

/* The request for the ratifications of ${S} ended. */
static int
on_ratifications(void * cookie, const struct http_result * R)
{
	struct slot * S = cookie;
	struct face * F = S->face;

	switch (fetch_face_judge(F, R, FRAMES)) {
	case FETCH_GOOD:
		wbuf_put_bytes(&S->back, R->body, R->len);
		if (wbuf_failed(&S->back))
			return (-1);
		/* FALLTHROUGH */
	case FETCH_REFUSED:
		S->ratified = 1;
		break;
	case FETCH_LATER:
		break;
	default:
		return (0);
	}
	http_end(S->ratifications);
	S->ratifications = NULL;
	if (advance(F))
		return (-1);
	return (fetch_face_go(F));
}

static int
ask_ratifications(struct slot * S)
{
	struct http_request Q = { .accept = FRAMES,
	    .answer_max = BUNDLE_TAIL_MAX, .timeout_ms = FETCH_TIMEOUT_MS,
	    .stall_ms = FETCH_TIMEOUT_MS, .done = on_ratifications, .ctx = S };
	char path[80];

	snprintf(path, sizeof(path), "/v1/ratifications/%" PRIu64, S->epoch);
	S->ratifications = fetch_face_get(S->face, path, &Q);
	return (S->ratifications == NULL ? -1 : 0);
}

/* Take the answer ${R} of what came since. */
static int
take_tail(struct face * F, const struct http_result * R)
{
	int rc;

	if (R->cursor[0] == '\0') {
		fail(F, "there is no Ks-Cursor");
		return (0);
	}
	strlcpy(F->cursor, R->cursor, sizeof(F->cursor));
	if ((rc = fetch_feed_pass_back(F, R->body, R->len)) == 1)
		fail(F, "what came since is none of that");
	if (rc != 0)
		return (rc == -1 ? -1 : 0);
	/* Ratifications of epochs until now are asked for with the epoch. */
	if (!F->told && F->newest > F->base)
		F->base = F->newest;
	F->told = 1;
	http_end(F->tail);
	F->tail = NULL;
	return (fetch_face_go(F));
}

static int
on_tail(void * cookie, const struct http_result * R)
{
	struct face * F = cookie;

	switch (fetch_face_judge(F, R, FRAMES)) {
	case FETCH_GOOD:
		return (take_tail(F, R));
	case FETCH_REFUSED:
		return (refuse(F, R));
	case FETCH_LATER:
		http_end(F->tail);
		F->tail = NULL;
		return (fetch_face_go(F));
	default:
		return (0);
	}
}

static int
ask_tail(struct face * F, uint64_t now_ms)
{
	struct http_request Q = { .accept = FRAMES,
	    .answer_max = BUNDLE_TAIL_MAX, .timeout_ms = 2 * FETCH_STALL_MS,
	    .stall_ms = FETCH_STALL_MS, .done = on_tail, .ctx = F };
	struct wbuf W;

	wbuf_init(&W, 4096);
	wbuf_printf(&W, "/v1/tail");
	if (F->told) {
		wbuf_printf(&W, "?wait_ms=%d&cursor=", FETCH_WAIT_MS);
		http_url_arg(&W, F->cursor);
	}
	wbuf_put_u8(&W, '\0');
	F->tail_ms = now_ms;
	F->tail = wbuf_failed(&W) ? NULL :
	    fetch_face_get(F, (const char *)W.data, &Q);
	wbuf_free(&W);
	return (F->tail == NULL ? -1 : 0);
}

int
fetch_feed_go(struct face * F, uint64_t now_ms, uint64_t * wake_ms)
{
	struct slot * S;
	uint64_t epoch;

	if (F->feed_id == 0)
		return (0);
	if (F->tail == NULL && now_ms < F->tail_ms + FETCH_TAIL_MS)
		lower(wake_ms, F->tail_ms + FETCH_TAIL_MS);
	else if (F->tail == NULL && ask_tail(F, now_ms))
		return (-1);
	for (unsigned k = 0; F->told && k < FETCH_AHEAD; k++) {
		epoch = F->next + k;
		S = slot_of(F, epoch);
		if (k > 0 && (epoch > F->newest || S->later))
			break;
		if (S->call == NULL && !S->whole) {
			if (S->start_ms != 0 &&
			    now_ms < S->start_ms + FETCH_POLL_MS)
				lower(wake_ms, S->start_ms + FETCH_POLL_MS);
			else if (ask_bundle(S, now_ms))
				return (-1);
		}
		if (epoch <= F->base && S->ratifications == NULL &&
		    !S->ratified && ask_ratifications(S))
			return (-1);
	}
	return (0);
}
