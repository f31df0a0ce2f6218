#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "codec/wbuf.h"

#include "../../cmd/ks-dump/dump_frame.h"
#include "../../cmd/ks-dump/dump_key.h"
#include "../../cmd/ks-dump/dump_rows.h"

#include "test.h"

/*
 * What ks-dump knows of rows and frames, compared with PROTOCOL both ways: each
 * line of the page is a row or frame here, in the same words and order, and
 * there is none besides.
 */
#define PAGE	"share/doc/PROTOCOL.md"
#define CELLS	5

static char * page;

static char *
section(const char * title)
{
	size_t len;
	uint8_t * text;

	if (page == NULL) {
		if (file_read(PAGE, 1 << 20, &text, &len))
			exit(1);
		page = (char *)text;
	}
	return (strstr(page, title));
}

/* Copy the cells of the table row at ${p}, which ends with its line. */
static size_t
cells(const char * p, char cell[CELLS][512])
{
	size_t n = 0;
	const char * bar;

	while (*p == '|' && n < CELLS) {
		p++;
		p += strspn(p, " ");
		if ((bar = strpbrk(p, "|\n")) == NULL || *bar == '\n')
			break;
		snprintf(cell[n], sizeof(cell[n]), "%.*s", (int)(bar - p), p);
		for (size_t len = strlen(cell[n]); len > 0 &&
		    cell[n][len - 1] == ' '; len--)
			cell[n][len - 1] = '\0';
		n++;
		p = bar;
	}
	return (n);
}

static const char *
next_line(const char * p)
{
	const char * lf = strchr(p, '\n');

	return (lf == NULL ? NULL : lf + 1);
}

static void
rows_are_those_of_the_page(void)
{
	const char * p = section("\n## 12. ");
	const struct dump_program * P = NULL;
	char cell[CELLS][512], number[8], name[64] = "", told[8] = "";
	const struct dump_row * row;
	size_t seen = 0, programs = 0, i = 0;

	CHECK(p != NULL);
	for (p = next_line(p + 1); p != NULL && strncmp(p, "\n## ", 4) != 0;
	    p = next_line(p)) {
		if (*p != '|' || cells(p, cell) != CELLS ||
		    strcmp(cell[0], "program") == 0 || cell[0][0] == '-')
			continue;
		if (cell[0][0] != '\0') {
			CHECK(P == NULL || i == P->nrows);
			P = dump_rows_program(cell[0]);
			CHECK(P != NULL && P == dump_programs[programs++]);
			i = 0;
		}
		if (cell[1][0] != '\0')
			snprintf(told, sizeof(told), "%.7s", cell[1]);
		if (cell[2][0] != '\0')
			snprintf(name, sizeof(name), "%.63s", cell[2]);
		CHECK(P != NULL && i < P->nrows);
		row = &P->rows[i++];
		snprintf(number, sizeof(number), "0x%02x", row->table);
		if (strcmp(row->value, cell[4]) != 0)
			printf("# page: %s\n# code: %s\n", cell[4], row->value);
		CHECK(strcmp(number, told) == 0);
		CHECK(strcmp(row->name, name) == 0);
		CHECK(strcmp(row->key, cell[3]) == 0);
		CHECK(strcmp(row->value, cell[4]) == 0);
		seen++;
	}
	CHECK(P != NULL && i == P->nrows);
	CHECK(programs == DUMP_PROGRAMS && seen > 30);
}

static void
frames_are_those_of_the_page(void)
{
	static const struct dump_frame * const all[] = { dump_frame_common,
	    dump_frame_log, dump_frame_apply, dump_frame_publish,
	    dump_frame_admit, dump_frame_keyids, dump_frame_httpd };
	const char * p = section("\n## 11. ");
	const char * end = section("\n## 12. ");
	const struct dump_frame * X;
	char cell[CELLS][512];
	size_t seen = 0, known = 0;

	CHECK(p != NULL && end != NULL);
	for (; p != NULL && p < end; p = next_line(p)) {
		if (cells(p, cell) != 3 || strncmp(cell[0], "0x", 2) != 0)
			continue;
		X = dump_frame_find((uint16_t)strtoul(cell[0], NULL, 16));
		CHECK(X != NULL && strcmp(X->name, cell[1]) == 0);
		seen++;
	}
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		for (X = all[i]; X->name != NULL; X++)
			known++;
	CHECK(seen == known && seen > 30);
}

