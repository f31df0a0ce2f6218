#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "crypto/sha1.h"
#include "entry/user.h"

#include "hkp/wkd.h"

int
wkd_hash(const char * local, char hash[WKD_HASH_LEN + 1])
{
	static const char digits[] = "ybndrfg8ejkmcpqxot1uwisza345h769";
	char small[USER_LEN_MAX + 1];
	uint8_t sum[SHA1_LEN];
	size_t len = strlen(local);
	unsigned bits = 0, have = 0;
	char * out = hash;

	if (len > USER_LEN_MAX)
		return (-1);
	for (size_t i = 0; i < len; i++)
		small[i] = local[i] >= 'A' && local[i] <= 'Z' ?
		    (char)(local[i] - 'A' + 'a') : local[i];
	if (sha1(small, len, sum))
		return (-1);

	/* 160 bits are 32 digits of 5. */
	for (size_t i = 0; i < SHA1_LEN; i++) {
		bits = bits << 8 | sum[i];
		for (have += 8; have >= 5; have -= 5)
			*out++ = digits[bits >> (have - 5) & 31];
	}
	*out = '\0';
	return (0);
}

int
wkd_user(char * user, const char * hash, const char * local,
    const char * domain)
{
	char right[WKD_HASH_LEN + 1], text[USER_LEN_MAX + 1];
	int n;

	if (local == NULL || local[0] == '\0' || strchr(local, '@') != NULL ||
	    wkd_hash(local, right) || strcmp(hash, right) != 0)
		return (-1);
	n = snprintf(text, sizeof(text), "%s@%s", local, domain);
	if (n < 0 || (size_t)n >= sizeof(text))
		return (-1);
	return (user_normalise(user, text, (size_t)n));
}
