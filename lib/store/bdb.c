#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/string.h>

#include <db.h>

#include "store/bdb.h"
#include "store/dirlock.h"

/* The one database file in the directory. */
#define BDB_FILE	"data.db"

/* Blocks that a power loss tears at 4 KiB heal only if pages are no larger. */
#define BDB_PAGE_LEN	4096

/* Log kept in memory until a commit: more than most batches. */
#define BDB_LOG_BUFFER_LEN	(4 * 1024 * 1024)

/* One log file; at least four log buffers.  Old ones go at a checkpoint. */
#define BDB_LOG_FILE_LEN	(16 * 1024 * 1024)

/* Less memory for pages than this is not worth asking for. */
#define BDB_CACHE_MIN	((size_t)256 * 1024)

/* The thread looks at the log this many times between two checkpoints. */
#define BDB_LOOKS	16

/* Berkeley DB talks in several lines of which the first is the cause. */
static void
keep_message(const DB_ENV * env, const char * prefix, const char * message)
{
	struct bdb * B = env->app_private;

	(void)prefix;
	pthread_mutex_lock(&B->lock);
	if (B->message[0] == '\0')
		strlcpy(B->message, message, sizeof(B->message));
	pthread_mutex_unlock(&B->lock);
}

int
bdb_die(struct bdb * B, const char * what, int error)
{
	char message[BDB_MESSAGE_MAX];

	if (!backend_kill(&B->store))
		return (-1);

	/* Once panicked, not even the other thread writes any more. */
	if (B->env != NULL)
		(void)B->env->set_flags(B->env, DB_PANIC_ENVIRONMENT, 1);

	pthread_mutex_lock(&B->lock);
	strlcpy(message, B->message, sizeof(message));
	pthread_mutex_unlock(&B->lock);

	/* A full disk comes as other errors too when a page is evicted. */
	if (error == ENOSPC || error == EDQUOT ||
	    strstr(message, strerror(ENOSPC)) != NULL)
		warnx("%s: no space left: free some and start again", B->dir);
	else if (strstr(message, "checksum error") != NULL)
		warnx("%s: %s: corrupt page, do not use this database: %s",
		    B->dir, what, message);
	else if (message[0] != '\0')
		warnx("%s: %s: %s: %s", B->dir, what, db_strerror(error),
		    message);
	else
		warnx("%s: %s: %s", B->dir, what, db_strerror(error));
	return (-1);
}

static void *
checkpoint_thread(void * cookie)
{
	struct bdb * B = cookie;
	uint32_t len_kib = (uint32_t)(B->checkpoint_len / 1024);
	int error;

	pthread_mutex_lock(&B->lock);
	while (!B->stop) {
		if (B->written < B->checkpoint_len / BDB_LOOKS) {
			pthread_cond_wait(&B->wake, &B->lock);
			continue;
		}
		B->written = 0;
		pthread_mutex_unlock(&B->lock);

		/* Does nothing if the log has not grown by that much. */
		error = 0;
		if (!store_dead(&B->store))
			error = B->env->txn_checkpoint(B->env, len_kib, 0, 0);
		if (error)
			bdb_die(B, "checkpoint", error);
		pthread_mutex_lock(&B->lock);
	}
	pthread_mutex_unlock(&B->lock);
	return (NULL);
}

/* Signals are for the threads of the program. */
static int
start_thread(struct bdb * B)
{
	sigset_t all, old;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	error = pthread_create(&B->thread, NULL, checkpoint_thread, B);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (error)
		return (bdb_die(B, "cannot start a thread", error));
	return (0);
}

/*
 * The thread starts when there is first something for it to do: by then the
 * program is in its jail, which does not bind threads that are there already.
 */
void
bdb_wrote(struct bdb * B, size_t len)
{
	int start;

	pthread_mutex_lock(&B->lock);
	B->written += len;
	start = !B->started && B->written >= B->checkpoint_len / BDB_LOOKS;
	if (start)
		B->started = 1;
	else if (B->written >= B->checkpoint_len / BDB_LOOKS)
		pthread_cond_signal(&B->wake);
	pthread_mutex_unlock(&B->lock);
	if (start && start_thread(B))
		B->started = 0;
}

static void
stop_thread(struct bdb * B)
{

	if (!B->started)
		return;
	pthread_mutex_lock(&B->lock);
	B->stop = 1;
	pthread_cond_signal(&B->wake);
	pthread_mutex_unlock(&B->lock);
	pthread_join(B->thread, NULL);
}

