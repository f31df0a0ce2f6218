#include "note/utf8.h"

/* Decode ${n} bytes at ${p}, of which the first contributes ${c}. */
static size_t
tail(const uint8_t * p, size_t len, size_t n, uint32_t c, uint32_t min,
    uint32_t * out)
{
	size_t i;

	if (len < n)
		return (0);
	for (i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return (0);
		c = c << 6 | (p[i] & 0x3f);
	}

	/* Longer forms of the same character, surrogates, beyond Unicode. */
	if (c < min || (c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff)
		return (0);
	*out = c;
	return (n);
}

size_t
utf8_next(const void * buf, size_t len, uint32_t * c)
{
	const uint8_t * p = buf;

	if (len == 0)
		return (0);
	if (p[0] < 0x80) {
		*c = p[0];
		return (1);
	}
	if ((p[0] & 0xe0) == 0xc0)
		return (tail(p, len, 2, p[0] & 0x1f, 0x80, c));
	if ((p[0] & 0xf0) == 0xe0)
		return (tail(p, len, 3, p[0] & 0x0f, 0x800, c));
	if ((p[0] & 0xf8) == 0xf0)
		return (tail(p, len, 4, p[0] & 0x07, 0x10000, c));
	return (0);
}

int
utf8_is_space(uint32_t c)
{

	return ((c >= 0x09 && c <= 0x0d) || c == 0x20 || c == 0x85 ||
	    c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) ||
	    c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f ||
	    c == 0x3000);
}
