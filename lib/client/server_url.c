#include <string.h>

#include <bsd/string.h>

#include "http/http_url.h"

#include "client/server_url.h"

int
server_url_parse(const char * text, const char * base, struct server_url * U,
    const char ** why)
{
	const char * slash;

	if ((U->http = http_url_is(text))) {
		if ((*why = http_url_check(text)) != NULL)
			return (-1);
		*why = "the URL of a server is too long";
		return (strlcpy(U->at, text, sizeof(U->at)) >= sizeof(U->at) ?
		    -1 : 0);
	}
	*why = "a server must be unix:DIR, http://HOST or https://HOST";
	if (strncmp(text, "unix:", strlen("unix:")) != 0)
		return (-1);
	text += strlen("unix:");
	*why = "a server must be unix:DIR, with a directory";
	if (*text == '\0')
		return (-1);

	/* The folder of the base with its slash, or nothing. */
	U->at[0] = '\0';
	*why = "the directory of a server is too long";
	if (*text != '/' && base != NULL &&
	    (slash = strrchr(base, '/')) != NULL) {
		if ((size_t)(slash - base) + 2 > sizeof(U->at))
			return (-1);
		memcpy(U->at, base, (size_t)(slash - base) + 1);
		U->at[slash - base + 1] = '\0';
	}
	if (strlcat(U->at, text, sizeof(U->at)) >= sizeof(U->at))
		return (-1);
	return (0);
}
