#ifndef KS_ETCD_ETCD_JSON_H
#define KS_ETCD_ETCD_JSON_H

#include <stddef.h>
#include <stdint.h>

#include "etcd/etcd.h"

struct wbuf;

/* What is asked, hence the form of the answer. */
enum etcd_kind {
	ETCD_PUT, ETCD_RANGE, ETCD_WATCH, ETCD_COMPACT, ETCD_STATUS, ETCD_CREATE,
	ETCD_DELETE, ETCD_MEMBERS, ETCD_MOVE
};

/* An answer, decoded.  A zeroed one has nothing to free. */
struct etcd_answer {
	struct etcd_reply reply;
	struct etcd_rows * rows;
	char why[ETCD_WHY_MAX];
};

/**
 * etcd_json_put(W, key, value, len), etcd_json_range(W, key, prefix, values),
 * etcd_json_watch(W, key, revision), etcd_json_compact(W, revision),
 * etcd_json_create(W, key, other, value, len), etcd_json_delete(W, key),
 * etcd_json_member_add(W, url), etcd_json_id(W, name, id):
 * Append the request to ${W}; the arguments are those of etcd_put, etcd_range,
 * etcd_watch, etcd_compact, etcd_create, etcd_delete, etcd_member_add and
 * of the others that name an ${id}, as the member ${name} of the request.
 */
void etcd_json_put(struct wbuf *, const char *, const uint8_t *, size_t);
void etcd_json_range(struct wbuf *, const char *, int, int);
void etcd_json_watch(struct wbuf *, const char *, uint64_t);
void etcd_json_compact(struct wbuf *, uint64_t);
void etcd_json_create(struct wbuf *, const char *, const char *,
    const uint8_t *, size_t);
void etcd_json_delete(struct wbuf *, const char *);
void etcd_json_member_add(struct wbuf *, const char *);
void etcd_json_id(struct wbuf *, const char *, uint64_t);

/**
 * etcd_json_why(A, text):
 * Make ${A} a failure for the reason ${text}, cut and without control characters.
 */
void etcd_json_why(struct etcd_answer *, const char *);

/**
 * etcd_json_answer(A, kind, p, len):
 * Decode the ${len} bytes at ${p}, an answer to ${kind}, or a line of one to ETCD_WATCH,
 * into ${A}, for etcd_json_free.  What is malformed, and what is an error of etcd's,
 * becomes a failure.
 */
void etcd_json_answer(struct etcd_answer *, enum etcd_kind, const char *,
    size_t);

/**
 * etcd_json_free(A):
 * Free what ${A} holds.
 */
void etcd_json_free(struct etcd_answer *);

#endif
