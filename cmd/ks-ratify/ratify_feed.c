#include <err.h>
#include <inttypes.h>
#include <string.h>

#include "base/panic.h"
#include "codec/rbuf.h"
#include "entry/limits.h"
#include "entry/rule_names.h"
#include "evidence/evidence.h"
#include "note/note.h"
#include "policy/history.h"
#include "proto/list.h"
#include "proto/policy.h"
#include "proto/proto_publish.h"
#include "proto/signature.h"
#include "stage/stage.h"
#include "store/view.h"

#include "ratify_evidence.h"
#include "ratify_feed.h"
#include "ratify_policy.h"
#include "ratify_state.h"
#include "ratify_step.h"

/* Bytes of what an epoch's event holds of a policy: number, length, text. */
#define POLICY_MAX	(8 + 2 + POLICY_LEN_MAX)

void
ratify_feed_init(struct ratify_feed * F, struct ratify_state * A,
    struct stage * G)
{

	memset(F, 0, sizeof(*F));
	F->state = A;
	F->stage = G;
	F->next = 1;
	wbuf_init(&F->epoch, RATIFY_EPOCH_LEN_MAX + RATIFY_EPOCH_HEADER +
	    POLICY_MAX + NOTE_LEN_MAX);
	wbuf_init(&F->policy, PROTO_POLICY_EPOCH_LEN + POLICY_MAX);
	wbuf_init(&F->back, RATIFY_BACK_LEN * RATIFY_BACK_MAX);
}

/* Forget what is gathered of the open epoch. */
static void
reset(struct ratify_feed * F)
{

	/* After a large epoch its memory is given back. */
	if (F->epoch.cap > (size_t)16 * 1024 * 1024 || F->epoch.failed)
		wbuf_free(&F->epoch);
	wbuf_reset(&F->epoch);
	wbuf_space(&F->epoch, RATIFY_EPOCH_HEADER);
	F->n = 0;
	wbuf_reset(&F->policy);
}

int
ratify_feed_start(struct ratify_feed * F, uint64_t * from)
{
	struct ratify_state * A = F->state;
	uint64_t oldest;
	int rc;

	reset(F);
	wbuf_reset(&F->back);
	rc = ratify_state_oldest(A, stage_view(F->stage), &oldest);
	if (rc < 0)
		return (-1);
	F->next = A->epoch == 0 ? 1 : A->epoch;
	if (rc == 0 && oldest > 0 && oldest < F->next)
		F->next = oldest;
	*from = F->next;
	return (0);
}

static enum ratify_fed
drop(const char ** rule, const char * which)
{

	*rule = which;
	return (RATIFY_FED_DROP);
}

static enum ratify_fed
halt(struct ratify_feed * F, uint64_t epoch, const char * rule,
    const struct wbuf * W)
{

	return (ratify_halt(F->state, stage_view(F->stage), epoch, rule, W) ?
	    RATIFY_FED_FAILED : RATIFY_FED_HALTED);
}

static enum ratify_fed
take_updates(struct ratify_feed * F, const uint8_t * body, size_t len,
    const char ** rule)
{
	struct proto_publish_updates U;
	const uint8_t * p;
	size_t update_len;

	if (proto_publish_get_updates(body, len, &U))
		return (drop(rule, "frame-malformed"));
	if (U.epoch != F->next)
		return (drop(rule, RULE_EPOCH_NOT_NEXT));

	/* What is here already is not replayed again. */
	if (F->next <= F->state->epoch)
		return (RATIFY_FED_ON);
	if (U.n > EPOCH_UPDATES_MAX - F->n || U.list.len >
	    RATIFY_EPOCH_LEN_MAX + RATIFY_EPOCH_HEADER - F->epoch.len)
		return (drop(rule, "epoch-too-large"));
	while (list_next(&U.list, &p, &update_len))
		wbuf_put_var32(&F->epoch, p, update_len);
	F->n += U.n;
	if (wbuf_failed(&F->epoch)) {
		warnx("out of memory");
		return (RATIFY_FED_FAILED);
	}
	return (RATIFY_FED_ON);
}

