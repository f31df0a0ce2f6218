#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/string.h>

#include "web/target.h"

/* How many bytes the UTF-8 character at ${p} takes; 0 if it is none. */
static size_t
utf8_len(const uint8_t * p)
{
	static const struct { uint8_t mask, is; uint32_t min; } form[] = {
		{ 0x80, 0x00, 0 }, { 0xe0, 0xc0, 0x80 }, { 0xf0, 0xe0, 0x800 },
		{ 0xf8, 0xf0, 0x10000 }
	};
	uint32_t c;

	for (size_t n = 0; n < 4; n++) {
		if ((p[0] & form[n].mask) != form[n].is)
			continue;
		c = p[0] & (uint8_t)~form[n].mask;
		for (size_t i = 1; i <= n; i++) {
			if ((p[i] & 0xc0) != 0x80)
				return (0);
			c = c << 6 | (p[i] & 0x3f);
		}
		if (c < form[n].min || c > 0x10ffff ||
		    (c >= 0xd800 && c <= 0xdfff))
			return (0);
		return (n + 1);
	}
	return (0);
}

/* Text that a person could have typed: UTF-8 without control characters. */
static int
is_text(const char * s)
{
	const uint8_t * p = (const uint8_t *)s;
	size_t n;

	for (; *p != '\0'; p += n)
		if (*p < 0x20 || *p == 0x7f || (n = utf8_len(p)) == 0)
			return (0);
	return (1);
}

static int
digit(char c)
{

	return (isdigit((unsigned char)c) ? c - '0' :
	    isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10 :
	    -1);
}

/* Decode ${s} in its place; ${plus} is nonzero if '+' is a space. */
static const char *
decode(char * s, int plus)
{
	char * out = s;
	int hi, lo;

	for (char * p = s; *p != '\0'; p++) {
		if (*p == '+' && plus) {
			*out++ = ' ';
		} else if (*p != '%') {
			*out++ = *p;
		} else {
			if ((hi = digit(p[1])) == -1 || (lo = digit(p[2])) == -1)
				return ("a % is followed by two hexadecimal digits");
			if (hi == 0 && lo == 0)
				return ("a NUL is not text");
			*out++ = (char)(hi << 4 | lo);
			p += 2;
		}
	}
	*out = '\0';
	return (is_text(s) ? NULL : "it is UTF-8 without control characters");
}

static const char *
parse_query(char * query, struct target * T)
{
	const char * why;
	char * part, * equals;

	while ((part = strsep(&query, "&")) != NULL) {
		if (*part == '\0')
			continue;
		if (T->nargs == WEB_ARGS_MAX)
			return ("too many arguments");
		equals = strchr(part, '=');
		if (equals != NULL)
			*equals++ = '\0';
		else
			equals = part + strlen(part);
		if ((why = decode(part, 1)) != NULL ||
		    (why = decode(equals, 1)) != NULL)
			return (why);
		T->name[T->nargs] = part;
		T->value[T->nargs++] = equals;
	}
	return (NULL);
}

const char *
target_parse(char * text, struct target * T)
{
	const char * why;
	char * query, * part;

	memset(T, 0, sizeof(*T));
	if (*text++ != '/')
		return ("a path begins with /");
	if ((query = strchr(text, '?')) != NULL)
		*query++ = '\0';
	while ((part = strsep(&text, "/")) != NULL) {
		if (T->nsegments == WEB_SEGMENTS_MAX)
			return ("too many segments");
		if ((why = decode(part, 0)) != NULL)
			return (why);
		T->segment[T->nsegments++] = part;
	}
	return (query != NULL ? parse_query(query, T) : NULL);
}

/*
 * How well the path ${path} of a route fits ${T}: 0, not; else the higher the better.
 * Each segment counts three for a literal, two for "*", one for "**".
 */
