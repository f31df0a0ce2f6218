#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/panic.h"
#include "note/note.h"
#include "note/utf8.h"

/* What a signature line starts with: an em dash and a space. */
static const char dash[] = "\xe2\x80\x94 ";
#define DASH_LEN	(sizeof(dash) - 1)

/*
 * Longest base64 of a signature line: those of post-quantum keys, which others
 * may add, are near 5 kB.
 */
#define SIG_B64_MAX	8192

/* Return 0 if the ${len} bytes at ${p} are UTF-8 without control characters. */
static int
chars_valid(const char * p, size_t len)
{
	uint32_t c;
	size_t n;

	while (len > 0) {
		if ((n = utf8_next(p, len, &c)) == 0)
			return (-1);
		if (c < 0x20 && c != '\n')
			return (-1);
		p += n;
		len -= n;
	}
	return (0);
}

/* Take the line of ${len} bytes at ${line}, without newline, apart into ${S}. */
static const char *
parse_sig(struct note_sig * S, const char * line, size_t len, uint8_t * out)
{
	const char * space;
	size_t n;

	if (len < DASH_LEN || memcmp(line, dash, DASH_LEN))
		return ("note: a signature line starts with an em dash");
	line += DASH_LEN;
	len -= DASH_LEN;
	if ((space = memchr(line, ' ', len)) == NULL)
		return ("note: a signature line has a name and a signature");
	S->name = line;
	S->namelen = (size_t)(space - line);
	if (vkey_name_valid(S->name, S->namelen))
		return ("note: not a key name in a signature line");
	len -= S->namelen + 1;
	if (len > SIG_B64_MAX)
		return ("note: signature too long");
	if (base64_decode(&space[1], len, out, len / 4 * 3, &n))
		return ("note: signature is not canonical base64");
	if (n <= VKEY_ID_LEN)
		return ("note: signature shorter than 5 bytes");
	memcpy(S->id, out, VKEY_ID_LEN);
	S->sig = &out[VKEY_ID_LEN];
	S->siglen = n - VKEY_ID_LEN;
	return (NULL);
}

/* Take apart the signature lines, ${len} bytes at ${p}, writing to ${out}. */
static const char *
parse_sigs(struct note * N, const char * p, size_t len, uint8_t * out)
{
	const char * rule;
	const char * end;
	size_t n;

	if (len == 0)
		return ("note: no signature line");
	while (len > 0) {
		if ((end = memchr(p, '\n', len)) == NULL)
			return ("note: the last line has no newline");
		if (N->nsigs == NOTE_SIGS_MAX)
			return ("note: more than 64 signature lines");
		n = (size_t)(end - p);
		if ((rule = parse_sig(&N->sigs[N->nsigs], p, n, out)) != NULL)
			return (rule);
		out += VKEY_ID_LEN + N->sigs[N->nsigs].siglen;
		N->nsigs++;
		p += n + 1;
		len -= n + 1;
	}
	return (NULL);
}

int
note_parse(struct note ** N, const void * buf, size_t len, const char ** rule)
{
	const char * p = buf;
	const char * split;
	struct note * M;
	size_t siglen;

	if (len > NOTE_LEN_MAX) {
		*rule = "note: too long";
		goto err0;
	}
	if (chars_valid(p, len)) {
		*rule = "note: not UTF-8 without control characters";
		goto err0;
	}
	if ((split = memrchr(p, '\n', len)) == NULL) {
		*rule = "note: no empty line before the signatures";
		goto err0;
	}

	/* The last empty line separates: the text may hold others. */
	while (split > p && split[-1] != '\n') {
		if ((split = memrchr(p, '\n', (size_t)(split - p))) == NULL)
			break;
	}
	if (split == NULL || split == p) {
		*rule = "note: no empty line before the signatures";
		goto err0;
	}
	siglen = len - (size_t)(split + 1 - p);

	/* Decoded signatures, shorter than the lines, follow the struct. */
	*rule = NULL;
	if ((M = malloc(sizeof(*M) + siglen)) == NULL)
		goto err0;
	M->text = p;
	M->textlen = (size_t)(split - p);
	M->nsigs = 0;
	if ((*rule = parse_sigs(M, split + 1, siglen, (uint8_t *)&M[1]))
	    != NULL)
		goto err1;
	*N = M;
	return (0);

err1:
	note_free(M);
err0:
	return (-1);
}

void
note_free(struct note * N)
{

	free(N);
}

void
note_put_text(struct wbuf * W, const char * text, size_t len)
{

	wbuf_put_bytes(W, text, len);
	wbuf_put_bytes(W, "\n", 1);
}

/* Append the ${len} bytes at ${p} in base64. */
static void
put_base64(struct wbuf * W, const uint8_t * p, size_t len)
{
	char b64[BASE64_SIZE(48)];
	size_t n;

	/* 48 is a multiple of 3, so padding comes at the end only. */
	while (len > 0) {
		n = len < 48 ? len : 48;
		PANIC_UNLESS(base64_encode(p, n, b64, sizeof(b64)) == 0);
		wbuf_put_bytes(W, b64, BASE64_LEN(n));
		p += n;
		len -= n;
	}
}

void
note_put_sig(struct wbuf * W, const char * name, const uint8_t id[VKEY_ID_LEN],
    const uint8_t * sig, size_t len)
{
	uint8_t field[VKEY_ID_LEN + NOTE_SIG_LEN_MAX];

	PANIC_UNLESS(len <= NOTE_SIG_LEN_MAX);
	memcpy(field, id, VKEY_ID_LEN);
	memcpy(&field[VKEY_ID_LEN], sig, len);
	wbuf_printf(W, "%s%s ", dash, name);
	put_base64(W, field, VKEY_ID_LEN + len);
	wbuf_put_bytes(W, "\n", 1);
}

void
note_format(struct wbuf * W, const struct note * N)
{
	const struct note_sig * S;
	unsigned i;

	note_put_text(W, N->text, N->textlen);
	for (i = 0; i < N->nsigs; i++) {
		S = &N->sigs[i];
		wbuf_put_bytes(W, dash, DASH_LEN);
		wbuf_put_bytes(W, S->name, S->namelen);
		wbuf_put_bytes(W, " ", 1);

		/* The id stands just before the signature: see parse_sig. */
		put_base64(W, S->sig - VKEY_ID_LEN, VKEY_ID_LEN + S->siglen);
		wbuf_put_bytes(W, "\n", 1);
	}
}
