#include <err.h>
#include <stdio.h>
#include <string.h>

#include "fields/fields.h"

#include "dump.h"
#include "dump_rows.h"

/* Room for "publish/ratification", or the number of an unknown table. */
#define NAME_SIZE	64

/* How the table ${number} of ${P} is called on the line. */
static void
table_name(const struct dump * D, const struct dump_program * P,
    uint8_t number, char name[NAME_SIZE])
{
	const struct dump_row * row = dump_rows_table(P, number);
	const char * word = D->qualify ? P->word : "";
	const char * slash = D->qualify ? "/" : "";

	if (row != NULL)
		snprintf(name, NAME_SIZE, "%s%s%s", word, slash, row->name);
	else
		snprintf(name, NAME_SIZE, "%s%s0x%02x", word, slash, number);
}

/* Print ${word}, in text only, and what was put to ${D}->F. */
static int
print_line(struct dump * D, const char * word)
{
	const char * line;
	size_t len;

	if ((line = fields_line(D->F, &len)) == NULL) {
		warnx("out of memory");
		return (-1);
	}
	if (!D->json)
		fputs(word, stdout);
	fwrite(line, 1, len, stdout);
	putchar('\n');
	if (ferror(stdout)) {
		warn("standard output");
		return (-1);
	}
	return (0);
}

/* Begin the line of a row of the table ${name} of ${P}. */
static void
begin(struct dump * D, const struct dump_program * P, const char * name)
{
	const char * slash = strchr(name, '/');

	fields_reset(D->F);
	if (!D->json)
		return;
	fields_word(D->F, "program", P->name);
	fields_word(D->F, "table", slash != NULL ? slash + 1 : name);
}

/* Put the bytes that break ${rule}; "corrupt: RULE" is not a NAME=VALUE. */
static int
print_corrupt(struct dump * D, const char * word, const char * rule,
    const uint8_t * value, size_t len)
{
	const char * key;

	if (D->json) {
		fields_word(D->F, "corrupt", rule);
		if (value != NULL)
			fields_hex(D->F, "value", value, len);
		return (print_line(D, ""));
	}
	if ((key = fields_line(D->F, NULL)) == NULL) {
		warnx("out of memory");
		return (-1);
	}
	printf("%s%s corrupt: %s", word, key, rule);
	fields_reset(D->F);
	if (value != NULL)
		fields_hex(D->F, "value", value, len);
	return (print_line(D, ""));
}

int
dump_print_row(struct dump * D, const struct dump_program * P, uint8_t table,
    const uint8_t * key, size_t klen, const uint8_t * value, size_t vlen)
{
	const struct dump_row * row;
	char name[NAME_SIZE];
	const char * rule;

	table_name(D, P, table, name);
	begin(D, P, name);
	rule = dump_rows_decode(P, table, key, klen, value, vlen, D->F, &row);
	if (rule == NULL)
		return (print_line(D, name));
	D->corrupt++;
	begin(D, P, name);
	fields_hex(D->F, "key", key, klen);
	if (row != NULL && row->secret)
		value = NULL;
	warnx("%s: a row of the table %s is corrupt: %s", D->path, name, rule);
	return (print_corrupt(D, name, rule, value, vlen));
}

int
dump_print_counts(struct dump * D, const struct dump_program * P,
    const uint64_t counts[256])
{
	char name[NAME_SIZE], number[8];
	const struct dump_row * row;

	for (unsigned i = 0; i < 256; i++) {
		row = dump_rows_table(P, (uint8_t)i);
		if (row == NULL && counts[i] == 0)
			continue;
		table_name(D, P, (uint8_t)i, name);
		begin(D, P, name);
		snprintf(number, sizeof(number), "0x%02x", i);
		fields_word(D->F, "number", number);
		fields_u64(D->F, "rows", counts[i]);
		if (row == NULL) {
			D->corrupt++;
			warnx("%s: %s has no table 0x%02x", D->path, P->name, i);
			if (print_corrupt(D, name, "table-unknown", NULL, 0))
				return (-1);
		} else if (print_line(D, name)) {
			return (-1);
		}
	}
	return (0);
}

int
dump_print_object(struct dump * D, const char * word, const char * rule,
    const uint8_t * value, size_t len)
{
	int rc;

	if (rule != NULL) {
		D->corrupt++;
		warnx("%s: %s: %s", D->path, word, rule);
		fields_reset(D->F);
	}
	if (D->json)
		fields_word(D->F, "object", word);
	if (rule != NULL)
		rc = print_corrupt(D, word, rule, value, len);
	else
		rc = print_line(D, word);
	fields_reset(D->F);
	return (rc);
}

int
dump_range(const struct dump * D, const struct dump_program * P,
    struct dump_range * range)
{
	const struct dump_row * row;
	const char * spec;

	memset(range, 0, sizeof(*range));
	if (dump_rows_named(P, D->table, &range->table)) {
		warnx("%s has no table %s", P->name, D->table);
		return (-1);
	}
	row = dump_rows_table(P, range->table);
	spec = row == NULL ? NULL : row->key;
	if (D->from != NULL && dump_key_parse(spec, D->from, range->from,
	    &range->from_len)) {
		warnx("%s: no key of the table %s (%s)", D->from, D->table,
		    spec == NULL ? "0x..." : spec);
		return (-1);
	}
	if (D->to != NULL && (dump_key_parse(spec, D->to, range->to,
	    &range->to_len) || range->to_len == 0)) {
		warnx("%s: no key of the table %s (%s)", D->to, D->table,
		    spec == NULL ? "0x..." : spec);
		return (-1);
	}
	return (0);
}
