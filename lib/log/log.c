#include <stdint.h>

#include "base/panic.h"
#include "entry/limits.h"
#include "entry/rule_names.h"
#include "proto/log_entry.h"

#include "log/log.h"

const char *
log_check(const uint8_t * entry, size_t len)
{
	struct log_entry E;

	if (log_entry_parse(&E, entry, len))
		return (RULE_ENTRY_MALFORMED);
	switch (E.type) {
	case LOG_ENTRY_UPDATE:
	case LOG_ENTRY_DELIMITER:
	case LOG_ENTRY_SIGNATURE:
	case LOG_ENTRY_RATIFICATION:
	case LOG_ENTRY_APPROVAL:
		return (NULL);
	}
	return (RULE_ENTRY_MALFORMED);
}

const char *
log_check_time(const uint8_t * entry, size_t len, uint64_t now_ms)
{
	struct log_entry_delimiter D;
	struct log_entry E;

	if (log_entry_parse(&E, entry, len) || E.type != LOG_ENTRY_DELIMITER ||
	    log_entry_get_delimiter(E.body, E.body_len, &D))
		return (NULL);
	return (D.time_ms > now_ms && D.time_ms - now_ms > CLOCK_SKEW_MS ?
	    RULE_TIME_FUTURE : NULL);
}

const char *
log_name(const struct log_engine * E)
{

	return (E->ops->name);
}

int
log_propose(struct log_engine * E, struct log_ticket ticket,
    const uint8_t * entry, size_t len)
{

	PANIC_UNLESS(log_check(entry, len) == NULL);
	return (E->ops->propose(E, ticket, entry, len));
}

int
log_flush(struct log_engine * E)
{

	return (E->ops->flush(E));
}

int
log_leader(const struct log_engine * E)
{

	return (E->ops->leader(E));
}

size_t
log_waiting(const struct log_engine * E)
{

	return (E->ops->waiting(E));
}

int
log_full(const struct log_engine * E)
{

	return (E->ops->full != NULL && E->ops->full(E));
}

void
log_status(const struct log_engine * E, struct wbuf * W)
{

	if (E->ops->status != NULL)
		E->ops->status(E, W);
}

void
log_close(struct log_engine * E)
{

	if (E != NULL)
		E->ops->close(E);
}
