#include <stdlib.h>
#include <string.h>

#include "../../cmd/ks-status/status_judge.h"
#include "../../cmd/ks-status/status_look.h"

#include "test.h"

/* The answers of a replica's daemons in their order; NULL: it is down. */
static void
answers(struct status_look * L, const char * const text[5])
{
	static const char * const names[] = { "ks-logd", "ks-apply", "ks-sign",
	    "ks-publish", "ks-admit" };

	memset(L, 0, sizeof(*L));
	for (L->n = 0; L->n < 5; L->n++) {
		L->program[L->n].name = names[L->n];
		if (text[L->n] == NULL)
			continue;
		L->program[L->n].up = 1;
		L->program[L->n].text = strdup(text[L->n]);
		L->program[L->n].len = strlen(text[L->n]);
	}
}

#define LOGD	"engine local\nlast 10\n"
#define APPLY	"index 10\nclosed 4\nsigned 3\npending 2\nevents 8\n"
#define SIGN	"cursor 8\nupstream_log up\nupstream_apply up\n"
#define PUBLISH	"cursor 8\nratified_0a0b0c0d 1\nratified_lag_0a0b0c0d 9\n" \
		"ratified_01020304 2\nratifications_proposed 50\n"

/* Judge the answers, an earlier look being the same. */
static struct status_summary
judge(const char * logd, const char * apply, const char * sign,
    const char * publish, const char * admit)
{
	const char * const text[5] = { logd, apply, sign, publish, admit };
	struct status_summary S;
	struct status_look L;

	answers(&L, text);
	status_judge(&L, &L, &S);
	status_look_free(&L);
	return (S);
}

static void
all_is_well(void)
{
	struct status_summary S = judge(LOGD, APPLY, SIGN, PUBLISH, "");

	CHECK(S.healthy && S.up == 5 && S.down == 0);
	CHECK(S.closed == 4 && S.signed_epoch == 3 && S.pending == 2);
	CHECK(S.ratified == 2);
	CHECK(S.lag_apply == 0 && S.lag_sign == 0 && S.lag_publish == 0);
}

static void
what_is_wrong_is_told(void)
{
	struct status_summary S;

	S = judge(LOGD, APPLY, NULL, PUBLISH, "");
	CHECK(!S.healthy && S.down == 1 && S.lag_sign == STATUS_UNKNOWN);
	S = judge("last 11\n", APPLY, SIGN, PUBLISH, "");
	CHECK(!S.healthy && S.lag_apply == 1);
	S = judge(LOGD, APPLY, "cursor 5\n", PUBLISH, "");
	CHECK(!S.healthy && S.lag_sign == 3);
	S = judge(LOGD, APPLY, SIGN, "cursor 0\n", "");
	CHECK(!S.healthy && S.lag_publish == 8);
	S = judge(LOGD, APPLY, SIGN, PUBLISH, "upstream_log down\n");
	CHECK(!S.healthy);
	S = judge(LOGD, APPLY, SIGN, PUBLISH, "upstream_apply rebuilding\n");
	CHECK(!S.healthy);
	S = judge(LOGD, APPLY, SIGN, PUBLISH, "halted epoch-7\n");
	CHECK(!S.healthy);
	S = judge(LOGD, APPLY, SIGN, PUBLISH, "halted 0\nupstream x up\n");
	CHECK(S.healthy);
}

static void
what_orders_the_log_is_looked_at(void)
{
	struct status_summary S;

	S = judge("etcd connected\netcd_space yes\n", APPLY, SIGN, PUBLISH, "");
	CHECK(S.healthy);
	S = judge("etcd waiting\netcd_space yes\n", APPLY, SIGN, PUBLISH, "");
	CHECK(!S.healthy);
	S = judge("etcd behind\n", APPLY, SIGN, PUBLISH, "");
	CHECK(!S.healthy);
	S = judge("etcd connected\netcd_space none\n", APPLY, SIGN, PUBLISH, "");
	CHECK(!S.healthy);
	S = judge("follow following\n", APPLY, SIGN, PUBLISH, "");
	CHECK(S.healthy);
	S = judge("follow waiting\n", APPLY, SIGN, PUBLISH, "");
	CHECK(!S.healthy);
}

static void
what_nobody_tells_is_unknown(void)
{
	struct status_summary S = judge("", "index x\n", "", "", "ratified\n");

	CHECK(S.healthy && S.up == 5);
	CHECK(S.closed == STATUS_UNKNOWN && S.ratified == STATUS_UNKNOWN);
	CHECK(S.lag_apply == STATUS_UNKNOWN);
	S = judge(NULL, NULL, NULL, NULL, NULL);
	CHECK(!S.healthy && S.up == 0 && S.down == 5);
}

static void
a_busy_stage_that_keeps_up_does_not_lag(void)
{
	const char * const was[5] = { LOGD, APPLY, SIGN, PUBLISH, "" };
	const char * const is[5] = { "last 30\n", "index 12\nevents 20\n",
	    "cursor 8\n", "cursor 7\n", "" };
	struct status_look before, now;
	struct status_summary S;

	answers(&before, was);
	answers(&now, is);
	status_judge(&now, &before, &S);
	CHECK(S.lag_apply == 0 && S.lag_sign == 0 && S.lag_publish == 1);
	CHECK(!S.healthy);
	status_look_free(&before);
	status_look_free(&now);
}

static const struct test tests[] = {
	{ "a replica whose daemons are up and level is healthy", all_is_well },
	{ "a daemon that is down, lags or complains is told",
	    what_is_wrong_is_told },
	{ "a log without its etcd, or without one to follow, is told",
	    what_orders_the_log_is_looked_at },
	{ "what no daemon tells is unknown, and no fault",
	    what_nobody_tells_is_unknown },
	{ "a stage that reaches where the log was does not lag",
	    a_busy_stage_that_keeps_up_does_not_lag },
};
TESTS(tests)
