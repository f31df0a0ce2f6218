#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/wbuf.h"
#include "entry/rule_names.h"
#include "frame/common.h"
#include "metrics/epochs.h"
#include "metrics/histogram.h"
#include "metrics/tally.h"

#include "test.h"

/* The value of the line ${name} of ${W}, or UINT64_MAX. */
static uint64_t
value(const struct wbuf * W, const char * name)
{
	char text[8192];
	char * line, * save = NULL;
	const size_t len = strlen(name);

	snprintf(text, sizeof(text), "%.*s", (int)W->len, (const char *)W->data);
	for (line = strtok_r(text, "\n", &save); line != NULL;
	    line = strtok_r(NULL, "\n", &save))
		if (strncmp(line, name, len) == 0 && line[len] == ' ')
			return (strtoull(line + len + 1, NULL, 10));
	return (UINT64_MAX);
}

/* Is what was written an answer to STATUS? */
static int
is_status(const struct wbuf * W)
{
	const char * text;
	size_t len;
	struct wbuf body;
	int rc;

	wbuf_init(&body, 65536);
	common_put_status(&body, (const char *)W->data, W->len);
	rc = common_get_status(body.data, body.len, &text, &len);
	wbuf_free(&body);
	return (rc == 0);
}

static void
buckets(void)
{
	struct histogram H;
	struct wbuf W;

	memset(&H, 0, sizeof(H));
	histogram_note(&H, 0);
	histogram_note(&H, 100);
	histogram_note(&H, 101);
	histogram_note(&H, 1000);
	histogram_note(&H, 100000000);
	histogram_note(&H, 100000001);
	wbuf_init(&W, 65536);
	histogram_put(&H, "it", &W);
	CHECK(wbuf_failed(&W) == 0 && is_status(&W));
	CHECK(value(&W, "it_us_le_100") == 2);
	CHECK(value(&W, "it_us_le_250") == 3);
	CHECK(value(&W, "it_us_le_500") == 3);
	CHECK(value(&W, "it_us_le_1000") == 4);
	CHECK(value(&W, "it_us_le_50000000") == 4);
	CHECK(value(&W, "it_us_le_100000000") == 5);
	CHECK(value(&W, "it_us_count") == 6);
	CHECK(value(&W, "it_us_sum") == 200001202);
	wbuf_free(&W);
}

static void
bounds(void)
{

	CHECK(histogram_bound(0) == 100);
	for (size_t i = 1; i < HISTOGRAM_BOUNDS; i++)
		CHECK(histogram_bound(i) > histogram_bound(i - 1));
}

static void
sum_is_stuck(void)
{
	struct histogram H;

	memset(&H, 0, sizeof(H));
	histogram_note(&H, UINT64_MAX - 1);
	histogram_note(&H, 5);
	CHECK(H.sum_us == UINT64_MAX && H.count == 2);
	CHECK(H.buckets[HISTOGRAM_BOUNDS] == 1 && H.buckets[0] == 1);
}

static void
rules(void)
{
	struct tally T;
	struct wbuf W;

	memset(&T, 0, sizeof(T));
	tally_note(&T, RULE_VERSION_MUST_RISE);
	tally_note(&T, RULE_SIGNATURE_INVALID);
	tally_note(&T, RULE_VERSION_MUST_RISE);
	wbuf_init(&W, 65536);
	tally_put(&T, "refused", &W);
	CHECK(wbuf_failed(&W) == 0 && is_status(&W));
	CHECK(value(&W, "refused_version_must_rise") == 2);
	CHECK(value(&W, "refused_signature_invalid") == 1);
	CHECK(value(&W, "refused_other") == UINT64_MAX);
	wbuf_free(&W);
}

static void
more_rules(void)
{
	static char names[TALLY_RULES_MAX + 2][8];
	struct tally T;
	struct wbuf W;

	memset(&T, 0, sizeof(T));
	for (size_t i = 0; i < TALLY_RULES_MAX + 2; i++) {
		snprintf(names[i], sizeof(names[i]), "r%zu", i);
		tally_note(&T, names[i]);
	}
	tally_note(&T, names[0]);
	wbuf_init(&W, 65536);
	tally_put(&T, "refused", &W);
	CHECK(value(&W, "refused_r0") == 2);
	CHECK(value(&W, "refused_other") == 2);
	wbuf_free(&W);
}

static void
since(void)
{
	static struct epochs X;
	uint64_t us;

	epochs_seen(&X, 7, 1000, 1100, 50);
	CHECK(epochs_since(&X, 7, 60, &us) == 0 && us == 10);

	/* The first time counts; a clock that is before is none of ours. */
	epochs_seen(&X, 7, 1000, 1100, 55);
	CHECK(epochs_since(&X, 7, 60, &us) == 0 && us == 10);
	CHECK(epochs_since(&X, 7, 49, &us) == -1);
	CHECK(epochs_since(&X, 6, 60, &us) == -1);
	CHECK(epochs_since(&X, 0, 60, &us) == -1);

	/* Its place is taken by a later one, and not by an earlier one. */
	epochs_seen(&X, 7 + EPOCHS_MAX, 1000, 1100, 70);
	CHECK(epochs_since(&X, 7, 80, &us) == -1);
	epochs_seen(&X, 7, 1000, 1100, 70);
	CHECK(epochs_since(&X, 7 + EPOCHS_MAX, 80, &us) == 0 && us == 10);
}

static void
replayed(void)
{
	static struct epochs X;
	uint64_t us;

	epochs_seen(&X, 1, 1000, 1000 + EPOCHS_LIVE_MS + 1, 50);
	CHECK(epochs_since(&X, 1, 60, &us) == -1);
	epochs_seen(&X, 2, 1000, 1000 + EPOCHS_LIVE_MS, 50);
	CHECK(epochs_since(&X, 2, 60, &us) == 0);

	/* A clock behind the epoch's: it was just made, elsewhere. */
	epochs_seen(&X, 3, 2000, 1000, 50);
	CHECK(epochs_since(&X, 3, 60, &us) == 0);
}

static const struct test tests[] = {
	{ "a bucket holds what took no longer than its bound", buckets },
	{ "the bounds of buckets rise", bounds },
	{ "the sum of a histogram never falls", sum_is_stuck },
	{ "refusals are counted by rule", rules },
	{ "rules beyond those that fit are counted together", more_rules },
	{ "time is told since an epoch was first seen", since },
	{ "epochs that are replayed are not measured", replayed },
};

TESTS(tests)
