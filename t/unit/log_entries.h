#ifndef KS_T_LOG_ENTRIES_H
#define KS_T_LOG_ENTRIES_H

#include <stddef.h>
#include <stdint.h>

struct committed;

/* The log entries of the tests: number i is always the same. */

/**
 * entries_make(i, body_len, out):
 * Store at ${out} the encoded log entry number ${i}, by the page, not the codec,
 * and return its length: 27 more than ${body_len}.
 */
size_t entries_make(uint32_t, size_t, uint8_t *);

/**
 * entries_body_len(i):
 * Return how long the body of number ${i} is where nothing else is said; below 700.
 */
size_t entries_body_len(uint32_t);

/**
 * entries_hash(realm, n, hash):
 * Store in ${hash} the running hash after the entries 1 to ${n}, from the words of
 * PROTOCOL alone.
 */
void entries_hash(const char *, uint32_t, uint8_t *);

/**
 * entries_read(C, realm, lo, hi, len_max, n_max, bytes):
 * Do committed_read; return how many came if they are the numbers ${lo} and so on,
 * and the hash is right, and store in ${bytes} how long they were; or -1.
 */
long entries_read(struct committed *, const char *, uint64_t, uint64_t, size_t,
    uint32_t, size_t *);

#endif
