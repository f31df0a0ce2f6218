#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "entry/rule_names.h"

#include "test.h"

/*
 * Compares PROTOCOL with the headers, as texts, so that neither has a name or a
 * number that the other has not.
 */
#define PAGE		"share/doc/PROTOCOL.md"
#define NAMES_MAX	128

/* Names with their numbers, from one side. */
struct names {
	size_t n;
	struct {
		char name[64];
		unsigned long value;
	} item[NAMES_MAX];
};

static char *
text_of(const char * path)
{
	static uint8_t * text;	/* gcc 12 takes a local one for what is returned */
	size_t len;

	if (file_read(path, 1 << 20, &text, &len))
		exit(1);
	return ((char *)text);
}

static void
add(struct names * S, const char * name, size_t len, unsigned long value)
{

	if (S->n == NAMES_MAX || len >= sizeof(S->item[0].name))
		abort();
	memcpy(S->item[S->n].name, name, len);
	S->item[S->n].name[len] = '\0';
	S->item[S->n++].value = value;
}

/* Is every name of ${A} in ${B}, with its number? */
static int
within(const struct names * A, const struct names * B, const char * where)
{
	size_t j;
	int ok = 1;

	for (size_t i = 0; i < A->n; i++) {
		for (j = 0; j < B->n; j++)
			if (strcmp(A->item[i].name, B->item[j].name) == 0)
				break;
		if (j < B->n && A->item[i].value == B->item[j].value)
			continue;
		printf("# %s %lu is not so in %s\n", A->item[i].name,
		    A->item[i].value, where);
		ok = 0;
	}
	return (ok);
}

static size_t
name_len(const char * p)
{
	size_t n = 0;

	while (isupper((unsigned char)p[n]) || isdigit((unsigned char)p[n]) ||
	    p[n] == '_')
		n++;
	return (n);
}

/* Collect the table rows of ${text} that start with a number, then a name. */
static void
page_rows(const char * text, struct names * S, int hex)
{
	char * end;

	for (const char * p = strstr(text, "\n| "); p != NULL;
	    p = strstr(p + 1, "\n| ")) {
		unsigned long x;

		if (hex != (strncmp(p + 3, "0x", 2) == 0) ||
		    !isdigit((unsigned char)p[3]))
			continue;
		x = strtoul(p + 3, &end, 0);
		if (strncmp(end, " | ", 3) == 0 && name_len(end + 3) > 1)
			add(S, end + 3, name_len(end + 3), x);
	}
}

/* Collect the enumerators "NAME = number" of the header ${path}. */
static void
header_rows(const char * path, struct names * S, int hex)
{
	char * text = text_of(path);

	for (const char * p = strstr(text, "\n\t"); p != NULL;
	    p = strstr(p + 1, "\n\t")) {
		const char * name = p + 2;
		size_t n = name_len(name);
		int common = strncmp(name, "COMMON_", 7) == 0 ? 7 : 0;

		if (n == 0 || strncmp(name + n, " = ", 3) != 0 ||
		    hex != (strncmp(name + n + 3, "0x", 2) == 0))
			continue;
		add(S, name + common, n - (size_t)common,
		    strtoul(name + n + 3, NULL, 0));
	}
	free(text);
}

static void
frames(void)
{
	struct names page = { 0 }, headers = { 0 };
	char * text = text_of(PAGE);

	page_rows(strstr(text, "\n## 11."), &page, 1);
	free(text);
	header_rows("lib/frame/common.h", &headers, 1);
	header_rows("lib/proto/proto_log.h", &headers, 1);
	header_rows("lib/proto/proto_apply.h", &headers, 1);
	header_rows("lib/proto/proto_publish.h", &headers, 1);
	header_rows("lib/proto/proto_admit.h", &headers, 1);
	header_rows("lib/proto/proto_keyids.h", &headers, 1);
	header_rows("lib/proto/proto_httpd.h", &headers, 1);
	CHECK(page.n > 25);
	CHECK(within(&page, &headers, "the headers"));
	CHECK(within(&headers, &page, "PROTOCOL"));
}

static void
events(void)
{
	struct names page = { 0 }, headers = { 0 };
	char * text = text_of(PAGE);

	page_rows(strstr(text, "\n## 11."), &page, 0);
	free(text);
	header_rows("lib/proto/proto_apply.h", &headers, 0);
	CHECK(page.n == 6);
	CHECK(within(&page, &headers, "the headers"));
	CHECK(within(&headers, &page, "PROTOCOL"));
}

