#ifndef KS_CLIENT_REMEMBER_H
#define KS_CLIENT_REMEMBER_H

#include <stddef.h>
#include <stdint.h>

#include "proof/proof.h"

struct client;
struct proof;
struct realm;

/**
 * remember_size(realm, size):
 * Store in ${size} the size of the checkpoint that is remembered of ${realm}, 0
 * if none is.  Return 0, or -1 after a line on standard error.
 */
int remember_size(const struct realm *, uint64_t *);

/**
 * remember_checkpoint(C, realm, P, V, floor):
 * Hold the checkpoint of the proof ${P}, of which ${V} was found, against the one remembered of ${realm}, asking ${C} for the consistency proof
 * that this takes, and remember it if it is later and meets the policy.  One
 * that is smaller than the remembered one, but not than ${floor}, is no step
 * back if it is consistent.  One that only some signed, neither the policy's
 * quorum nor a majority of replicas, is passed over.  Return an enum exits:
 * EXITS_OK; EXITS_REFUSED with rule and evidence file on standard error; or
 * EXITS_PERMANENT or EXITS_TEMPORARY after a line on standard error.
 */
int remember_checkpoint(struct client *, const struct realm *,
    const struct proof *, const struct proof_verdict *, uint64_t);

#endif
