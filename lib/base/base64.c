#include <sodium.h>

#include "base/base64.h"

/* Bytes compared at a time: a multiple of 3, so that padding comes last. */
#define BLOCK_LEN	48

int
base64_encode(const uint8_t * p, size_t len, char * out, size_t outsize)
{

	/* Dividing the room, as multiplying the length could wrap. */
	if (outsize == 0 || (outsize - 1) / 4 < len / 3 + (len % 3 != 0))
		return (-1);

	/* Constant time, since seeds pass here. */
	(void)sodium_bin2base64(out, outsize, p, len,
	    sodium_base64_VARIANT_ORIGINAL);
	return (0);
}

/* Return 0 if ${text} is what base64_encode writes for ${len} bytes at ${p}. */
static int
compare(const char * text, const uint8_t * p, size_t len)
{
	char b64[BASE64_SIZE(BLOCK_LEN)];
	size_t n;
	int rc = 0;

	while (len > 0) {
		n = len < BLOCK_LEN ? len : BLOCK_LEN;
		if (base64_encode(p, n, b64, sizeof(b64)))
			rc = -1;
		rc |= sodium_memcmp(b64, text, BASE64_LEN(n));
		text += BASE64_LEN(n);
		p += n;
		len -= n;
	}
	sodium_memzero(b64, sizeof(b64));
	return (rc);
}

int
base64_decode(const char * text, size_t textlen, uint8_t * out, size_t outmax,
    size_t * len)
{

	/* Only without an end pointer does libsodium refuse trailing garbage. */
	if (sodium_base642bin(out, outmax, text, textlen, NULL, len, NULL,
	    sodium_base64_VARIANT_ORIGINAL))
		return (-1);
	if (textlen % 4 != 0 || BASE64_LEN(*len) != textlen)
		return (-1);

	/*
	 * libsodium 1.0.18 takes every byte above 0x7f for a '/'.  So what is
	 * canonical is not left to it.
	 */
	return (compare(text, out, *len));
}
