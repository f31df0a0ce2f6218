#include <stdint.h>

#include "codec/decimal.h"

int
decimal_parse(const char * p, size_t len, uint64_t max, uint64_t * x)
{
	uint64_t digit;

	*x = 0;
	if (len == 0 || (len > 1 && p[0] == '0'))
		return (-1);
	for (size_t i = 0; i < len; i++) {
		if (p[i] < '0' || p[i] > '9')
			return (-1);
		digit = (uint64_t)(p[i] - '0');
		if (*x > (UINT64_MAX - digit) / 10)
			return (-1);
		*x = *x * 10 + digit;
	}
	return (*x > max ? -1 : 0);
}
