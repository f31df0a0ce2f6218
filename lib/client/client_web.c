#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/string.h>

#include "base/base64.h"
#include "base/hex.h"
#include "codec/decimal.h"
#include "codec/wbuf.h"
#include "entry/rule_names.h"
#include "http/http_url.h"

#include "client/client_web.h"

static void
put_known(struct wbuf * W, const uint8_t * known)
{
	char hex[HEX_SIZE(HASH_LEN)];

	(void)hex_encode(known, HASH_LEN, hex, sizeof(hex));
	wbuf_printf(W, "&known=%s", hex);
}

void
client_web_put_lookup(struct wbuf * W, const struct client_lookup * L,
    uint32_t wait_ms)
{

	wbuf_printf(W, "/v1/lookup?user=");
	http_url_arg(W, L->user);
	if (L->epoch != 0)
		wbuf_printf(W, "&epoch=%" PRIu64, L->epoch);
	if (L->epoch_min != 0)
		wbuf_printf(W, "&epoch_min=%" PRIu64, L->epoch_min);
	if (wait_ms != 0)
		wbuf_printf(W, "&wait_ms=%" PRIu32, wait_ms);
	put_known(W, L->known);
}

void
client_web_put_consistency(struct wbuf * W, uint64_t m, uint64_t n)
{

	wbuf_printf(W, "/v1/consistency/%" PRIu64 "/%" PRIu64, m, n);
}

void
client_web_put_history(struct wbuf * W, const struct client_history_ask * A)
{

	wbuf_printf(W, "/v1/history?user=");
	http_url_arg(W, A->user);
	if (A->from_epoch != 0)
		wbuf_printf(W, "&from=%" PRIu64, A->from_epoch);
	wbuf_printf(W, "&max=%u", A->max);
	put_known(W, A->known);
}

int
client_web_is_proof(const uint8_t * p, size_t len)
{
	static const char label[] = "ks-proof/v1\n";

	return (len > sizeof(label) - 1 &&
	    memcmp(p, label, sizeof(label) - 1) == 0);
}

/* What is left of a text. */
struct text {
	const char * p;
	size_t len;
};

/* Take the next line of ${T}, without its LF, as ${line}; 0, or -1. */
static int
take_line(struct text * T, struct text * line)
{
	const char * end;

	if (T->len == 0 || (end = memchr(T->p, '\n', T->len)) == NULL)
		return (-1);
	line->p = T->p;
	line->len = (size_t)(end - T->p);
	T->p = end + 1;
	T->len -= line->len + 1;
	return (0);
}

/* Take the string ${word} from the start of ${T}; 0, or -1. */
static int
take_word(struct text * T, const char * word)
{
	size_t n = strlen(word);

	if (T->len < n || memcmp(T->p, word, n) != 0)
		return (-1);
	T->p += n;
	T->len -= n;
	return (0);
}

/* Take a number of at most ${max} up to a blank or the end; 0, or -1. */
static int
take_number(struct text * T, uint64_t max, uint64_t * x)
{
	size_t n = 0;

	while (n < T->len && T->p[n] != ' ')
		n++;
	if (decimal_parse(T->p, n, max, x))
		return (-1);
	T->p += n;
	T->len -= n;
	if (T->len > 0) {
		T->p++;
		if (--T->len == 0)
			return (-1);
	}
	return (0);
}

/* Take the line "${word} N". */
static int
take_named(struct text * T, const char * word, uint64_t max, uint64_t * x)
{
	struct text line;

	return (take_line(T, &line) || take_word(&line, word) ||
	    take_word(&line, " ") || take_number(&line, max, x) ||
	    line.len != 0 ? -1 : 0);
}

int
client_web_get_epoch(const uint8_t * p, size_t len, uint64_t * epoch)
{
	struct text T = { (const char *)p, len };

	return (take_named(&T, "epoch", UINT64_MAX, epoch) || T.len != 0 ||
	    *epoch == 0 ? -1 : 0);
}

