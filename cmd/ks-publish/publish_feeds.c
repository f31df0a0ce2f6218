#include <err.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "codec/rbuf.h"
#include "daemon/conn.h"
#include "entry/rule_names.h"
#include "proto/proto_publish.h"
#include "store/rowkey.h"
#include "store/store.h"

#include "publish.h"

/* A stream to one connection, which may have several. */
struct feed {
	struct conn * conn;
	uint32_t id;
	uint64_t first;		/* epoch from which it was asked for */
	uint64_t epoch;		/* whose head is to be sent next */
	uint32_t number;	/* next update of it */
	int tail;		/* heads and ratifications only */
	LIST_ENTRY(feed) link;
};

struct publish_feeds {
	struct publish * P;
	LIST_HEAD(, feed) list;
	size_t n;
	uint64_t bytes;
};

static void
forget(struct publish_feeds * S, struct feed * F)
{

	LIST_REMOVE(F, link);
	S->n--;
	free(F);
}

/* Send the frame in the scratch body. */
static int
send_body(struct publish_feeds * S, struct feed * F, uint16_t type)
{
	struct wbuf * W = &S->P->body;

	if (wbuf_failed(W)) {
		warnx("out of memory");
		return (-1);
	}
	S->bytes += W->len;
	return (conn_send(F->conn, type, F->id, W->data, W->len,
	    store_number(S->P->store)));
}

/* Send the next updates of the epoch that ${F} is at; 1 if that failed. */
static int
send_updates(struct publish_feeds * S, struct feed * F)
{
	uint32_t n;

	if (publish_bundle_updates(S->P, F->epoch, F->number, &n))
		return (1);
	F->number += n;
	return (send_body(S, F, FEED_UPDATES));
}

/* Sends the ratifications of an epoch that are known. */
struct known {
	struct publish_feeds * S;
	struct feed * F;
};

static int
ratification_row(void * cookie, const uint8_t * key, size_t klen,
    const uint8_t * value, size_t vlen)
{
	struct known * K = cookie;
	struct wbuf * W = &K->S->P->body;

	/* Epoch and key id, then time and signature: the body of the frame. */
	wbuf_reset(W);
	wbuf_put_bytes(W, key + 1, klen - 1);
	wbuf_put_bytes(W, value, vlen);
	return (send_body(K->S, K->F, FEED_RATIFICATION));
}

/* Send the head that ends the epoch of ${F}, and what ratifies it; 1 as above. */
static int
send_head(struct publish_feeds * S, struct feed * F,
    const struct publish_epoch * E)
{
	uint8_t from[ROWKEY_MAX], to[ROWKEY_MAX];
	struct known K = { S, F };
	struct proto_publish_head H;
	size_t len;

	if (publish_model_note(&S->P->model, F->epoch, &H.note, &H.note_len))
		return (1);
	if (!F->tail && publish_bundle_policy(S->P, F->epoch) &&
	    send_body(S, F, FEED_POLICY))
		return (-1);
	H.head = E->head;
	wbuf_reset(&S->P->body);
	proto_publish_put_head_reply(&S->P->body, &H);
	if (send_body(S, F, FEED_HEAD))
		return (-1);
	len = rowkey_number(from, PUBLISH_TABLE_RATIFICATION, F->epoch);
	rowkey_number(to, PUBLISH_TABLE_RATIFICATION, F->epoch + 1);
	if (store_scan(S->P->store, from, len, to, len, ratification_row, &K) < 0)
		return (1);
	F->epoch++;
	F->number = 0;
	return (0);
}

/* Send ${F} what is there while it keeps up; 1 if rows could not be read. */
static int
push(struct publish_feeds * S, struct feed * F)
{
	struct publish_epoch E;
	int rc = 0;

	while (rc == 0 && F->epoch <= S->P->state.signed_epoch &&
	    conn_room(F->conn)) {
		if (publish_model_epoch(&S->P->model, F->epoch, &E))
			return (1);
		if (F->number < E.updates && !F->tail)
			rc = send_updates(S, F);
		else
			rc = send_head(S, F, &E);
	}
	return (rc);
}

