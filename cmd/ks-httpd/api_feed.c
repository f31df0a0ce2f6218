#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/clock.h"
#include "base/hex.h"
#include "codec/wbuf.h"
#include "entry/limits.h"
#include "entry/rule_names.h"
#include "frame/frame.h"
#include "head/head.h"
#include "proto/proto_publish.h"
#include "web/web.h"

#include "api_feed.h"
#include "hop.h"
#include "httpd.h"
#include "tail.h"

/*
 * The bundle of an epoch.  Its end, which ks-publish gives first, says how many updates
 * come before it and, by their hash, which; then they are passed on a piece at a time,
 * each asked for once the client has taken the one before: of a slow one, or of a
 * hundred, no more than a piece is held.
 */

/* An update number beyond any: of a BUNDLE that asks for the end. */
#define NO_UPDATE	UINT32_MAX

/* The end of a bundle: a policy, and a head with its note. */
#define END_LEN_MAX	(2 * (FRAME_LEN_MAX + 4))

/* Most bundles being sent at a time: each holds a piece. */
#define FEEDS_MAX	256

/* Bytes of the hash in an ETag; that with quotes and NUL. */
#define ETAG_LEN	16
#define ETAG_SIZE	(2 + HEX_SIZE(ETAG_LEN))

struct feed {
	struct httpd * H;
	struct web_request * R;
	struct hop_ask * ask;		/* NULL: none */
	struct tail_wait wait;
	uint64_t deadline_ms;		/* until when it waits for the epoch */
	uint64_t epoch;
	int streams;			/* nonzero: it is counted */
	struct wbuf end;		/* frames */
	uint32_t updates;		/* of the epoch */
	uint32_t sent;			/* of these */
	int ended;			/* nonzero: the end was sent too */
};

static void
feed_free(struct feed * F)
{

	if (F->ask != NULL)
		hop_cancel(F->ask);
	tail_wait_cancel(&F->H->tail, &F->wait);
	if (F->streams)
		F->H->feeds--;
	wbuf_free(&F->end);
	free(F);
}

static void
on_gone(void * cookie)
{

	feed_free(cookie);
}

/* Ask for the part that begins with the update number ${from}. */
static struct hop_ask *
ask(struct feed * F, uint32_t from, int (* callback)(void *,
    const struct hop_answer *))
{
	struct hop_ask * A = NULL;
	struct wbuf W;

	wbuf_init(&W, 64);
	proto_publish_put_bundle(&W, F->epoch, from);
	if (!wbuf_failed(&W))
		A = from == NO_UPDATE ? hop_stream(F->H->publish, BUNDLE, W.data,
		    W.len, FEED_HEAD, HOP_TIMEOUT_MS, callback, F) :
		    hop_ask(F->H->publish, BUNDLE, W.data, W.len, HOP_TIMEOUT_MS,
		    callback, F);
	wbuf_free(&W);
	return (A);
}

/* Cut off what was begun: there is no other way to say that it went wrong. */
static void
cut_off(struct feed * F)
{
	struct web_request * R = F->R;

	feed_free(F);
	web_stream_abort(R);
}

static int
on_updates(void * cookie, const struct hop_answer * A)
{
	struct feed * F = cookie;
	struct proto_publish_updates U;
	struct wbuf W;

	F->ask = NULL;
	if (A->outcome != HOP_ANSWER) {
		cut_off(F);
		return (0);
	}
	if (A->frame->type != FEED_UPDATES ||
	    proto_publish_get_updates(A->frame->body, A->frame->len, &U) ||
	    U.epoch != F->epoch || U.n == 0 || U.n > F->updates - F->sent) {
		cut_off(F);
		return (-1);
	}
	wbuf_init(&W, FRAME_LEN_MAX + 4);
	frame_put(&W, FEED_UPDATES, 0, A->frame->body, A->frame->len);
	if (wbuf_failed(&W)) {
		wbuf_free(&W);
		cut_off(F);
		return (0);
	}
	F->sent += U.n;
	web_stream_put(F->R, W.data, W.len);
	wbuf_free(&W);
	return (0);
}

/* The client has taken what there was. */
static void
more(void * cookie)
{
	struct feed * F = cookie;
	struct web_request * R = F->R;

	if (F->sent < F->updates) {
		if (F->ask == NULL &&
		    (F->ask = ask(F, F->sent, on_updates)) == NULL)
			cut_off(F);
	} else if (!F->ended) {
		F->ended = 1;
		web_stream_put(R, F->end.data, F->end.len);
	} else {
		feed_free(F);
		web_stream_end(R);
	}
}

/* The end has the hash of what comes before it: its own stands for all. */
static void
make_etag(const struct wbuf * end, char etag[ETAG_SIZE])
{
	uint8_t hash[ETAG_LEN];
	char hex[HEX_SIZE(ETAG_LEN)];

	crypto_generichash(hash, sizeof(hash), end->data, end->len, NULL, 0);
	hex_encode(hash, sizeof(hash), hex, sizeof(hex));
	snprintf(etag, ETAG_SIZE, "\"%s\"", hex);
}

