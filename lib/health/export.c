#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/panic.h"
#include "codec/decimal.h"
#include "codec/wbuf.h"
#include "metrics/prometheus.h"

#include "health/export.h"
#include "health/judge.h"
#include "health/keys.h"
#include "health/look.h"
#include "health/names.h"

/* Bytes that hold any name of a line with what histograms append. */
#define LINE_SIZE	96

/* The label of a program: ks-apply is the stage "apply". */
static const char *
stage_of(const struct health_program * P)
{

	return (strncmp(P->name, "ks-", 3) == 0 ? P->name + 3 : P->name);
}

static void
put_up(struct wbuf * W, const struct health_look * L)
{
	const struct health_program * P;
	struct health_line line;
	char name[LINE_SIZE];
	size_t pos;

	prometheus_family(W, "ks_up", "gauge", "Whether the daemon answers.");
	for (size_t i = 0; i < L->n; i++)
		prometheus_sample(W, "ks_up", (prometheus_labels){ "stage",
		    stage_of(&L->program[i]), NULL },
		    (uint64_t)L->program[i].up);
	prometheus_family(W, "ks_upstream_up", "gauge",
	    "Whether the daemon has what it follows or proposes to.");
	for (size_t i = 0; i < L->n; i++) {
		P = &L->program[i];
		pos = 0;
		while (health_look_line(P, &pos, &line)) {
			if (line.name_len <= 9 || line.name_len >= sizeof(name) ||
			    memcmp(line.name, "upstream_", 9) != 0)
				continue;
			memcpy(name, line.name + 9, line.name_len - 9);
			name[line.name_len - 9] = '\0';
			prometheus_sample(W, "ks_upstream_up",
			    (prometheus_labels){ "stage", stage_of(P),
			    "upstream", name, NULL }, line.value_len == 2 &&
			    memcmp(line.value, "up", 2) == 0);
		}
	}
}

/* Put the samples of the family that begins at ${N}; return how many names it has. */
static size_t
put_family(struct wbuf * W, const struct health_look * L,
    const struct health_name * N)
{
	const struct health_program * P;
	const char * last = N->metric;
	uint64_t x;
	size_t n;

	prometheus_family(W, N->metric, N->type, N->help);
	for (n = 0; N[n].metric != NULL && strcmp(N[n].metric, last) == 0; n++) {
		for (size_t i = 0; i < L->n; i++) {
			P = &L->program[i];
			if (strcmp(stage_of(P), N[n].stage) != 0 ||
			    (x = health_number(P, N[n].line)) == HEALTH_UNKNOWN)
				continue;
			if (N[n].milliseconds)
				prometheus_seconds(W, N[n].metric,
				    (prometheus_labels){ "stage", N[n].stage,
				    NULL }, x * 1000);
			else
				prometheus_sample(W, N[n].metric,
				    (prometheus_labels){ "stage", N[n].stage,
				    N[n].label, N[n].value, NULL }, x);
		}
	}
	return (n);
}

/* The number of ${P} in the line ${name} with ${end}. */
static uint64_t
part(const struct health_program * P, const char * name, const char * end)
{
	char line[LINE_SIZE];
	int len = snprintf(line, sizeof(line), "%s_us_%s", name, end);

	PANIC_UNLESS(len > 0 && (size_t)len < sizeof(line));
	return (health_number(P, line));
}

/* Put the histogram ${N} of ${P}, if it has it. */
static void
put_times(struct wbuf * W, const struct health_program * P,
    const struct health_times_name * N)
{
	uint64_t upto[HISTOGRAM_BOUNDS], count, sum_us;
	char end[LINE_SIZE];

	for (size_t i = 0; i < HISTOGRAM_BOUNDS; i++) {
		snprintf(end, sizeof(end), "le_%ju",
		    (uintmax_t)histogram_bound(i));
		if ((upto[i] = part(P, N->line, end)) == HEALTH_UNKNOWN)
			return;
	}
	if ((count = part(P, N->line, "count")) == HEALTH_UNKNOWN ||
	    (sum_us = part(P, N->line, "sum")) == HEALTH_UNKNOWN)
		return;
	prometheus_histogram(W, N->metric, (prometheus_labels){ "stage",
	    stage_of(P), NULL }, upto, count, sum_us);
}

