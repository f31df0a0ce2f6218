#ifndef KS_STORE_STORE_MEMORY_H
#define KS_STORE_STORE_MEMORY_H

#include "store/store.h"

/*
 * What only tests and the simulator do to a store of store_open_memory.
 */

/**
 * store_memory_fail_commit(S, countdown):
 * Make the ${countdown}th commit from now (1: the next) fail as if the disk
 * had refused it: nothing of it is stored and ${S} is dead.  0 takes it back.
 */
void store_memory_fail_commit(struct store *, unsigned int);

/**
 * store_memory_fail_read(S, countdown):
 * Make the ${countdown}th read from now (1: the next; of a scan, of a run of rows)
 * fail as if memory had run out: that read alone, ${S} is not dead.  0 takes it
 * back.  Return what was left of the last countdown: 0 if it has failed.
 */
unsigned int store_memory_fail_read(struct store *, unsigned int);

/**
 * store_memory_restart(S):
 * Make ${S}, dead or not, what a restarted process would open: it holds what was
 * committed, and counts commits from 1 again.  No view of it may be open.
 */
void store_memory_restart(struct store *);

#endif
