#ifndef KS_STORE_BACKEND_H
#define KS_STORE_BACKEND_H

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "metrics/histogram.h"
#include "store/bytes.h"
#include "store/overlay.h"
#include "store/store.h"

/*
 * What store.c wants of Berkeley DB and of its memory double; private to
 * lib/store.  None of these is called on a dead store, and commits come one at a
 * time.  An error that is not out of memory makes the store dead (and is
 * reported) before -1 is returned.
 */

/* A run of rows copied out of a store, so that nothing is locked meanwhile. */
struct backend_rows {
	struct bytes buf;	/* in the backend's own layout */
	void * pos;		/* of the next row in it */
};

/* One row of a backend_rows; good until that is filled again. */
struct backend_row {
	const uint8_t * key;
	size_t klen;
	const uint8_t * val;
	size_t vlen;
};

struct backend {
	/* As store_get. */
	int (* get)(struct store *, const void *, size_t, struct bytes *);

	/*
	 * Fill with rows from the first key at or after the given one on, as
	 * many as fit the memory that is reserved, at least one.  0, 1 if there is
	 * none, -1.
	 */
	int (* fill)(struct store *, const void *, size_t,
	    struct backend_rows *);

	/* Take the next row out of what was filled: 0, or 1 if none is left. */
	int (* row)(struct backend_rows *, struct backend_row *);

	/* As store_first, without an upper bound. */
	int (* first)(struct store *, const void *, size_t, struct bytes *,
	    struct bytes *);

	/* As store_last, without a lower bound. */
	int (* last)(struct store *, const void *, size_t, struct bytes *,
	    struct bytes *);

	/*
	 * Make the changes durable as a whole; their memory may be taken.  Any
	 * failure makes the store dead.
	 */
	int (* commit)(struct store *, struct overlay *);

	/* As store_close. */
	void (* close)(struct store *);

	/* Its directory; NULL: it has none. */
	const char * (* dir)(const struct store *);
};

/* The first member of each backend's own structure. */
struct store {
	const struct backend * backend;
	atomic_int dead;		/* nonzero once it stopped */
	pthread_mutex_t commit_lock;	/* held for a whole commit */
	atomic_ullong number;		/* of the last commit */
	struct histogram commit_us;	/* how long commits took */
};

/**
 * backend_init(S, backend):
 * Make ${S} a live store of ${backend}.  Return 0 or -1.
 */
int backend_init(struct store *, const struct backend *);

/**
 * backend_done(S):
 * Release what backend_init took.
 */
void backend_done(struct store *);

/**
 * backend_kill(S):
 * Make ${S} dead.  Return 1 if it was not, and the caller reports why, else 0.
 */
int backend_kill(struct store *);

/**
 * backend_commit(S, changes, number):
 * Commit ${changes} and store the number of the commit in ${number}, with a
 * trace of both.  Return 0 or -1, as view_commit.
 */
int backend_commit(struct store *, struct overlay *, uint64_t *);

/**
 * store_memory_open(void):
 * As store_open_memory, which calls it.
 */
struct store * store_memory_open(void);

#endif
