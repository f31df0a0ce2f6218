#ifndef KS_NOTE_UTF8_H
#define KS_NOTE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/**
 * utf8_next(p, len, c):
 * Decode the first character of the ${len} bytes at ${p} into ${c}.  Return how
 * many bytes it takes, 1 to 4; or 0 if ${len} is 0 or they do not start with
 * UTF-8 in its shortest form, of no surrogate and at most U+10FFFF.
 */
size_t utf8_next(const void *, size_t, uint32_t *);

/**
 * utf8_is_space(c):
 * Return nonzero if ${c} has the Unicode property White_Space.
 */
int utf8_is_space(uint32_t);

#endif
