#include <stdint.h>
#include <string.h>

#include "base/base64.h"
#include "base/panic.h"
#include "codec/decimal.h"
#include "codec/wbuf.h"

#include "proof/lines.h"

void
lines_init(struct lines * L, const char * text, size_t len)
{

	L->p = text;
	L->len = len;
	L->failed = 0;
}

const char *
lines_take(struct lines * L, size_t * len)
{
	const char * line = L->p;
	const char * lf = NULL;

	*len = 0;
	if (!L->failed && L->len > 0)
		lf = memchr(L->p, '\n', L->len);
	if (lf == NULL) {
		L->failed = 1;
		return ("");
	}
	*len = (size_t)(lf - line);
	L->p += *len + 1;
	L->len -= *len + 1;
	return (line);
}

const char *
lines_named(struct lines * L, const char * name, size_t * len)
{
	const char * line = lines_take(L, len);
	size_t n = strlen(name);

	if (*len < n || memcmp(line, name, n) != 0) {
		L->failed = 1;
		*len = 0;
		return ("");
	}
	*len -= n;
	return (line + n);
}

void
lines_exact(struct lines * L, const char * text)
{
	size_t len;

	lines_named(L, text, &len);
	if (len != 0)
		L->failed = 1;
}

void
lines_base64(struct lines * L, const char * name, uint8_t * p, size_t len)
{
	size_t textlen, n;
	const char * text = lines_named(L, name, &textlen);

	if (base64_decode(text, textlen, p, len, &n) || n != len)
		L->failed = 1;
}

uint64_t
lines_number(struct lines * L, const char * name, uint64_t max)
{
	size_t len;
	const char * text = lines_named(L, name, &len);
	uint64_t x;

	if (decimal_parse(text, len, max, &x)) {
		L->failed = 1;
		return (0);
	}
	return (x);
}

const char *
lines_text(struct lines * L, const char * name, uint64_t max, size_t * len)
{
	uint64_t n = lines_number(L, name, max);
	const char * start = L->p;
	size_t line;

	while (n-- > 0 && !L->failed)
		lines_take(L, &line);
	*len = L->failed ? 0 : (size_t)(L->p - start);
	return (L->failed ? "" : start);
}

void
lines_put_base64(struct wbuf * W, const char * name, const void * p, size_t len)
{
	uint8_t * text;

	/* With room for the NUL, which LF then takes. */
	wbuf_printf(W, "%s", name);
	if ((text = wbuf_space(W, BASE64_SIZE(len))) == NULL)
		return;
	if (base64_encode(p, len, (char *)text, BASE64_SIZE(len)))
		panic("base64_encode failed");
	text[BASE64_LEN(len)] = '\n';
}

void
lines_put_text(struct wbuf * W, const char * name, const char * text,
    size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += text[i] == '\n';
	wbuf_printf(W, "%s%zu\n", name, n);
	wbuf_put_bytes(W, text, len);
}
