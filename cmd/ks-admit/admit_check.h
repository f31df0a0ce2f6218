#ifndef KS_ADMIT_CHECK_H
#define KS_ADMIT_CHECK_H

#include <stddef.h>
#include <stdint.h>

#include "crypto/vrf.h"
#include "entry/rules.h"
#include "entry/update.h"
#include "proto/proto_admit.h"

struct realm;

/*
 * What the edge decides about an update: pure.  The first half needs nothing but
 * the request, is expensive, and may run in threads; the second half needs the
 * entry that the update meets.
 */
struct admit_check {
	struct proto_admit_update request;	/* points to what the caller keeps */
	int parsed;				/* update is good */
	struct update update;
	struct rules_prepared prepared;		/* for rules_free */
};

/**
 * admit_check_known(registration):
 * Return 1 if the ${registration} word of a realm is one that is known here, or 0.
 */
int admit_check_known(const char *);

/**
 * admit_check_request(A, realm, key, rule):
 * Check ${A}->request in ${realm} with the VRF ${key} against the rules that need
 * no state: user-malformed, update-malformed, profile-malformed,
 * profile-commitment, index-not-users, in this order.  Store the first that is
 * broken, or NULL, in ${rule}, and fill the rest of ${A}; signatures are verified
 * but not judged yet.  Return 0, or -1 if memory ran out.
 */
int admit_check_request(struct admit_check *, const struct realm *,
    const struct vrf_key *, const char **);

/**
 * admit_check_state(A, realm, current, len, rule):
 * Check ${A}, in which admit_check_request found nothing broken, when the newest
 * accepted entry is the ${len} bytes at ${current}, or NULL for none:
 * registration-proof, then the rules of section 5 of PROTOCOL.  Return 0 and the
 * rule or NULL; or -1 if it could not be found out: memory ran out, or
 * ${current} is no entry.
 */
int admit_check_state(const struct admit_check *, const struct realm *,
    const uint8_t *, size_t, const char **);

/**
 * admit_check_is(A, current, len):
 * Return 1 if the ${len} bytes at ${current} are the very entry that ${A} asks
 * for: it was accepted before, and this is a repetition.  Otherwise 0.
 */
int admit_check_is(const struct admit_check *, const uint8_t *, size_t);

/**
 * admit_check_free(A):
 * Free what ${A} holds.
 */
void admit_check_free(struct admit_check *);

#endif
