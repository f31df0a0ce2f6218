#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/wbuf.h"
#include "health/export.h"
#include "health/judge.h"
#include "health/keys.h"
#include "health/look.h"
#include "metrics/histogram.h"
#include "metrics/prometheus.h"

#include "test.h"

/* The answers of a replica's daemons in their order; NULL: it is down. */
static void
answers(struct health_look * L, const char * const text[5])
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
static struct health_summary
judge(const char * logd, const char * apply, const char * sign,
    const char * publish, const char * admit)
{
	const char * const text[5] = { logd, apply, sign, publish, admit };
	struct health_summary S;
	struct health_marks M;
	struct health_look L;

	answers(&L, text);
	health_marks(&L, &M);
	health_judge(&L, &M, NULL, &S);
	health_look_free(&L);
	return (S);
}

static void
all_is_well(void)
{
	struct health_summary S = judge(LOGD, APPLY, SIGN, PUBLISH, "");

	CHECK(S.healthy && S.up == 5 && S.down == 0);
	CHECK(S.closed == 4 && S.signed_epoch == 3 && S.pending == 2);
	CHECK(S.ratified == 2);
	CHECK(S.lag_apply == 0 && S.lag_sign == 0 && S.lag_publish == 0);
}

static void
what_is_wrong_is_told(void)
{
	struct health_summary S;

	S = judge(LOGD, APPLY, NULL, PUBLISH, "");
	CHECK(!S.healthy && S.down == 1 && S.lag_sign == HEALTH_UNKNOWN);
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
	struct health_summary S;

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
	struct health_summary S = judge("", "index x\n", "", "", "ratified\n");

	CHECK(S.healthy && S.up == 5);
	CHECK(S.closed == HEALTH_UNKNOWN && S.ratified == HEALTH_UNKNOWN);
	CHECK(S.lag_apply == HEALTH_UNKNOWN);
	S = judge(NULL, NULL, NULL, NULL, NULL);
	CHECK(!S.healthy && S.up == 0 && S.down == 5);
}

static void
a_busy_stage_that_keeps_up_does_not_lag(void)
{
	const char * const was[5] = { LOGD, APPLY, SIGN, PUBLISH, "" };
	const char * const is[5] = { "last 30\n", "index 12\nevents 20\n",
	    "cursor 8\n", "cursor 7\n", "" };
	struct health_look before, now;
	struct health_summary S;
	struct health_marks M;

	answers(&before, was);
	answers(&now, is);
	health_marks(&before, &M);
	health_judge(&now, &M, NULL, &S);
	CHECK(S.lag_apply == 0 && S.lag_sign == 0 && S.lag_publish == 1);
	CHECK(!S.healthy);
	health_look_free(&before);
	health_look_free(&now);
}

/* Judge a closed epoch of time 1000000 at ${wall_ms}. */
static struct health_summary
judge_at(uint64_t wall_ms, const char * apply, uint64_t unratified_ms)
{
	const char * const text[5] = { LOGD, apply, SIGN, PUBLISH, "" };
	const struct health_times T = { wall_ms, 60000, unratified_ms };
	struct health_summary S;
	struct health_marks M;
	struct health_look L;

	answers(&L, text);
	health_marks(&L, &M);
	health_judge(&L, &M, &T, &S);
	health_look_free(&L);
	return (S);
}

