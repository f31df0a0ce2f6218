#ifndef KS_STORE_STORE_H
#define KS_STORE_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "store/bytes.h"

/*
 * The one ordered key/value database of a process: a Berkeley DB btree in a
 * directory that nobody else opens, or a memory double of it behind the same
 * calls.  A key is bytes, of which the first names the table; the order is
 * that of memcmp(3), a prefix before what it is a prefix of.
 *
 * It is changed through a view only (store/view.h): a batch of puts and deletes
 * becomes durable as a whole or not at all.  One thread changes; any thread may
 * read with store_get, store_scan, store_first and store_last, and then sees
 * committed rows only.
 *
 * The store stops dead at the first error that it does not understand (a full
 * disk, a failed fsync, a damaged page): one line on standard error, -1 from
 * that call and from every later one.  The program then acts on nothing that
 * was not acknowledged before, and leaves with EXITS_TEMPORARY; the next start
 * recovers.  A batch that was refused may be found whole or not at all then.
 *
 * A process that forks must not use its store in the child, and the child's
 * copy of the lock keeps the directory owned until the child execs or ends.
 */
struct store;
struct wbuf;

/* Longest key and value; more is a bug of the caller, hence a panic. */
#define STORE_KEY_MAX	256
#define STORE_VALUE_MAX	(1024 * 1024)

/* Memory for pages unless told: holds the working set of a small realm. */
#define STORE_CACHE_DEFAULT	((size_t)64 * 1024 * 1024)

/* Log between two checkpoints unless told: about 0.5 s of recovery. */
#define STORE_CHECKPOINT_DEFAULT	((size_t)64 * 1024 * 1024)

/* What a caller may ask for at store_open; 0 is the default in every field. */
struct store_options {
	size_t cache_len;	/* bytes of memory for pages, at least 256 KiB */
	size_t checkpoint_len;	/* bytes of log between two checkpoints */
};

/**
 * store_exists(dir):
 * Return 1 if ${dir} holds a database, 0 if it does not (or there is no ${dir}),
 * or -1 if that cannot be told (reported).  For tools that must not create one.
 */
int store_exists(const char *);

/**
 * store_open(dir, options, out):
 * Open the database in the directory ${dir}, with ${options} (NULL: all
 * defaults), after recovering it; make both (mode 0700) if they are missing.
 * Store the handle in ${out}.  ${dir} may be relative; a later chdir does no harm.
 * No thread is started yet: the one that writes checkpoints is, with every signal
 * blocked, by a commit, once a sixteenth of checkpoint_len has been committed.  So a
 * program that enters its jail before it works has it in there.
 * Return 0; 1 if another process owns ${dir}, at once; or -1.  Whatever is not
 * 0 was reported in one line.
 */
int store_open(const char *, const struct store_options *, struct store **);

/**
 * store_open_memory(void):
 * Return an empty store in memory, or NULL if out of memory.  Nothing survives
 * store_close.
 */
struct store * store_open_memory(void);

/**
 * store_close(S):
 * Write a last checkpoint unless the store is dead, let the directory go and
 * free ${S}.  All views of it were closed before.  Of a dead store Berkeley DB
 * does not give back all its memory: the process is about to end.  NULL is fine.
 */
void store_close(struct store *);

/**
 * store_number(S):
 * Return the number of the last commit of this run, 0 if there was none.
 */
uint64_t store_number(struct store *);

/**
 * store_dead(S):
 * Return 1 if ${S} stopped dead (see above), otherwise 0.
 */
int store_dead(struct store *);

/**
 * store_status(S, W):
 * Append to ${W}, for STATUS, the lines commit_us_* (how long commits took, as
 * histogram_put) and, unless ${S} is in memory, disk_data_bytes and disk_log_bytes: what
 * its rows, and Berkeley DB's own log of them, take on the disk now.
 */
void store_status(const struct store *, struct wbuf *);

/**
 * store_get(S, key, klen, val):
 * Read the row of the ${klen} bytes ${key} into ${val}.
 * Return 0, or 1 if there is no such row, or -1 on an error (reported, or out
 * of memory).
 */
int store_get(struct store *, const void *, size_t, struct bytes *);

/**
 * store_row(cookie, key, klen, val, vlen):
 * Is given one row by a scan; the bytes stay until it returns.  Returns 0 to
 * go on, 1 to stop, -1 to make the scan fail.
 */
typedef int store_row(void *, const uint8_t *, size_t, const uint8_t *, size_t);

/**
 * store_scan(S, from, fromlen, to, tolen, row, cookie):
 * Call ${row} with ${cookie} for each row whose key is at least the ${fromlen}
 * bytes ${from} and less than the ${tolen} bytes ${to}, in the order of keys.
 * A ${fromlen} of 0 means from the first row, a ${tolen} of 0 to the last.  A commit
 * meanwhile is allowed: each row is as it was at some moment of the scan.
 * Return 0 at the end of the range, 1 if ${row} stopped, -1 if it failed or on
 * an error (reported, or out of memory).
 */
int store_scan(struct store *, const void *, size_t, const void *, size_t,
    store_row *, void *);

/**
 * store_first(S, from, fromlen, to, tolen, key, val):
 * Find the least key in the range, given as to store_scan, and read it into ${key}
 * and its value into ${val}: as a scan that stops at the first row, without what a
 * scan reads ahead.
 * Return 0, or 1 if the range is empty, or -1 on an error (reported, or out of
 * memory); ${key} and ${val} hold nothing of meaning unless 0.
 */
int store_first(struct store *, const void *, size_t, const void *, size_t,
    struct bytes *, struct bytes *);

/**
 * store_last(S, from, fromlen, to, tolen, key, val):
 * Find the greatest key in the range, given as to store_scan, and read it into
 * ${key} and its value into ${val}.
 * Return 0, or 1 if the range is empty, or -1 on an error (reported, or out of
 * memory); ${key} and ${val} hold nothing of meaning unless 0.
 */
int store_last(struct store *, const void *, size_t, const void *, size_t,
    struct bytes *, struct bytes *);

#endif
