#include <stdint.h>
#include <string.h>

#include "base/panic.h"
#include "entry/limits.h"

#include "publish_state.h"

size_t
publish_key_begin(uint8_t key[PUBLISH_KEY_MAX], enum publish_table table)
{

	key[0] = (uint8_t)table;
	return (1);
}

size_t
publish_key_bytes(uint8_t key[PUBLISH_KEY_MAX], size_t at, const void * p,
    size_t len)
{

	PANIC_UNLESS(at <= PUBLISH_KEY_MAX && len <= PUBLISH_KEY_MAX - at);
	memcpy(key + at, p, len);
	return (at + len);
}

/* Append the ${len} low bytes of ${x}. */
static size_t
put_integer(uint8_t key[PUBLISH_KEY_MAX], size_t at, uint64_t x, size_t len)
{

	PANIC_UNLESS(at <= PUBLISH_KEY_MAX && len <= PUBLISH_KEY_MAX - at);
	for (size_t i = len; i > 0; i--) {
		key[at + i - 1] = (uint8_t)x;
		x >>= 8;
	}
	return (at + len);
}

size_t
publish_key_u8(uint8_t key[PUBLISH_KEY_MAX], size_t at, uint8_t x)
{

	return (put_integer(key, at, x, 1));
}

size_t
publish_key_u32(uint8_t key[PUBLISH_KEY_MAX], size_t at, uint32_t x)
{

	return (put_integer(key, at, x, 4));
}

size_t
publish_key_u64(uint8_t key[PUBLISH_KEY_MAX], size_t at, uint64_t x)
{

	return (put_integer(key, at, x, 8));
}

size_t
publish_key_epoch(uint8_t key[PUBLISH_KEY_MAX], enum publish_table table,
    uint64_t epoch)
{

	return (publish_key_u64(key, publish_key_begin(key, table), epoch));
}

size_t
publish_key_signer(uint8_t key[PUBLISH_KEY_MAX], enum publish_table table,
    uint64_t epoch, const uint8_t id[VKEY_ID_LEN])
{
	size_t at = publish_key_epoch(key, table, epoch);

	return (publish_key_bytes(key, at, id, VKEY_ID_LEN));
}

size_t
publish_key_version(uint8_t key[PUBLISH_KEY_MAX], enum publish_table table,
    const uint8_t * index, uint64_t epoch)
{
	size_t at = publish_key_begin(key, table);

	at = publish_key_bytes(key, at, index, INDEX_LEN);
	return (publish_key_u64(key, at, ~epoch));
}
