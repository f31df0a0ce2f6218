#ifndef KS_STORE_TRACE_H
#define KS_STORE_TRACE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Evidence for "persist, then act", written while tests run and checked by
 * t/trace-check: one file a process, one line an event, in the order in which
 * they happened.
 *
 *     put N TABLE COUNT    commit N will change COUNT rows of table TABLE
 *     commit N             commit N is durable
 *     send WHAT needs N    bytes that depend on commit N go to the kernel
 *
 * Off, and then free, unless the environment names a directory in KS_TRACE_DIR.
 * A program that cannot write its trace leaves with EXITS_TEMPORARY.
 */

/**
 * trace_open(program):
 * Start writing $KS_TRACE_DIR/${program}.PID.trace; do nothing if KS_TRACE_DIR
 * is unset or empty.  Return 0, or -1 (reported).
 */
int trace_open(const char *);

/**
 * trace_close(void):
 * Stop writing.
 */
void trace_close(void);

/**
 * trace_on(void):
 * Return 1 if a trace is being written, otherwise 0.
 */
int trace_on(void);

/**
 * trace_put(number, table, count):
 * Commit ${number}, which is about to be made, changes ${count} rows of the
 * ${table} (the first byte of the key).  Called by view_commit.
 */
void trace_put(uint64_t, unsigned int, size_t);

/**
 * trace_commit(number):
 * Commit ${number} is durable.  Called by view_commit.
 */
void trace_commit(uint64_t);

/**
 * trace_send(what, needs):
 * Bytes that say ${what} (letters, digits and "-_.:/") and depend on commit
 * ${needs} (0: on none) are about to be handed to the kernel for the first
 * time.  Called by whoever calls write(2) for a connection, before it does.
 */
void trace_send(const char *, uint64_t);

#endif
