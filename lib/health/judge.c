#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ask/ask.h"
#include "codec/decimal.h"

#include "health/judge.h"
#include "health/look.h"

uint64_t
health_number(const struct health_program * P, const char * name)
{
	const char * value;
	uint64_t x;
	size_t len;

	if (P == NULL || !P->up || !ask_status_value(P->text, P->len, name,
	    &value, &len) || decimal_parse(value, len, UINT64_MAX - 1, &x))
		return (HEALTH_UNKNOWN);
	return (x);
}

/* The number in the line ${line} of the program ${name}. */
static uint64_t
number(const struct health_look * L, const char * name, const char * line)
{

	return (health_number(health_look_find(L, name), line));
}

/* Keep one more line of ${lines}, of which there are ${n}. */
static void __attribute__((format(printf, 3, 4)))
tell(char (* lines)[HEALTH_REASON_SIZE], size_t * n, const char * fmt, ...)
{
	va_list ap;

	if (*n < HEALTH_REASONS_MAX) {
		va_start(ap, fmt);
		vsnprintf(lines[*n], HEALTH_REASON_SIZE, fmt, ap);
		va_end(ap);
	}
	(*n)++;
}

#define REASON(S, ...)	tell((S)->reasons, &(S)->nreasons, __VA_ARGS__)
#define WARNING(S, ...)	tell((S)->warnings, &(S)->nwarnings, __VA_ARGS__)

/* How far ${at} is behind ${goal}. */
static uint64_t
lag(uint64_t goal, uint64_t at)
{

	if (goal == HEALTH_UNKNOWN || at == HEALTH_UNKNOWN)
		return (HEALTH_UNKNOWN);
	return (at >= goal ? 0 : goal - at);
}

static int
lags(uint64_t x)
{

	return (x != HEALTH_UNKNOWN && x > 0);
}

static int
begins(const char * p, size_t len, const char * with)
{

	return (len >= strlen(with) && memcmp(p, with, strlen(with)) == 0);
}

/* Lines of which only one value is no complaint. */
static const struct {
	const char * begin;	/* of the line */
	const char * good;	/* the value */
} expected[] = {
	{ "upstream_", "up" },
	{ "halted ", "0" },
	{ "etcd ", "connected" },
	{ "etcd_space ", "yes" },
	{ "follow ", "following" },
};

/* Is this line a complaint? */
static int
complains(const struct health_line * line)
{
	size_t n = sizeof(expected) / sizeof(expected[0]);

	for (size_t i = 0; i < n; i++)
		if (begins(line->name, line->name_len + 1, expected[i].begin))
			return (line->value_len != strlen(expected[i].good) ||
			    memcmp(line->value, expected[i].good,
			    line->value_len) != 0);
	return (0);
}

/* The epoch in a line `ratified N` or `ratified_KEYID N`, else unknown. */
static uint64_t
ratified(const struct health_line * line)
{
	const size_t n = strlen("ratified");
	uint64_t x;

	if (!begins(line->name, line->name_len, "ratified") ||
	    begins(line->name, line->name_len, "ratified_lag") ||
	    (line->name_len > n && line->name[n] != '_') ||
	    decimal_parse(line->value, line->value_len, UINT64_MAX - 1, &x))
		return (HEALTH_UNKNOWN);
	return (x);
}

static void
read_lines(const struct health_program * P, struct health_summary * S)
{
	struct health_line line;
	size_t pos = 0;
	uint64_t x;

	while (health_look_line(P, &pos, &line)) {
		if (complains(&line))
			REASON(S, "%s says %.*s %.*s", P->name,
			    (int)line.name_len, line.name,
			    (int)line.value_len, line.value);
		x = ratified(&line);
		if (x != HEALTH_UNKNOWN && (S->ratified == HEALTH_UNKNOWN ||
		    x > S->ratified))
			S->ratified = x;
	}
}

void
health_marks(const struct health_look * L, struct health_marks * M)
{

	M->last = number(L, "ks-logd", "last");
	M->events = number(L, "ks-apply", "events");
}

uint64_t
health_unratified(struct health_waiting * X, const struct health_summary * S,
    uint64_t now_ms)
{

	/* Of an epoch that is not signed yet nothing can be asked. */
	if (!X->looked || S->ratified != X->ratified ||
	    S->ratified == HEALTH_UNKNOWN || S->signed_epoch == HEALTH_UNKNOWN ||
	    S->ratified >= S->signed_epoch) {
		X->looked = 1;
		X->ratified = S->ratified;
		X->since_ms = now_ms;
	}
	return (now_ms - X->since_ms);
}

/* Do epochs come in time? */
static void
judge_times(const struct health_times * T, struct health_summary * S)
{
	const uint64_t most_ms = T->epoch_max_ms + HEALTH_GRACE_MS;
	uint64_t age_ms;

	/* Before the first epoch nothing says how long it took. */
	if (S->closed == HEALTH_UNKNOWN || S->closed == 0 ||
	    S->time_ms == HEALTH_UNKNOWN)
		return;
	age_ms = T->wall_ms > S->time_ms ? T->wall_ms - S->time_ms : 0;
	if (age_ms > most_ms && S->signed_epoch < S->closed)
		REASON(S, "epoch %" PRIu64 ", %" PRIu64 " s old, is not signed by a "
		    "majority", S->closed, age_ms / 1000);
	else if (age_ms > most_ms)
		REASON(S, "no epoch has closed for %" PRIu64 " s", age_ms / 1000);
	if (T->unratified_ms > most_ms && S->ratified != HEALTH_UNKNOWN)
		WARNING(S, "no verifier has ratified anything for %" PRIu64 " s: the "
		    "newest ratified epoch is %" PRIu64, T->unratified_ms / 1000,
		    S->ratified);
}

void
health_judge(const struct health_look * now, const struct health_marks * before,
    const struct health_times * T, struct health_summary * S)
{
	const struct health_program * P;

	memset(S, 0, sizeof(*S));
	S->closed = number(now, "ks-apply", "closed");
	S->signed_epoch = number(now, "ks-apply", "signed");
	S->time_ms = number(now, "ks-apply", "time_ms");
	S->users = number(now, "ks-apply", "users");
	S->pending = number(now, "ks-apply", "pending");
	S->ratified = HEALTH_UNKNOWN;
	S->lag_apply = lag(before->last, number(now, "ks-apply", "index"));
	S->lag_sign = lag(before->events, number(now, "ks-sign", "cursor"));
	S->lag_publish = lag(before->events, number(now, "ks-publish", "cursor"));
	for (size_t i = 0; i < now->n; i++) {
		P = &now->program[i];
		if (P->up) {
			S->up++;
			read_lines(P, S);
		} else {
			S->down++;
			REASON(S, "%s does not answer: %s", P->name, P->why);
		}
	}
	if (lags(S->lag_apply))
		REASON(S, "ks-apply is %" PRIu64 " log entries behind",
		    S->lag_apply);
	if (lags(S->lag_sign))
		REASON(S, "ks-sign is %" PRIu64 " events behind", S->lag_sign);
	if (lags(S->lag_publish))
		REASON(S, "ks-publish is %" PRIu64 " events behind",
		    S->lag_publish);
	if (T != NULL)
		judge_times(T, S);
	S->healthy = S->nreasons == 0;
}
