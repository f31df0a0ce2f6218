#include <string.h>

#include "entry/entry.h"
#include "entry/profile.h"
#include "entry/update.h"
#include "fields/fields.h"
#include "frame/frame.h"
#include "head/head.h"
#include "proto/log_entry.h"

#include "dump.h"
#include "dump_frame.h"
#include "dump_types.h"
#include "dump_types_text.h"
#include "dump_value.h"

static int
is_entry(const uint8_t * p, size_t len)
{
	struct entry E;

	return (entry_parse(&E, p, len) == 0);
}

static int
is_update(const uint8_t * p, size_t len)
{
	struct update U;

	return (update_parse(&U, p, len) == 0);
}

static int
is_profile(const uint8_t * p, size_t len)
{
	struct profile P;

	return (profile_parse(&P, p, len) == 0);
}

static int
is_head(const uint8_t * p, size_t len)
{
	struct head H;

	return (head_parse(&H, p, len) == 0);
}

/* Random bytes come first: what follows them has to be right, too. */
static int
is_log_entry(const uint8_t * p, size_t len)
{
	struct log_entry E;

	return (log_entry_parse(&E, p, len) == 0 && log_entry_rule(&E) == NULL);
}

/* A whole frame of a known type at the start; others may follow it. */
static int
is_frame(const uint8_t * p, size_t len)
{
	struct frame X;
	size_t used;

	return (frame_parse(p, len, &X, &used) == 1 &&
	    dump_frame_find(X.type) != NULL);
}

/* As dump_types.print, for what is one object of dump_value.h. */
static int
print_value(struct dump * D, const char * word, const uint8_t * p, size_t len,
    const char * (* put)(struct fields *, const char *, const uint8_t *, size_t))
{
	const char * rule;

	rule = put(D->F, NULL, p, len);
	return (dump_print_object(D, word, rule, p, len));
}

static int
print_entry(struct dump * D, const uint8_t * p, size_t len)
{

	return (print_value(D, "entry", p, len, dump_value_entry));
}

static int
print_update(struct dump * D, const uint8_t * p, size_t len)
{

	return (print_value(D, "update", p, len, dump_value_update));
}

static int
print_profile(struct dump * D, const uint8_t * p, size_t len)
{

	return (print_value(D, "profile", p, len, dump_value_profile));
}

static int
print_head(struct dump * D, const uint8_t * p, size_t len)
{

	return (print_value(D, "head", p, len, dump_value_head));
}

static int
print_log_entry(struct dump * D, const uint8_t * p, size_t len)
{

	return (print_value(D, "log-entry", p, len, dump_value_log_entry));
}

static int
print_note(struct dump * D, const uint8_t * p, size_t len)
{

	return (print_value(D, "note", p, len, dump_value_note));
}

/* Print one frame. */
static int
print_one_frame(struct dump * D, const struct frame * X, const uint8_t * p,
    size_t len)
{
	const struct dump_frame * type = dump_frame_find(X->type);
	const char * rule = "type-unknown";

	fields_u64(D->F, "type", X->type);
	fields_u64(D->F, "request_id", X->id);
	if (type != NULL) {
		fields_word(D->F, "type_name", type->name);
		fields_open(D->F, "body");
		rule = type->decode(D->F, X->body, X->len);
		fields_close(D->F);
	}
	return (dump_print_object(D, "frame", rule, p, len));
}

static int
print_frames(struct dump * D, const uint8_t * p, size_t len)
{
	struct frame X;
	size_t used;

	do {
		if (frame_parse(p, len, &X, &used) != 1)
			return (dump_print_object(D, "frame", "frame-malformed",
			    p, len));
		if (print_one_frame(D, &X, p, used))
			return (-1);
		p += used;
		len -= used;
	} while (len > 0);
	return (0);
}

const struct dump_type dump_types[] = {
	{ "proof", dump_types_is_proof, dump_types_print_proof },
	{ "realm", dump_types_is_realm, dump_types_print_realm },
	{ "evidence", dump_types_is_evidence, dump_types_print_evidence },
	{ "note", dump_types_is_note, print_note },
	{ "entry", is_entry, print_entry },
	{ "update", is_update, print_update },
	{ "profile", is_profile, print_profile },
	{ "head", is_head, print_head },
	{ "frame", is_frame, print_frames },
	{ "log-entry", is_log_entry, print_log_entry },
	{ NULL, NULL, NULL }
};
