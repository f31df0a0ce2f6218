#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/hex.h"
#include "codec/wbuf.h"
#include "entry/user.h"
#include "note/utf8.h"

#include "hkp/hkp_impl.h"

/* Bytes that hold a fingerprint as text. */
#define FPR_SIZE	HEX_SIZE(OPENPGP_FPR_MAX)

static void
fpr_text(const struct openpgp_key * K, char text[FPR_SIZE])
{

	(void)hex_encode(K->fpr, K->fpr_len, text, FPR_SIZE);
	for (char * p = text; *p != '\0'; p++)
		if (*p >= 'a' && *p <= 'f')
			*p = (char)(*p - 'a' + 'A');
}

/* The three fields that end a line of `pub` and `uid`. */
static void
put_end(struct wbuf * W, uint64_t created, uint64_t expires, int revoked,
    uint64_t now)
{

	wbuf_printf(W, ":");
	if (created != 0)
		wbuf_printf(W, "%" PRIu64, created);
	wbuf_printf(W, ":");
	if (expires != 0)
		wbuf_printf(W, "%" PRIu64, expires);
	wbuf_printf(W, ":%s%s\n", revoked ? "r" : "",
	    expires != 0 && expires <= now ? "e" : "");
}

/* What could be taken for anything but a letter of the text is escaped. */
static void
put_escaped(struct wbuf * W, const uint8_t * p, size_t len)
{

	for (size_t i = 0; i < len; i++)
		if (p[i] <= ' ' ? p[i] != ' ' : p[i] >= 0x7f || p[i] == ':' ||
		    p[i] == '%' || p[i] == '<' || p[i] == '>')
			wbuf_printf(W, "%%%02X", p[i]);
		else
			wbuf_put_u8(W, p[i]);
}

/* The user ids of a key. */
static void
put_uids(struct wbuf * W, const struct openpgp_cert * C, const char * user,
    uint64_t now)
{
	char address[USER_LEN_MAX + 1];
	const struct openpgp_uid * U;

	for (size_t i = 0; i < C->nuids; i++) {
		U = &C->uids[i];
		if (user != NULL && (openpgp_uid_address(U, address) ||
		    strcmp(address, user) != 0))
			continue;
		wbuf_printf(W, "uid:");
		put_escaped(W, U->text, U->len);
		put_end(W, U->created, U->expires, U->revoked, now);
	}
}

/* Text of anybody's for a person: what is no visible character becomes '?'. */
static void
put_plain(struct wbuf * W, const uint8_t * p, size_t len)
{
	uint32_t c;
	size_t n;

	for (size_t i = 0; i < len; i += n) {
		n = utf8_next(&p[i], len - i, &c);
		if (n == 0 || c < ' ' || (c >= 0x7f && c < 0xa0) ||
		    (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
		    (c >= 0x2066 && c <= 0x2069) || c == 0xfeff) {
			wbuf_put_u8(W, '?');
			n = n == 0 ? 1 : n;
		} else
			wbuf_put_bytes(W, &p[i], n);
	}
}

static void
put_day(struct wbuf * W, const char * what, uint64_t t)
{
	char text[32];
	time_t time = (time_t)t;
	struct tm tm;

	if (gmtime_r(&time, &tm) != NULL &&
	    strftime(text, sizeof(text), "%Y-%m-%d", &tm) > 0)
		wbuf_printf(W, " %s%s", what, text);
}

static void
put_key(struct wbuf * W, const char * what, const struct openpgp_key * K,
    int revoked, uint64_t now)
{
	char fpr[FPR_SIZE];

	fpr_text(K, fpr);
	wbuf_printf(W, "%s algorithm %u, %" PRIu32 " bits,", what, K->algorithm,
	    K->bits);
	put_day(W, "of ", K->created);
	if (K->expires != 0)
		put_day(W, K->expires <= now ? "expired " : "expires ",
		    K->expires);
	wbuf_printf(W, "%s\n    %s\n", revoked ? " revoked" : "", fpr);
}

/* A person sees all that the copies of a key say. */
static void
put_person(struct wbuf * W, const struct openpgp_cert * const * certs, size_t n,
    int revoked, int subkeys, uint64_t now)
{
	const struct openpgp_cert * C;

	put_key(W, "pub", &certs[0]->keys[0], revoked, now);
	for (size_t k = 0; k < n; k++) {
		C = certs[k];
		for (size_t i = 0; i < C->nuids; i++) {
			wbuf_printf(W, "uid ");
			put_plain(W, C->uids[i].text, C->uids[i].len);
			wbuf_printf(W, "%s\n", C->uids[i].revoked ?
			    " (revoked)" : "");
		}
	}
	for (size_t i = 1; subkeys && i < certs[0]->nkeys; i++)
		put_key(W, "sub", &certs[0]->keys[i], certs[0]->keys[i].revoked,
		    now);
}

/* A machine, too. */
static void
put_machine(struct wbuf * W, const struct openpgp_cert * const * certs,
    size_t n, int revoked, const char * user, uint64_t now)
{
	const struct openpgp_key * K = &certs[0]->keys[0];
	char fpr[FPR_SIZE];

	fpr_text(K, fpr);
	wbuf_printf(W, "pub:%s:%u:%" PRIu32, fpr, K->algorithm, K->bits);
	put_end(W, K->created, K->expires, revoked, now);
	for (size_t k = 0; k < n; k++)
		put_uids(W, certs[k], user, now);
}

void
hkp_put_list(struct wbuf * W, const struct hkp_query * Q,
    const struct hkp_found * F, uint64_t now)
{
	const struct openpgp_cert * certs[HKP_HITS_MAX];
	size_t n, keys = 0;
	int revoked;

	for (size_t i = 0; i < F->n; i++)
		keys += hkp_copies(F, i, certs) > 0;
	if (Q->mr)
		wbuf_printf(W, "info:1:%zu\n", keys);
	for (size_t i = 0; i < F->n; i++) {
		if ((n = hkp_copies(F, i, certs)) == 0)
			continue;
		revoked = 0;
		for (size_t k = 0; k < n; k++)
			revoked |= certs[k]->keys[0].revoked;
		if (!Q->mr && i > 0)
			wbuf_printf(W, "\n");
		if (Q->mr)
			put_machine(W, certs, n, revoked, F->hits[i].user, now);
		else
			put_person(W, certs, n, revoked, Q->op == HKP_VINDEX,
			    now);
	}
}

static int
digit(char c)
{

	if (c >= '0' && c <= '9')
		return (c - '0');
	if (c >= 'A' && c <= 'F')
		return (c - 'A' + 10);
	return (c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1);
}

int
hkp_uid_line(const char * line, size_t len, char * user)
{
	uint8_t text[1024];
	struct openpgp_uid U = { .text = text };

	if (len < 4 || memcmp(line, "uid:", 4) != 0)
		return (-1);
	for (size_t i = 4; i < len && line[i] != ':'; i++) {
		if (U.len == sizeof(text))
			return (-1);
		if (line[i] != '%') {
			text[U.len++] = (uint8_t)line[i];
			continue;
		}
		if (len - i < 3 || digit(line[i + 1]) < 0 ||
		    digit(line[i + 2]) < 0)
			return (-1);
		text[U.len++] = (uint8_t)(digit(line[i + 1]) * 16 +
		    digit(line[i + 2]));
		i += 2;
	}
	return (openpgp_uid_address(&U, user));
}

const char *
hkp_type(const struct hkp_query * Q)
{

	return (Q->op == HKP_GET ? "application/pgp-keys; charset=us-ascii" :
	    "text/plain; charset=utf-8");
}
