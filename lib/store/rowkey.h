#ifndef KS_STORE_ROWKEY_H
#define KS_STORE_ROWKEY_H

#include <stddef.h>
#include <stdint.h>

/* Longest key that is made here: a table, two hashes and an epoch, and to spare. */
#define ROWKEY_MAX 80

/* Bytes of the id of a signer's key. */
#define ROWKEY_ID_LEN 4

/**
 * rowkey_begin(key, table), rowkey_u8(key, at, x), rowkey_u32(key, at, x),
 * rowkey_u64(key, at, x), rowkey_bytes(key, at, p, len):
 * Make the key of a row (PROTOCOL section 12) in ${key}: begin with the number of
 * its ${table}, append at the offset ${at} an integer, big-endian, or the ${len}
 * bytes at ${p}.  Return the offset after it, which is the length so far.  A key
 * that would be longer than ROWKEY_MAX is a panic.
 */
size_t rowkey_begin(uint8_t[ROWKEY_MAX], uint8_t);
size_t rowkey_u8(uint8_t[ROWKEY_MAX], size_t, uint8_t);
size_t rowkey_u32(uint8_t[ROWKEY_MAX], size_t, uint32_t);
size_t rowkey_u64(uint8_t[ROWKEY_MAX], size_t, uint64_t);
size_t rowkey_bytes(uint8_t[ROWKEY_MAX], size_t, const void *, size_t);

/**
 * rowkey_number(key, table, x), rowkey_named(key, table, p, len),
 * rowkey_signer(key, table, epoch, id):
 * Make the whole key of the row of ${table} that is numbered ${x}, or named by
 * the ${len} bytes at ${p}, or belongs to ${epoch} and the key id ${id} of
 * ROWKEY_ID_LEN bytes.  Return its length.
 */
size_t rowkey_number(uint8_t[ROWKEY_MAX], uint8_t, uint64_t);
size_t rowkey_named(uint8_t[ROWKEY_MAX], uint8_t, const void *, size_t);
size_t rowkey_signer(uint8_t[ROWKEY_MAX], uint8_t, uint64_t, const uint8_t *);

#endif