/* Push, and end a feed whose rows cannot be read. */
static int
push_or_end(struct publish_feeds * S, struct feed * F)
{
	int rc = push(S, F);

	if (rc == 1) {
		rc = publish_internal(S->P, F->conn, F->id);
		conn_release(F->conn, CONN_STREAMS, 1);
		forget(S, F);
	}
	return (rc);
}

int
publish_feeds_push(struct publish_feeds * S, struct conn * C)
{
	struct feed * F, * next;

	for (F = LIST_FIRST(&S->list); F != NULL; F = next) {
		next = LIST_NEXT(F, link);
		if ((C == NULL || F->conn == C) && push_or_end(S, F))
			return (-1);
	}
	return (0);
}

int
publish_feeds_ratified(struct publish_feeds * S, uint64_t epoch,
    const uint8_t * body, size_t len, uint64_t needs)
{
	struct feed * F;

	/* Those that have not had the head read it from the store later. */
	LIST_FOREACH(F, &S->list, link) {
		if (epoch < F->first || epoch >= F->epoch)
			continue;
		S->bytes += len;
		if (conn_send(F->conn, FEED_RATIFICATION, F->id, body, len, needs))
			return (-1);
	}
	return (0);
}

/* Begin a FEED, or for nonzero ${tail} a TAIL. */
static int
serve(struct publish * P, struct conn * C, uint32_t id, const uint8_t * body,
    size_t len, int tail)
{
	struct publish_feeds * S = P->feeds;
	struct feed * F;
	uint64_t epoch;

	if (proto_publish_get_feed(body, len, &epoch))
		return (conn_malformed(C, "frame-malformed"));
	if (epoch == 0)
		return (publish_refuse(C, id, RULE_EPOCH_UNKNOWN));
	if (S->n == PUBLISH_FEEDS_MAX ||
	    conn_hold(C, CONN_STREAMS, 1, PUBLISH_CONN_FEEDS_MAX))
		return (conn_error(C, id, ERROR_UNAVAILABLE, RULE_TOO_MANY_WAITING,
		    "there are too many feeds already", 0));
	if ((F = calloc(1, sizeof(*F))) == NULL) {
		warn("feed");
		return (-1);
	}
	F->conn = C;
	F->id = id;
	F->first = epoch;
	F->epoch = epoch;
	F->tail = tail;
	LIST_INSERT_HEAD(&S->list, F, link);
	S->n++;
	return (push_or_end(S, F));
}

int
publish_serve_feed(void * cookie, struct conn * C, uint32_t id,
    const uint8_t * body, size_t len)
{

	return (serve(cookie, C, id, body, len, 0));
}

int
publish_serve_tail(void * cookie, struct conn * C, uint32_t id,
    const uint8_t * body, size_t len)
{

	return (serve(cookie, C, id, body, len, 1));
}

void
publish_feeds_gone(struct publish_feeds * S, struct conn * C)
{
	struct feed * F, * next;

	for (F = LIST_FIRST(&S->list); F != NULL; F = next) {
		next = LIST_NEXT(F, link);
		if (C == NULL || F->conn == C)
			forget(S, F);
	}
}

size_t
publish_feeds_count(const struct publish_feeds * S, uint64_t * bytes)
{

	*bytes = S->bytes;
	return (S->n);
}

struct publish_feeds *
publish_feeds_new(struct publish * P)
{
	struct publish_feeds * S;

	if ((S = calloc(1, sizeof(*S))) == NULL)
		return (NULL);
	S->P = P;
	LIST_INIT(&S->list);
	return (S);
}

void
publish_feeds_free(struct publish_feeds * S)
{

	if (S == NULL)
		return;
	publish_feeds_gone(S, NULL);
	free(S);
}