/* The types of section 6: "| 1 update | ...", LOG_ENTRY_UPDATE = 1. */
static void
log_types(void)
{
	struct names page = { 0 }, headers = { 0 };
	char * text = text_of(PAGE);
	char name[64] = "LOG_ENTRY_";
	size_t n;

	for (const char * p = strstr(text, "\n## 6."); p != NULL &&
	    strncmp(p, "\n## 7.", 6) != 0; p = strchr(p + 1, '\n')) {
		if (strncmp(p, "\n| ", 3) != 0 || !isdigit((unsigned char)p[3]))
			continue;
		for (n = 0; islower((unsigned char)p[5 + n]) && n < 32; n++)
			name[10 + n] = (char)toupper((unsigned char)p[5 + n]);
		add(&page, name, 10 + n, (unsigned long)(p[3] - '0'));
	}
	free(text);
	header_rows("lib/proto/log_entry.h", &headers, 0);
	CHECK(page.n == 5);
	CHECK(within(&page, &headers, "the header"));
	CHECK(within(&headers, &page, "PROTOCOL"));
}

/* The first line "#define NAME number" for ${name} in any of our headers. */
static void
header_limit(const char * path, const struct names * page, struct names * S,
    int all)
{
	char * text = text_of(path);
	char * end;

	for (const char * p = strstr(text, "\n#define "); p != NULL;
	    p = strstr(p + 1, "\n#define ")) {
		const char * name = p + 9;
		size_t n = name_len(name);
		unsigned long x = strtoul(name + n, &end, 10);
		int wanted = all && strstr(p, "/* Sizes of") != NULL;

		for (size_t i = 0; i < page->n; i++)
			wanted |= strlen(page->item[i].name) == n &&
			    memcmp(page->item[i].name, name, n) == 0;
		if (wanted && end != name + n)
			add(S, name, n, x);
	}
	free(text);
}

static void
limits(void)
{
	struct names page = { 0 }, headers = { 0 };
	char * text = text_of(PAGE);

	for (const char * p = strstr(text, "\n## 2."); p != NULL &&
	    strncmp(p, "\n## 3.", 6) != 0; p = strchr(p + 1, '\n')) {
		size_t n = strncmp(p, "\n| ", 3) == 0 ? name_len(p + 3) : 0;

		if (n > 1)
			add(&page, p + 3, n, strtoul(p + 3 + n + 3, NULL, 10));
	}
	free(text);
	header_limit("lib/entry/limits.h", &page, &headers, 1);
	header_limit("lib/frame/frame.h", &page, &headers, 0);
	header_limit("lib/policy/policy.h", &page, &headers, 0);
	header_limit("lib/note/note.h", &page, &headers, 0);
	header_limit("lib/note/note.c", &page, &headers, 0);
	header_limit("lib/note/vkey.h", &page, &headers, 0);
	header_limit("lib/realm/realm.h", &page, &headers, 0);
	CHECK(page.n == 27);
	CHECK(within(&page, &headers, "the headers"));
	CHECK(within(&headers, &page, "PROTOCOL"));
}

/* Rules: `words-with-dashes` of sections 5 to 11, and the constants. */
static void
rules(void)
{
	char * text = text_of(PAGE);
	char * header = text_of("lib/entry/rule_names.h");
	char quoted[80];
	unsigned on_page = 0, in_header = 0;

	for (const char * p = strstr(text, "\n## 5."); p != NULL &&
	    p < strstr(text, "\n## 12."); p++) {
		size_t n = strspn(p + 1, "abcdefghijklmnopqrstuvwxyz-");

		if (*p != '`' || p[1 + n] != '`' || n < 2 || n > 70 ||
		    memchr(p + 1, '-', n) == NULL ||
		    strncmp(p + 1, "ks-", 3) == 0)
			continue;
		on_page++;
		if (rule_name(p + 1, n) == NULL)
			printf("# no constant for %.*s\n", (int)n, p + 1);
		CHECK(rule_name(p + 1, n) != NULL);
	}
	for (const char * p = strstr(header, "\n#define RULE_"); p != NULL;
	    p = strstr(p + 1, "\n#define RULE_")) {
		const char * q = strchr(p, '"') + 1;

		snprintf(quoted, sizeof(quoted), "`%.*s`",
		    (int)strcspn(q, "\""), q);
		if (strstr(text, quoted) == NULL)
			printf("# not on the page: %s\n", quoted);
		CHECK(strstr(text, quoted) != NULL);
		CHECK(rule_name(q, strcspn(q, "\"")) != NULL);
		CHECK(rule_text(rule_name(q, strcspn(q, "\""))) != NULL);
		in_header++;
	}
	CHECK(on_page > 40 && in_header > 40);
	CHECK(rule_text("no-such-rule") == NULL);
	free(text);
	free(header);
}

static const struct test tests[] = {
	{ "PROTOCOL and the headers have the same frames", frames },
	{ "PROTOCOL and the headers have the same events", events },
	{ "PROTOCOL and the headers have the same log entries", log_types },
	{ "PROTOCOL and the headers have the same limits", limits },
	{ "PROTOCOL and the headers have the same rules", rules },
};
TESTS(tests)