static uint64_t
fits(const char * path, const struct target * T)
{
	uint64_t score = 1;
	size_t n;

	for (unsigned i = 0; i < T->nsegments; i++) {
		if (*path++ != '/')
			return (0);
		n = strcspn(path, "/");
		if (n == 2 && memcmp(path, "**", 2) == 0 && path[2] == '\0')
			return (score << 2 * (WEB_SEGMENTS_MAX - i) | 1);
		if (n == 1 && *path == '*' && T->segment[i][0] != '\0')
			score = score << 2 | 2;
		else if (strlen(T->segment[i]) == n &&
		    memcmp(path, T->segment[i], n) == 0)
			score = score << 2 | 3;
		else
			return (0);
		path += n;
	}
	return (*path == '\0' ? score << 2 * (WEB_SEGMENTS_MAX - T->nsegments) : 0);
}

const struct web_route *
target_route(const struct web_route * routes, size_t n, const char * method,
    const struct target * T, char * allow, size_t allow_size)
{
	const struct web_route * best = NULL;
	uint64_t score, top = 0, any = 0;

	if (strcmp(method, "HEAD") == 0)
		method = "GET";
	allow[0] = '\0';
	for (size_t i = 0; i < n; i++)
		if ((score = fits(routes[i].path, T)) > any)
			any = score;
	for (size_t i = 0; i < n; i++) {
		score = fits(routes[i].path, T);
		if (score > top && strcmp(routes[i].method, method) == 0) {
			top = score;
			best = &routes[i];
		}
		if (score == 0 || score != any)
			continue;
		if (allow[0] != '\0')
			strlcat(allow, ", ", allow_size);
		strlcat(allow, strcmp(routes[i].method, "GET") == 0 ?
		    "GET, HEAD" : routes[i].method, allow_size);
	}
	return (best);
}

/* The quality, in thousandths, that the parameters ${p} of ${n} bytes say. */
static unsigned
quality(const char * p, size_t n)
{
	const char * end = p + n;
	unsigned q = 0;

	while (p < end && (p = memchr(p, ';', (size_t)(end - p))) != NULL) {
		p++;
		while (p < end && (*p == ' ' || *p == '\t'))
			p++;
		if (end - p < 3 || (*p != 'q' && *p != 'Q') || p[1] != '=')
			continue;
		p += 2;
		q = *p++ == '1' ? 1000 : 0;
		if (p < end && *p == '.')
			p++;
		for (unsigned unit = 100; q < 1000 && unit > 0 && p < end &&
		    isdigit((unsigned char)*p); unit /= 10)
			q += unit * (unsigned)(*p++ - '0');
		return (q);
	}
	return (1000);
}

/* The quality of the media type ${type}: that of the most exact range. */
static unsigned
quality_of(const char * accept, const char * type)
{
	const size_t len = strlen(type), major = strcspn(type, "/") + 1;
	unsigned q = 0, exact, best = 0;
	size_t n, word;

	while (*accept != '\0') {
		accept += strspn(accept, ", \t");
		n = strcspn(accept, ",");
		word = strcspn(accept, ",; \t");
		exact = 0;
		if (word == len && strncasecmp(accept, type, len) == 0)
			exact = 3;
		else if (word == major + 1 && accept[major] == '*' &&
		    strncasecmp(accept, type, major) == 0)
			exact = 2;
		else if (word == 3 && memcmp(accept, "*/*", 3) == 0)
			exact = 1;
		if (exact > best) {
			best = exact;
			q = quality(accept, n);
		}
		accept += n;
	}
	return (q);
}

int
target_prefers(const char * accept, const char * a, const char * b)
{

	return (accept != NULL && quality_of(accept, a) > quality_of(accept, b));
}

int
target_forwarded(const char * header, char * text, size_t size)
{
	const char * p = strrchr(header, ',');

	p = p == NULL ? header : p + 1;
	p += strspn(p, " \t");
	if (strlcpy(text, p, size) >= size)
		return (-1);
	text[strcspn(text, " \t")] = '\0';
	return (text[0] != '\0' ? 0 : -1);
}