/* The policy that begins after the open epoch: its head must name it. */
static enum ratify_fed
take_policy(struct ratify_feed * F, const uint8_t * body, size_t len,
    const char ** rule)
{
	const struct ratify_state * A = F->state;
	struct proto_policy P;

	if (proto_policy_get(body, len, &P))
		return (drop(rule, "frame-malformed"));

	/* What is here already is told by its head. */
	if (F->next <= A->epoch)
		return (RATIFY_FED_ON);
	if (F->policy.len > 0 || P.epoch - 1 != F->next ||
	    P.number - 1 != ratify_policy_at(A, F->next)->number)
		return (drop(rule, "policy-mismatch"));
	wbuf_put_bytes(&F->policy, body, len);
	if (wbuf_failed(&F->policy)) {
		warnx("out of memory");
		return (RATIFY_FED_FAILED);
	}
	return (RATIFY_FED_ON);
}

static void
patch_u64(uint8_t * p, uint64_t x, size_t n)
{

	for (size_t i = n; i > 0; i--) {
		p[i - 1] = (uint8_t)x;
		x >>= 8;
	}
}

/* Complete the event of the open epoch. */
static int
complete(struct ratify_feed * F, const struct proto_publish_head * H,
    uint64_t clock_ms)
{
	size_t list_len = F->epoch.len - RATIFY_EPOCH_HEADER;
	uint8_t * p;

	/* Number and text of the policy as the frame has them, or none. */
	if (F->policy.len > 0) {
		wbuf_put_bytes(&F->epoch, F->policy.data +
		    PROTO_POLICY_EPOCH_LEN, F->policy.len -
		    PROTO_POLICY_EPOCH_LEN);
	} else {
		wbuf_put_u64(&F->epoch, 0);
		wbuf_put_u16(&F->epoch, 0);
	}
	wbuf_put_bytes(&F->epoch, H->note, H->note_len);
	if (wbuf_failed(&F->epoch)) {
		warnx("out of memory");
		return (-1);
	}
	p = F->epoch.data;
	patch_u64(p, clock_ms, 8);
	memcpy(p + 8, H->head, HEAD_LEN);
	patch_u64(p + 8 + HEAD_LEN, F->n, 4);
	patch_u64(p + 12 + HEAD_LEN, list_len, 8);
	return (0);
}

/* Say when a policy begins with which this verifier cosigns, or no more. */
static void
say_role(const struct ratify_state * A, int was)
{
	int is = ratify_policy_own(A, A->epoch + 1) != NULL;

	if (is != was)
		warnx(is ? "the policy from epoch %" PRIu64 " on has its key: it"
		    " cosigns" : "the policy from epoch %" PRIu64 " on has not "
		    "its key: it only follows", A->epoch + 1);
}

/* The next epoch is complete: replay it. */
static enum ratify_fed
replay(struct ratify_feed * F, const struct proto_publish_head * H,
    uint64_t clock_ms, const char ** rule)
{
	struct ratify_state * A = F->state;
	struct stage_event event = { F->next, RATIFY_EVENT_EPOCH, NULL, 0 };
	int was = ratify_policy_own(A, F->next) != NULL;
	enum ratify_fed fed;
	struct wbuf W;

	if (complete(F, H, clock_ms))
		return (RATIFY_FED_FAILED);
	event.body = F->epoch.data;
	event.len = F->epoch.len;
	if (stage_run(F->stage, &event, 1))
		return (RATIFY_FED_FAILED);
	if (A->refusal == RATIFY_FINE) {
		F->epochs++;
		say_role(A, was);
		return (RATIFY_FED_ON);
	}
	if (A->refusal == RATIFY_FEED)
		return (drop(rule, A->rule));
	wbuf_init(&W, EVIDENCE_LEN_MAX);
	if (ratify_evidence(A, stage_view(F->stage), event.body, event.len, &W))
		fed = RATIFY_FED_FAILED;
	else
		fed = halt(F, A->epoch + 1, A->rule, &W);
	wbuf_free(&W);
	return (fed);
}

