#include "codec/rbuf.h"
#include "fields/fields.h"
#include "proto/proto_keyids.h"

#include "dump_frame.h"

/* The frames of ks-keyids. */
static const char MALFORMED[] = "frame-malformed";

static const char *
find(struct fields * F, const uint8_t * p, size_t len)
{
	const uint8_t * id;
	size_t n;

	if (proto_keyids_get_find(p, len, &id, &n))
		return (MALFORMED);
	fields_hex(F, "id", id, n);
	return (NULL);
}

static const char *
found(struct fields * F, const uint8_t * p, size_t len)
{
	struct proto_keyids_found X;
	const char * address;
	size_t n;

	if (proto_keyids_get_found(p, len, &X))
		return (MALFORMED);
	fields_u64(F, "epoch", X.epoch);
	fields_u64(F, "more", X.more != 0);
	fields_list(F, "addresses");
	while (proto_keyids_next(&X, &address, &n))
		fields_text(F, NULL, address, n);
	fields_close(F);
	return (NULL);
}

const struct dump_frame dump_frame_keyids[] = {
	{ KEYIDS_FIND, "KEYIDS_FIND", find },
	{ KEYIDS_FOUND, "KEYIDS_FOUND", found },
	{ 0, NULL, NULL }
};
