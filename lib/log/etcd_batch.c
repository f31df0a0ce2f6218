#include <stdint.h>

#include "codec/rbuf.h"
#include "codec/wbuf.h"
#include "entry/limits.h"
#include "proto/list.h"
#include "proto/log_entry.h"

#include "log/etcd_batch.h"

#define VERSION		1
#define HEADER_LEN	5	/* u8 version, u32 number of entries */

void
log_etcd_batch_begin(struct wbuf * W)
{

	wbuf_put_u8(W, VERSION);
	wbuf_put_u32(W, 0);
}

int
log_etcd_batch_add(struct wbuf * W, const uint8_t * entry, size_t len)
{
	uint32_t n;

	if (wbuf_failed(W))
		return (-1);
	n = (uint32_t)W->data[3] << 8 | W->data[4];
	if (n == LOG_ETCD_BATCH_ENTRIES_MAX ||
	    len + 4 > LOG_ETCD_BATCH_LEN_MAX - W->len)
		return (1);
	wbuf_put_var32(W, entry, len);
	if (wbuf_failed(W))
		return (-1);
	n++;
	W->data[3] = (uint8_t)(n >> 8);
	W->data[4] = (uint8_t)n;
	return (0);
}

int
log_etcd_batch_parse(const uint8_t * p, size_t len, struct rbuf * R,
    uint32_t * n)
{
	struct log_entry E;
	struct rbuf walk;
	const uint8_t * entry;
	size_t entry_len;

	if (len < HEADER_LEN || len > LOG_ETCD_BATCH_LEN_MAX)
		return (-1);
	rbuf_init(R, p, len);
	if (rbuf_get_u8(R) != VERSION)
		return (-1);
	*n = rbuf_get_u32(R);
	if (*n == 0 || *n > LOG_ETCD_BATCH_ENTRIES_MAX ||
	    list_check(R, *n, LOG_ENTRY_MAX))
		return (-1);
	walk = *R;
	while (list_next(&walk, &entry, &entry_len)) {
		if (log_entry_parse(&E, entry, entry_len))
			return (-1);
	}
	return (0);
}