/* An epoch that was ratified before must be the same again. */
static enum ratify_fed
compare(struct ratify_feed * F, const struct proto_publish_head * H,
    const char ** rule)
{
	enum ratify_fed fed = RATIFY_FED_ON;
	struct ratify_row row;
	struct wbuf W;

	wbuf_init(&W, EVIDENCE_LEN_MAX);
	switch (ratify_evidence_fork(F->state, stage_view(F->stage), F->next,
	    (const char *)H->note, H->note_len, &W)) {
	case 0:
		if (ratify_row_get(F->state->row.data, F->state->row.len, &row))
			fed = RATIFY_FED_FAILED;
		else if (memcmp(row.head, H->head, HEAD_LEN) != 0)
			fed = drop(rule, "epoch-log-mismatch");
		break;
	case 1:
		fed = halt(F, F->next, RULE_FORK, &W);
		break;
	case 2:
		fed = drop(rule, "majority-missing");
		break;
	default:
		fed = RATIFY_FED_FAILED;
	}
	wbuf_free(&W);
	return (fed);
}

static enum ratify_fed
take_head(struct ratify_feed * F, const uint8_t * body, size_t len,
    uint64_t clock_ms, const char ** rule)
{
	struct proto_publish_head H;
	enum ratify_fed fed;

	if (proto_publish_get_head_reply(body, len, &H))
		return (drop(rule, "frame-malformed"));
	if ((fed = ratify_feed_flush(F, rule)) != RATIFY_FED_ON)
		return (fed);
	fed = F->next <= F->state->epoch ? compare(F, &H, rule) :
	    replay(F, &H, clock_ms, rule);
	reset(F);
	if (fed == RATIFY_FED_ON)
		F->next++;
	return (fed);
}

static enum ratify_fed
take_back(struct ratify_feed * F, const uint8_t * body, size_t len,
    const char ** rule)
{
	struct signature_ratification S;
	const struct vkey * own;

	if (signature_get_ratification(body, len, &S) || S.epoch == 0)
		return (drop(rule, "frame-malformed"));
	own = ratify_policy_own(F->state, S.epoch);
	if (own == NULL || memcmp(S.key_id, own->id, VKEY_ID_LEN) != 0)
		return (RATIFY_FED_ON);
	wbuf_put_bytes(&F->back, body, len);
	if (wbuf_failed(&F->back)) {
		warnx("out of memory");
		return (RATIFY_FED_FAILED);
	}
	if (F->back.len == RATIFY_BACK_LEN * RATIFY_BACK_MAX)
		return (ratify_feed_flush(F, rule));
	return (RATIFY_FED_ON);
}

enum ratify_fed
ratify_feed_frame(struct ratify_feed * F, uint16_t type, const uint8_t * body,
    size_t len, uint64_t clock_ms, const char ** rule)
{

	*rule = NULL;
	switch (type) {
	case FEED_UPDATES:
		return (take_updates(F, body, len, rule));
	case FEED_POLICY:
		return (take_policy(F, body, len, rule));
	case FEED_HEAD:
		return (take_head(F, body, len, clock_ms, rule));
	case FEED_RATIFICATION:
		return (take_back(F, body, len, rule));
	default:
		return (drop(rule, "type-unexpected"));
	}
}

enum ratify_fed
ratify_feed_flush(struct ratify_feed * F, const char ** rule)
{
	struct stage_event events[RATIFY_BACK_MAX];
	size_t n = F->back.len / RATIFY_BACK_LEN;

	*rule = NULL;
	if (n == 0)
		return (RATIFY_FED_ON);
	PANIC_UNLESS(n <= RATIFY_BACK_MAX);
	for (size_t i = 0; i < n; i++)
		events[i] = (struct stage_event){ i, RATIFY_EVENT_BACK,
		    F->back.data + i * RATIFY_BACK_LEN, RATIFY_BACK_LEN };
	F->state->refusal = RATIFY_FINE;
	if (stage_run(F->stage, events, n))
		return (RATIFY_FED_FAILED);
	wbuf_reset(&F->back);
	if (F->state->refusal != RATIFY_FINE)
		return (drop(rule, F->state->rule));
	return (RATIFY_FED_ON);
}

void
ratify_feed_free(struct ratify_feed * F)
{

	wbuf_free(&F->epoch);
	wbuf_free(&F->policy);
	wbuf_free(&F->back);
}
