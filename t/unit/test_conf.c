#include <stdint.h>
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

static const struct test tests[] = {
	{ "a configuration is read exactly or refused", configuration },
};
TESTS(tests)