/* Does the client have it? */
static int
is_known(const struct web_request * R, const char * etag)
{
	const char * known = web_header(R, "If-None-Match");

	return (known != NULL && (strcmp(known, "*") == 0 ||
	    strstr(known, etag) != NULL));
}

/* The end is known: answer. */
static void
begin(struct feed * F)
{
	char etag[ETAG_SIZE];
	const char * const headers[] = { "ETag", etag, NULL };
	struct web_answer A = { .type = "application/octet-stream",
	    .cache = WEB_IMMUTABLE };
	struct web_request * R = F->R;

	/* An epoch without updates: the end is all. */
	if (F->updates == 0) {
		A.body = F->end.data;
		A.len = F->end.len;
		web_answer(R, &A);
		feed_free(F);
		return;
	}
	make_etag(&F->end, etag);
	A.headers = headers;
	if (is_known(R, etag)) {
		A.status = 304;
		web_answer(R, &A);
		feed_free(F);
		return;
	}
	if (F->H->feeds == FEEDS_MAX) {
		feed_free(F);
		web_error(R, 503, "unavailable", RULE_TOO_MANY_WAITING,
		    "too many bundles are being sent");
		return;
	}
	F->streams = 1;
	F->H->feeds++;
	web_stream(R, &A, more, F);
}

static int ask_end(struct feed *);

/* The epoch is signed, or the time is over: it is asked for again. */
static int
on_wait(void * cookie)
{
	struct feed * F = cookie;

	return (ask_end(F));
}

/* There is no such epoch yet: wait for it while there is time. */
static void
no_epoch(struct feed * F, const struct hop_answer * A)
{
	const uint64_t now = clock_mono_ms();
	struct web_request * R = F->R;

	if (F->deadline_ms > now && tail_wait(&F->H->tail, &F->wait,
	    F->deadline_ms - now) == 0) {
		/* At the second answer it has come, or not. */
		F->deadline_ms = 0;
		return;
	}
	feed_free(F);
	hop_fail(R, A);
}

/* Take the head that ends the bundle.  0, or -1 if it is malformed. */
static int
take_head(struct feed * F, const struct frame * X)
{
	struct proto_publish_head P;
	struct head H;

	if (proto_publish_get_head_reply(X->body, X->len, &P) ||
	    head_parse(&H, P.head, HEAD_LEN) || H.epoch != F->epoch ||
	    H.updates > EPOCH_UPDATES_MAX)
		return (-1);
	F->updates = (uint32_t)H.updates;
	return (0);
}

static int
on_end(void * cookie, const struct hop_answer * A)
{
	struct feed * F = cookie;
	struct web_request * R = F->R;

	if (A->outcome != HOP_MORE)
		F->ask = NULL;
	if (A->outcome != HOP_ANSWER && A->outcome != HOP_MORE) {
		if (A->outcome == HOP_ERROR &&
		    strcmp(A->error->rule, RULE_EPOCH_UNKNOWN) == 0)
			no_epoch(F, A);
		else {
			feed_free(F);
			hop_fail(R, A);
		}
		return (0);
	}
	if (A->frame->type != (A->outcome == HOP_MORE ? FEED_POLICY : FEED_HEAD) ||
	    (A->outcome == HOP_ANSWER && take_head(F, A->frame))) {
		feed_free(F);
		return (hop_malformed(R));
	}
	frame_put(&F->end, A->frame->type, 0, A->frame->body, A->frame->len);
	if (A->outcome == HOP_MORE)
		return (0);
	if (wbuf_failed(&F->end)) {
		feed_free(F);
		httpd_no_memory(R);
	} else
		begin(F);
	return (0);
}

/* Ask for the end of the bundle. */
static int
ask_end(struct feed * F)
{
	struct web_request * R = F->R;

	wbuf_reset(&F->end);
	if ((F->ask = ask(F, NO_UPDATE, on_end)) == NULL) {
		feed_free(F);
		httpd_no_memory(R);
	}
	return (0);
}

int
api_feed(void * ctx, struct web_request * R)
{
	struct httpd * H = ctx;
	struct feed * F;
	uint64_t epoch, wait_ms = 0;

	if (web_args_only(R, "wait_ms") ||
	    web_segment_u64(R, 2, 1, UINT64_MAX, &epoch) ||
	    web_arg_u64(R, "wait_ms", 0, TAIL_WAIT_MAX_MS, &wait_ms))
		return (0);
	if ((F = calloc(1, sizeof(*F))) == NULL)
		return (-1);
	F->H = H;
	F->R = R;
	F->epoch = epoch;
	F->deadline_ms = wait_ms > 0 ? clock_mono_ms() + wait_ms : 0;
	F->wait = (struct tail_wait){ .epoch = epoch, .done = on_wait, .ctx = F };
	wbuf_init(&F->end, END_LEN_MAX);
	web_on_gone(R, on_gone, F);
	return (ask_end(F));
}
