#include <err.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/stdlib.h>
#include <jansson.h>

#include "base/exits.h"
#include "codec/wbuf.h"
#include "frame/common.h"
#include "frame/frame.h"

#include "logtool.h"

/* Get the lines of STATUS into a new string, for free(3). */
static int
get_status(const struct logtool * T, char ** text)
{
	struct wbuf W;
	struct frame F;
	const char * p;
	size_t len;
	int rc;

	wbuf_init(&W, FRAME_LEN_MAX + 4);
	if ((rc = logtool_ask(T, COMMON_STATUS, NULL, 0, COMMON_STATUS_REPLY, &W,
	    &F)) != 0)
		goto done;
	if (common_get_status(F.body, F.len, &p, &len)) {
		rc = logtool_broken(T, "status-malformed");
		goto done;
	}
	if ((*text = strndup(p, len)) == NULL) {
		warn("status");
		rc = EXITS_TEMPORARY;
	}

done:
	wbuf_free(&W);
	return (rc);
}

/* The text ${value} as JSON: a number if it is one. */
static json_t *
json_value(const char * value)
{
	const char * why;
	long long n = strtonum(value, 0, INT64_MAX, &why);

	if (why == NULL && strspn(value, "0123456789") == strlen(value))
		return (json_integer(n));
	return (json_string(value));
}

/* Print the lines ${text}, which are taken apart, as one JSON object. */
static int
print_json(char * text)
{
	json_t * J = json_object();
	char * line, * value, * json = NULL;
	int rc = EXITS_TEMPORARY;

	while ((line = strsep(&text, "\n")) != NULL) {
		if ((value = strchr(line, ' ')) == NULL)
			continue;
		*value++ = '\0';
		if (json_object_set_new(J, line, json_value(value)))
			goto done;
	}
	if ((json = json_dumps(J, JSON_COMPACT)) == NULL)
		goto done;
	puts(json);
	rc = EXITS_OK;

done:
	if (rc != EXITS_OK)
		warnx("status: cannot be written as JSON");
	free(json);
	json_decref(J);
	return (rc);
}

int
logtool_status(const struct logtool * T)
{
	char * text = NULL;
	int rc;

	if ((rc = get_status(T, &text)) != 0)
		return (rc);
	if (T->json)
		rc = print_json(text);
	else
		fputs(text, stdout);
	free(text);
	return (rc);
}
