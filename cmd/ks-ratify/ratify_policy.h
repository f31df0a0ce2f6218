#ifndef KS_RATIFY_POLICY_H
#define KS_RATIFY_POLICY_H

#include <stddef.h>
#include <stdint.h>

#include "chain/chain.h"
#include "merkle/merkle.h"

struct policy_era;
struct ratify_epoch;
struct ratify_state;
struct view;
struct vkey;

/*
 * The policies of the realm that a verifier has seen begin, and the links that
 * prove it: by them it judges, and with them it makes evidence.
 */

/**
 * ratify_policy_open(A, view):
 * Read the policies of ${A} from ${view}; a new database gets that of the realm
 * file, at once.  Return 0; 1 after a line if they are damaged or of another realm
 * file; or -1 (reported).
 */
int ratify_policy_open(struct ratify_state *, struct view *);

/**
 * ratify_policy_at(A, epoch):
 * Return the policy that is in force in ${epoch}, which is not 0 and no later
 * than the one after the last ratified.
 */
const struct policy_era * ratify_policy_at(const struct ratify_state *,
    uint64_t);

/**
 * ratify_policy_own(A, epoch):
 * Return the verifier key of ${A} as the policy in force in ${epoch} has it; or
 * NULL if it has not: then ${A} only follows.
 */
const struct vkey * ratify_policy_own(const struct ratify_state *, uint64_t);

/**
 * ratify_policy_begin(A, view, E, note, len):
 * The head of ${E}, of the epoch after the last ratified, names the policy that
 * ${E} carries: put it and the link to it, with the ${len} bytes of the ${note},
 * into ${view}.  Return 0, or -1 (reported).
 */
int ratify_policy_begin(struct ratify_state *, struct view *,
    const struct ratify_epoch *, const uint8_t *, size_t);

/**
 * ratify_policy_chain(A, view, epoch, C):
 * Make ${C}, for chain_free, lead to the policy in force in ${epoch}, by its
 * newest links if there are more than POLICY_CHAIN_MAX.  Return 0, or -1
 * (reported).
 */
int ratify_policy_chain(struct ratify_state *, struct view *, uint64_t,
    struct chain *);

#endif
