#ifndef KS_DUMP_DUMP_KEY_H
#define KS_DUMP_DUMP_KEY_H

#include <stddef.h>
#include <stdint.h>

struct fields;
struct wbuf;

/*
 * Keys of rows as people write them.  What a key is made of is told by the very
 * words of PROTOCOL section 12, such as `u64 epoch, key_id[4]`: parts of `u8`,
 * `u32`, `u64`, `~epoch`, `NAME[LENGTH]`, or one `"name"`.  As text, the parts
 * stand with `:` between: numbers in decimal (`~epoch` as the epoch), bytes in
 * hexadecimal, a name as it is.
 */

/* Longest key, and bound of a range, without the table byte. */
#define DUMP_KEY_MAX	256

/**
 * dump_key_text(spec, key, len, W):
 * Append the text of the ${len} bytes ${key}, whose parts are ${spec}, to ${W}.
 * Return 0, or -1 if it is not such a key, and append nothing.
 */
int dump_key_text(const char *, const uint8_t *, size_t, struct wbuf *);

/**
 * dump_key_fields(spec, key, len, F):
 * Put each part of the ${len} bytes ${key}, which dump_key_text took, to ${F} under its name, if
 * there is more than one.
 */
void dump_key_fields(const char *, const uint8_t *, size_t, struct fields *);

/**
 * dump_key_parse(spec, text, key, len):
 * Parse ${text}, a bound of a range, into ${key}, which has room for
 * DUMP_KEY_MAX bytes, and ${len}: the text of a key, of its first parts only, of
 * the first bytes of a last part of bytes; or "0x" and the bytes of the key in
 * hexadecimal, for which ${spec} may be NULL.  Return 0 or -1.
 */
int dump_key_parse(const char *, const char *, uint8_t *, size_t *);

#endif
