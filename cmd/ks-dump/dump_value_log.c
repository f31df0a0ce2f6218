#include <stddef.h>

#include "codec/rbuf.h"
#include "entry/rule_names.h"
#include "fields/fields.h"
#include "proto/log_entry.h"
#include "proto/proto_apply.h"

#include "dump_value.h"

static const char *
put_delimiter(struct fields * F, const char * name, const uint8_t * p,
    size_t len)
{
	struct log_entry_delimiter D;

	if (log_entry_get_delimiter(p, len, &D))
		return (RULE_ENTRY_MALFORMED);
	fields_open(F, name);
	fields_u64(F, "epoch", D.epoch);
	fields_time(F, "time", D.time_ms);
	fields_u64(F, "base", D.base);
	fields_hex(F, "hash", D.hash, HASH_LEN);
	fields_close(F);
	return (NULL);
}

/* Put update and profile, of which either may be refused. */
static const char *
put_update(struct fields * F, const struct log_entry * E)
{
	const char * rule;

	if ((rule = dump_value_update(F, "update", E->body, E->body_len)) != NULL)
		return (rule);
	if ((rule = dump_value_profile(F, "profile", E->erasable,
	    E->erasable_len)) == NULL)
		return (NULL);

	/* The update says more than its bytes would. */
	fields_word(F, "refused", rule);
	fields_hex(F, "erasable", E->erasable, E->erasable_len);
	return (NULL);
}

/* Put the body of ${E} decoded, or return the rule that refuses it. */
static const char *
put_body(struct fields * F, const struct log_entry * E)
{
	const char * rule;

	if ((rule = log_entry_rule(E)) != NULL)
		return (rule);
	switch (E->type) {
	case LOG_ENTRY_UPDATE:
		return (put_update(F, E));
	case LOG_ENTRY_DELIMITER:
		return (put_delimiter(F, "delimiter", E->body, E->body_len));
	case LOG_ENTRY_SIGNATURE:
		return (dump_value_signature(F, "signature", E->body,
		    E->body_len));
	case LOG_ENTRY_APPROVAL:
		return (dump_value_approval(F, "approval", E->body,
		    E->body_len));
	default:
		return (dump_value_ratification(F, "ratification", E->body,
		    E->body_len));
	}
}

static const char *
type_name(uint8_t type)
{
	static const char * const names[] = { "unknown", "update", "delimiter",
	    "signature", "ratification", "approval" };

	return (type <= LOG_ENTRY_APPROVAL ? names[type] : names[0]);
}

const char *
dump_value_log_entry(struct fields * F, const char * name, const uint8_t * p,
    size_t len)
{
	struct log_entry E;
	const char * rule;

	if (log_entry_parse(&E, p, len))
		return ("log-entry-malformed");
	if (name != NULL)
		fields_open(F, name);
	fields_hex(F, "request_id", E.request_id, REQUEST_ID_LEN);
	fields_u64(F, "type", E.type);
	fields_word(F, "type_name", type_name(E.type));
	if ((rule = put_body(F, &E)) != NULL) {
		fields_word(F, "refused", rule);
		fields_hex(F, "body", E.body, E.body_len);
		fields_hex(F, "erasable", E.erasable, E.erasable_len);
	}
	if (name != NULL)
		fields_close(F);
	return (NULL);
}

static const char *
event_update(struct fields * F, const uint8_t * p, size_t len)
{
	struct proto_apply_update U;
	const char * rule;

	if (proto_apply_get_update(p, len, &U))
		return ("event-malformed");
	fields_u64(F, "epoch", U.epoch);
	if ((rule = dump_value_update(F, "update", U.update,
	    U.update_len)) != NULL)
		return (rule);
	return (dump_value_profile(F, "profile", U.profile, U.profile_len));
}

static const char *
event_signed(struct fields * F, const uint8_t * p, size_t len)
{
	uint64_t epoch;

	if (proto_apply_get_signed(p, len, &epoch))
		return ("event-malformed");
	fields_u64(F, "epoch", epoch);
	return (NULL);
}

/* Put the body of an event. */
static const char *
event_body(struct fields * F, uint8_t type, const uint8_t * p, size_t len)
{

	switch (type) {
	case EVENT_UPDATE:
		return (event_update(F, p, len));
	case EVENT_EPOCH:
		return (dump_value_head(F, "head", p, len));
	case EVENT_SIGNATURE:
		return (dump_value_signature(F, NULL, p, len));
	case EVENT_SIGNED:
		return (event_signed(F, p, len));
	case EVENT_RATIFICATION:
		return (dump_value_ratification(F, NULL, p, len));
	case EVENT_POLICY:
		return (dump_value_policy(F, p, len));
	}
	return ("event-unknown");
}

const char *
dump_value_event(struct fields * F, const char * name, uint8_t type,
    const uint8_t * p, size_t len)
{
	static const char * const names[] = { "unknown", "EVENT_UPDATE",
	    "EVENT_EPOCH", "EVENT_SIGNATURE", "EVENT_SIGNED",
	    "EVENT_RATIFICATION", "EVENT_POLICY" };
	const char * rule;

	if (name != NULL)
		fields_open(F, name);
	fields_u64(F, "type", type);
	fields_word(F, "type_name", type <= EVENT_POLICY ? names[type] : names[0]);
	rule = event_body(F, type, p, len);
	if (name != NULL)
		fields_close(F);
	return (rule);
}
