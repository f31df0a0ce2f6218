#ifndef KS_HTTP_HTTP_URL_H
#define KS_HTTP_HTTP_URL_H

#include <stddef.h>

struct wbuf;

/* Longest URL of a server: as long as a server line of a realm file may be. */
#define HTTP_URL_MAX	1023

/**
 * http_url_is(text):
 * Return nonzero if the string ${text} begins with http:// or https://.
 */
int http_url_is(const char *);

/**
 * http_url_check(text):
 * Return NULL if the string ${text} is the URL of a server:
 * http[s]://HOST[:PORT][/PREFIX], where HOST is a name, an IPv4 address or an IPv6
 * address in brackets, and PREFIX has no query or fragment; else the rule that is
 * broken.
 */
const char * http_url_check(const char *);

/**
 * http_url_put(W, server, path):
 * Append to ${W} the URL of the ${path} (which begins with a slash) below the URL
 * ${server}.
 */
void http_url_put(struct wbuf *, const char *, const char *);

/**
 * http_url_arg(W, text):
 * Append to ${W} the string ${text} as an argument or segment of a URL: what is
 * not unreserved is percent-encoded.
 */
void http_url_arg(struct wbuf *, const char *);

/**
 * http_url_same(a, b):
 * Return nonzero if the URLs ${a} and ${b} have the same scheme, host and port.
 */
int http_url_same(const char *, const char *);

#endif