static int
open_env(struct bdb * B, const struct store_options * options)
{
	size_t cache = options->cache_len ? options->cache_len :
	    STORE_CACHE_DEFAULT;
	DB_ENV * env;
	int error;

	if (cache < BDB_CACHE_MIN)
		cache = BDB_CACHE_MIN;
	if ((error = db_env_create(&env, 0)) != 0)
		goto err0;
	B->env = env;
	env->app_private = B;
	env->set_errcall(env, keep_message);

	/* In a deadlock the thread that only reads gives way. */
	if ((error = env->set_cachesize(env, (uint32_t)(cache >> 30),
	    (uint32_t)(cache & 0x3fffffff), 1)) != 0 ||
	    (error = env->set_lg_bsize(env, BDB_LOG_BUFFER_LEN)) != 0 ||
	    (error = env->set_lg_max(env, BDB_LOG_FILE_LEN)) != 0 ||
	    (error = env->set_lk_detect(env, DB_LOCK_MINWRITE)) != 0 ||
	    (error = env->log_set_config(env, DB_LOG_AUTO_REMOVE, 1)) != 0)
		goto err0;

	/* Recovery at every open: we are the only one, and may have been killed. */
	if ((error = env->open(env, B->dir, DB_PRIVATE | DB_RECOVER | DB_THREAD |
	    DB_CREATE | DB_INIT_TXN | DB_INIT_LOG | DB_INIT_MPOOL | DB_INIT_LOCK,
	    0600)) != 0)
		goto err0;
	return (0);

err0:
	return (bdb_die(B, "cannot open the database", error));
}

static int
open_db(struct bdb * B)
{
	DB * db;
	int error;

	if ((error = db_create(&db, B->env, 0)) != 0)
		goto err0;
	B->db = db;
	if ((error = db->set_pagesize(db, BDB_PAGE_LEN)) != 0 ||
	    (error = db->set_flags(db, DB_CHKSUM)) != 0 ||
	    (error = db->open(db, NULL, BDB_FILE, NULL, DB_BTREE,
	    DB_CREATE | DB_THREAD | DB_AUTO_COMMIT, 0600)) != 0)
		goto err0;
	return (0);

err0:
	return (bdb_die(B, "cannot open the database", error));
}

/* Close what open_env and open_db opened; both may have stopped half-way. */
static void
close_env(struct bdb * B)
{
	int error;

	/* DB_NOSYNC: the checkpoint, if there is to be one, was written before. */
	if (B->db != NULL && (error = B->db->close(B->db, DB_NOSYNC)) != 0)
		bdb_die(B, "close", error);
	if (B->env != NULL && (error = B->env->close(B->env, 0)) != 0)
		if (backend_kill(&B->store))
			warnx("%s: close: %s", B->dir, db_strerror(error));
	B->db = NULL;
	B->env = NULL;
}

int
bdb_exists(const char * dir)
{
	char path[PATH_MAX];
	struct stat st;
	int len;

	len = snprintf(path, sizeof(path), "%s/%s", dir, BDB_FILE);
	if (len < 0 || (size_t)len >= sizeof(path)) {
		warnx("%s: path too long", dir);
		return (-1);
	}
	if (stat(path, &st) == 0)
		return (1);
	if (errno == ENOENT || errno == ENOTDIR)
		return (0);
	warn("%s", path);
	return (-1);
}

/* Make the structure itself, with nothing open. */
static struct bdb *
make(const struct store_options * options)
{
	struct bdb * B;

	if ((B = calloc(1, sizeof(*B))) == NULL)
		goto err0;
	if (backend_init(&B->store, &bdb_io_backend))
		goto err1;
	if (pthread_mutex_init(&B->lock, NULL))
		goto err2;
	if (pthread_cond_init(&B->wake, NULL))
		goto err3;
	B->checkpoint_len = options->checkpoint_len ? options->checkpoint_len :
	    STORE_CHECKPOINT_DEFAULT;
	return (B);

err3:
	pthread_mutex_destroy(&B->lock);
err2:
	backend_done(&B->store);
err1:
	free(B);
err0:
	return (NULL);
}

static void
unmake(struct bdb * B)
{

	pthread_cond_destroy(&B->wake);
	pthread_mutex_destroy(&B->lock);
	backend_done(&B->store);
	free(B);
}

int
bdb_open(const char * dir, const struct store_options * options,
    struct store ** out)
{
	struct bdb * B;
	int rc = -1;

	if ((B = make(options)) == NULL) {
		warnx("%s: out of memory", dir);
		goto err0;
	}
	if ((rc = dirlock_take(dir, &B->lock_fd)) != 0)
		goto err1;
	rc = -1;
	if ((B->dir = realpath(dir, NULL)) == NULL) {
		warn("%s", dir);
		goto err2;
	}
	if (open_env(B, options) || open_db(B))
		goto err3;
	if (dirlock_sync(B->dir))
		goto err3;

	/* What recovery said on the way to a success explains no later error. */
	B->message[0] = '\0';
	*out = &B->store;
	return (0);

err3:
	close_env(B);
	free(B->dir);
err2:
	close(B->lock_fd);
err1:
	unmake(B);
err0:
	return (rc);
}

const char *
bdb_dir(const struct store * S)
{

	return (((const struct bdb *)S)->dir);
}

void
bdb_close(struct store * S)
{
	struct bdb * B = (struct bdb *)S;
	int error;

	stop_thread(B);
	if (!store_dead(S) &&
	    (error = B->env->txn_checkpoint(B->env, 0, 0, 0)) != 0)
		bdb_die(B, "checkpoint", error);
	close_env(B);
	free(B->dir);
	close(B->lock_fd);
	unmake(B);
}
