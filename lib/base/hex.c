#include "base/hex.h"

int
hex_encode(const uint8_t * p, size_t len, char * out, size_t outsize)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	if (outsize == 0 || (outsize - 1) / 2 < len)
		return (-1);
	for (i = 0; i < len; i++) {
		out[2 * i] = digits[p[i] >> 4];
		out[2 * i + 1] = digits[p[i] & 15];
	}
	out[2 * len] = '\0';
	return (0);
}

/* The value of the digit ${c}, or -1. */
static int
value(char c)
{

	if (c >= '0' && c <= '9')
		return (c - '0');
	if (c >= 'a' && c <= 'f')
		return (c - 'a' + 10);
	return (-1);
}

int
hex_decode(const char * text, size_t textlen, uint8_t * out, size_t outmax,
    size_t * len)
{
	size_t i;
	int hi, lo;

	if (textlen % 2 != 0 || textlen / 2 > outmax)
		return (-1);
	for (i = 0; i < textlen / 2; i++) {
		hi = value(text[2 * i]);
		lo = value(text[2 * i + 1]);
		if (hi < 0 || lo < 0)
			return (-1);
		out[i] = (uint8_t)(hi << 4 | lo);
	}
	*len = textlen / 2;
	return (0);
}
