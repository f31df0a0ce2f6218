#include <string.h>

#include "codec/wbuf.h"
#include "frame/frame.h"
#include "head/head.h"
#include "proto/bundle.h"
#include "proto/policy.h"
#include "proto/proto_publish.h"
#include "proto/signature.h"

#include "test.h"

/* Append a good frame of ${type} with the request ${id}. */
static void
put(struct wbuf * W, uint16_t type, uint32_t id)
{
	const struct proto_policy policy = { 8, 2, "quorum none\n", 12 };
	const struct signature_ratification R = { .epoch = 7, .time_s = 1 };
	static const uint8_t head[HEAD_LEN];
	const struct proto_publish_head H = { head, (const uint8_t *)"note", 4 };
	size_t mark = frame_begin(W, type, id);
	struct list L;

	switch (type) {
	case FEED_UPDATES:
		proto_publish_begin_updates(&L, W, 7);
		list_put(&L, (const uint8_t *)"update", 6);
		list_end(&L);
		break;
	case FEED_POLICY:
		proto_policy_put(W, &policy);
		break;
	case FEED_HEAD:
		proto_publish_put_head_reply(W, &H);
		break;
	default:
		signature_put_ratification(W, &R);
	}
	frame_end(W, mark);
}

/* Take all of ${W}.  Return how many frames came, or -1 if one may not stand there. */
static int
take(struct bundle * B, const struct wbuf * W, enum bundle_kind kind,
    size_t * left)
{
	struct frame F;
	size_t used, at = 0;
	int rc, n = 0;

	bundle_init(B, kind);
	while ((rc = bundle_next(B, W->data + at, W->len - at, &F, &used)) == 1) {
		at += used;
		n++;
	}
	*left = W->len - at;
	return (rc == 0 ? n : -1);
}

/* Is the bundle of these types, in this order, whole (1), not yet (0), or none? */
static int
is(enum bundle_kind kind, const uint16_t * types)
{
	struct bundle B;
	struct wbuf W;
	size_t left;
	int n;

	wbuf_init(&W, 65536);
	for (; *types != 0; types++)
		put(&W, *types, 0);
	n = take(&B, &W, kind, &left);
	wbuf_free(&W);
	return (n == -1 ? -1 : bundle_whole(&B, left));
}

#define EPOCH(...)	is(BUNDLE_EPOCH, (const uint16_t[]){ __VA_ARGS__, 0 })
#define ANY(...)	is(BUNDLE_TAIL, (const uint16_t[]){ __VA_ARGS__, 0 })

static void
order(void)
{

	CHECK(EPOCH(FEED_HEAD) == 1);
	CHECK(EPOCH(FEED_UPDATES, FEED_UPDATES, FEED_HEAD) == 1);
	CHECK(EPOCH(FEED_UPDATES, FEED_POLICY, FEED_HEAD) == 1);
	CHECK(EPOCH(FEED_UPDATES) == 0);
	CHECK(EPOCH(FEED_POLICY) == 0);
	CHECK(EPOCH(FEED_HEAD, FEED_HEAD) == -1);
	CHECK(EPOCH(FEED_HEAD, FEED_UPDATES) == -1);
	CHECK(EPOCH(FEED_POLICY, FEED_UPDATES) == -1);
	CHECK(EPOCH(FEED_POLICY, FEED_POLICY) == -1);
	CHECK(EPOCH(FEED_RATIFICATION) == -1);
	CHECK(ANY(FEED_HEAD, FEED_RATIFICATION, FEED_HEAD) == 1);
	CHECK(is(BUNDLE_TAIL, (const uint16_t[]){ 0 }) == 1);
	CHECK(ANY(FEED_UPDATES) == -1);
	CHECK(ANY(RATIFY) == -1);
}

static void
shape(void)
{
	struct bundle B;
	struct wbuf W;
	size_t left, len;

	wbuf_init(&W, 65536);
	put(&W, FEED_UPDATES, 0);
	put(&W, FEED_HEAD, 0);
	len = W.len;
	/* Cut anywhere it is not whole, but nothing is wrong with it yet. */
	for (W.len = 0; W.len < len; W.len++) {
		CHECK(take(&B, &W, BUNDLE_EPOCH, &left) >= 0);
		CHECK(!bundle_whole(&B, left));
	}
	CHECK(take(&B, &W, BUNDLE_EPOCH, &left) == 2 && bundle_whole(&B, left));
	/* Nothing may follow. */
	wbuf_put_u8(&W, 0);
	CHECK(take(&B, &W, BUNDLE_EPOCH, &left) == 2);
	CHECK(left == 1 && !bundle_whole(&B, left));
	/* Of a request; too long; a body that is none. */
	wbuf_reset(&W);
	put(&W, FEED_HEAD, 1);
	CHECK(take(&B, &W, BUNDLE_EPOCH, &left) == -1);
	wbuf_reset(&W);
	wbuf_put_u32(&W, FRAME_LEN_MAX + 1);
	CHECK(take(&B, &W, BUNDLE_EPOCH, &left) == -1);
	for (unsigned i = 0; i < 3; i++) {
		wbuf_reset(&W);
		frame_put(&W, (const uint16_t[]){ FEED_UPDATES, FEED_POLICY,
		    FEED_HEAD }[i], 0, "rubbish", 7);
		CHECK(take(&B, &W, BUNDLE_EPOCH, &left) == -1);
	}
	wbuf_free(&W);
}

static const struct test tests[] = {
	{ "a bundle has its frames in their order, and no others", order },
	{ "a bundle is whole only when all of it is there, and nothing else",
	    shape },
};
TESTS(tests)
