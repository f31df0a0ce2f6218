#ifndef KS_UPDATE_JOB_H
#define KS_UPDATE_JOB_H

#include <stddef.h>
#include <stdint.h>

#include "client/client.h"
#include "entry/limits.h"

/* What the command line asks for. */
struct job {
	const char * realm;			/* file */
	const char * ca;			/* file; NULL: as client_set_ca */
	const char * servers[CLIENT_SERVERS_MAX];
	unsigned nservers;
	const char * keys[UPDATE_SIGS_MAX];	/* files */
	size_t nkeys;
	const char * policy;			/* file; NULL: keep, or make one */
	const char * quorum;			/* file; NULL: the realm's */
	const char * out;			/* file for the proof, or NULL */
	uint64_t timeout_ms;
	int keep;				/* the other applications stay */
	const char * user;
	char * const * changes;			/* APP=VALUE ... */
	size_t nchanges;
};

/**
 * job_run(J):
 * Do the update ${J}: look the user up, compose and sign, send, and wait until
 * the proof shows it.  Print the result.  Return an enum exits, all but EXITS_OK
 * after a line on standard error.
 */
int job_run(const struct job *);

#endif
