#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/decimal.h"
#include "codec/wbuf.h"
#include "frame/frame.h"
#include "head/head.h"
#include "proto/proto_publish.h"
#include "proto/signature.h"

#include "tail_ring.h"

void
tail_ring_init(struct tail_ring * R, const uint8_t * run)
{

	memset(R, 0, sizeof(*R));
	memcpy(R->run, run, TAIL_RING_RUN_LEN);
	TAILQ_INIT(&R->list);
}

static void
drop_first(struct tail_ring * R)
{
	struct tail_event * E = TAILQ_FIRST(&R->list);

	TAILQ_REMOVE(&R->list, E, link);
	R->bytes -= E->len;
	free(E);
}

void
tail_ring_free(struct tail_ring * R)
{

	while (!TAILQ_EMPTY(&R->list))
		drop_first(R);
}

/* What the body says of the event; 0, or -1 if it is malformed. */
static int
read_event(struct tail_event * E, uint16_t type, const uint8_t * body, size_t len)
{
	struct signature_ratification S;
	struct proto_publish_head P;
	struct head H;

	E->is_head = type == FEED_HEAD;
	if (E->is_head) {
		if (proto_publish_get_head_reply(body, len, &P) ||
		    head_parse(&H, P.head, HEAD_LEN) || H.epoch == 0)
			return (-1);
		E->epoch = H.epoch;
		return (0);
	}
	if (signature_get_ratification(body, len, &S) || S.epoch == 0)
		return (-1);
	E->epoch = S.epoch;
	memcpy(E->key_id, S.key_id, VKEY_ID_LEN);
	return (0);
}

static int
is_there(const struct tail_ring * R, const struct tail_event * E)
{
	const struct tail_event * X;

	if (E->is_head)
		return (E->epoch <= R->newest);
	TAILQ_FOREACH(X, &R->list, link)
		if (!X->is_head && X->epoch == E->epoch &&
		    memcmp(X->key_id, E->key_id, VKEY_ID_LEN) == 0)
			return (1);
	return (0);
}

/* Make ${N}, which is as ${E} but for its frame, of this body; NULL (ENOMEM). */
static struct tail_event *
make(const struct tail_event * E, uint16_t type, const uint8_t * body, size_t len)
{
	struct tail_event * N = NULL;
	struct wbuf W;

	wbuf_init(&W, FRAME_LEN_MAX + 4);
	frame_put(&W, type, 0, body, len);
	if (!wbuf_failed(&W) && (N = malloc(sizeof(*N) + W.len)) != NULL) {
		*N = *E;
		N->len = W.len;
		memcpy(N->frame, W.data, W.len);
	}
	wbuf_free(&W);
	return (N);
}

int
tail_ring_add(struct tail_ring * R, uint16_t type, const uint8_t * body,
    size_t len)
{
	struct tail_event E = { 0 };
	struct tail_event * N;

	if (read_event(&E, type, body, len)) {
		errno = EPROTO;
		return (-1);
	}
	if (is_there(R, &E))
		return (0);
	if ((N = make(&E, type, body, len)) == NULL) {
		errno = ENOMEM;
		return (-1);
	}
	if (N->is_head)
		R->newest = N->epoch;
	N->number = ++R->last;
	N->at = R->newest;
	TAILQ_INSERT_TAIL(&R->list, N, link);
	R->bytes += N->len;

	/* By when it came: a late ratification of an old epoch is news too. */
	while (TAILQ_FIRST(&R->list) != N && (R->bytes > TAIL_RING_BYTES ||
	    R->newest - TAILQ_FIRST(&R->list)->at >= TAIL_RING_EPOCHS))
		drop_first(R);
	return (1);
}

const struct tail_event *
tail_ring_next(const struct tail_ring * R, uint64_t number)
{
	const struct tail_event * E;

	/* Most have had nearly everything: look from the end. */
	if ((E = TAILQ_LAST(&R->list, tail_list)) == NULL || E->number <= number)
		return (NULL);
	while (TAILQ_PREV(E, tail_list, link) != NULL &&
	    TAILQ_PREV(E, tail_list, link)->number > number)
		E = TAILQ_PREV(E, tail_list, link);
	return (E);
}

void
tail_ring_cursor(const struct tail_ring * R, uint64_t number, char * text)
{
	char run[HEX_SIZE(TAIL_RING_RUN_LEN)];

	hex_encode(R->run, TAIL_RING_RUN_LEN, run, sizeof(run));
	snprintf(text, TAIL_RING_CURSOR_SIZE, "%s-%" PRIu64, run, number);
}

int
tail_ring_after(const struct tail_ring * R, const char * text,
    uint64_t * number)
{
	uint8_t run[TAIL_RING_RUN_LEN];
	size_t n;

	if (strlen(text) < 2 * TAIL_RING_RUN_LEN + 2 ||
	    text[2 * TAIL_RING_RUN_LEN] != '-' || hex_decode(text,
	    2 * TAIL_RING_RUN_LEN, run, sizeof(run), &n) ||
	    decimal_parse(text + 2 * TAIL_RING_RUN_LEN + 1, strlen(text) -
	    2 * TAIL_RING_RUN_LEN - 1, UINT64_MAX, number))
		return (-1);
	if (memcmp(run, R->run, sizeof(run)) != 0 || *number > R->last)
		*number = 0;
	return (0);
}
