#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "codec/decimal.h"
#include "codec/wbuf.h"

#include "http/http_url.h"

#define LETTERS	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS	"0123456789"

/* RFC 3986: what needs no encoding. */
#define UNRESERVED	LETTERS DIGITS "-._~"

/* Skip the scheme of ${text}; NULL if it is neither. */
static const char *
after_scheme(const char * text)
{

	if (strncmp(text, "https://", 8) == 0)
		return (text + 8);
	if (strncmp(text, "http://", 7) == 0)
		return (text + 7);
	return (NULL);
}

int
http_url_is(const char * text)
{

	return (after_scheme(text) != NULL);
}

const char *
http_url_check(const char * text)
{
	const char * p = after_scheme(text);
	uint64_t port;
	size_t n;

	if (p == NULL)
		return ("a server's URL must begin with http:// or https://");
	if (strlen(text) > HTTP_URL_MAX)
		return ("the URL of a server is too long");
	if (*p == '[') {
		n = strspn(p + 1, DIGITS "abcdefABCDEF:.");
		if (n < 2 || p[n + 1] != ']')
			return ("a server's URL must have a host name or an"
			    " address");
		p += n + 2;
	} else {
		n = strspn(p, LETTERS DIGITS "-._");
		if (n == 0 || *p == '-' || *p == '.')
			return ("a server's URL must have a host name or an"
			    " address");
		p += n;
	}
	if (*p == '@' || (*p == ':' && strchr(p, '@') != NULL))
		return ("the URL of a server must not have a user or password");
	if (*p == ':') {
		n = strspn(++p, DIGITS);
		if (decimal_parse(p, n, 65535, &port) || port == 0)
			return ("the port in a server's URL must be 1 to 65535");
		p += n;
	}
	if (*p != '\0' && *p != '/')
		return ("a server's URL must be http[s]://HOST[:PORT][/PREFIX]");
	if (strspn(p, UNRESERVED "/%!$&'()*+,;=:@") != strlen(p))
		return ("the prefix in a server's URL must be a plain path");
	return (NULL);
}

void
http_url_put(struct wbuf * W, const char * server, const char * path)
{
	size_t len = strlen(server);

	while (len > 0 && server[len - 1] == '/')
		len--;
	wbuf_put_bytes(W, server, len);
	wbuf_put_bytes(W, path, strlen(path));
}

void
http_url_arg(struct wbuf * W, const char * text)
{
	size_t n;

	while (*text != '\0') {
		n = strspn(text, UNRESERVED);
		wbuf_put_bytes(W, text, n);
		text += n;
		if (*text != '\0')
			wbuf_printf(W, "%%%02X", (unsigned)(uint8_t)*text++);
	}
}

/* Take apart; 0, or -1 if it is no URL. */
static int
origin(const char * url, CURLU ** U, char * part[3])
{
	static const CURLUPart which[3] = {
		CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT
	};
	int bad = 0;

	memset(part, 0, 3 * sizeof(part[0]));
	if ((*U = curl_url()) == NULL)
		return (-1);
	bad |= curl_url_set(*U, CURLUPART_URL, url, 0) != CURLUE_OK;
	for (int i = 0; i < 3 && !bad; i++)
		bad |= curl_url_get(*U, which[i], &part[i],
		    CURLU_DEFAULT_PORT) != CURLUE_OK;
	return (bad ? -1 : 0);
}

int
http_url_same(const char * a, const char * b)
{
	char * pa[3], * pb[3] = { NULL };
	CURLU * A, * B = NULL;
	int same;

	same = origin(a, &A, pa) == 0 && origin(b, &B, pb) == 0;
	for (int i = 0; i < 3 && same; i++)
		same = strcasecmp(pa[i], pb[i]) == 0;
	for (int i = 0; i < 3; i++) {
		curl_free(pa[i]);
		curl_free(pb[i]);
	}
	curl_url_cleanup(A);
	curl_url_cleanup(B);
	return (same);
}
