#include "fields/fields.h"
#include "proto/proto_httpd.h"

#include "dump_frame.h"

/* The frames of ks-httpd. */
static const char MALFORMED[] = "frame-malformed";

static const char *
rotation(struct fields * F, const uint8_t * p, size_t len)
{
	static const char * const wants[] = { "show", "in", "out" };
	enum proto_httpd_want want;

	if (proto_httpd_get_rotation(p, len, &want))
		return (MALFORMED);
	fields_word(F, "want", wants[want]);
	return (NULL);
}

static const char *
rotation_reply(struct fields * F, const uint8_t * p, size_t len)
{
	int in;

	if (proto_httpd_get_rotation_reply(p, len, &in))
		return (MALFORMED);
	fields_word(F, "rotation", in ? "in" : "out");
	return (NULL);
}

const struct dump_frame dump_frame_httpd[] = {
	{ ROTATION, "ROTATION", rotation },
	{ ROTATION_REPLY, "ROTATION_REPLY", rotation_reply },
	{ 0, NULL, NULL }
};
