#include <stddef.h>
#include <stdint.h>

#include "note/utf8.h"

#include "entry/user.h"

/* Is this a user id, but for upper case? */
static int
user_ok(const char * s, size_t len)
{
	uint32_t c;
	size_t n;

	if (len == 0 || len > USER_LEN_MAX)
		return (0);
	for (size_t i = 0; i < len; i += n) {
		if ((n = utf8_next(&s[i], len - i, &c)) == 0)
			return (0);
		if (c <= 0x20 || c == 0x7f)
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