static void
epochs_must_come_in_time(void)
{
	static const char old[] = "index 10\nclosed 4\nsigned 4\n"
	    "time_ms 1000000\nevents 8\n";
	static const char open[] = "index 10\nclosed 4\nsigned 3\n"
	    "time_ms 1000000\nevents 8\n";
	const uint64_t most_ms = 1000000 + 60000 + HEALTH_GRACE_MS;
	struct health_summary S;

	S = judge_at(most_ms, old, 0);
	CHECK(S.healthy && S.nreasons == 0 && S.nwarnings == 0);
	S = judge_at(most_ms + 1, old, 0);
	CHECK(!S.healthy && S.nreasons == 1);
	CHECK(strstr(S.reasons[0], "no epoch has closed for 75 s") != NULL);
	S = judge_at(most_ms + 1, open, 0);
	CHECK(!S.healthy && S.nreasons == 1);
	CHECK(strstr(S.reasons[0], "epoch 4, 75 s old, is not signed") != NULL);

	/* A clock that was set back, and a realm before its first epoch. */
	S = judge_at(1, old, 0);
	CHECK(S.healthy);
	S = judge_at(most_ms + 1, "index 10\nclosed 0\nsigned 0\ntime_ms 0\n"
	    "events 8\n", 0);
	CHECK(S.healthy);
}

static void
no_ratification_is_a_warning(void)
{
	static const char fine[] = "index 10\nclosed 4\nsigned 4\n"
	    "time_ms 1000000\nevents 8\n";
	struct health_summary S;

	S = judge_at(1000000, fine, 60000 + HEALTH_GRACE_MS);
	CHECK(S.healthy && S.nwarnings == 0);
	S = judge_at(1000000, fine, 60000 + HEALTH_GRACE_MS + 1);
	CHECK(S.healthy && S.nwarnings == 1);
	CHECK(strstr(S.warnings[0], "the newest ratified epoch is 2") != NULL);
}

static void
waiting_for_ratifications_is_timed(void)
{
	struct health_waiting X = { 0, 0, 0 };
	struct health_summary S = { .ratified = 2, .signed_epoch = 3 };

	CHECK(health_unratified(&X, &S, 1000) == 0);
	CHECK(health_unratified(&X, &S, 1500) == 500);
	/* More to do makes it no younger, something done does. */
	S.signed_epoch = 9;
	CHECK(health_unratified(&X, &S, 2000) == 1000);
	S.ratified = 3;
	CHECK(health_unratified(&X, &S, 2500) == 0);
	CHECK(health_unratified(&X, &S, 2600) == 100);
	/* So does that nothing is left to do, or that nobody tells. */
	S.signed_epoch = 3;
	CHECK(health_unratified(&X, &S, 3000) == 0);
	S.signed_epoch = 4;
	CHECK(health_unratified(&X, &S, 3100) == 100);
	S.ratified = HEALTH_UNKNOWN;
	CHECK(health_unratified(&X, &S, 3200) == 0);
	S.ratified = 3;
	S.signed_epoch = HEALTH_UNKNOWN;
	CHECK(health_unratified(&X, &S, 3300) == 0);
	CHECK(health_unratified(&X, &S, 3400) == 0);
}

static void
each_reason_is_named(void)
{
	struct health_summary S;

	S = judge("last 11\n", APPLY, NULL, "cursor 6\nupstream_log down\n", "");
	CHECK(!S.healthy && S.nreasons == 4);
	CHECK(strcmp(S.reasons[0], "ks-sign does not answer: ") == 0);
	CHECK(strcmp(S.reasons[1], "ks-publish says upstream_log down") == 0);
	CHECK(strcmp(S.reasons[2], "ks-apply is 1 log entries behind") == 0);
	CHECK(strcmp(S.reasons[3], "ks-publish is 2 events behind") == 0);
}

/* The last sample of ${name} in ${W}, "" if there is none. */
static const char *
sample(const struct wbuf * W, const char * name)
{
	static char text[262144];
	char * line, * save = NULL, * found = NULL;
	const size_t len = strlen(name);

	snprintf(text, sizeof(text), "%.*s", (int)W->len, (const char *)W->data);
	for (line = strtok_r(text, "\n", &save); line != NULL;
	    line = strtok_r(NULL, "\n", &save))
		if (strncmp(line, name, len) == 0 && line[len] == ' ')
			found = line + len + 1;
	return (found != NULL ? found : "");
}

