#include <err.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "entry/limits.h"
#include "entry/update.h"
#include "proto/policy.h"
#include "proto/proto_apply.h"
#include "proto/signature.h"
#include "stage/actions.h"
#include "stage/policies.h"
#include "stage/stage.h"
#include "store/rowkey.h"
#include "store/view.h"

#include "publish_state.h"
#include "publish_step.h"

/* Longest line about a contradiction. */
#define FAULT_MAX 256

int
publish_fault(struct publish_state * P, const char * fmt, ...)
{
	char why[FAULT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	warnx("event %" PRIu64 ": %s; nothing of it is published", P->cursor, why);
	P->fault = 1;
	return (-1);
}

/* A row could not be put: memory is short. */
static int
put(struct view * view, const uint8_t * key, size_t klen, const void * value,
    size_t len)
{

	if (view_put(view, key, klen, value, len)) {
		warnx("out of memory");
		return (-1);
	}
	return (0);
}

static int
step_update(struct publish_state * P, struct view * view,
    const struct stage_event * event)
{
	uint8_t key[ROWKEY_MAX];
	struct proto_apply_update E;
	struct update U;
	size_t klen;

	if (proto_apply_get_update(event->body, event->len, &E) ||
	    update_parse(&U, E.update, E.update_len) ||
	    E.profile_len > PROFILE_LEN_MAX)
		return (publish_fault(P, "a malformed update"));
	if (E.epoch != P->closed + 1)
		return (publish_fault(P, "an update of epoch %" PRIu64 " while %"
		    PRIu64 " is the last closed one", E.epoch, P->closed));
	if (P->updates == EPOCH_UPDATES_MAX)
		return (publish_fault(P, "more updates than an epoch may have"));
	klen = rowkey_number(key, PUBLISH_TABLE_UPDATE, E.epoch);
	klen = rowkey_u32(key, klen, P->updates++);
	if (put(view, key, klen, E.update, E.update_len))
		return (-1);

	/* The last of an epoch replaces what others of it have put. */
	klen = publish_key_version(key, PUBLISH_TABLE_ENTRY, U.entry.index,
	    E.epoch);
	if (put(view, key, klen, U.entry_data, U.entry_len))
		return (-1);
	klen = publish_key_version(key, PUBLISH_TABLE_PROFILE, U.entry.index,
	    E.epoch);
	return (put(view, key, klen, E.profile, E.profile_len));
}

static int
step_signature(struct publish_state * P, struct view * view,
    const struct stage_event * event, struct actions * actions)
{
	uint8_t key[ROWKEY_MAX];
	struct signature S;

	if (signature_get(event->body, event->len, &S))
		return (publish_fault(P, "a malformed signature"));
	if (S.epoch == 0 || S.epoch > P->closed)
		return (publish_fault(P, "a signature of the epoch %" PRIu64
		    ", which is not closed", S.epoch));
	if (put(view, key, rowkey_signer(key, PUBLISH_TABLE_SIGNATURE, S.epoch,
	    S.key_id), S.sig, SIGN_LEN))
		return (-1);

	/* One beyond the majority can meet the quorum of a strict client. */
	if (S.epoch <= P->signed_epoch)
		actions_put(actions, PUBLISH_ACT_SIGNATURE, NULL, 0);
	return (0);
}

/* Gather the key id of a signature row in the buffer ${cookie}. */
static int
signer_row(void * cookie, const uint8_t * key, size_t klen, const uint8_t * value,
    size_t vlen)
{

	(void)value;
	(void)vlen;
	wbuf_put_bytes(cookie, key + klen - VKEY_ID_LEN, VKEY_ID_LEN);
	return (0);
}

/*
 * Those who have signed by now are the first majority, as the order of the log
 * has it: the same on every replica and for ever.
 */
static int
put_majority(struct publish_state * P, struct view * view, uint64_t epoch)
{
	uint8_t from[ROWKEY_MAX], to[ROWKEY_MAX];
	size_t len = rowkey_number(from, PUBLISH_TABLE_SIGNATURE, epoch);

	rowkey_number(to, PUBLISH_TABLE_SIGNATURE, epoch + 1);
	wbuf_reset(&P->out);
	if (view_scan(view, from, len, to, len, signer_row, &P->out) ||
	    wbuf_failed(&P->out)) {
		warnx("the signatures of epoch %" PRIu64 " cannot be read", epoch);
		return (-1);
	}
	return (put(view, from, rowkey_number(from, PUBLISH_TABLE_MAJORITY, epoch),
	    P->out.data, P->out.len));
}

static int
step_signed(struct publish_state * P, struct view * view,
    const struct stage_event * event, struct actions * actions)
{
	uint64_t epoch;

	if (proto_apply_get_signed(event->body, event->len, &epoch))
		return (publish_fault(P, "a malformed event"));
	if (epoch != P->closed || epoch != P->signed_epoch + 1)
		return (publish_fault(P, "epoch %" PRIu64 " is said to be signed "
		    "while %" PRIu64 " is the last closed one", epoch, P->closed));
	P->signed_epoch = epoch;
	actions_put(actions, PUBLISH_ACT_SIGNED, NULL, 0);
	return (put_majority(P, view, epoch));
}

static int
step_ratification(struct publish_state * P, struct view * view,
    const struct stage_event * event, struct actions * actions)
{
	uint8_t key[ROWKEY_MAX];
	struct signature_ratification S;
	size_t klen;

	if (signature_get_ratification(event->body, event->len, &S))
		return (publish_fault(P, "a malformed ratification"));
	if (S.epoch == 0 || S.epoch > P->signed_epoch)
		return (publish_fault(P, "a ratification of the epoch %" PRIu64
		    ", which is not signed", S.epoch));
	klen = rowkey_signer(key, PUBLISH_TABLE_RATIFICATION, S.epoch,
	    S.key_id);
	wbuf_reset(&P->out);
	wbuf_put_u64(&P->out, S.time_s);
	wbuf_put_bytes(&P->out, S.sig, SIGN_LEN);
	if (wbuf_failed(&P->out)) {
		warnx("out of memory");
		return (-1);
	}
	if (put(view, key, klen, P->out.data, P->out.len))
		return (-1);
	actions_put(actions, PUBLISH_ACT_RATIFIED, event->body, event->len);
	return (0);
}

/* The policy that the next head names. */
static int
step_policy(struct publish_state * P, struct view * view,
    const struct stage_event * event, struct actions * actions)
{
	struct proto_policy E;
	int rc;

	if (proto_policy_get(event->body, event->len, &E))
		return (publish_fault(P, "a malformed policy"));
	if (E.epoch != P->closed + 2)
		return (publish_fault(P, "a policy from epoch %" PRIu64 " on while %"
		    PRIu64 " is the last closed one", E.epoch, P->closed));
	if ((rc = policies_add(P->policies, view, PUBLISH_TABLE_POLICY, &E)) == 1)
		return (publish_fault(P, "a policy that is none, or does not "
		    "follow"));
	actions_put(actions, PUBLISH_ACT_POLICY, NULL, 0);
	return (rc);
}

int
publish_step(struct publish_state * P, struct view * view,
    const struct stage_event * event, struct actions * actions)
{
	uint64_t last = P->cursor;

	P->cursor = event->position;
	if (event->position != last + 1)
		return (publish_fault(P, "it does not follow event %" PRIu64, last));
	switch (event->type) {
	case EVENT_UPDATE:
		return (step_update(P, view, event));
	case EVENT_EPOCH:
		return (publish_step_epoch(P, view, event->body, event->len));
	case EVENT_SIGNATURE:
		return (step_signature(P, view, event, actions));
	case EVENT_SIGNED:
		return (step_signed(P, view, event, actions));
	case EVENT_RATIFICATION:
		return (step_ratification(P, view, event, actions));
	case EVENT_POLICY:
		return (step_policy(P, view, event, actions));
	default:
		return (publish_fault(P, "an event of the unknown type %u",
		    event->type));
	}
}