/* ${text} is the bound ${hex} of keys made as ${spec}, and back if ${whole}. */
static int
key_is(const char * spec, const char * text, const char * bytes, size_t len,
    int whole)
{
	uint8_t key[DUMP_KEY_MAX];
	struct wbuf W;
	size_t n;
	int ok;

	if (dump_key_parse(spec, text, key, &n) || n != len ||
	    memcmp(key, bytes, len) != 0)
		return (0);
	wbuf_init(&W, 1000);
	ok = (dump_key_text(spec, key, n, &W) == 0) == (whole != 0);
	if (whole)
		ok = ok && W.len == strlen(text) &&
		    memcmp(W.data, text, W.len) == 0;
	else
		ok = ok && W.len == 0;
	wbuf_free(&W);
	return (ok);
}

static void
keys_are_read_as_they_are_shown(void)
{

	CHECK(key_is("u64 epoch", "258", "\0\0\0\0\0\0\1\2", 8, 1));
	CHECK(key_is("u64 epoch, key_id[4]", "1:0a0b0c0d",
	    "\0\0\0\0\0\0\0\1\n\13\f\r", 12, 1));
	CHECK(key_is("u64 epoch, key_id[4]", "1", "\0\0\0\0\0\0\0\1", 8, 0));
	CHECK(key_is("u64 epoch, key_id[4]", "1:0a",
	    "\0\0\0\0\0\0\0\1\n", 9, 0));
	CHECK(key_is("name[2], ~epoch", "0102:1",
	    "\1\2\377\377\377\377\377\377\377\376", 10, 1));
	CHECK(key_is("u8 level, u64 number", "3:4", "\3\0\0\0\0\0\0\0\4", 9, 1));
	CHECK(key_is("u64 epoch, u32 number", "1:2",
	    "\0\0\0\0\0\0\0\1\0\0\0\2", 12, 1));
	CHECK(key_is("\"state\"", "state", "state", 5, 1));
	CHECK(key_is("\"state\"", "sta", "sta", 3, 0));
	CHECK(key_is(NULL, "0x", "", 0, 1) == 0);
}

static void
wrong_keys_are_refused(void)
{
	static const struct { const char * spec; const char * text; } bad[] = {
		{ "u64 epoch", "" }, { "u64 epoch", "-1" },
		{ "u64 epoch", "01" }, { "u64 epoch", "1:2" },
		{ "u64 epoch", "18446744073709551616" }, { "u64 epoch", "ff" },
		{ "u64 epoch", "0xf" }, { "u64 epoch", "0xFF" },
		{ "u8 level, u64 number", "256" },
		{ "u64 epoch, u32 number", "1:4294967296" },
		{ "u64 epoch, key_id[4]", "1:" },
		{ "u64 epoch, key_id[4]", "1:0a0b0c0d0e" },
		{ "u64 epoch, key_id[4]", "1:0" },
		{ "name[2], ~epoch", "01:1" }, { "name[2]", "XY" },
		{ NULL, "1" },
	};
	uint8_t key[DUMP_KEY_MAX];
	size_t len;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(dump_key_parse(bad[i].spec, bad[i].text, key, &len) == -1);
	CHECK(dump_key_parse(NULL, "0x0aff", key, &len) == 0 && len == 2 &&
	    key[0] == 10 && key[1] == 255);
}

static void
tables_are_found(void)
{
	uint8_t number;

	CHECK(dump_rows_program("log") == &dump_rows_logd);
	CHECK(dump_rows_program("logd") == &dump_rows_logd);
	CHECK(dump_rows_program("ks-logd") == &dump_rows_logd);
	CHECK(dump_rows_program("admit") == NULL);
	CHECK(dump_rows_program("") == NULL);
	CHECK(dump_rows_named(&dump_rows_apply, "tile", &number) == 0 &&
	    number == 0xff);
	CHECK(dump_rows_named(&dump_rows_apply, "10", &number) == 0 &&
	    number == 10);
	CHECK(dump_rows_named(&dump_rows_apply, "0x33", &number) == 0 &&
	    number == 0x33);
	CHECK(dump_rows_named(&dump_rows_apply, "0", &number) == -1);
	CHECK(dump_rows_named(&dump_rows_apply, "256", &number) == -1);
	CHECK(dump_rows_named(&dump_rows_apply, "1x", &number) == -1);
	CHECK(dump_rows_named(&dump_rows_apply, "vrf", &number) == -1);
	CHECK(dump_rows_table(&dump_rows_apply, 0x33) == NULL);
}

static const struct test tests[] = {
	{ "ks-dump knows the rows of the page, and no others",
	    rows_are_those_of_the_page },
	{ "ks-dump knows the frames of the page, and no others",
	    frames_are_those_of_the_page },
	{ "keys are read as they are shown", keys_are_read_as_they_are_shown },
	{ "what is no key of a table is refused", wrong_keys_are_refused },
	{ "programs and tables are found by name and number", tables_are_found },
};
TESTS(tests)
