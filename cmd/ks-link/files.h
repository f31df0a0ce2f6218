#ifndef KS_LINK_FILES_H
#define KS_LINK_FILES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * What ks-link has to read again on SIGHUP is not in reach of its jail, as beside
 * it lie files that are nobody's business who faces the network.  A process of
 * its own, forked before, reads it: it takes no input but one byte of ks-link's,
 * has a jail in which it can read this directory only, and leaves when ks-link
 * does.
 */
struct files {
	int fd;			/* to the reader; -1: none */
	pid_t pid;
};

/* How long the reader may take. */
#define FILES_WAIT_MS	5000

/* What it has read. */
struct files_got {
	uint8_t * realm;	/* realm.conf, with a NUL after it */
	size_t realm_len;
	char * key;		/* keys/link.key, in secret memory */
	size_t key_len;
	char * cert;		/* keys/link.crt */
	size_t cert_len;
};

/**
 * files_start(F, jailed):
 * Start the reader ${F}, in a jail if ${jailed} is nonzero; before there are keys
 * in memory, and threads.  Return 0, or -1 after a line on standard error.
 */
int files_start(struct files *, int);

/**
 * files_get(F, G):
 * Let ${F} read the files into ${G}, for files_free.  Return 0, or -1 after a line
 * on standard error.
 */
int files_get(struct files *, struct files_got *);

/**
 * files_free(G):
 * Wipe and free what ${G} holds.
 */
void files_free(struct files_got *);

/**
 * files_stop(F):
 * End the reader ${F}.
 */
void files_stop(struct files *);

#endif
