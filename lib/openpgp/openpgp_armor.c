#include <string.h>

#include "base/base64.h"
#include "codec/wbuf.h"

#include "openpgp/openpgp_impl.h"

#define BEGIN	"-----BEGIN PGP PUBLIC KEY BLOCK-----"
#define END	"-----END PGP PUBLIC KEY BLOCK-----"
#define SECRET	"-----BEGIN PGP PRIVATE KEY BLOCK-----"

/* Bytes in a line of ASCII armor as gpg writes it. */
#define LINE_BYTES	48

/* The checksum of RFC 4880, section 6.1; old programs want it. */
#define CRC24_INIT	0xb704ceU
#define CRC24_POLY	0x1864cfbU

/* The lines of a text, without their ends and trailing blanks. */
struct lines {
	const char * p;
	const char * end;
};

static int
next_line(struct lines * L, const char ** line, size_t * len)
{
	const char * stop;

	if (L->p == L->end)
		return (0);
	*line = L->p;
	stop = memchr(L->p, '\n', (size_t)(L->end - L->p));
	L->p = stop != NULL ? stop + 1 : L->end;
	if (stop == NULL)
		stop = L->end;
	while (stop > *line && (stop[-1] == '\r' || stop[-1] == ' ' ||
	    stop[-1] == '\t'))
		stop--;
	*len = (size_t)(stop - *line);
	return (1);
}

static int
is(const char * line, size_t len, const char * what)
{

	return (len == strlen(what) && memcmp(line, what, len) == 0);
}

/* One block, behind its first line; ${chars} has room for all of the text. */
static const char *
block(struct lines * L, char * chars, uint8_t * out, size_t out_max, size_t * n)
{
	const char * line;
	size_t len, used = 0;
	int body = 0, sum = 0;

	for (;;) {
		if (!next_line(L, &line, &len))
			return ("the ASCII armor has no end");
		if (is(line, len, END))
			break;
		if (!body && (len == 0 || memchr(line, ':', len) == NULL))
			body = 1;
		if (!body)
			continue;
		if (len > 0 && line[0] == '=') {
			sum = 1;
			continue;
		}
		if (sum && len > 0)
			return ("there is more behind the checksum");
		memcpy(&chars[used], line, len);
		used += len;
	}
	if (base64_decode(chars, used, out, out_max, n))
		return ("the ASCII armor is not base64");
	return (NULL);
}

const char *
dearmor(const char * text, size_t text_len, uint8_t * out, size_t out_max,
    size_t * out_len)
{
	char chars[OPENPGP_LEN_MAX];
	struct lines L = { text, text + text_len };
	const char * line, * why;
	size_t len, n;

	if (text_len > sizeof(chars))
		return ("it is too long");
	*out_len = 0;
	while (next_line(&L, &line, &len)) {
		if (is(line, len, SECRET))
			return ("it is a secret key");
		if (!is(line, len, BEGIN))
			continue;
		if ((why = block(&L, chars, &out[*out_len], out_max - *out_len,
		    &n)) != NULL)
			return (why);
		*out_len += n;
	}
	return (*out_len > 0 ? NULL : "it is no OpenPGP key");
}

static uint32_t
crc24(const uint8_t * p, size_t len)
{
	uint32_t crc = CRC24_INIT;

	for (size_t i = 0; i < len; i++) {
		crc ^= (uint32_t)p[i] << 16;
		for (int bit = 0; bit < 8; bit++) {
			crc <<= 1;
			if (crc & 0x1000000U)
				crc ^= CRC24_POLY;
		}
	}
	return (crc & 0xffffffU);
}

/* One line of base64. */
static void
put_line(struct wbuf * W, const uint8_t * p, size_t len)
{
	char line[BASE64_SIZE(LINE_BYTES)];

	if (base64_encode(p, len, line, sizeof(line)))
		wbuf_fail(W);
	else
		wbuf_printf(W, "%s\n", line);
}

void
openpgp_armor(struct wbuf * W, const uint8_t * p, size_t len)
{
	uint32_t crc = crc24(p, len);
	const uint8_t sum[3] = { (uint8_t)(crc >> 16), (uint8_t)(crc >> 8),
	    (uint8_t)crc };
	size_t n;

	wbuf_printf(W, BEGIN "\n\n");
	for (size_t at = 0; at < len; at += n) {
		n = len - at > LINE_BYTES ? LINE_BYTES : len - at;
		put_line(W, &p[at], n);
	}
	wbuf_printf(W, "=");
	put_line(W, sum, sizeof(sum));
	wbuf_printf(W, END "\n");
}
