#ifndef KS_HTTPD_HTTPD_H
#define KS_HTTPD_HTTPD_H

#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "daemon/server.h"
#include "files/files.h"
#include "web/web.h"

#include "counts.h"
#include "hop.h"
#include "tail.h"
#include "watch.h"

struct daemon;
struct loop;
struct realm;

/* ks-httpd: between the network and the sockets of a replica; it holds nothing. */
struct httpd {
	struct daemon * daemon;
	struct loop * loop;
	struct config_http config;
	struct files files;
	struct realm * realm;		/* and its text, as the file has it */
	char * realm_text;
	size_t realm_len;
	struct hop * publish;
	struct hop * admit;
	struct tail tail;		/* what comes over it, for api_feed.c, api_tail.c */
	unsigned feeds;			/* bundles that are being sent */
	struct hop * keyids;		/* NULL: it does not run */
	struct web_spec spec;
	const char * proxies[CONFIG_HTTP_PEERS_MAX];
	const char * verifiers[CONFIG_HTTP_PEERS_MAX];
	struct web * web;
	struct server_spec server;	/* run/httpd: STATUS, ROTATION */
	struct counts counts;		/* what was answered */
	struct watch_self self;
	struct watch * watch;		/* how the replica is */
	int draining;			/* being stopped: no request should come */
};

/* What is served. */
extern const struct web_route httpd_routes[];
extern const size_t httpd_nroutes;

/* Epochs in one answer of /v1/epochs. */
#define EPOCHS_MAX	100

/**
 * httpd_user(R, user):
 * Store in ${user}, of USER_LEN_MAX + 1 bytes, the argument `user` of ${R}, normalised.
 * Return 0; or answer ${R} with an error, and return -1.
 */
int httpd_user(struct web_request *, char *);

/**
 * httpd_json(R, cache, J):
 * Answer ${R} with the JSON value ${J}, which is freed; NULL, or one that cannot be
 * written, is a 500.
 */
struct json_t;
void httpd_json(struct web_request *, enum web_cache, struct json_t *);

/**
 * httpd_is_type(R, type):
 * Return nonzero if the header Content-Type of ${R} says ${type}, with or without
 * parameters.
 */
int httpd_is_type(const struct web_request *, const char *);

/**
 * httpd_no_memory(R):
 * Answer ${R} with a 500: memory is short.
 */
void httpd_no_memory(struct web_request *);

/* The handlers, by concern: api_*.c. */

/**
 * api_metrics(ctx, R), api_healthz(ctx, R), api_status(ctx, R):
 * GET /metrics, /healthz and /v1/status.
 */
int api_metrics(void *, struct web_request *);
int api_healthz(void *, struct web_request *);
int api_status(void *, struct web_request *);

/**
 * api_realm(ctx, R):
 * GET /v1/realm.
 */
int api_realm(void *, struct web_request *);

/**
 * api_lookup(ctx, R):
 * GET and POST /v1/lookup.
 */
int api_lookup(void *, struct web_request *);

/**
 * api_update(ctx, R):
 * POST /v1/update.
 */
int api_update(void *, struct web_request *);

/**
 * api_checkpoint(ctx, R), api_epochs(ctx, R), api_consistency(ctx, R):
 * GET /v1/checkpoint and /v1/checkpoint/N, /v1/epochs, /v1/consistency/M/N.
 */
int api_checkpoint(void *, struct web_request *);
int api_epochs(void *, struct web_request *);
int api_consistency(void *, struct web_request *);

/**
 * api_openapi(ctx, R):
 * GET /v1/openapi.json.
 */
int api_openapi(void *, struct web_request *);

#endif
