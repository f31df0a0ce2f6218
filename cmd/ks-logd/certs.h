#ifndef KS_LOGD_CERTS_H
#define KS_LOGD_CERTS_H

#include <stddef.h>
#include <stdint.h>

struct loop;
struct wbuf;

/* Certificates that are looked after: ours, and the authority's. */
#define LOGD_CERTS_MAX		2

/* Between two looks at the clock. */
#define LOGD_CERTS_MS		((uint64_t)60 * 1000)

/* Seconds before its end that a certificate is told of. */
#define LOGD_CERTS_SOON_S	((int64_t)30 * 86400)

/* When the certificates with which ks-logd comes to etcd end. */
struct logd_certs {
	struct loop_timer * timer;
	size_t n;
	struct {
		const char * path;
		int64_t not_after_s;
		int said;	/* 1: that it ends soon, 2: that it has ended */
	} certs[LOGD_CERTS_MAX];
};

/**
 * logd_certs_add(X, path):
 * Look after the certificate in the file ${path}, which stays, or nothing if it is "".
 * Return 0, or -1 after a line on standard error.
 */
int logd_certs_add(struct logd_certs *, const char *);

/**
 * logd_certs_check(X, now_s):
 * Say of each certificate, once, that it ends soon after ${now_s}, seconds since 1970,
 * or has ended.  Return how many have ended.
 */
unsigned logd_certs_check(struct logd_certs *, int64_t);

/**
 * logd_certs_start(X, L):
 * Check now and then, on the loop ${L}.  Return 0, or -1 (reported).
 */
int logd_certs_start(struct logd_certs *, struct loop *);

/**
 * logd_certs_status(X, now_s, W):
 * Append to ${W} a line of STATUS that says how many days after ${now_s} the first of the
 * certificates ends, if there are any.
 */
void logd_certs_status(const struct logd_certs *, int64_t, struct wbuf *);

/**
 * logd_certs_stop(X):
 * Free what ${X} holds.
 */
void logd_certs_stop(struct logd_certs *);

#endif
