#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "entry/rule_names.h"
#include "entry/user.h"

#include "httpd.h"

/* The very file is built in, so that a program that was copied needs to find nothing. */
__asm__(".section .rodata\n"
    "httpd_openapi:\n"
    ".incbin \"share/openapi.json\"\n"
    ".byte 0\n"
    ".previous\n");
extern const char httpd_openapi[] __attribute__((visibility("hidden")));

int
api_openapi(void * cookie, struct web_request * R)
{

	(void)cookie;
	if (web_args_only(R, ""))
		return (0);
	web_answer(R, &(struct web_answer){ .type = "application/json",
	    .body = httpd_openapi, .len = strlen(httpd_openapi),
	    .cache = WEB_NO_CACHE });
	return (0);
}

int
httpd_user(struct web_request * R, char * user)
{
	const char * text = web_arg(R, "user");

	if (text == NULL) {
		web_error(R, 400, "malformed", "argument-malformed",
		    "the argument user is missing");
		return (-1);
	}
	if (user_normalise(user, text, strlen(text))) {
		web_error(R, 422, "refused", RULE_USER_MALFORMED,
		    rule_text(RULE_USER_MALFORMED));
		return (-1);
	}
	return (0);
}

int
httpd_is_type(const struct web_request * R, const char * type)
{
	const char * header = web_header(R, "Content-Type");
	const size_t len = strlen(type);

	return (header != NULL && strncasecmp(header, type, len) == 0 &&
	    strchr("; \t", header[len]) != NULL);
}

void
httpd_no_memory(struct web_request * R)
{

	web_error(R, 500, "internal", "out-of-memory",
	    "this server has no memory for it");
}

void
httpd_json(struct web_request * R, enum web_cache cache, json_t * J)
{
	char * text = NULL;

	if (J != NULL)
		text = json_dumps(J, JSON_COMPACT | JSON_PRESERVE_ORDER);
	json_decref(J);
	if (text == NULL) {
		httpd_no_memory(R);
		return;
	}
	web_answer(R, &(struct web_answer){ .type = "application/json",
	    .body = text, .len = strlen(text), .cache = cache, .vary = 1 });
	free(text);
}
