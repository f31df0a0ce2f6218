#ifndef KS_CODEC_DECIMAL_H
#define KS_CODEC_DECIMAL_H

#include <stddef.h>
#include <stdint.h>

/**
 * decimal_parse(p, len, max, x):
 * Parse the ${len} characters at ${p}, all of them, as a decimal number of at
 * most ${max} into ${x}.  Return 0, or -1 if they are not the one way to write
 * such a number: digits only, no leading zero.
 */
int decimal_parse(const char *, size_t, uint64_t, uint64_t *);

#endif
