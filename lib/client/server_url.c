#include <string.h>

#include <bsd/string.h>

#include "client/server_url.h"

/* Does ${text} begin with ${prefix}? */
static int
begins(const char * text, const char * prefix)
{

	return (strncmp(text, prefix, strlen(prefix)) == 0);
}

int
server_url_dir(const char * text, const char * base, char * dir,
    const char ** why)
{
	const size_t size = SERVER_URL_DIR_MAX + 1;
	const char * slash;

	*why = "only unix: servers are supported";
	if (!begins(text, "unix:"))
		return (-1);
	text += strlen("unix:");
	*why = "a server must be unix:DIR, with a directory";
	if (*text == '\0')
		return (-1);

	/* The folder of the base with its slash, or nothing. */
	dir[0] = '\0';
	*why = "the directory of a server is too long";
	if (*text != '/' && base != NULL &&
	    (slash = strrchr(base, '/')) != NULL) {
		if ((size_t)(slash - base) + 2 > size)
			return (-1);
		memcpy(dir, base, (size_t)(slash - base) + 1);
		dir[slash - base + 1] = '\0';
	}
	if (strlcat(dir, text, size) >= size)
		return (-1);
	return (0);
}
