#include <sodium.h>

#include "base/base64.h"

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

int
base64_decode(const char * text, size_t textlen, uint8_t * out, size_t outmax,
    size_t * len)
{

	/* Only without an end pointer does libsodium refuse trailing garbage. */
	if (sodium_base642bin(out, outmax, text, textlen, NULL, len, NULL,
	    sodium_base64_VARIANT_ORIGINAL))
		return (-1);

	/* What is canonical has exactly the length of its own encoding. */
	if (textlen % 4 != 0 || BASE64_LEN(*len) != textlen)
		return (-1);
	return (0);
}
