#include "codec/rbuf.h"
#include "entry/limits.h"
#include "fields/fields.h"
#include "proto/proto_apply.h"
#include "proto/proto_log.h"

#include "dump_frame.h"
#include "dump_value.h"

/* The frames of ks-logd and ks-apply. */
static const char MALFORMED[] = "frame-malformed";

static const char *
propose(struct fields * F, const uint8_t * p, size_t len)
{

	return (dump_value_log_entry(F, "entry", p, len));
}

static const char *
proposed(struct fields * F, const uint8_t * p, size_t len)
{
	struct rbuf R;

	rbuf_init(&R, p, len);
	dump_value_u64(F, "index", &R);
	return (dump_value_end(&R));
}

static const char *
follow(struct fields * F, const uint8_t * p, size_t len)
{
	struct rbuf R;

	rbuf_init(&R, p, len);
	dump_value_u64(F, "from", &R);
	return (dump_value_end(&R));
}

static const char *
entries(struct fields * F, const uint8_t * p, size_t len)
{
	struct proto_log_entries E;
	struct log_entry entry;
	const char * rule = NULL;
	const uint8_t * data;
	size_t n;
	int rc;

	if (proto_log_get_entries(p, len, &E))
		return (MALFORMED);
	fields_u64(F, "first", E.first);
	fields_hex(F, "hash", E.hash, HASH_LEN);
	fields_array(F, "entries");
	while (rule == NULL &&
	    (rc = proto_log_next(&E, &entry, &data, &n)) != 0) {
		if (rc == -1) {
			rule = "log-entry-malformed";
			break;
		}
		fields_open(F, NULL);
		rule = dump_value_log_entry(F, NULL, data, n);
		fields_close(F);
	}
	fields_close(F);
	return (rule);
}

static const char *
read_request(struct fields * F, const uint8_t * p, size_t len)
{
	uint64_t lo, hi;
	uint32_t bytes_max;

	if (proto_log_get_read(p, len, &lo, &hi, &bytes_max))
		return (MALFORMED);
	fields_u64(F, "lo", lo);
	fields_u64(F, "hi", hi);
	fields_u64(F, "bytes_max", bytes_max);
	return (NULL);
}

static const char *
hint_reply(struct fields * F, const uint8_t * p, size_t len)
{
	uint64_t last;
	int leader;

	if (proto_log_get_hint(p, len, &leader, &last))
		return (MALFORMED);
	fields_u64(F, "leader", leader != 0);
	fields_u64(F, "last", last);
	return (NULL);
}

static const char *
position_reply(struct fields * F, const uint8_t * p, size_t len)
{
	struct proto_log_position P;

	if (proto_log_get_position(p, len, &P))
		return (MALFORMED);
	fields_u64(F, "last", P.last);
	fields_hex(F, "hash", P.hash, HASH_LEN);
	fields_u64(F, "cluster", P.cluster);
	fields_u64(F, "revision", P.revision);
	return (NULL);
}

const struct dump_frame dump_frame_log[] = {
	{ LOG_PROPOSE, "LOG_PROPOSE", propose },
	{ LOG_PROPOSED, "LOG_PROPOSED", proposed },
	{ LOG_FOLLOW, "LOG_FOLLOW", follow },
	{ LOG_ENTRIES, "LOG_ENTRIES", entries },
	{ LOG_READ, "LOG_READ", read_request },
	{ LOG_HINT, "LOG_HINT", dump_frame_empty },
	{ LOG_HINT_REPLY, "LOG_HINT_REPLY", hint_reply },
	{ LOG_POSITION, "LOG_POSITION", dump_frame_empty },
	{ LOG_POSITION_REPLY, "LOG_POSITION_REPLY", position_reply },
	{ 0, NULL, NULL }
};

static const char *
events(struct fields * F, const uint8_t * p, size_t len)
{
	struct proto_apply_events E;
	const char * rule = NULL;
	const uint8_t * body;
	uint8_t type;
	size_t n;

	if (proto_apply_get_events(p, len, &E))
		return (MALFORMED);
	fields_u64(F, "first", E.first);
	fields_array(F, "events");
	while (rule == NULL && proto_apply_next(&E, &type, &body, &n)) {
		fields_open(F, NULL);
		rule = dump_value_event(F, NULL, type, body, n);
		fields_close(F);
	}
	fields_close(F);
	return (rule);
}

static const char *
entry_request(struct fields * F, const uint8_t * p, size_t len)
{
	struct rbuf R;

	rbuf_init(&R, p, len);
	dump_value_hex(F, "index", &R, INDEX_LEN);
	return (dump_value_end(&R));
}

static const char *
entry_reply(struct fields * F, const uint8_t * p, size_t len)
{
	const uint8_t * entry;
	uint64_t epoch;
	size_t n;

	if (proto_apply_get_entry_reply(p, len, &epoch, &entry, &n))
		return (MALFORMED);
	fields_u64(F, "epoch", epoch);
	return (dump_value_entry(F, "entry", entry, n));
}

static const char *
outcome(struct fields * F, const uint8_t * p, size_t len)
{
	struct rbuf R;

	rbuf_init(&R, p, len);
	dump_value_hex(F, "request_id", &R, REQUEST_ID_LEN);
	return (dump_value_end(&R));
}

const struct dump_frame dump_frame_apply[] = {
	{ APPLY_FOLLOW, "APPLY_FOLLOW", follow },
	{ APPLY_EVENTS, "APPLY_EVENTS", events },
	{ APPLY_ENTRY, "APPLY_ENTRY", entry_request },
	{ APPLY_ENTRY_REPLY, "APPLY_ENTRY_REPLY", entry_reply },
	{ APPLY_NO_ENTRY, "APPLY_NO_ENTRY", dump_frame_empty },
	{ APPLY_OUTCOME, "APPLY_OUTCOME", outcome },
	{ APPLY_ACCEPTED, "APPLY_ACCEPTED", dump_frame_epoch },
	{ 0, NULL, NULL }
};
