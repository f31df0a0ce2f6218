#ifndef KS_LOG_ETCD_BATCH_H
#define KS_LOG_ETCD_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include "codec/rbuf.h"

struct wbuf;

/* A batch as it is put into etcd (PROTOCOL section 6): the same limits hold on
 * every replica for ever, as they decide what gets an index. */
#define LOG_ETCD_BATCH_ENTRIES_MAX	4096
#define LOG_ETCD_BATCH_LEN_MAX		((size_t)1024 * 1024)

/**
 * log_etcd_batch_begin(W):
 * Begin a batch without entries in the empty ${W}.
 */
void log_etcd_batch_begin(struct wbuf *);

/**
 * log_etcd_batch_add(W, entry, len):
 * Append the ${len} bytes of the encoded log ${entry} to the batch ${W}.  Return 0; or 1,
 * and change nothing, if it has no room; or -1 if memory ran out.
 */
int log_etcd_batch_add(struct wbuf *, const uint8_t *, size_t);

/**
 * log_etcd_batch_parse(p, len, R, n):
 * Return 0 if the ${len} bytes at ${p} are a batch, and make ${R} a cursor for list_next
 * over its ${n} entries; or -1: it is to be skipped, by everyone.
 */
int log_etcd_batch_parse(const uint8_t *, size_t, struct rbuf *, uint32_t *);

#endif
