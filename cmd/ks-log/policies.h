#ifndef KS_LOG_POLICIES_H
#define KS_LOG_POLICIES_H

#include <stdint.h>

#include "ask/ask.h"
#include "policy/policy.h"
#include "proto/policy.h"

struct logtool;
struct policy_history;
struct realm;

/* An approval that waits; points into memory of its own. */
struct policies_approval {
	uint8_t key_id[VKEY_ID_LEN];
	struct proto_policy policy;	/* the epoch is 0 */
	char * text;
};

/*
 * What ks-apply tells about the policies of its realm, one answer after the
 * other: between two the log may go on.
 */
struct policies {
	const struct logtool * T;
	char path[128];			/* of the socket; for messages */
	struct ask ask;
	struct realm * realm;		/* DIR/realm.conf */
	struct policy_history * history;	/* from number 1 on */
	struct policies_approval chosen;	/* number 0: none */
	struct policies_approval approval[POLICY_KEYS_MAX];
	unsigned napprovals;
};

/**
 * policies_begin(S, T):
 * Read the realm file of the replica of ${T} and connect ${S} to its ks-apply.
 * Return 0, or the code to leave with after a line on standard error;
 * policies_end is due in any case.
 */
int policies_begin(struct policies *, const struct logtool *);

/**
 * policies_read(S):
 * Read what is in force, chosen and approved now into ${S}.  Return as above.
 */
int policies_read(struct policies *);

/**
 * policies_outcome(S, request_id):
 * Wait until the entry with the REQUEST_ID_LEN bytes ${request_id} came out of the
 * log.  Return 0 if it was accepted, or as above.
 */
int policies_outcome(struct policies *, const uint8_t *);

/**
 * policies_end(S):
 * Free what ${S} holds.
 */
void policies_end(struct policies *);

#endif
