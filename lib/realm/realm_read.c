#include <err.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/file.h"

#include "realm/realm.h"

struct realm *
realm_read(const char * path)
{
	struct realm_error error;
	struct realm * realm;
	uint8_t * text;
	size_t len;

	if (file_read(path, REALM_FILE_MAX, &text, &len))
		goto err0;
	if (realm_parse((const char *)text, len, &realm, &error))
		goto err1;
	free(text);
	return (realm);

err1:
	if (error.rule == NULL)
		warnx("%s: out of memory", path);
	else if (error.line == 0)
		warnx("%s: %s", path, error.rule);
	else
		warnx("%s:%u: %s", path, error.line, error.rule);
	free(text);
err0:
	return (NULL);
}
