#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/panic.h"
#include "codec/wbuf.h"

#include "metrics/prometheus.h"

/* Bytes that hold any number of microseconds as seconds. */
#define SECONDS_SIZE	32

/* Bytes that hold a name of ours with what a histogram appends. */
#define NAME_SIZE	128

void
prometheus_family(struct wbuf * W, const char * name, const char * type,
    const char * help)
{

	wbuf_printf(W, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* Append ${value} within its quotes. */
static void
put_value(struct wbuf * W, const char * value)
{

	for (; *value != '\0'; value++) {
		if (*value == '\n')
			wbuf_put_bytes(W, "\\n", 2);
		else if (*value == '"' || *value == '\\')
			wbuf_printf(W, "\\%c", *value);
		else
			wbuf_put_u8(W, (uint8_t)*value);
	}
}

static void
put_name(struct wbuf * W, const char * name, prometheus_labels labels)
{

	wbuf_printf(W, "%s", name);
	if (labels == NULL || labels[0] == NULL)
		return;
	for (size_t i = 0; labels[i] != NULL; i += 2) {
		wbuf_printf(W, "%c%s=\"", i == 0 ? '{' : ',', labels[i]);
		put_value(W, labels[i + 1]);
		wbuf_put_u8(W, '"');
	}
	wbuf_put_u8(W, '}');
}

/* Write ${us} in seconds, without zeroes at the end. */
static const char *
seconds(char text[SECONDS_SIZE], uint64_t us)
{
	int len = snprintf(text, SECONDS_SIZE, "%" PRIu64 ".%06" PRIu64,
	    us / 1000000, us % 1000000);

	while (text[len - 1] == '0')
		text[--len] = '\0';
	if (text[len - 1] == '.')
		text[len - 1] = '\0';
	return (text);
}

void
prometheus_sample(struct wbuf * W, const char * name, prometheus_labels labels,
    uint64_t x)
{

	put_name(W, name, labels);
	wbuf_printf(W, " %" PRIu64 "\n", x);
}

void
prometheus_seconds(struct wbuf * W, const char * name, prometheus_labels labels,
    uint64_t us)
{
	char text[SECONDS_SIZE];

	put_name(W, name, labels);
	wbuf_printf(W, " %s\n", seconds(text, us));
}

void
prometheus_histogram(struct wbuf * W, const char * name, prometheus_labels labels,
    const uint64_t upto[HISTOGRAM_BOUNDS], uint64_t count, uint64_t sum_us)
{
	const char * with[2 * PROMETHEUS_LABELS_MAX + 3];
	char text[SECONDS_SIZE], full[NAME_SIZE];
	size_t n = 0;

	for (; labels != NULL && labels[n] != NULL; n++) {
		PANIC_UNLESS(n < 2 * PROMETHEUS_LABELS_MAX);
		with[n] = labels[n];
	}
	with[n] = "le";
	with[n + 1] = text;
	with[n + 2] = NULL;
	snprintf(full, sizeof(full), "%s_bucket", name);
	for (size_t i = 0; i < HISTOGRAM_BOUNDS; i++) {
		seconds(text, histogram_bound(i));
		prometheus_sample(W, full, with, upto[i]);
	}
	snprintf(text, sizeof(text), "+Inf");
	prometheus_sample(W, full, with, count);
	snprintf(full, sizeof(full), "%s_sum", name);
	prometheus_seconds(W, full, labels, sum_us);
	snprintf(full, sizeof(full), "%s_count", name);
	prometheus_sample(W, full, labels, count);
}