int
client_web_get_consistency(const uint8_t * p, size_t len,
    uint8_t proof[MERKLE_DEPTH_MAX][HASH_LEN], unsigned * count)
{
	struct text T = { (const char *)p, len }, line;
	size_t n;

	for (*count = 0; T.len > 0; (*count)++)
		if (*count == MERKLE_DEPTH_MAX || take_line(&T, &line) ||
		    base64_decode(line.p, line.len, proof[*count], HASH_LEN,
		    &n) || n != HASH_LEN)
			return (-1);
	return (0);
}

/* Take one version with its proof into ${V}; 0, or -1 with errno. */
static int
take_version(struct text * T, const struct client_history_ask * A,
    struct client_version * V)
{
	struct text line;
	uint64_t bytes;

	errno = EPROTO;
	if (take_line(T, &line) || take_word(&line, "proof ") ||
	    take_number(&line, UINT64_MAX, &V->epoch) ||
	    take_number(&line, UINT64_MAX, &V->version) ||
	    take_number(&line, PROOF_LEN_MAX, &bytes) || line.len != 0 ||
	    V->epoch < A->from_epoch || bytes > T->len ||
	    !client_web_is_proof((const uint8_t *)T->p, bytes))
		return (-1);
	if ((V->proof = malloc(bytes + 1)) == NULL) {
		errno = ENOMEM;
		return (-1);
	}
	memcpy(V->proof, T->p, bytes);
	V->proof[bytes] = '\0';
	V->proof_len = bytes;
	T->p += bytes;
	T->len -= bytes;
	return (0);
}

int
client_web_get_history(const uint8_t * p, size_t len,
    const struct client_history_ask * A, struct client_history * H)
{
	struct text T = { (const char *)p, len }, line;
	uint64_t n;
	int e;

	memset(H, 0, sizeof(*H));
	errno = EPROTO;
	if (take_line(&T, &line) || take_word(&line, "ks-history/v1") ||
	    line.len != 0 || take_line(&T, &line) ||
	    take_word(&line, "user ") ||
	    take_named(&T, "versions", A->max, &n) ||
	    take_named(&T, "next", UINT64_MAX, &H->next_epoch) ||
	    n > CLIENT_HISTORY_MAX)
		return (-1);
	while (H->n < n) {
		if (take_version(&T, A, &H->versions[H->n]))
			goto err1;
		H->n++;
	}
	errno = EPROTO;
	if (T.len == 0)
		return (0);

err1:
	e = errno;
	client_history_free(H);
	errno = e;
	return (-1);
}

/* The code of an ERROR that an HTTP status stands for. */
static uint16_t
code_of(unsigned status)
{

	switch (status) {
	case 400:
		return (ERROR_MALFORMED);
	case 404:
		return (ERROR_NOT_FOUND);
	case 408:
	case 429:
		return (ERROR_UNAVAILABLE);
	case 500:
		return (ERROR_INTERNAL);
	default:
		return (status >= 500 ? ERROR_UNAVAILABLE : ERROR_REFUSED);
	}
}

void
client_web_get_error(const uint8_t * p, size_t len, unsigned status,
    const char * rule, struct common_error * E)
{
	struct text T = { (const char *)p, len }, line;
	const char * text = rule_text(rule);
	size_t n = 0;

	memset(E, 0, sizeof(*E));
	E->code = code_of(status);
	strlcpy(E->rule, rule, sizeof(E->rule));
	if (rule[0] != '\0' && take_line(&T, &line) == 0 &&
	    take_word(&line, rule) == 0 && take_word(&line, ": ") == 0)
		for (; n < line.len && n < COMMON_TEXT_MAX; n++)
			E->text[n] = line.p[n] >= 0x20 && line.p[n] < 0x7f ?
			    line.p[n] : '?';
	if (n == 0 && text != NULL)
		strlcpy(E->text, text, sizeof(E->text));
	else if (n == 0)
		snprintf(E->text, sizeof(E->text), "HTTP status %u", status);
}
