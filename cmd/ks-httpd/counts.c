#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "codec/wbuf.h"
#include "metrics/prometheus.h"
#include "web/web.h"

#include "counts.h"

static const char * const classes[COUNTS_CLASSES] = { "gone", "1xx", "2xx",
    "3xx", "4xx", "5xx" };

void
counts_init(struct counts * C, const struct web_route * routes, size_t n)
{

	memset(C, 0, sizeof(*C));
	C->routes = routes;
	C->nroutes = n;
}

/* Where ${route} is counted. */
static struct counts_route *
find(struct counts * C, const struct web_route * route)
{
	size_t i;

	if (route == NULL)
		return (&C->other);
	i = (size_t)(route - C->routes);
	return (i < C->nroutes && i < COUNTS_ROUTES_MAX ? &C->by_route[i] :
	    &C->other);
}

static void
note_error(struct counts * C, unsigned status)
{
	size_t i = 0;

	while (i < C->nerrors && C->errors[i].status != status)
		i++;
	if (i == COUNTS_ERRORS_MAX)
		return;
	if (i == C->nerrors)
		C->errors[C->nerrors++].status = status;
	C->errors[i].n++;
}

void
counts_served(struct counts * C, const struct web_served * S)
{
	struct counts_route * X = find(C, S->route);
	const unsigned class = S->status / 100;

	X->classes[class < COUNTS_CLASSES ? class : 0]++;
	histogram_note(&X->took, S->took_ns / 1000);
	if (S->status >= 400)
		note_error(C, S->status);
}

/* Everything of all routes together. */
static void
sum(const struct counts * C, struct counts_route * all)
{
	const struct counts_route * X;

	memset(all, 0, sizeof(*all));
	for (size_t i = 0; i <= COUNTS_ROUTES_MAX; i++) {
		X = i < COUNTS_ROUTES_MAX ? &C->by_route[i] : &C->other;
		for (size_t k = 0; k < COUNTS_CLASSES; k++)
			all->classes[k] += X->classes[k];
		for (size_t k = 0; k <= HISTOGRAM_BOUNDS; k++)
			all->took.buckets[k] += X->took.buckets[k];
		all->took.count += X->took.count;
		all->took.sum_us += X->took.sum_us;
	}
}

void
counts_status(const struct counts * C, const struct web_counts * N,
    struct wbuf * W)
{
	struct counts_route all;

	sum(C, &all);
	wbuf_printf(W, "connections %zu\n", N->conns);
	wbuf_printf(W, "waiting %zu\n", N->waiting);
	wbuf_printf(W, "accepted %" PRIu64 "\n", N->accepted);
	wbuf_printf(W, "turned_away %" PRIu64 "\n", N->turned_away);
	wbuf_printf(W, "evicted %" PRIu64 "\n", N->evicted);
	wbuf_printf(W, "timed_out %" PRIu64 "\n", N->timed_out);
	wbuf_printf(W, "requests %" PRIu64 "\n", N->requests);
	wbuf_printf(W, "limited %" PRIu64 "\n", N->limited);
	for (size_t k = 0; k < COUNTS_CLASSES; k++)
		wbuf_printf(W, "answers_%s %" PRIu64 "\n", classes[k],
		    all.classes[k]);
	histogram_put(&all.took, "request", W);
}

static void
put_one(struct wbuf * W, const char * name, const char * type, const char * help,
    uint64_t x)
{

	prometheus_family(W, name, type, help);
	prometheus_sample(W, name, NULL, x);
}

/* What the server itself counts. */
static void
export_server(const struct web_counts * N, struct wbuf * W)
{

	put_one(W, "ks_http_connections", "gauge", "Connections of clients.",
	    N->conns);
	put_one(W, "ks_http_waiting", "gauge",
	    "Requests whose answer is to come.", N->waiting);
	put_one(W, "ks_http_accepted_total", "counter",
	    "Connections of clients that were accepted.", N->accepted);
	put_one(W, "ks_http_turned_away_total", "counter",
	    "Connections that were too many, of one address or of all.",
	    N->turned_away);
	put_one(W, "ks_http_evicted_total", "counter",
	    "Idle connections that gave way to others.", N->evicted);
	put_one(W, "ks_http_timed_out_total", "counter",
	    "Requests that did not arrive in time.", N->timed_out);
	put_one(W, "ks_http_limited_total", "counter",
	    "Requests that were answered with 429.", N->limited);
}

/* Put what ${X} counted of ${method} and ${path}: its classes, or its times. */
static void
export_route(const struct counts_route * X, const char * method,
    const char * path, int times, struct wbuf * W)
{
	uint64_t upto[HISTOGRAM_BOUNDS], n = 0;

	if (X->took.count == 0)
		return;
	for (size_t k = 0; !times && k < COUNTS_CLASSES; k++)
		if (X->classes[k] > 0)
			prometheus_sample(W, "ks_http_requests_total",
			    (prometheus_labels){ "method", method, "route", path,
			    "status", classes[k], NULL }, X->classes[k]);
	if (!times)
		return;
	for (size_t k = 0; k < HISTOGRAM_BOUNDS; k++)
		upto[k] = n += X->took.buckets[k];
	prometheus_histogram(W, "ks_http_request_seconds", (prometheus_labels){
	    "method", method, "route", path, NULL }, upto, X->took.count,
	    X->took.sum_us);
}

static void
export_errors(const struct counts * C, struct wbuf * W)
{
	char status[16];

	prometheus_family(W, "ks_http_errors_total", "counter",
	    "Answers with an error, by its status.");
	for (size_t i = 0; i < C->nerrors; i++) {
		snprintf(status, sizeof(status), "%u", C->errors[i].status);
		prometheus_sample(W, "ks_http_errors_total", (prometheus_labels){
		    "status", status, NULL }, C->errors[i].n);
	}
}

void
counts_export(const struct counts * C, const struct web_counts * N,
    struct wbuf * W)
{

	export_server(N, W);
	export_errors(C, W);
	for (int times = 0; times < 2; times++) {
		if (times)
			prometheus_family(W, "ks_http_request_seconds", "histogram",
			    "From the first byte of a request until it is answered, whatever it was asked to wait for.");
		else
			prometheus_family(W, "ks_http_requests_total", "counter",
			    "Requests that were answered, or whose clients had gone.");
		for (size_t i = 0; i < C->nroutes && i < COUNTS_ROUTES_MAX; i++)
			export_route(&C->by_route[i], C->routes[i].method,
			    C->routes[i].path, times, W);
		export_route(&C->other, "any", "none", times, W);
	}
}
