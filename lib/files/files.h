#ifndef KS_FILES_FILES_H
#define KS_FILES_FILES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * What a daemon that faces the network has to read again on SIGHUP is not in reach of
 * its jail, as beside it lie files that are nobody's business there.  A process of its
 * own, forked before, reads it: it takes no input but one byte of the daemon's, has a
 * jail in which it can read the working directory only (all directories, if a path is
 * absolute), and leaves when the daemon does.
 */

/* Most files of a reader. */
#define FILES_MAX	4

/* How long the reader may take. */
#define FILES_WAIT_MS	5000

struct files_one {
	const char * path;
	size_t len_max;
	int secret;		/* of mode 0600, into secret memory */
};

struct files {
	int fd;			/* to the reader; -1: none */
	pid_t pid;
	unsigned n;
	struct files_one file[FILES_MAX];
};

/* What it has read of each; a NUL follows. */
struct files_got {
	uint8_t * data[FILES_MAX];
	size_t len[FILES_MAX];
};

/**
 * files_start(F, file, n, jailed):
 * Start the reader ${F} of the ${n} files ${file}, in a jail if ${jailed} is nonzero;
 * before there are keys in memory, and threads.  Return 0, or -1 after a line on
 * standard error.
 */
int files_start(struct files *, const struct files_one *, unsigned, int);

/**
 * files_get(F, G):
 * Let ${F} read the files into ${G}, for files_free.  Return 0, or -1 after a line
 * on standard error.
 */
int files_get(struct files *, struct files_got *);

/**
 * files_free(F, G):
 * Wipe and free what ${G} holds of the files of ${F}.  What is NULL is passed over.
 */
void files_free(const struct files *, struct files_got *);

/**
 * files_stop(F):
 * End the reader ${F}.
 */
void files_stop(struct files *);

#endif
