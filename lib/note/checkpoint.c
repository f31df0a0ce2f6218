#include <inttypes.h>
#include <string.h>

#include "base/base64.h"
#include "base/panic.h"
#include "note/checkpoint.h"

/* Longest decimal of 64 bits. */
#define SIZE_TEXT_MAX	20

/* Longest message of a cosignature: two header lines and the text. */
#define COSIG_MSG_MAX	(sizeof("cosignature/v1\ntime \n") + SIZE_TEXT_MAX + \
			 CHECKPOINT_TEXT_MAX)

/* Bytes of the time in the signature line of a cosignature. */
#define TIME_LEN	8

void
checkpoint_text(const char * origin, uint64_t size,
    const uint8_t root[HASH_LEN], struct wbuf * W)
{
	char b64[BASE64_SIZE(HASH_LEN)];

	PANIC_UNLESS(base64_encode(root, HASH_LEN, b64, sizeof(b64)) == 0);
	wbuf_printf(W, "%s\n%" PRIu64 "\n%s\n", origin, size, b64);
}

/* Parse the ${len} characters at ${p}, a decimal without leading zeroes. */
static int
parse_size(const char * p, size_t len, uint64_t * size)
{
	uint64_t n = 0;
	unsigned digit;
	size_t i;

	if (len == 0 || len > SIZE_TEXT_MAX || (p[0] == '0' && len > 1))
		return (-1);
	for (i = 0; i < len; i++) {
		if (p[i] < '0' || p[i] > '9')
			return (-1);
		digit = (unsigned)(p[i] - '0');
		if (n > (UINT64_MAX - digit) / 10)
			return (-1);
		n = 10 * n + digit;
	}
	*size = n;
	return (0);
}

/* Take the next line: store its length, move on, return where it starts. */
static const char *
next_line(const char ** text, size_t * len, size_t * linelen)
{
	const char * line = *text;
	const char * end;

	if (*len == 0 || (end = memchr(line, '\n', *len)) == NULL)
		return (NULL);
	*linelen = (size_t)(end - line);
	*text = end + 1;
	*len -= *linelen + 1;
	return (line);
}

int
checkpoint_parse(struct checkpoint * C, const char * text, size_t len,
    const char ** rule)
{
	const char * line;
	size_t n, rootlen;

	memset(C, 0, sizeof(*C));
	if ((line = next_line(&text, &len, &n)) == NULL ||
	    vkey_name_valid(line, n)) {
		*rule = "checkpoint: origin is not a key name";
		goto err0;
	}
	memcpy(C->origin, line, n);
	if ((line = next_line(&text, &len, &n)) == NULL ||
	    parse_size(line, n, &C->size)) {
		*rule = "checkpoint: size is not a decimal of 64 bits";
		goto err0;
	}
	if ((line = next_line(&text, &len, &n)) == NULL ||
	    base64_decode(line, n, C->root, HASH_LEN, &rootlen) ||
	    rootlen != HASH_LEN) {
		*rule = "checkpoint: root is not canonical base64 of 32 bytes";
		goto err0;
	}
	if (len != 0) {
		*rule = "checkpoint: extension lines are not accepted";
		goto err0;
	}
	return (0);

err0:
	return (-1);
}

void
checkpoint_sign(const struct sign_key * K, const char * text, size_t len,
    uint8_t sig[SIGN_LEN])
{

	sign_make(K, text, len, sig);
}

/* Build the message of a cosignature; return its length, or 0 if refused. */
static size_t
cosig_message(uint64_t time_s, const char * text, size_t len,
    char msg[COSIG_MSG_MAX])
{
	size_t n;

	if (time_s > CHECKPOINT_TIME_MAX || len > CHECKPOINT_TEXT_MAX)
		return (0);
	n = (size_t)snprintf(msg, COSIG_MSG_MAX, "cosignature/v1\ntime %" PRIu64
	    "\n", time_s);
	if (len > 0)
		memcpy(&msg[n], text, len);
	return (n + len);
}

int
cosignature_sign(const struct sign_key * K, uint64_t time_s, const char * text,
    size_t len, uint8_t sig[SIGN_LEN])
{
	char msg[COSIG_MSG_MAX];
	size_t n;

	if ((n = cosig_message(time_s, text, len, msg)) == 0)
		return (-1);
	sign_make(K, msg, n, sig);
	return (0);
}

int
cosignature_verify(const uint8_t pk[SIGN_PK_LEN], uint64_t time_s,
    const char * text, size_t len, const uint8_t sig[SIGN_LEN])
{
	char msg[COSIG_MSG_MAX];
	size_t n;

	if ((n = cosig_message(time_s, text, len, msg)) == 0)
		return (-1);
	return (sign_verify(pk, msg, n, sig));
}

void
checkpoint_put_sig(struct wbuf * W, const struct vkey * V,
    const uint8_t sig[SIGN_LEN])
{

	note_put_sig(W, V->name, V->id, sig, SIGN_LEN);
}

void
checkpoint_put_cosig(struct wbuf * W, const struct vkey * V, uint64_t time_s,
    const uint8_t sig[SIGN_LEN])
{
	uint8_t field[TIME_LEN + SIGN_LEN];
	unsigned i;

	for (i = 0; i < TIME_LEN; i++)
		field[i] = (uint8_t)(time_s >> 8 * (TIME_LEN - 1 - i));
	memcpy(&field[TIME_LEN], sig, SIGN_LEN);
	note_put_sig(W, V->name, V->id, field, sizeof(field));
}

int
checkpoint_sig_split(const struct vkey * V, const struct note_sig * S,
    uint64_t * time_s, uint8_t sig[SIGN_LEN])
{
	size_t timelen = V->type == VKEY_COSIGNATURE ? TIME_LEN : 0;
	uint64_t t = 0;
	size_t i;

	if (S->siglen != timelen + SIGN_LEN)
		return (-1);
	for (i = 0; i < timelen; i++)
		t = t << 8 | S->sig[i];
	if (t > CHECKPOINT_TIME_MAX)
		return (-1);
	*time_s = t;
	memcpy(sig, &S->sig[timelen], SIGN_LEN);
	return (0);
}

int
checkpoint_sig_verify(const struct vkey * V, const struct note_sig * S,
    const char * text, size_t len, uint64_t * time_s)
{
	uint8_t sig[SIGN_LEN];

	if (S->namelen != strlen(V->name) ||
	    memcmp(S->name, V->name, S->namelen) ||
	    memcmp(S->id, V->id, VKEY_ID_LEN))
		return (-1);
	if (checkpoint_sig_split(V, S, time_s, sig))
		return (-1);
	if (V->type == VKEY_COSIGNATURE)
		return (cosignature_verify(V->pk, *time_s, text, len, sig));
	return (sign_verify(V->pk, text, len, sig));
}
