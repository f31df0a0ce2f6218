#include <stdint.h>

#include "base/panic.h"
#include "codec/wbuf.h"

#include "etcd/etcd.h"
#include "etcd/etcd_impl.h"

struct etcd_request *
etcd_put(struct etcd * E, const char * key, const uint8_t * value, size_t len,
    uint64_t timeout_ms, etcd_callback * callback, void * ctx)
{
	struct etcd_request * R;

	PANIC_UNLESS(len > 0 && len <= ETCD_VALUE_MAX);
	if ((R = etcd_request_new(E, ETCD_PUT, callback, ctx)) == NULL)
		return (NULL);
	etcd_json_put(etcd_request_out(R), key, value, len);
	return (etcd_request_start(R, "/v3/kv/put", timeout_ms));
}

struct etcd_request *
etcd_range(struct etcd * E, const char * key, int prefix, int values,
    uint64_t timeout_ms, etcd_callback * callback, void * ctx)
{
	struct etcd_request * R;

	if ((R = etcd_request_new(E, ETCD_RANGE, callback, ctx)) == NULL)
		return (NULL);
	etcd_json_range(etcd_request_out(R), key, prefix, values);
	return (etcd_request_start(R, "/v3/kv/range", timeout_ms));
}

struct etcd_request *
etcd_watch(struct etcd * E, const char * key, uint64_t revision,
    etcd_callback * callback, void * ctx)
{
	struct etcd_request * R;

	if ((R = etcd_request_new(E, ETCD_WATCH, callback, ctx)) == NULL)
		return (NULL);
	etcd_json_watch(etcd_request_out(R), key, revision);
	return (etcd_request_start(R, "/v3/watch", 0));
}

struct etcd_request *
etcd_create(struct etcd * E, const char * key, const char * other,
    const uint8_t * value, size_t len, uint64_t timeout_ms,
    etcd_callback * callback, void * ctx)
{
	struct etcd_request * R;

	PANIC_UNLESS(len > 0 && len <= ETCD_VALUE_MAX);
	if ((R = etcd_request_new(E, ETCD_CREATE, callback, ctx)) == NULL)
		return (NULL);
	etcd_json_create(etcd_request_out(R), key, other, value, len);
	return (etcd_request_start(R, "/v3/kv/txn", timeout_ms));
}

struct etcd_request *
etcd_compact(struct etcd * E, uint64_t revision, uint64_t timeout_ms,
    etcd_callback * callback, void * ctx)
{
	struct etcd_request * R;

	if ((R = etcd_request_new(E, ETCD_COMPACT, callback, ctx)) == NULL)
		return (NULL);
	etcd_json_compact(etcd_request_out(R), revision);
	return (etcd_request_start(R, "/v3/kv/compaction", timeout_ms));
}

struct etcd_request *
etcd_status(struct etcd * E, uint64_t timeout_ms, etcd_callback * callback,
    void * ctx)
{
	struct etcd_request * R;

	if ((R = etcd_request_new(E, ETCD_STATUS, callback, ctx)) == NULL)
		return (NULL);
	wbuf_printf(etcd_request_out(R), "{}");
	return (etcd_request_start(R, "/v3/maintenance/status", timeout_ms));
}

struct etcd_request *
etcd_delete(struct etcd * E, const char * key, uint64_t timeout_ms,
    etcd_callback * callback, void * ctx)
{
	struct etcd_request * R;

	if ((R = etcd_request_new(E, ETCD_DELETE, callback, ctx)) == NULL)
		return (NULL);
	etcd_json_delete(etcd_request_out(R), key);
	return (etcd_request_start(R, "/v3/kv/deleterange", timeout_ms));
}

struct etcd_request *
etcd_members(struct etcd * E, uint64_t timeout_ms,
    etcd_callback * callback, void * ctx)
{
	struct etcd_request * R;

	if ((R = etcd_request_new(E, ETCD_MEMBERS, callback, ctx)) == NULL)
		return (NULL);
	wbuf_printf(etcd_request_out(R), "{}");
	return (etcd_request_start(R, "/v3/cluster/member/list", timeout_ms));
}

struct etcd_request *
etcd_member_add(struct etcd * E, const char * url, uint64_t timeout_ms,
    etcd_callback * callback, void * ctx)
{
	struct etcd_request * R;

	if ((R = etcd_request_new(E, ETCD_MEMBERS, callback, ctx)) == NULL)
		return (NULL);
	etcd_json_member_add(etcd_request_out(R), url);
	return (etcd_request_start(R, "/v3/cluster/member/add", timeout_ms));
}

struct etcd_request *
etcd_member_promote(struct etcd * E, uint64_t id, uint64_t timeout_ms,
    etcd_callback * callback, void * ctx)
{
	struct etcd_request * R;

	if ((R = etcd_request_new(E, ETCD_MEMBERS, callback, ctx)) == NULL)
		return (NULL);
	etcd_json_id(etcd_request_out(R), "ID", id);
	return (etcd_request_start(R, "/v3/cluster/member/promote", timeout_ms));
}

struct etcd_request *
etcd_member_remove(struct etcd * E, uint64_t id, uint64_t timeout_ms,
    etcd_callback * callback, void * ctx)
{
	struct etcd_request * R;

	if ((R = etcd_request_new(E, ETCD_MEMBERS, callback, ctx)) == NULL)
		return (NULL);
	etcd_json_id(etcd_request_out(R), "ID", id);
	return (etcd_request_start(R, "/v3/cluster/member/remove", timeout_ms));
}

struct etcd_request *
etcd_move_leader(struct etcd * E, uint64_t id, uint64_t timeout_ms,
    etcd_callback * callback, void * ctx)
{
	struct etcd_request * R;

	if ((R = etcd_request_new(E, ETCD_MOVE, callback, ctx)) == NULL)
		return (NULL);
	etcd_json_id(etcd_request_out(R), "targetID", id);
	return (etcd_request_start(R, "/v3/maintenance/transfer-leadership",
	    timeout_ms));
}
