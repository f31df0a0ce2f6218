#include <stdint.h>
#include <string.h>

#include "base/panic.h"

#include "store/rowkey.h"

size_t
rowkey_begin(uint8_t key[ROWKEY_MAX], uint8_t table)
{

	key[0] = table;
	return (1);
}

size_t
rowkey_bytes(uint8_t key[ROWKEY_MAX], size_t at, const void * p, size_t len)
{

	PANIC_UNLESS(at <= ROWKEY_MAX && len <= ROWKEY_MAX - at);
	memcpy(key + at, p, len);
	return (at + len);
}

/* Append the ${len} low bytes of ${x}. */
static size_t
put_integer(uint8_t key[ROWKEY_MAX], size_t at, uint64_t x, size_t len)
{

	PANIC_UNLESS(at <= ROWKEY_MAX && len <= ROWKEY_MAX - at);
	for (size_t i = len; i > 0; i--) {
		key[at + i - 1] = (uint8_t)x;
		x >>= 8;
	}
	return (at + len);
}

size_t
rowkey_u8(uint8_t key[ROWKEY_MAX], size_t at, uint8_t x)
{

	return (put_integer(key, at, x, 1));
}

size_t
rowkey_u32(uint8_t key[ROWKEY_MAX], size_t at, uint32_t x)
{

	return (put_integer(key, at, x, 4));
}

size_t
rowkey_u64(uint8_t key[ROWKEY_MAX], size_t at, uint64_t x)
{

	return (put_integer(key, at, x, 8));
}

size_t
rowkey_number(uint8_t key[ROWKEY_MAX], uint8_t table, uint64_t x)
{

	return (rowkey_u64(key, rowkey_begin(key, table), x));
}

size_t
rowkey_named(uint8_t key[ROWKEY_MAX], uint8_t table, const void * p, size_t len)
{

	return (rowkey_bytes(key, rowkey_begin(key, table), p, len));
}

size_t
rowkey_signer(uint8_t key[ROWKEY_MAX], uint8_t table, uint64_t epoch,
    const uint8_t * id)
{

	return (rowkey_bytes(key, rowkey_number(key, table, epoch), id,
	    ROWKEY_ID_LEN));
}
