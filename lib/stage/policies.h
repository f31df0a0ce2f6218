#ifndef KS_STAGE_POLICIES_H
#define KS_STAGE_POLICIES_H

#include <stdint.h>

struct policy_history;
struct proto_policy;
struct realm;
struct view;

/*
 * The policies of a realm as a stage keeps them: a table with the key u64 epoch
 * and the value u64 number, var16 policy, and its history in memory.  The first
 * one, of epoch 1, is that of realm.conf.
 */

/**
 * policies_open(realm, view, table, H):
 * Store in ${H}, for policy_history_free, the policies that the ${table} of
 * ${view} has.  If it has none, put the policy of ${realm} there, to be committed
 * by the caller.  Return 0; 1 after a line if a row is damaged or the first policy
 * is another than that of ${realm}; or -1 (reported).
 */
int policies_open(const struct realm *, struct view *, uint8_t,
    struct policy_history **);

/**
 * policies_add(H, view, table, P):
 * Add ${P} to ${H} and to the ${table} of ${view}.  Return 0; 1 if it does not
 * follow or is no policy of the realm; or -1 if memory is short (reported).
 */
int policies_add(struct policy_history *, struct view *, uint8_t,
    const struct proto_policy *);

/**
 * policies_known(H, P):
 * Return 1 if ${H} has the policy ${P} already, with this epoch, number and text;
 * 0 if it has none that begins with this epoch; -1 if it has another one.
 */
int policies_known(const struct policy_history *, const struct proto_policy *);

#endif
