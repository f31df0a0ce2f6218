#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/string.h>

#include "base/clock.h"
#include "daemon/conn.h"
#include "frame/frame.h"
#include "http/http_url.h"
#include "loop/loop.h"
#include "proto/proto_publish.h"
#include "proto/signature.h"

#include "fetch_face.h"
#include "fetch_impl.h"

/* Forget the connection, and what was asked on it.  How far the server is may still
 * be told: connecting to it took its time. */
static void
forget(struct face * F)
{

	F->conn = NULL;
	F->head_id = 0;
	fetch_feed_end(F);
	fetch_push_end(F);
}

void
fetch_face_fail(struct face * F, const char * rule, const char * why,
    uint64_t again_ms)
{
	struct conn * C = F->conn;
	char text[sizeof(F->said)];

	snprintf(text, sizeof(text), "%s%s%s", rule,
	    rule[0] != '\0' && why[0] != '\0' ? ": " : "", why);
	if (strcmp(text, F->said) != 0) {
		strlcpy(F->said, text, sizeof(F->said));
		warnx("%s: %s; trying again", F->url, text);
	}
	F->wait_ms = F->wait_ms == 0 ? FETCH_REST_MS_MIN : 2 * F->wait_ms;
	if (F->wait_ms > again_ms)
		F->wait_ms = again_ms;
	F->rests_ms = clock_mono_ms() + F->wait_ms;
	forget(F);
	if (C != NULL)
		conn_finish(C);
}

/* It answers as it should. */
static void
praise(struct face * F)
{

	if (F->said[0] != '\0')
		warnx("%s: answers again", F->url);
	F->said[0] = '\0';
	F->wait_ms = 0;
}

enum fetch_said
fetch_face_judge(struct face * F, const struct http_result * R, const char * type)
{
	char why[HTTP_WHY_MAX];

	if (R->end == HTTP_FAILED) {
		fetch_face_fail(F, R->rule, R->why, FETCH_REST_MS_MAX);
		return (FETCH_AWAY);
	}
	if (R->end == HTTP_REJECTED) {
		fetch_face_fail(F, R->rule, R->why, FETCH_REST_MS_REFUSED);
		return (FETCH_AWAY);
	}
	if (R->status == 429) {
		F->rests_ms = clock_mono_ms() + 1000 * (R->retry_after_s == 0 ?
		    1 : R->retry_after_s > 60 ? 60 : R->retry_after_s);
		return (FETCH_LATER);
	}
	if (R->status == 200 && strcmp(R->type, type) == 0) {
		praise(F);
		return (FETCH_GOOD);
	}
	if (R->status >= 400 && R->rule[0] != '\0') {
		praise(F);
		return (FETCH_REFUSED);
	}
	if (R->status == 200)
		snprintf(why, sizeof(why), "the answer is not %s", type);
	else
		snprintf(why, sizeof(why), "status %u", R->status);
	fetch_face_fail(F, "", why, R->status >= 500 ? FETCH_REST_MS_MAX :
	    FETCH_REST_MS_REFUSED);
	return (FETCH_AWAY);
}

int
fetch_face_error(struct face * F, uint32_t id, const struct http_result * R)
{
	enum error_code code = R->status == 404 ? ERROR_NOT_FOUND :
	    R->status < 500 ? ERROR_REFUSED : ERROR_UNAVAILABLE;

	return (F->conn == NULL ? 0 : conn_error(F->conn, id, code, R->rule,
	    "", 0));
}

struct http_call *
fetch_face_get(struct face * F, const char * path, const struct http_request * Q)
{
	struct http_request copy = *Q;
	struct http_call * call = NULL;
	struct wbuf W;

	wbuf_init(&W, 2 * HTTP_URL_MAX);
	http_url_put(&W, F->url, path);
	wbuf_put_u8(&W, '\0');
	copy.url = (const char *)W.data;
	if (wbuf_failed(&W) || (call = http_start(F->H, &copy)) == NULL)
		warn("%s", F->url);
	wbuf_free(&W);
	return (call);
}

