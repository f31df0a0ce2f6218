#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "codec/wbuf.h"
#include "frame/frame.h"
#include "head/head.h"
#include "proto/proto_publish.h"
#include "proto/signature.h"

#include "../../cmd/ks-httpd/tail_ring.h"

#include "test.h"

static const uint8_t run[TAIL_RING_RUN_LEN] = { 0xab, 1 };

/* Add the head of ${epoch}, whose note has ${note_len} bytes. */
static int
head(struct tail_ring * R, uint64_t epoch, size_t note_len)
{
	uint8_t record[HEAD_LEN];
	struct proto_publish_head P = { record, NULL, note_len };
	struct head H = { .epoch = epoch };
	struct wbuf W;
	uint8_t * note;
	int rc;

	if ((note = calloc(1, note_len + 1)) == NULL)
		abort();
	head_put(&H, record);
	P.note = note;
	wbuf_init(&W, FRAME_BODY_MAX);
	proto_publish_put_head_reply(&W, &P);
	rc = tail_ring_add(R, FEED_HEAD, W.data, W.len);
	wbuf_free(&W);
	free(note);
	return (rc);
}

static int
ratification(struct tail_ring * R, uint64_t epoch, uint8_t key)
{
	struct signature_ratification S = { .epoch = epoch, .key_id = { key } };
	struct wbuf W;
	int rc;

	wbuf_init(&W, 1024);
	signature_put_ratification(&W, &S);
	rc = tail_ring_add(R, FEED_RATIFICATION, W.data, W.len);
	wbuf_free(&W);
	return (rc);
}

static void
in_order(void)
{
	const struct tail_event * E;
	struct tail_ring R;
	struct frame F;
	size_t used;

	tail_ring_init(&R, run);
	CHECK(tail_ring_next(&R, 0) == NULL);
	CHECK(head(&R, 7, 5) == 1 && ratification(&R, 7, 1) == 1);
	CHECK(head(&R, 8, 5) == 1);

	/* After a new connection some come again. */
	CHECK(head(&R, 7, 5) == 0 && head(&R, 8, 9) == 0);
	CHECK(ratification(&R, 7, 1) == 0 && ratification(&R, 7, 2) == 1);
	CHECK(R.newest == 8 && R.last == 4);
	for (uint64_t i = 0; i < 4; i++) {
		E = tail_ring_next(&R, i);
		CHECK(E != NULL && E->number == i + 1);
		CHECK(E->is_head == (i == 0 || i == 2));
		CHECK(E->epoch == (i == 2 ? 8 : 7));
		CHECK(frame_parse(E->frame, E->len, &F, &used) == 1);
		CHECK(used == E->len && F.id == 0);
	}
	CHECK(tail_ring_next(&R, 4) == NULL);
	tail_ring_free(&R);
}

static void
malformed(void)
{
	uint8_t body[HEAD_LEN + 2] = { 0 };
	struct tail_ring R;

	tail_ring_init(&R, run);
	CHECK(tail_ring_add(&R, FEED_HEAD, body, sizeof(body)) == -1);
	CHECK(errno == EPROTO);
	CHECK(tail_ring_add(&R, FEED_RATIFICATION, body, 84) == -1);
	CHECK(tail_ring_add(&R, FEED_RATIFICATION, body, 5) == -1);
	CHECK(head(&R, 0, 1) == -1);
	CHECK(tail_ring_next(&R, 0) == NULL && R.last == 0);
	tail_ring_free(&R);
}

static void
bounded(void)
{
	const struct tail_event * E;
	struct tail_ring R;
	uint64_t n;

	tail_ring_init(&R, run);
	for (uint64_t e = 1; e <= 100; e++)
		CHECK(head(&R, e, 10) == 1 && ratification(&R, e, 1) == 1);
	E = tail_ring_next(&R, 0);
	CHECK(E != NULL && E->is_head && E->epoch == 37);

	/* Somebody catches up: news, though it is of an epoch that is forgotten. */
	CHECK(ratification(&R, 5, 9) == 1);
	CHECK(tail_ring_next(&R, R.last - 1)->epoch == 5);

	/* Many bytes push out what is older, but never what came last. */
	n = R.last;
	for (uint64_t e = 101; e <= 200; e++) {
		CHECK(head(&R, e, 65535) == 1);
		CHECK(R.bytes <= TAIL_RING_BYTES);
	}
	CHECK(tail_ring_next(&R, n)->number > n + 1);
	CHECK(tail_ring_next(&R, R.last - 1)->epoch == 200);
	tail_ring_free(&R);
	CHECK(R.bytes == 0);
}

static void
cursors(void)
{
	static const char * const bad[] = { "", "-1", "abc", "ab01000000000000",
	    "ab01000000000000-", "ab01000000000000-01", "ab01000000000000+1",
	    "AB01000000000000-1", "ab01000000000000-1x",
	    "ab01000000000000-18446744073709551616" };
	char text[TAIL_RING_CURSOR_SIZE];
	struct tail_ring R;
	uint64_t number;

	tail_ring_init(&R, run);
	CHECK(head(&R, 1, 1) == 1 && head(&R, 2, 1) == 1);
	tail_ring_cursor(&R, 1, text);
	CHECK(strcmp(text, "ab01000000000000-1") == 0);
	CHECK(tail_ring_after(&R, text, &number) == 0 && number == 1);

	/* Of another run, or of what did not come yet: everything that is there. */
	CHECK(tail_ring_after(&R, "ab01000000000001-1", &number) == 0 &&
	    number == 0);
	CHECK(tail_ring_after(&R, "ab01000000000000-3", &number) == 0 &&
	    number == 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(tail_ring_after(&R, bad[i], &number) == -1);
	tail_ring_cursor(&R, UINT64_MAX, text);
	CHECK(strlen(text) + 1 == TAIL_RING_CURSOR_SIZE);
	tail_ring_free(&R);
}

static const struct test tests[] = {
	{ "events are kept in the order in which they came, each once", in_order },
	{ "what is malformed is no event", malformed },
	{ "old events make room for new ones", bounded },
	{ "a cursor says what its owner has had, in this run", cursors },
};

TESTS(tests)
