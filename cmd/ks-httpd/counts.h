#ifndef KS_HTTPD_COUNTS_H
#define KS_HTTPD_COUNTS_H

#include <stddef.h>

#include "metrics/histogram.h"

struct wbuf;
struct web_counts;
struct web_route;
struct web_served;

/*
 * What ks-httpd itself answered: by route, by class of status, and how long it took.
 */

/* Routes that are counted apart. */
#define COUNTS_ROUTES_MAX	64

/* 1xx to 5xx; in place 0 the clients that went away before. */
#define COUNTS_CLASSES	6

/* Statuses of errors that are counted apart: those that there are, and then some. */
#define COUNTS_ERRORS_MAX	32

struct counts_route {
	uint64_t classes[COUNTS_CLASSES];
	struct histogram took;
};

struct counts {
	const struct web_route * routes;
	size_t nroutes;
	struct counts_route by_route[COUNTS_ROUTES_MAX];
	struct counts_route other;	/* no route: an error */
	size_t nerrors;
	struct {
		unsigned status;	/* 400 or more */
		uint64_t n;
	} errors[COUNTS_ERRORS_MAX];
};

/**
 * counts_init(C, routes, n):
 * Make ${C} count the ${n} ${routes} of a table, which must stay.
 */
void counts_init(struct counts *, const struct web_route *, size_t);

/**
 * counts_served(C, S):
 * Count what ${S} tells.
 */
void counts_served(struct counts *, const struct web_served *);

/**
 * counts_status(C, N, W):
 * Append to ${W}, for STATUS, what was counted, and what the server ${N} counts itself.
 */
void counts_status(const struct counts *, const struct web_counts *,
    struct wbuf *);

/**
 * counts_export(C, N, W):
 * Append the same to ${W} in the text format of Prometheus, by route.
 */
void counts_export(const struct counts *, const struct web_counts *,
    struct wbuf *);

#endif