#define KEYS	"signed 7\nsigned_00000001 7\nsigned_lag_00000001 0\n" \
		"signed_00000002 0\nsigned_lag_00000002 7\n" \
		"ratified_0a0b0c0d 3\nratified_lag_0a0b0c0d 4\n"

/* Export the answers of a replica. */
static void
export(const char * const text[5], struct wbuf * W)
{
	struct health_summary S;
	struct health_marks M;
	struct health_look L;

	answers(&L, text);
	health_marks(&L, &M);
	health_judge(&L, &M, NULL, &S);
	health_export(W, &L, &S, NULL);
	health_look_free(&L);
}

static void
what_is_told_becomes_metrics(void)
{
	const char * const text[5] = { LOGD, "index 9\nclosed 8\nsigned 7\n"
	    "time_ms 1500\nevents 8\naccepted_updates 5\n"
	    "refused_version_must_rise 3\nrefused_zz 18446744073709551616\n",
	    NULL, KEYS "upstream_log up\nupstream_apply rebuilding\n",
	    "refused_user_malformed 2\n" };
	struct wbuf W;

	wbuf_init(&W, 262144);
	export(text, &W);
	CHECK(wbuf_failed(&W) == 0);
	CHECK(strcmp(sample(&W, "ks_healthy"), "0") == 0);
	CHECK(strcmp(sample(&W, "ks_up{stage=\"apply\"}"), "1") == 0);
	CHECK(strcmp(sample(&W, "ks_up{stage=\"sign\"}"), "0") == 0);
	CHECK(strcmp(sample(&W, "ks_lag{stage=\"apply\"}"), "1") == 0);
	CHECK(strcmp(sample(&W, "ks_lag{stage=\"sign\"}"), "") == 0);
	CHECK(strcmp(sample(&W, "ks_upstream_up{stage=\"publish\","
	    "upstream=\"log\"}"), "1") == 0);
	CHECK(strcmp(sample(&W, "ks_upstream_up{stage=\"publish\","
	    "upstream=\"apply\"}"), "0") == 0);
	CHECK(strcmp(sample(&W, "ks_epoch_signed{stage=\"publish\"}"), "7") == 0);
	CHECK(strcmp(sample(&W, "ks_epoch_time_seconds{stage=\"apply\"}"),
	    "1.5") == 0);
	CHECK(strcmp(sample(&W, "ks_accepted_total{stage=\"apply\","
	    "type=\"update\"}"), "5") == 0);
	CHECK(strcmp(sample(&W, "ks_refused_total{stage=\"apply\","
	    "rule=\"version-must-rise\"}"), "3") == 0);
	CHECK(strcmp(sample(&W, "ks_refused_total{stage=\"apply\","
	    "rule=\"zz\"}"), "") == 0);
	CHECK(strcmp(sample(&W, "ks_replica_lag_epochs{replica=\"00000002\","
	    "key_id=\"00000002\"}"), "7") == 0);
	CHECK(strcmp(sample(&W, "ks_verifier_ratified_epoch{verifier="
	    "\"0a0b0c0d\",key_id=\"0a0b0c0d\"}"), "3") == 0);
	wbuf_free(&W);
}

/* Append the lines of a histogram of this name and content to ${text}. */
static char *
with_histogram(const char * text, const char * name, uint64_t us)
{
	struct histogram H;
	struct wbuf W;
	size_t len;

	memset(&H, 0, sizeof(H));
	histogram_note(&H, us);
	wbuf_init(&W, 65536);
	wbuf_printf(&W, "%s", text);
	histogram_put(&H, name, &W);
	wbuf_put_u8(&W, '\0');
	return ((char *)wbuf_steal(&W, &len));
}

