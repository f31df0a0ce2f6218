#ifndef KS_ETCD_ETCD_IMPL_H
#define KS_ETCD_ETCD_IMPL_H

#include <stdint.h>

#include "etcd/etcd_json.h"

struct wbuf;

/* What the files of the client share; nobody else includes this. */

/**
 * etcd_request_new(E, kind, callback, ctx):
 * Return a new request of ${E}, of which ${callback} will be told with ${ctx}; or NULL
 * (reported) if memory is short.
 */
struct etcd_request * etcd_request_new(struct etcd *, enum etcd_kind,
    etcd_callback *, void *);

/**
 * etcd_request_out(R):
 * Return the buffer for the question of ${R}.
 */
struct wbuf * etcd_request_out(struct etcd_request *);

/**
 * etcd_request_start(R, path, timeout_ms):
 * Send ${R}, whose question is complete, to ${path}, and let it fail after ${timeout_ms}
 * (0: never).  Return ${R}; or NULL (reported), and free it, if memory is short.
 */
struct etcd_request * etcd_request_start(struct etcd_request *, const char *,
    uint64_t);

#endif
