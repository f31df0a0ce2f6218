#include <stddef.h>
#include <stdint.h>

#include "entry/user.h"

/*
 * Return the length of the well-formed UTF-8 sequence at the start of the
 * ${len} > 0 bytes at ${p}, or 0 (Unicode, table 3-7).
 */
static size_t
utf8_len(const uint8_t * p, size_t len)
{
	uint8_t lo = 0x80, hi = 0xbf;
	size_t n;

	if (p[0] < 0x80)
		return (1);
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return (0);
	n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (n > len)
		return (0);

	/* The second byte also excludes overlong forms and surrogates. */
	if (p[0] == 0xe0)
		lo = 0xa0;
	else if (p[0] == 0xed)
		hi = 0x9f;
	else if (p[0] == 0xf0)
		lo = 0x90;
	else if (p[0] == 0xf4)
		hi = 0x8f;
	if (p[1] < lo || p[1] > hi)
		return (0);
	for (size_t i = 2; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return (0);
	return (n);
}

/* Is this a user id, but for upper case? */
static int
user_ok(const char * s, size_t len)
{
	const uint8_t * p = (const uint8_t *)s;
	size_t n;

	if (len == 0 || len > USER_LEN_MAX)
		return (0);
	for (size_t i = 0; i < len; i += n) {
		if (p[i] <= 0x20 || p[i] == 0x7f)
			return (0);
		if ((n = utf8_len(&p[i], len - i)) == 0)
			return (0);
	}
	return (1);
}

int
user_normalise(char * user, const char * p, size_t len)
{

	if (!user_ok(p, len))
		return (-1);
	for (size_t i = 0; i < len; i++)
		user[i] = p[i] >= 'A' && p[i] <= 'Z' ?
		    (char)(p[i] - 'A' + 'a') : p[i];
	user[len] = '\0';
	return (0);
}

int
user_is_normal(const char * p, size_t len)
{

	if (!user_ok(p, len))
		return (0);
	for (size_t i = 0; i < len; i++)
		if (p[i] >= 'A' && p[i] <= 'Z')
			return (0);
	return (1);
}

int
user_realm_ok(const char * p, size_t len)
{

	if (len == 0 || len > REALM_NAME_MAX)
		return (0);
	for (size_t i = 0; i < len; i++)
		if (p[i] <= ' ' || p[i] > '~' || p[i] == '+')
			return (0);
	return (1);
}