static void
put_refusals(struct wbuf * W, const struct health_look * L)
{
	static struct health_refusals R[HEALTH_RULES_MAX];
	struct health_look one = { .n = 1 };
	size_t n;

	prometheus_family(W, "ks_refused_total", "counter",
	    "What was refused, by the rule that it broke.");
	for (size_t i = 0; i < L->n; i++) {
		one.program[0] = L->program[i];
		n = health_refusals(&one, R);
		for (size_t k = 0; k < n; k++)
			prometheus_sample(W, "ks_refused_total",
			    (prometheus_labels){ "stage",
			    stage_of(&L->program[i]), "rule", R[k].rule, NULL },
			    R[k].n);
	}
}

/* Put of each of the ${n} ${keys}, labelled as ${who}, its epoch or its lag. */
static void
put_keys(struct wbuf * W, const char * metric, const char * help,
    const char * who, const struct health_key * keys, size_t n, int lag)
{

	prometheus_family(W, metric, "gauge", help);
	for (size_t i = 0; i < n; i++)
		prometheus_sample(W, metric, (prometheus_labels){ who,
		    keys[i].name, "key_id", keys[i].id, NULL },
		    lag ? keys[i].lag : keys[i].epoch);
}

static void
put_all_keys(struct wbuf * W, const struct health_look * L,
    const struct policy * policy)
{
	static struct health_keys K;

	health_keys(L, policy, &K);
	put_keys(W, "ks_replica_signed_epoch",
	    "The newest epoch whose signature by the replica came out of the log.",
	    "replica", K.replicas, K.nreplicas, 0);
	put_keys(W, "ks_replica_lag_epochs",
	    "How many signed epochs are after that.",
	    "replica", K.replicas, K.nreplicas, 1);
	put_keys(W, "ks_verifier_ratified_epoch",
	    "The newest epoch whose cosignature by the verifier came out of the log.",
	    "verifier", K.verifiers, K.nverifiers, 0);
	put_keys(W, "ks_verifier_lag_epochs",
	    "How many signed epochs are after that.",
	    "verifier", K.verifiers, K.nverifiers, 1);
}

/* The lag of a stage, if it is known. */
static void
put_lag(struct wbuf * W, const char * stage, uint64_t lag)
{

	if (lag != HEALTH_UNKNOWN)
		prometheus_sample(W, "ks_lag", (prometheus_labels){ "stage",
		    stage, NULL }, lag);
}

void
health_export(struct wbuf * W, const struct health_look * L,
    const struct health_summary * S, const struct policy * policy)
{

	prometheus_family(W, "ks_healthy", "gauge",
	    "Whether nothing is wrong, as /healthz says.");
	prometheus_sample(W, "ks_healthy", NULL, (uint64_t)S->healthy);
	put_up(W, L);
	prometheus_family(W, "ks_lag", "gauge",
	    "Log entries or events that a stage has yet to do to be where the one before it was a moment ago.");
	put_lag(W, "apply", S->lag_apply);
	put_lag(W, "sign", S->lag_sign);
	put_lag(W, "publish", S->lag_publish);
	for (const struct health_name * N = health_names; N->metric != NULL;)
		N += put_family(W, L, N);
	put_refusals(W, L);
	put_all_keys(W, L, policy);
	for (const struct health_times_name * N = health_times_names;
	    N->metric != NULL; N++) {
		prometheus_family(W, N->metric, "histogram", N->help);
		for (size_t i = 0; i < L->n; i++)
			put_times(W, &L->program[i], N);
	}
}
