#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "daemon/conf.h"

#include "test.h"

static void
configuration(void)
{
	static const struct { const char * text; const char * why; } cases[] = {
		{ "name a b # c\n# x\n\n\tport  7 \n", NULL },
		{ "port 7\nname x", NULL },
		{ "name x\nprot 7\n", "f:2: unknown name prot" },
		{ "name x\nname y\n", "f:2: name comes twice" },
		{ "name x\nport 0\n", "f:2: port must be a number from 1 to 99" },
		{ "name x\nport 100\n", "f:2: port must be a number from 1 to 99" },
		{ "name x\nport 7x\n", "f:2: port must be a number from 1 to 99" },
		{ "name x\nport -1\n", "f:2: port must be a number from 1 to 99" },
		{ "name x\nport\n", "f:2: port must be a number from 1 to 99" },
		{ "name x\nport 18446744073709551623\n",
		    "f:2: port must be a number from 1 to 99" },
		{ "name 12345678901\n", "f:1: name must have 1 to 10 bytes" },
		{ "name\n", "f:1: name must have 1 to 10 bytes" },
		{ "name a\rb\n", "f:1: control character" },
		{ "port 7\n", "f:1: name is missing" },
		{ "", "f:0: name is missing" },
	};
	char name[11], why[CONF_WHY_MAX];
	uint64_t port;
	const struct conf_field fields[] = {
		{ "name", CONF_STRING, name, 1, 10, NULL, 1 },
		{ "port", CONF_U64, &port, 1, 99, "42", 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		port = 0;
		why[0] = '\0';
		CHECK(conf_parse(cases[i].text, strlen(cases[i].text), "f",
		    fields, 2, why) == (cases[i].why == NULL ? 0 : -1));
		if (cases[i].why != NULL)
			CHECK(strcmp(why, cases[i].why) == 0);
	}
	CHECK(conf_parse("name a b # c", 12, "f", fields, 2, why) == 0);
	CHECK(strcmp(name, "a b # c") == 0 && port == 42);
}

static void
lines(void)
{
	static struct conf_lines L;
	char why[CONF_WHY_MAX], text[8 * (CONF_LINES_MAX + 1) + 1], name[11];
	const struct conf_field fields[] = {
		{ "name", CONF_STRING, name, 1, 10, "x", 0 },
		{ "via", CONF_LINES, &L, 0, 0, NULL, 0 },
	};
	size_t len = 0;

	L.n = 7;
	CHECK(conf_parse("", 0, "f", fields, 2, why) == 0 && L.n == 0);
	CHECK(conf_parse("via a b\nname y\n\nvia c\n", 22, "f", fields, 2,
	    why) == 0);
	CHECK(L.n == 2 && strcmp(L.text[0], "a b") == 0 && L.line[0] == 1);
	CHECK(strcmp(L.text[1], "c") == 0 && L.line[1] == 4);
	CHECK(conf_parse("via\n", 4, "f", fields, 2, why) == -1);
	CHECK(strcmp(why, "f:1: via must have 1 to 511 bytes") == 0);
	for (int i = 0; i < CONF_LINES_MAX; i++)
		len += (size_t)snprintf(&text[len], sizeof(text) - len,
		    "via %d\n", i);
	CHECK(conf_parse(text, len, "f", fields, 2, why) == 0 && L.n == 64);
	len += (size_t)snprintf(&text[len], sizeof(text) - len, "via x\n");
	CHECK(conf_parse(text, len, "f", fields, 2, why) == -1);
	CHECK(strcmp(why, "f:65: via comes more than 64 times") == 0);
}

static const struct test tests[] = {
	{ "a name may be meant to come many times", lines },
	{ "a configuration is read exactly or refused", configuration },
};
TESTS(tests)
