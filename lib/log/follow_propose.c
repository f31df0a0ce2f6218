#include <err.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "frame/common.h"
#include "proto/proto_log.h"

#include "log/follow.h"
#include "log/follow_impl.h"

/* Forget ${T}, and tell where it is, or, if ${why}, that nobody knows. */
static int
tell(struct log_follow * X, struct log_follow_ticket * T, const char * why)
{
	struct log_ticket ticket = T->ticket;
	uint64_t index = T->index;

	TAILQ_REMOVE(&X->waiting, T, link);
	X->nwaiting--;
	free(T);
	if (why != NULL)
		return (X->events->failed(X->ctx, ticket, why));
	return (X->events->proposed(X->ctx, ticket, index));
}

static struct log_follow_ticket *
find(struct log_follow * X, uint32_t id)
{
	struct log_follow_ticket * T;

	TAILQ_FOREACH(T, &X->waiting, link) {
		if (T->id == id)
			break;
	}
	return (T);
}

/* Why a proposal with this request id cannot be handed on now; or NULL. */
static const char *
why_not(struct log_follow * X, const uint8_t * request_id)
{
	struct log_follow_ticket * T;

	if (X->state != LOG_FOLLOW_FOLLOWING || upstream_conn(X->U) == NULL)
		return ("no peer can be reached");
	/* Standbys that follow each other hand nothing round and round. */
	TAILQ_FOREACH(T, &X->waiting, link) {
		if (memcmp(T->request_id, request_id, REQUEST_ID_LEN) == 0)
			return ("it is being proposed already");
	}
	return (NULL);
}

int
log_follow_propose(struct log_engine * E, struct log_ticket ticket,
    const uint8_t * entry, size_t len)
{
	struct log_follow * X = (struct log_follow *)E;
	struct log_follow_ticket * T;
	struct log_entry parsed;
	const char * why;

	(void)log_entry_parse(&parsed, entry, len);	/* log_check did */
	if ((why = why_not(X, parsed.request_id)) != NULL)
		return (X->events->failed(X->ctx, ticket, why));
	if ((T = calloc(1, sizeof(*T))) == NULL) {
		warn("log");
		return (-1);
	}
	T->ticket = ticket;
	memcpy(T->request_id, parsed.request_id, REQUEST_ID_LEN);
	T->id = ++X->id;
	TAILQ_INSERT_TAIL(&X->waiting, T, link);
	X->nwaiting++;
	return (upstream_send(X->U, LOG_PROPOSE, T->id, entry, len, 0));
}

int
log_follow_proposed(struct log_follow * X, uint32_t id, uint64_t index)
{
	struct log_follow_ticket * T;

	if ((T = find(X, id)) == NULL || T->index != 0)
		return (0);
	if (index == 0)
		return (upstream_malformed(X->U, "index-zero"));
	T->index = index;
	T->answered_ms = clock_mono_ms();
	/* It may have come before its answer. */
	return (log_follow_tell(X));
}

int
log_follow_refused(struct log_follow * X, uint32_t id,
    const struct common_error * E)
{
	struct log_follow_ticket * T;
	char why[COMMON_TEXT_MAX + 128];

	if ((T = find(X, id)) == NULL || T->index != 0)
		return (0);
	snprintf(why, sizeof(why), "a peer says %s: %s", E->rule, E->text);
	why[COMMON_TEXT_MAX] = '\0';
	return (tell(X, T, why));
}

int
log_follow_tell(struct log_follow * X)
{
	struct log_follow_ticket * T, * next;

	for (T = TAILQ_FIRST(&X->waiting); T != NULL; T = next) {
		next = TAILQ_NEXT(T, link);
		if (T->index != 0 && T->index <= committed_last(X->C) &&
		    tell(X, T, NULL))
			return (-1);
	}
	return (0);
}

int
log_follow_late(struct log_follow * X, uint64_t now_ms)
{
	struct log_follow_ticket * T, * next;

	for (T = TAILQ_FIRST(&X->waiting); T != NULL; T = next) {
		next = TAILQ_NEXT(T, link);
		if (T->index != 0 &&
		    now_ms - T->answered_ms > LOG_FOLLOW_PUT_MS &&
		    tell(X, T, "it is in the log, which has not come here yet"))
			return (-1);
	}
	return (0);
}

int
log_follow_forget(struct log_follow * X)
{
	struct log_follow_ticket * T, * next;

	for (T = TAILQ_FIRST(&X->waiting); T != NULL; T = next) {
		next = TAILQ_NEXT(T, link);
		if (T->index == 0 && tell(X, T, "the peer that has it went away: "
		    "it may be in the log or not"))
			return (-1);
	}
	return (0);
}

void
log_follow_free(struct log_follow * X)
{
	struct log_follow_ticket * T;

	while ((T = TAILQ_FIRST(&X->waiting)) != NULL) {
		TAILQ_REMOVE(&X->waiting, T, link);
		free(T);
	}
}
