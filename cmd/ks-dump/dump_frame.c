#include <string.h>

#include "codec/rbuf.h"
#include "fields/fields.h"
#include "frame/common.h"

#include "dump_frame.h"
#include "dump_value.h"

static const char MALFORMED[] = "frame-malformed";

const struct dump_frame *
dump_frame_find(uint16_t type)
{
	static const struct dump_frame * const all[] = { dump_frame_common,
	    dump_frame_log, dump_frame_apply, dump_frame_publish,
	    dump_frame_admit, dump_frame_keyids, dump_frame_httpd };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		for (const struct dump_frame * P = all[i]; P->name != NULL; P++)
			if (P->type == type)
				return (P);
	return (NULL);
}

const char *
dump_frame_empty(struct fields * F, const uint8_t * p, size_t len)
{

	(void)F;
	(void)p;
	return (len == 0 ? NULL : MALFORMED);
}

const char *
dump_frame_epoch(struct fields * F, const uint8_t * p, size_t len)
{
	struct rbuf R;

	rbuf_init(&R, p, len);
	dump_value_u64(F, "epoch", &R);
	return (dump_value_end(&R));
}

static const char *
error(struct fields * F, const uint8_t * p, size_t len)
{
	struct common_error E;

	if (common_get_error(p, len, &E))
		return (MALFORMED);
	fields_u64(F, "code", E.code);
	fields_word(F, "rule", E.rule);
	fields_text(F, "text", E.text, strlen(E.text));
	return (NULL);
}

static const char *
status_reply(struct fields * F, const uint8_t * p, size_t len)
{
	const char * text;
	size_t n;

	if (common_get_status(p, len, &text, &n))
		return (MALFORMED);
	fields_text(F, "text", text, n);
	return (NULL);
}

static const char *
dump(struct fields * F, const uint8_t * p, size_t len)
{
	struct common_dump D;

	if (common_get_dump(p, len, &D))
		return (MALFORMED);
	fields_u64(F, "table", D.table);
	fields_hex(F, "from", D.from, D.from_len);
	fields_hex(F, "to", D.to, D.to_len);
	fields_u64(F, "rows_max", D.rows_max);
	return (NULL);
}

static const char *
dump_reply(struct fields * F, const uint8_t * p, size_t len)
{
	struct common_row row;
	struct rbuf R;
	uint32_t n;
	int more;

	if (common_get_rows(p, len, &more, &n, &R))
		return (MALFORMED);
	fields_u64(F, "more", more != 0);
	fields_array(F, "rows");
	for (; n > 0; n--) {
		common_next_row(&R, &row);
		fields_open(F, NULL);
		fields_hex(F, "key", row.key, row.key_len);
		fields_hex(F, "value", row.value, row.value_len);
		fields_close(F);
	}
	fields_close(F);
	return (NULL);
}

const struct dump_frame dump_frame_common[] = {
	{ COMMON_ERROR, "ERROR", error },
	{ COMMON_STATUS, "STATUS", dump_frame_empty },
	{ COMMON_STATUS_REPLY, "STATUS_REPLY", status_reply },
	{ COMMON_DUMP, "DUMP", dump },
	{ COMMON_DUMP_REPLY, "DUMP_REPLY", dump_reply },
	{ 0, NULL, NULL }
};
