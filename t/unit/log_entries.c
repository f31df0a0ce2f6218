#include <stdint.h>
#include <string.h>

#include <sodium.h>

#include "codec/rbuf.h"
#include "codec/wbuf.h"
#include "entry/limits.h"
#include "log/committed.h"
#include "proto/list.h"
#include "proto/log_entry.h"

#include "log_entries.h"

size_t
entries_make(uint32_t i, size_t body_len, uint8_t * out)
{
	size_t n = 0;

	memset(out, 0, REQUEST_ID_LEN);
	for (size_t k = 0; k < 4; k++)
		out[k] = (uint8_t)(i >> (8 * k));
	n = REQUEST_ID_LEN;
	out[n++] = (uint8_t)(1 + i % 4);
	for (size_t k = 0; k < 4; k++)
		out[n++] = (uint8_t)(body_len >> (24 - 8 * k));
	memset(out + n, (int)(i * 7), body_len);
	n += body_len;
	memcpy(out + n, "\0\0\0\002ER", 6);
	return (n + 6);
}

size_t
entries_body_len(uint32_t i)
{

	return (i * 31 % 700);
}

void
entries_hash(const char * realm, uint32_t n, uint8_t * hash)
{
	static const uint8_t personal[16] = "ks-log";
	static const uint8_t salt[16] = { 0 };
	uint8_t entry[1024], data[2048];
	size_t len;

	crypto_generichash_blake2b_salt_personal(hash, 32,
	    (const uint8_t *)realm, strlen(realm), NULL, 0, salt, personal);
	for (uint32_t i = 1; i <= n; i++) {
		(void)entries_make(i, entries_body_len(i), entry);
		memcpy(data, hash, 32);
		memset(data + 32, 0, 4);
		for (size_t k = 0; k < 4; k++)
			data[36 + k] = (uint8_t)(i >> (24 - 8 * k));
		memcpy(data + 40, entry, 17);
		memcpy(data + 57, entry + 21, entries_body_len(i));
		len = 57 + entries_body_len(i);
		crypto_generichash_blake2b_salt_personal(hash, 32, data, len,
		    NULL, 0, salt, personal);
	}
}

long
entries_read(struct committed * C, const char * realm, uint64_t lo, uint64_t hi, size_t len_max,
    uint32_t n_max, size_t * bytes)
{
	uint8_t entry[1024], hash[HASH_LEN], expected[HASH_LEN];
	const uint8_t * p;
	struct wbuf W;
	struct rbuf R;
	struct list L;
	size_t len;
	long n = 0;

	wbuf_init(&W, 1 << 22);
	list_begin(&L, &W);
	if (committed_hash_before(C, lo, hash) || committed_read(C, lo, hi, len_max, n_max, &L, hash))
		goto err0;
	list_end(&L);
	rbuf_init(&R, W.data, W.len);
	*bytes = W.len - 4;
	if (rbuf_get_u32(&R) != L.n)
		goto err0;
	while (list_next(&R, &p, &len)) {
		if (len != entries_make((uint32_t)lo, entries_body_len((uint32_t)lo),
		    entry) || memcmp(entry, p, len) != 0)
			goto err0;
		lo++;
		n++;
	}
	if (n > 0) {
		entries_hash(realm, (uint32_t)lo - 1, expected);
		if (memcmp(hash, expected, HASH_LEN) != 0)
			goto err0;
	}
	wbuf_free(&W);
	return (n == (long)L.n ? n : -1);

err0:
	wbuf_free(&W);
	return (-1);
}
