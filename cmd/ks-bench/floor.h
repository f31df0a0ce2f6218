#ifndef KS_BENCH_FLOOR_H
#define KS_BENCH_FLOOR_H

#include <stdint.h>

struct pool;
struct samples;

/*
 * The floors of this machine: what the parts that nobody can do without cost
 * when nothing else is done.  Each is measured for about ${ms} milliseconds.
 */

/**
 * floor_verify(P, ms):
 * Return how many Ed25519 signatures of 200-byte messages all threads of ${P}
 * verify in a second, or one thread if it is NULL; -1 after a line on standard
 * error.
 */
double floor_verify(struct pool *, uint64_t);

/**
 * floor_sign(ms):
 * The same for signing, with one thread.
 */
double floor_sign(uint64_t);

/**
 * floor_hash(ms):
 * Return how many BLAKE2b-256 of 96 bytes with salt and personalisation one
 * thread makes in a second.
 */
double floor_hash(uint64_t);

/**
 * floor_fdatasync(dir, ms, S):
 * Add to ${S} the times of appending 4 KiB to a file in ${dir}, made for it and
 * removed, each with its fdatasync.  Return 0, or -1 after a line on standard
 * error.
 */
int floor_fdatasync(const char *, uint64_t, struct samples *);

/**
 * floor_socket(depth, ms, S):
 * Fork a process that answers frames of 64 bytes with frames of 2 KiB on a Unix
 * socket and does nothing else, keep ${depth} requests in flight, and add the
 * time of each to ${S}.  Return how many it answered in a second, or -1 after a
 * line on standard error.
 */
double floor_socket(unsigned, uint64_t, struct samples *);

#endif
