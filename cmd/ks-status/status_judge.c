#include <string.h>

#include "ask/ask.h"
#include "codec/decimal.h"

#include "status_judge.h"

/* The number in the line ${line} of the program ${name}. */
static uint64_t
number(const struct status_look * L, const char * name, const char * line)
{
	const struct status_program * P = status_look_find(L, name);
	const char * value;
	uint64_t x;
	size_t len;

	if (P == NULL || !P->up || !ask_status_value(P->text, P->len, line,
	    &value, &len) || decimal_parse(value, len, UINT64_MAX - 1, &x))
		return (STATUS_UNKNOWN);
	return (x);
}

/* How far ${at} is behind ${goal}. */
static uint64_t
lag(uint64_t goal, uint64_t at)
{

	if (goal == STATUS_UNKNOWN || at == STATUS_UNKNOWN)
		return (STATUS_UNKNOWN);
	return (at >= goal ? 0 : goal - at);
}

static int
lags(uint64_t x)
{

	return (x != STATUS_UNKNOWN && x > 0);
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
complains(const char * line, size_t len)
{
	const char * space = memchr(line, ' ', len);
	const char * value;
	size_t n;

	if (space == NULL)
		return (0);
	value = space + 1;
	n = len - (size_t)(value - line);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		if (begins(line, len, expected[i].begin))
			return (n != strlen(expected[i].good) ||
			    memcmp(value, expected[i].good, n) != 0);
	return (0);
}

/* The epoch in a line `ratified N` or `ratified_KEYID N`, else unknown. */
static uint64_t
ratified(const char * line, size_t len)
{
	const char * space = memchr(line, ' ', len);
	uint64_t x;

	if (space == NULL || !begins(line, len, "ratified") ||
	    begins(line, len, "ratified_lag") ||
	    decimal_parse(space + 1, len - (size_t)(space + 1 - line),
	    UINT64_MAX - 1, &x))
		return (STATUS_UNKNOWN);
	return (line + strlen("ratified") == space || line[8] == '_' ? x :
	    STATUS_UNKNOWN);
}

/* Read the lines of ${P}; return nonzero if one is a complaint. */
static int
read_lines(const struct status_program * P, struct status_summary * S)
{
	const char * line = P->text;
	const char * end = P->text + P->len;
	const char * lf;
	uint64_t x;
	int bad = 0;

	for (; line < end; line = lf + 1) {
		if ((lf = memchr(line, '\n', (size_t)(end - line))) == NULL)
			break;
		bad |= complains(line, (size_t)(lf - line));
		x = ratified(line, (size_t)(lf - line));
		if (x != STATUS_UNKNOWN && (S->ratified == STATUS_UNKNOWN ||
		    x > S->ratified))
			S->ratified = x;
	}
	return (bad);
}

void
status_judge(const struct status_look * now, const struct status_look * before,
    struct status_summary * S)
{
	int bad = 0;

	memset(S, 0, sizeof(*S));
	S->closed = number(now, "ks-apply", "closed");
	S->signed_epoch = number(now, "ks-apply", "signed");
	S->pending = number(now, "ks-apply", "pending");
	S->ratified = STATUS_UNKNOWN;
	S->lag_apply = lag(number(before, "ks-logd", "last"),
	    number(now, "ks-apply", "index"));
	S->lag_sign = lag(number(before, "ks-apply", "events"),
	    number(now, "ks-sign", "cursor"));
	S->lag_publish = lag(number(before, "ks-apply", "events"),
	    number(now, "ks-publish", "cursor"));
	for (size_t i = 0; i < now->n; i++) {
		if (!now->program[i].up) {
			S->down++;
			continue;
		}
		S->up++;
		bad |= read_lines(&now->program[i], S);
	}
	S->healthy = S->down == 0 && !bad && !lags(S->lag_apply) &&
	    !lags(S->lag_sign) && !lags(S->lag_publish);
}
