#ifndef KS_HTTPD_API_FEED_H
#define KS_HTTPD_API_FEED_H

struct web_request;

/*
 * What verifiers, monitors and owners ask for in pieces; handlers of routes.
 */

/* Bytes of a signature line. */
#define API_COSIGNATURE_MAX	1024

/* Bytes of a RATIFY. */
#define API_RATIFY_MAX		84

/**
 * api_feed(ctx, R):
 * GET /v1/feed/N: the bundle of an epoch.
 */
int api_feed(void *, struct web_request *);

/**
 * api_tail(ctx, R):
 * GET /v1/tail: what came since.
 */
int api_tail(void *, struct web_request *);

/**
 * api_ratifications(ctx, R):
 * GET /v1/ratifications/N.
 */
int api_ratifications(void *, struct web_request *);

/**
 * api_ratify(ctx, R), api_cosignature(ctx, R):
 * POST /v1/ratify, POST /v1/cosignature/N.
 */
int api_ratify(void *, struct web_request *);
int api_cosignature(void *, struct web_request *);

/**
 * api_history(ctx, R):
 * GET /v1/history.
 */
int api_history(void *, struct web_request *);

/**
 * api_outcome(ctx, R):
 * GET /v1/outcome/REQUESTID.
 */
int api_outcome(void *, struct web_request *);

#endif
