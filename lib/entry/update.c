#include <stdint.h>
#include <string.h>

#include "codec/rbuf.h"
#include "codec/wbuf.h"

#include "entry/update.h"

#define UPDATE_VERSION	1			/* the first byte */
#define UPDATE_SIG_LEN	(SIGN_PK_LEN + SIGN_LEN)	/* one signature */

int
update_parse(struct update * U, const uint8_t * p, size_t len)
{
	struct rbuf R;

	rbuf_init(&R, p, len);
	if (rbuf_get_u8(&R) != UPDATE_VERSION)
		rbuf_fail(&R);
	U->entry_data = rbuf_get_var16(&R, ENTRY_LEN_MAX, &U->entry_len);
	U->nsigs = rbuf_get_u8(&R);
	if (U->nsigs < 1 || U->nsigs > UPDATE_SIGS_MAX)
		rbuf_fail(&R);
	U->sigs = rbuf_get_bytes(&R, U->nsigs * UPDATE_SIG_LEN);
	if (rbuf_end(&R))
		return (-1);

	/* Ascending keys: one form for each set, and no key twice. */
	for (size_t i = 1; i < U->nsigs; i++)
		if (memcmp(update_key(U, i - 1), update_key(U, i),
		    SIGN_PK_LEN) >= 0)
			return (-1);
	return (entry_parse(&U->entry, U->entry_data, U->entry_len));
}

const uint8_t *
update_key(const struct update * U, size_t i)
{

	return (&U->sigs[i * UPDATE_SIG_LEN]);
}

const uint8_t *
update_sig(const struct update * U, size_t i)
{

	return (&U->sigs[i * UPDATE_SIG_LEN + SIGN_PK_LEN]);
}

void
update_message(struct wbuf * W, const char * realm, const uint8_t * entry,
    size_t len)
{

	wbuf_printf(W, "ks/update/v1\n%s\n", realm);
	wbuf_put_bytes(W, entry, len);
}

int
update_put(struct wbuf * W, const uint8_t * entry, size_t len,
    const struct update_sig * sigs, size_t n)
{
	const struct update_sig * sorted[UPDATE_SIGS_MAX];
	size_t j;

	if (len > ENTRY_LEN_MAX || n < 1 || n > UPDATE_SIGS_MAX)
		return (-1);
	for (size_t i = 0; i < n; i++) {
		for (j = i; j > 0 && memcmp(sorted[j - 1]->pk, sigs[i].pk,
		    SIGN_PK_LEN) > 0; j--)
			sorted[j] = sorted[j - 1];
		sorted[j] = &sigs[i];
		if (j > 0 && memcmp(sorted[j - 1]->pk, sigs[i].pk,
		    SIGN_PK_LEN) == 0)
			return (-1);
	}
	wbuf_put_u8(W, UPDATE_VERSION);
	wbuf_put_var16(W, entry, len);
	wbuf_put_u8(W, (uint8_t)n);
	for (size_t i = 0; i < n; i++) {
		wbuf_put_bytes(W, sorted[i]->pk, SIGN_PK_LEN);
		wbuf_put_bytes(W, sorted[i]->sig, SIGN_LEN);
	}
	return (wbuf_failed(W));
}
