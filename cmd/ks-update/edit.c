#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/exits.h"
#include "client/input.h"
#include "codec/wbuf.h"

#include "edit.h"

/* The change of ${E} to the application of ${len} bytes ${name}, or NULL. */
static const struct edit_change *
find(const struct edit * E, const char * name, size_t len)
{

	for (size_t i = 0; i < E->n; i++)
		if (strlen(E->change[i].name) == len &&
		    memcmp(E->change[i].name, name, len) == 0)
			return (&E->change[i]);
	return (NULL);
}

/* Store what ${text} stands for as the value of ${C}. */
static int
get_value(struct edit_change * C, const char * text)
{
	uint8_t * value;

	if (text[0] == '@') {
		if (input_read(text + 1, EDIT_VALUE_MAX, &value, &C->value_len))
			return (EXITS_PERMANENT);
		C->value = value;
		return (0);
	}
	C->value_len = strlen(text);
	if (C->value_len > EDIT_VALUE_MAX) {
		warnx("%s: longer than %d bytes", C->name, EDIT_VALUE_MAX);
		return (EXITS_PERMANENT);
	}
	if ((C->value = malloc(C->value_len + 1)) == NULL) {
		warn("%s", C->name);
		return (EXITS_TEMPORARY);
	}
	memcpy(C->value, text, C->value_len + 1);
	return (0);
}

int
edit_add(struct edit * E, const char * arg, int keep)
{
	struct edit_change * C = &E->change[E->n];
	const char * equals = strchr(arg, '=');
	size_t len;
	int code;

	if (equals == NULL) {
		warnx("%s: not APP=VALUE or APP=@FILE", arg);
		return (EXITS_USAGE);
	}
	len = (size_t)(equals - arg);
	if (!profile_app_ok(arg, len)) {
		warnx("%s: an application's name is 1 to %d of a-z 0-9 . _ -",
		    arg, APP_LEN_MAX);
		return (EXITS_USAGE);
	}
	if (find(E, arg, len) != NULL) {
		warnx("%s: the application is there twice", arg);
		return (EXITS_USAGE);
	}
	if (E->n == PROFILE_APPS_MAX) {
		warnx("%s: more than %d applications", arg, PROFILE_APPS_MAX);
		return (EXITS_USAGE);
	}
	memset(C, 0, sizeof(*C));
	memcpy(C->name, arg, len);
	C->name[len] = '\0';
	C->remove = equals[1] == '\0';
	if (C->remove && !keep) {
		warnx("%s: to remove an application, keep the others with -a;"
		    " for an empty value, give an empty file", arg);
		return (EXITS_USAGE);
	}
	if (!C->remove && (code = get_value(C, equals + 1)) != 0)
		return (code);
	E->n++;
	return (0);
}

int
edit_apply(const struct edit * E, const struct profile * old,
    const uint8_t * nonce, struct wbuf * W)
{
	struct profile_app * apps;
	struct profile_app app;
	struct rbuf cursor;
	size_t n = 0;
	int rc;

	/* Those of the old profile, and those of the edit. */
	if ((apps = calloc(2 * PROFILE_APPS_MAX, sizeof(*apps))) == NULL)
		return (-1);
	if (old != NULL) {
		profile_start(old, &cursor);
		while (profile_next(&cursor, &app))
			if (find(E, app.app, app.app_len) == NULL)
				apps[n++] = app;
	}
	for (size_t i = 0; i < E->n; i++) {
		if (E->change[i].remove)
			continue;
		apps[n].app = E->change[i].name;
		apps[n].app_len = strlen(E->change[i].name);
		apps[n].value = E->change[i].value;
		apps[n++].value_len = E->change[i].value_len;
	}
	rc = profile_put(W, nonce, apps, n);
	free(apps);
	return (rc);
}

void
edit_free(struct edit * E)
{

	for (size_t i = 0; i < E->n; i++)
		free(E->change[i].value);
	E->n = 0;
}
