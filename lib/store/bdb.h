#ifndef KS_STORE_BDB_H
#define KS_STORE_BDB_H

#include <pthread.h>
#include <stddef.h>

#include "store/backend.h"
#include "store/store.h"

/*
 * The store on Berkeley DB; private to lib/store.  bdb.c opens, checkpoints and
 * closes, bdb_io.c reads and commits; only these two include <db.h>.
 */
struct __db;
struct __db_env;

/* Longest message of Berkeley DB that is kept; more is cut. */
#define BDB_MESSAGE_MAX	200

struct bdb {
	struct store store;	/* first: the two are the same address */
	char * dir;		/* absolute, as the caller may chdir */
	int lock_fd;		/* of dirlock_take */
	struct __db_env * env;
	struct __db * db;

	/* The thread that writes checkpoints, and what it waits for. */
	pthread_t thread;
	int started;		/* it runs; of the thread that commits */
	pthread_mutex_t lock;	/* over the rest */
	pthread_cond_t wake;
	size_t written;		/* bytes committed since it was woken */
	int stop;
	size_t checkpoint_len;	/* of the options */
	char message[BDB_MESSAGE_MAX];	/* the first that was not reported */
};

/** bdb_exists(dir): as store_exists, which calls it. */
int bdb_exists(const char *);

/** bdb_open(dir, options, out): as store_open, which calls it. */
int bdb_open(const char *, const struct store_options *, struct store **);

/** bdb_close(S): as store_close, which calls it. */
void bdb_close(struct store *);

/** bdb_dir(S): the directory of ${S}. */
const char * bdb_dir(const struct store *);

/**
 * bdb_die(B, what, error):
 * The ${error} of Berkeley DB in doing ${what} is not one to live with: make the
 * store dead, keep every thread from writing more, and report it in one line.
 * Only the first one counts.  Return -1.
 */
int bdb_die(struct bdb *, const char *, int);

/**
 * bdb_wrote(B, len):
 * Tell that a commit put ${len} more bytes into the log, so that the thread, which
 * is started if need be, looks whether a checkpoint is due.  If it cannot be started
 * the store is dead.
 */
void bdb_wrote(struct bdb *, size_t);

/* The operations, in bdb_io.c. */
extern const struct backend bdb_io_backend;

#endif