int
fetch_face_go(struct face * F)
{
	const uint64_t now_ms = clock_mono_ms();
	uint64_t wake_ms = UINT64_MAX;

	loop_timer_clear(F->again);
	if (F->conn == NULL)
		return (0);
	if (now_ms < F->rests_ms) {
		loop_timer_set(F->again, F->rests_ms - now_ms);
		return (0);
	}
	if (fetch_head_go(F, now_ms, &wake_ms) || fetch_feed_go(F, now_ms, &wake_ms) ||
	    fetch_push_go(F, now_ms, &wake_ms))
		return (-1);
	if (wake_ms != UINT64_MAX)
		loop_timer_set(F->again, wake_ms > now_ms ? wake_ms - now_ms :
		    0);
	return (0);
}

static int
on_again(void * cookie)
{

	return (fetch_face_go(cookie));
}

/* ${C} asks: there is only one who does, and he may have connected anew. */
static void
asked_by(struct face * F, struct conn * C)
{
	struct conn * before = F->conn;

	if (before == C)
		return;
	if (before != NULL) {
		forget(F);
		conn_finish(before);
	}
	F->conn = C;
}

static int
handle_feed(void * cookie, struct conn * C, uint32_t id, const uint8_t * body,
    size_t len)
{
	struct face * F = cookie;
	uint64_t epoch;

	if (id == 0 || proto_publish_get_feed(body, len, &epoch) || epoch == 0)
		return (conn_malformed(C, "feed-malformed"));
	asked_by(F, C);
	fetch_feed_begin(F, id, epoch);
	return (fetch_face_go(F));
}

static int
handle_head(void * cookie, struct conn * C, uint32_t id, const uint8_t * body,
    size_t len)
{
	struct face * F = cookie;
	uint64_t epoch;

	if (id == 0 || proto_publish_get_head(body, len, &epoch) || epoch != 0)
		return (conn_malformed(C, "head-malformed"));
	asked_by(F, C);
	F->head_id = id;
	return (fetch_face_go(F));
}

static int
handle_ratify(void * cookie, struct conn * C, uint32_t id,
    const uint8_t * body, size_t len)
{
	struct face * F = cookie;
	struct signature_ratification S;

	if (signature_get_ratification(body, len, &S))
		return (conn_malformed(C, "ratify-malformed"));
	asked_by(F, C);
	if (fetch_push_add(F, id, S.epoch, body))
		return (-1);
	return (fetch_face_go(F));
}

static const struct server_handler handlers[] = {
	{ FEED, "FEED", 8, 8, handle_feed },
	{ HEAD, "HEAD", 8, 8, handle_head },
	{ RATIFY, "RATIFY", RATIFY_BACK_LEN, RATIFY_BACK_LEN, handle_ratify },
};

static int
on_drained(void * cookie, struct conn * C)
{
	struct face * F = cookie;

	if (C == F->conn)
		fetch_feed_drained(F);
	return (0);
}

static void
on_gone(void * cookie, struct conn * C)
{
	struct face * F = cookie;

	if (C == F->conn)
		forget(F);
}

struct face *
fetch_face_new(struct loop * L, struct http * H, const char * url, int fd)
{
	struct face * F;

	if ((F = calloc(1, sizeof(*F))) == NULL ||
	    (F->again = loop_timer_new(L, on_again, F)) == NULL) {
		warn("%s", url);
		free(F);
		return (NULL);
	}
	F->L = L;
	F->H = H;
	F->url = url;
	F->spec = (struct server_spec){ .fd = fd, .handlers = handlers,
	    .nhandlers = sizeof(handlers) / sizeof(handlers[0]), .ctx = F,
	    .drained = on_drained, .gone = on_gone };
	for (unsigned i = 0; i < FETCH_AHEAD; i++) {
		F->slot[i].face = F;
		wbuf_init(&F->slot[i].in, FETCH_HOLD_MAX + 2 * (FRAME_LEN_MAX + 4));
		wbuf_init(&F->slot[i].back, BUNDLE_TAIL_MAX);
	}
	for (unsigned i = 0; i < RATIFY_PUSH_MAX; i++)
		F->push[i].face = F;
	return (server_new(L, &F->spec, NULL) == NULL ? NULL : F);
}
