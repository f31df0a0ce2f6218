#ifndef KS_T_FUZZ_H
#define KS_T_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/*
 * A fuzzer counts what its decoders accepted and prints it when it ends: one
 * whose inputs never get past the first check tests nothing.
 */

/**
 * fuzz_begin(void):
 * Each fuzzer has one: name its decoders, and make what it needs, once.
 */
void fuzz_begin(void);

/**
 * fuzz_decoder(name):
 * Count what the decoder with the constant ${name} accepts.  They are numbered
 * from 0 in the order of the calls.
 */
void fuzz_decoder(const char *);

/**
 * fuzz_accepted(i):
 * The decoder number ${i} has accepted an input.
 */
void fuzz_accepted(size_t);

int LLVMFuzzerInitialize(int *, char ***);
int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#endif
