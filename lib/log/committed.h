#ifndef KS_LOG_COMMITTED_H
#define KS_LOG_COMMITTED_H

#include <stddef.h>
#include <stdint.h>

struct list;
struct store;

/*
 * The committed entries of the log in ks-logd's own store (PROTOCOL sections 6
 * and 12), with the index and the running hash of each.  They are only appended
 * to: an engine puts a batch and commits it as a whole, and whoever reads sees
 * what is committed.  One thread uses it.
 */
struct committed;

/* The table of one row, its key "revision": where an engine that others share
 * stood when the log was as it is. */
#define COMMITTED_TABLE_META	0x01

/* The table of the entries: first byte of their keys, then u64 index. */
#define COMMITTED_TABLE	0x02

/* Commits of this run of which the number is remembered exactly; of an older
 * one a later number is told. */
#define COMMITTED_MARKS	64

/**
 * committed_open(S, realm, out):
 * Open the log of the realm named ${realm} in the store ${S}, which must stay,
 * and store it in ${out}.  The first entry must have index 1 and be of this
 * realm, and the last must decode and its running hash follow from the one
 * before.  Return 0; 1 if it is damaged or another realm's; or -1.  Whatever is
 * not 0 was reported in one line.
 */
int committed_open(struct store *, const char *, struct committed **);

/**
 * committed_close(C):
 * Forget what was put and not committed, and free ${C}.  NULL is fine.
 */
void committed_close(struct committed *);

/**
 * committed_last(C):
 * Return the index of the last committed entry, 0 if there is none.
 */
uint64_t committed_last(const struct committed *);

/**
 * committed_hash(C):
 * Return the HASH_LEN bytes of the running hash after the last committed entry,
 * good until the next commit.
 */
const uint8_t * committed_hash(const struct committed *);

/* Where the last committed entry is in an engine that others share. */
struct committed_place {
	uint64_t cluster;	/* its cluster; 0: there is none */
	uint64_t revision;	/* all up to it is in the log; 0: unknown */
};

/**
 * committed_place(C):
 * Return the place of the last commit, zeroes if none was ever set.
 */
struct committed_place committed_place(const struct committed *);

/**
 * committed_set_place(C, place):
 * Set the place, pending, for the commit of what was put before.  A commit is
 * then made also if nothing was.  Return 0, or -1 (reported) if memory ran out;
 * nothing can be committed then.
 */
int committed_set_place(struct committed *, struct committed_place);

/**
 * committed_put_last(C):
 * Return the index of the last entry that was put, pending or committed.
 */
uint64_t committed_put_last(const struct committed *);

/**
 * committed_put_hash(C):
 * Return the HASH_LEN bytes of the running hash after it, good until the next
 * put.
 */
const uint8_t * committed_put_hash(const struct committed *);

/**
 * committed_put(C, entry, len, index):
 * Append the ${len} bytes of the encoded log ${entry} (one that does not decode
 * is a panic) after those put before, pending, and store its ${index}.  Return 0,
 * or -1 (reported) if memory ran out; nothing can be committed then.
 */
int committed_put(struct committed *, const uint8_t *, size_t, uint64_t *);

/**
 * committed_commit(C):
 * Make all that was put or set durable in one commit of the store; without any,
 * do nothing.  Return 0; or -1 (reported): nothing of it may be told to anyone, and
 * the program leaves with EXITS_TEMPORARY.
 */
int committed_commit(struct committed *);

/**
 * committed_discard(C):
 * Forget what was put and set since the last commit.
 */
void committed_discard(struct committed *);

/**
 * committed_commits(C):
 * Return how many commits were made in this run.
 */
uint64_t committed_commits(const struct committed *);

/**
 * committed_needs(C, index):
 * Return the number of the commit of this run that made the entry ${index} (0 to
 * committed_last) durable, or that of a later one; 0 if it was durable when
 * ${C} was opened.
 */
uint64_t committed_needs(const struct committed *, uint64_t);

/**
 * committed_hash_before(C, index, hash):
 * Store in ${hash} the running hash before the entry ${index}, from 1 to
 * committed_last plus 1.  Return 0; 1 (reported) if the entry before it is missing or
 * damaged; or -1 (reported): it cannot be read.
 */
int committed_hash_before(struct committed *, uint64_t, uint8_t *);

/**
 * committed_read(C, lo, hi, len_max, n_max, L, hash):
 * Append to the list ${L} the entries ${lo} (at least 1) to ${hi}, as many as there are and
 * as fit into ${n_max} elements (at least 1) and ${len_max} bytes with their
 * lengths, at least one if there is one.  ${hash} is the running hash before ${lo}, as
 * of committed_hash_before, from which they must follow; store in it that after the
 * last of them.  Return 0; 1 (reported, with its index) if one of them is missing or
 * damaged; or -1 (reported): they cannot be read.
 */
int committed_read(struct committed *, uint64_t, uint64_t, size_t, uint32_t,
    struct list *, uint8_t *);

#endif
