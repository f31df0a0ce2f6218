#include <string.h>

#include "base/panic.h"
#include "crypto/hash.h"

void
hash_sha256(const void * p, size_t len, uint8_t out[HASH_LEN])
{

	(void)crypto_hash_sha256(out, p, len);
}

void
hash_sha256_init(struct hash_sha256 * H)
{

	(void)crypto_hash_sha256_init(&H->st);
}

void
hash_sha256_update(struct hash_sha256 * H, const void * p, size_t len)
{

	(void)crypto_hash_sha256_update(&H->st, p, len);
}

void
hash_sha256_final(struct hash_sha256 * H, uint8_t out[HASH_LEN])
{

	(void)crypto_hash_sha256_final(&H->st, out);
}

/* Fill the fixed-width field ${field} from the string ${personal}. */
static void
personalise(const char * personal, uint8_t field[HASH_PERSONAL_MAX])
{
	size_t len = strlen(personal);

	PANIC_UNLESS(len <= HASH_PERSONAL_MAX);
	memset(field, 0, HASH_PERSONAL_MAX);
	memcpy(field, personal, len);
}

void
hash_blake2b(const char * personal, const uint8_t * salt, const void * p,
    size_t len, uint8_t out[HASH_LEN])
{
	uint8_t field[HASH_PERSONAL_MAX];

	personalise(personal, field);
	PANIC_UNLESS(crypto_generichash_blake2b_salt_personal(out, HASH_LEN, p,
	    len, NULL, 0, salt, field) == 0);
}

void
hash_blake2b_init(struct hash_blake2b * H, const char * personal,
    const uint8_t * salt)
{
	uint8_t field[HASH_PERSONAL_MAX];

	personalise(personal, field);
	PANIC_UNLESS(crypto_generichash_blake2b_init_salt_personal(&H->st, NULL,
	    0, HASH_LEN, salt, field) == 0);
}

void
hash_blake2b_update(struct hash_blake2b * H, const void * p, size_t len)
{

	PANIC_UNLESS(crypto_generichash_blake2b_update(&H->st, p, len) == 0);
}

void
hash_blake2b_final(struct hash_blake2b * H, uint8_t out[HASH_LEN])
{

	PANIC_UNLESS(crypto_generichash_blake2b_final(&H->st, out, HASH_LEN)
	    == 0);
}
