#include <stdlib.h>
#include <string.h>

#include "codec/wbuf.h"
#include "fields/fields.h"

#include "dump_key.h"
#include "dump_rows.h"

const struct dump_program * const dump_programs[DUMP_PROGRAMS] = {
	&dump_rows_logd, &dump_rows_apply, &dump_rows_sign, &dump_rows_publish,
	&dump_rows_ratify, &dump_rows_keyids
};

const struct dump_program *
dump_rows_program(const char * name)
{
	const struct dump_program * P;

	for (size_t i = 0; i < DUMP_PROGRAMS; i++) {
		P = dump_programs[i];
		if (strcmp(name, P->name) == 0 || strcmp(name, P->word) == 0 ||
		    strcmp(name, P->name + strlen("ks-")) == 0)
			return (P);
	}
	return (NULL);
}

const struct dump_row *
dump_rows_table(const struct dump_program * P, uint8_t number)
{

	for (size_t i = 0; i < P->nrows; i++)
		if (P->rows[i].table == number)
			return (&P->rows[i]);
	return (NULL);
}

int
dump_rows_named(const struct dump_program * P, const char * name,
    uint8_t * number)
{
	unsigned long n;
	char * end;

	for (size_t i = 0; i < P->nrows; i++) {
		if (strcmp(P->rows[i].name, name) == 0) {
			*number = P->rows[i].table;
			return (0);
		}
	}
	if (*name < '0' || *name > '9')
		return (-1);
	n = strtoul(name, &end, strncmp(name, "0x", 2) == 0 ? 16 : 10);
	if (*end != '\0' || n == 0 || n > UINT8_MAX)
		return (-1);
	*number = (uint8_t)n;
	return (0);
}

const char *
dump_rows_decode(const struct dump_program * P, uint8_t table,
    const uint8_t * key, size_t klen, const uint8_t * value, size_t vlen,
    struct fields * F, const struct dump_row ** row)
{
	const char * rule = "table-unknown";
	struct wbuf text;

	wbuf_init(&text, 4 * DUMP_KEY_MAX);
	*row = NULL;
	for (size_t i = 0; i < P->nrows && *row == NULL; i++) {
		if (P->rows[i].table != table)
			continue;
		rule = "key-malformed";
		if (dump_key_text(P->rows[i].key, key, klen, &text) == 0)
			*row = &P->rows[i];
	}
	if (*row != NULL) {
		wbuf_put_u8(&text, 0);
		rule = "out-of-memory";
		if (wbuf_failed(&text) == 0) {
			fields_word(F, "key", (const char *)text.data);
			dump_key_fields((*row)->key, key, klen, F);
			rule = (*row)->decode(F, value, vlen);
		}
	}
	wbuf_free(&text);
	return (rule);
}