static void
histograms_become_histograms(void)
{
	char * apply = with_histogram(APPLY, "commit", 2500000);
	const char * const text[5] = { LOGD, apply, SIGN, PUBLISH, "" };
	struct wbuf W;

	wbuf_init(&W, 262144);
	export(text, &W);
	CHECK(wbuf_failed(&W) == 0);
	CHECK(strcmp(sample(&W, "ks_commit_seconds_bucket{stage=\"apply\","
	    "le=\"1\"}"), "0") == 0);
	CHECK(strcmp(sample(&W, "ks_commit_seconds_bucket{stage=\"apply\","
	    "le=\"2.5\"}"), "1") == 0);
	CHECK(strcmp(sample(&W, "ks_commit_seconds_bucket{stage=\"apply\","
	    "le=\"0.00025\"}"), "0") == 0);
	CHECK(strcmp(sample(&W, "ks_commit_seconds_bucket{stage=\"apply\","
	    "le=\"+Inf\"}"), "1") == 0);
	CHECK(strcmp(sample(&W, "ks_commit_seconds_sum{stage=\"apply\"}"),
	    "2.5") == 0);
	CHECK(strcmp(sample(&W, "ks_commit_seconds_count{stage=\"apply\"}"),
	    "1") == 0);
	CHECK(strcmp(sample(&W, "ks_commit_seconds_count{stage=\"sign\"}"),
	    "") == 0);
	wbuf_free(&W);
	free(apply);
}

static void
families_are_not_repeated(void)
{
	const char * const text[5] = { LOGD, APPLY, SIGN, PUBLISH, "" };
	char whole[65536], type[256];
	char * line, * save = NULL;
	unsigned families = 0;
	struct wbuf W;

	wbuf_init(&W, 262144);
	export(text, &W);
	CHECK(wbuf_failed(&W) == 0 && W.len < sizeof(whole));
	memcpy(whole, W.data, W.len);
	whole[W.len] = '\0';
	for (line = strtok_r(whole, "\n", &save); line != NULL;
	    line = strtok_r(NULL, "\n", &save)) {
		if (strncmp(line, "# TYPE ", 7) != 0)
			continue;
		snprintf(type, sizeof(type), "%s\n", line);
		CHECK(memmem(save, strlen(save), type, strlen(type)) == NULL);
		families++;
	}
	CHECK(families > 50);
	wbuf_free(&W);
}

static void
labels_are_escaped(void)
{
	struct wbuf W;

	wbuf_init(&W, 1024);
	prometheus_sample(&W, "x", (prometheus_labels){ "a", "q\"b\\c\nd",
	    "b", "", NULL }, 7);
	wbuf_put_u8(&W, '\0');
	CHECK(strcmp((const char *)W.data,
	    "x{a=\"q\\\"b\\\\c\\nd\",b=\"\"} 7\n") == 0);
	wbuf_free(&W);
}

static void
refusals_are_added_up(void)
{
	const char * const text[5] = { "refused 9\nrefused_a 1\n", APPLY
	    "refused_a 2\nrefused_b_c 5\n", SIGN, NULL, "refused_ 4\n" };
	static struct health_refusals R[HEALTH_RULES_MAX];
	struct health_look L;

	answers(&L, text);
	CHECK(health_refusals(&L, R) == 2);
	CHECK(strcmp(R[0].rule, "a") == 0 && R[0].n == 3);
	CHECK(strcmp(R[1].rule, "b-c") == 0 && R[1].n == 5);
	health_look_free(&L);
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
	{ "epochs that do not close or are not signed in time are told",
	    epochs_must_come_in_time },
	{ "that nobody ratifies for long is a warning",
	    no_ratification_is_a_warning },
	{ "how long verifiers owe a ratification is timed",
	    waiting_for_ratifications_is_timed },
	{ "every reason is told in a line that names who it is about",
	    each_reason_is_named },
	{ "what daemons tell becomes metrics with their labels",
	    what_is_told_becomes_metrics },
	{ "histograms become histograms of seconds",
	    histograms_become_histograms },
	{ "all samples of a metric stand together", families_are_not_repeated },
	{ "what is special in a label is escaped", labels_are_escaped },
	{ "refusals of all daemons are added up by rule",
	    refusals_are_added_up },
};
TESTS(tests)
