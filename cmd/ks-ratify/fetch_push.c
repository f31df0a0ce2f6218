#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "daemon/conn.h"
#include "entry/rule_names.h"
#include "note/vkey.h"
#include "proto/proto_publish.h"

#include "fetch_impl.h"

/* Where the key's identifier is in the body of a RATIFY. */
#define KEY_ID	8

/* The media types of what is pushed, and of the answer. */
#define FRAMES	"application/octet-stream"
#define TEXT	"text/plain"

static void
done_with(struct push * P)
{

	http_end(P->call);
	P->call = NULL;
	P->state = PUSH_FREE;
}

void
fetch_push_end(struct face * F)
{

	for (unsigned i = 0; i < RATIFY_PUSH_MAX; i++)
		done_with(&F->push[i]);
}

/* The place for the cosignature in ${body} of ${epoch}, or NULL. */
static struct push *
place(struct face * F, uint64_t epoch, const uint8_t * body)
{
	struct push * P, * best = NULL;

	for (unsigned i = 0; i < RATIFY_PUSH_MAX; i++) {
		P = &F->push[i];
		if (P->state != PUSH_FREE && P->epoch == epoch &&
		    memcmp(P->body, body, RATIFY_BACK_LEN) == 0)
			return (P);
		/* The oldest of those that were taken already gives way. */
		if (P->state == PUSH_FREE && (best == NULL ||
		    best->state != PUSH_FREE))
			best = P;
		if (P->state == PUSH_PROPOSED && (best == NULL ||
		    (best->state != PUSH_FREE && P->epoch < best->epoch)))
			best = P;
	}
	return (best);
}

int
fetch_push_add(struct face * F, uint32_t id, uint64_t epoch, const uint8_t * body)
{
	struct push * P = place(F, epoch, body);

	if (P == NULL)
		return (conn_error(F->conn, id, ERROR_UNAVAILABLE,
		    RULE_TOO_MANY_WAITING, "", 0));
	if (P->state == PUSH_FREE || P->state == PUSH_PROPOSED) {
		P->state = PUSH_QUEUED;
		P->epoch = epoch;
		memcpy(P->body, body, RATIFY_BACK_LEN);
	} else if (P->state == PUSH_LOOKED) {
		http_end(P->call);
		P->call = NULL;
		P->state = PUSH_QUEUED;
	}
	P->id = id;
	return (0);
}

void
fetch_push_back(struct face * F, uint64_t epoch, const uint8_t * key_id)
{
	struct push * P;

	for (unsigned i = 0; i < RATIFY_PUSH_MAX; i++) {
		P = &F->push[i];
		if (P->state == PUSH_PROPOSED && P->epoch == epoch &&
		    memcmp(P->body + KEY_ID, key_id, VKEY_ID_LEN) == 0)
			P->state = PUSH_FREE;
	}
}

/* The cosignature of ${P} was taken: when is it to be looked for? */
static int
proposed(struct push * P)
{
	struct face * F = P->face;

	P->state = PUSH_PROPOSED;
	P->wait_ms = FETCH_BACK_MS_MIN;
	P->due_ms = clock_mono_ms() + P->wait_ms;
	return (conn_send(F->conn, RATIFY_PROPOSED, P->id, NULL, 0, 0));
}

static int
on_pushed(void * cookie, const struct http_result * R)
{
	struct push * P = cookie;
	struct face * F = P->face;
	int rc = 0;

	switch (fetch_face_judge(F, R, TEXT)) {
	case FETCH_GOOD:
		rc = proposed(P);
		break;
	case FETCH_REFUSED:
		rc = fetch_face_error(F, P->id, R);
		P->state = PUSH_FREE;
		break;
	case FETCH_LATER:
		P->state = PUSH_QUEUED;
		break;
	default:
		return (0);
	}
	http_end(P->call);
	P->call = NULL;
	return (rc ? rc : fetch_face_go(F));
}

/* The ratifications of the epoch of ${P} came: its own may be among them. */
static int
on_looked(void * cookie, const struct http_result * R)
{
	struct push * P = cookie;
	struct face * F = P->face;
	int rc;

	switch (fetch_face_judge(F, R, FRAMES)) {
	case FETCH_GOOD:
		/* If it is there it is free then. */
		P->state = PUSH_PROPOSED;
		if ((rc = fetch_feed_pass_back(F, R->body, R->len)) == 1) {
			fetch_face_fail(F, RULE_NOT_A_KEYSERVER,
			    "the ratifications are none",
			    FETCH_REST_MS_REFUSED);
			return (0);
		}
		if (rc == -1)
			return (-1);
		break;
	case FETCH_REFUSED:
	case FETCH_LATER:
		P->state = PUSH_PROPOSED;
		break;
	default:
		return (0);
	}
	http_end(P->call);
	P->call = NULL;
	return (fetch_face_go(F));
}

static int
ask(struct push * P)
{
	const struct http_request Q = { .accept = TEXT, .type = FRAMES,
	    .body = P->body, .body_len = RATIFY_BACK_LEN,
	    .answer_max = FETCH_PUSHED_MAX, .timeout_ms = FETCH_TIMEOUT_MS,
	    .stall_ms = FETCH_TIMEOUT_MS, .done = on_pushed, .ctx = P };

	P->state = PUSH_ASKED;
	P->call = fetch_face_get(P->face, "/v1/ratify", &Q);
	return (P->call == NULL ? -1 : 0);
}

static int
look(struct push * P, uint64_t now_ms)
{
	const struct http_request Q = { .accept = FRAMES,
	    .answer_max = BUNDLE_TAIL_MAX, .timeout_ms = FETCH_TIMEOUT_MS,
	    .stall_ms = FETCH_TIMEOUT_MS, .done = on_looked, .ctx = P };
	char path[80];

	P->state = PUSH_LOOKED;
	P->wait_ms = 2 * P->wait_ms > FETCH_BACK_MS_MAX ? FETCH_BACK_MS_MAX :
	    2 * P->wait_ms;
	P->due_ms = now_ms + P->wait_ms;
	snprintf(path, sizeof(path), "/v1/ratifications/%" PRIu64, P->epoch);
	P->call = fetch_face_get(P->face, path, &Q);
	return (P->call == NULL ? -1 : 0);
}

int
fetch_push_go(struct face * F, uint64_t now_ms, uint64_t * wake_ms)
{
	struct push * P;
	unsigned running = 0;

	for (unsigned i = 0; i < RATIFY_PUSH_MAX; i++)
		running += F->push[i].call != NULL;
	for (unsigned i = 0; i < RATIFY_PUSH_MAX && running < FETCH_PUSHING;
	    i++) {
		P = &F->push[i];
		if (P->state == PUSH_PROPOSED && F->feed_id != 0 &&
		    now_ms < P->due_ms) {
			if (P->due_ms < *wake_ms)
				*wake_ms = P->due_ms;
			continue;
		}
		if (P->state == PUSH_QUEUED ? ask(P) :
		    P->state == PUSH_PROPOSED && F->feed_id != 0 ?
		    look(P, now_ms) : 0)
			return (-1);
		running += P->call != NULL;
	}
	return (0);
}
