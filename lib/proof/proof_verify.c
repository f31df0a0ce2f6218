#include <stdint.h>
#include <string.h>

#include "base/panic.h"
#include "entry/index.h"
#include "entry/user.h"
#include "note/note.h"
#include "policy/policy.h"
#include "realm/realm.h"

#include "proof/proof.h"

/* The rules on whom and what the proof is about; the one broken, or NULL. */
static const char *
check_subject(const struct proof * P, const struct realm * realm,
    const char * user, struct proof_verdict * V)
{
	char normal[USER_LEN_MAX + 1];

	if (strcmp(P->realm, realm->name) != 0)
		return (RULE_REALM_MISMATCH);
	if (user != NULL && (user_normalise(normal, user, strlen(user)) ||
	    strcmp(P->user, normal) != 0))
		return (RULE_USER_MISMATCH);
	if (index_verify(realm->vrf_pk, P->user, P->vrf, V->index))
		return (RULE_VRF_INVALID);
	if (head_parse(&V->head, P->head, HEAD_LEN) ||
	    memcmp(V->head.realm, realm->realm_hash, HASH_LEN) != 0)
		return (RULE_HEAD_MALFORMED);
	return (NULL);
}

/* The rules on what was found in the directory. */
static const char *
check_directory(const struct proof * P, const struct realm * realm,
    struct proof_verdict * V)
{
	uint8_t commitment[HASH_LEN], root[HASH_LEN];
	const char * why;

	V->found = P->path.kind;
	if (P->path.kind == TREE_PRESENT) {
		if (entry_parse(&V->entry, P->entry, P->entry_len) ||
		    memcmp(V->entry.index, V->index, INDEX_LEN) != 0)
			return (RULE_ENTRY_MISMATCH);
		V->erased = P->profile_len == 0;
		if (!V->erased) {
			profile_commitment(commitment, P->profile,
			    P->profile_len);
			if (profile_parse(&V->profile, P->profile,
			    P->profile_len) || memcmp(commitment,
			    V->entry.commitment, HASH_LEN) != 0)
				return (RULE_PROFILE_MISMATCH);
		}
	}
	if (tree_path_root(realm->nonce, &P->path, V->index, root, &why) ||
	    memcmp(root, V->head.root, HASH_LEN) != 0)
		return (RULE_PATH_INVALID);
	return (NULL);
}

/*
 * The rules on the realm's policies.  Store the one of the checkpoint in ${V},
 * unless ${own} is to judge it, and the hash of the newest in ${newest}.
 */
static const char *
check_policies(const struct proof * P, const struct realm * realm,
    const struct policy * own, struct proof_verdict * V, uint8_t * newest)
{
	const uint64_t size = V->checkpoint.size;
	const char * rule;

	rule = chain_verify(&P->chain, realm, CHAIN_QUORUM, size);
	if (rule != NULL)
		return (rule);
	chain_policy(&P->chain, realm, UINT64_MAX, newest);
	V->policy = own != NULL ? own :
	    chain_policy(&P->chain, realm, size, NULL);
	return (NULL);
}

/* The rules on the epoch log, its checkpoint, and who has signed that. */
static const char *
check_checkpoint(const struct proof * P, const struct realm * realm,
    const struct policy * own, struct proof_verdict * V)
{
	const struct note * N = P->parsed;
	uint8_t leaf[HASH_LEN], newest[HASH_LEN];
	const char * why;

	if (checkpoint_parse(&V->checkpoint, N->text, N->textlen, &why))
		panic("a parsed proof has no checkpoint");
	merkle_leaf_hash(P->head, HEAD_LEN, leaf);
	if (P->leaf != V->head.epoch - 1 || merkle_inclusion_verify(leaf,
	    P->leaf, V->checkpoint.size,
	    (const uint8_t (*)[HASH_LEN])P->inclusion, P->ninclusion,
	    V->checkpoint.root))
		return (RULE_INCLUSION_INVALID);
	if (strcmp(V->checkpoint.origin, realm->name) != 0)
		return (RULE_ORIGIN_MISMATCH);
	if ((why = check_policies(P, realm, own, V, newest)) != NULL)
		return (why);

	/* Only a known key's line can still be refused: the text has parsed. */
	if (quorum_check(V->policy, N, &V->checkpoint, &V->quorum, &why))
		return (RULE_SIGNATURE_INVALID);
	V->met = V->quorum.met;

	/* What an older head names may have changed since. */
	if (V->head.epoch == V->checkpoint.size &&
	    memcmp(V->head.policy, newest, HASH_LEN) != 0)
		return (RULE_POLICY_CHANGED);
	return (NULL);
}

/*
 * Cosignatures from the future count for nothing: a verifier whose clock is
 * wrong must not make proofs fail that hold without it.
 */
static void
drop_future(const struct policy * policy, uint64_t latest_ms, struct quorum * Q)
{

	for (unsigned i = 0; i < policy_keys(policy); i++)
		if (Q->time_s[i] > latest_ms / 1000)
			Q->satisfied[i] = 0;
	Q->met = policy_met(policy, Q->satisfied);
}

/* Is the policy met by the replicas and the cosignatures not before ${time_s}? */
static int
met_since(const struct policy * policy, const struct quorum * Q,
    uint64_t time_s)
{
	uint8_t counted[POLICY_KEYS_MAX];

	for (unsigned k = 0; k < policy_keys(policy); k++)
		counted[k] = Q->satisfied[k] &&
		    (policy_key(policy, k)->kind != POLICY_WITNESS ||
		    Q->time_s[k] >= time_s);
	return (policy_met(policy, counted));
}

/*
 * The newest time such that the quorum is met by cosignatures not before it: no
 * single verifier can make a proof look fresh that the others let grow old.  If
 * it is met without any, they say nothing about its age, so that there is none.
 */
static uint64_t
quorum_time_ms(const struct policy * policy, const struct quorum * Q)
{
	uint64_t newest_s = 0;

	if (met_since(policy, Q, UINT64_MAX))
		return (0);
	for (unsigned i = 0; i < policy_keys(policy); i++) {
		if (!Q->satisfied[i] || Q->time_s[i] <= newest_s)
			continue;
		if (met_since(policy, Q, Q->time_s[i]))
			newest_s = Q->time_s[i];
	}
	return (newest_s * 1000);
}

/* The rule on times; compute that of the proof, and whether it is fresh. */
static const char *
check_times(const struct realm * realm, uint64_t now_ms,
    struct proof_verdict * V)
{
	uint64_t latest_ms = now_ms > UINT64_MAX - CLOCK_SKEW_MS ?
	    UINT64_MAX : now_ms + CLOCK_SKEW_MS;

	if (V->head.time_ms > latest_ms)
		return (RULE_TIME_FUTURE);
	drop_future(V->policy, latest_ms, &V->quorum);
	V->met = V->quorum.met;
	V->time_ms = quorum_time_ms(V->policy, &V->quorum);
	if (V->head.epoch == V->checkpoint.size && V->quorum.majority &&
	    V->head.time_ms > V->time_ms)
		V->time_ms = V->head.time_ms;

	/*
	 * However young its checkpoint, an older head tells what was, not what
	 * is: else a server could hide an update for ever.
	 */
	V->fresh = V->head.epoch == V->checkpoint.size && V->time_ms != 0 &&
	    (V->time_ms >= now_ms ||
	    now_ms - V->time_ms <= realm->fresh_s * 1000);
	return (NULL);
}

enum proof_result
proof_verify(const struct proof * P, const struct realm * realm,
    const struct policy * policy, const char * user, uint64_t epoch,
    uint64_t now_ms, struct proof_verdict * V)
{

	memset(V, 0, sizeof(*V));
	if ((V->rule = check_subject(P, realm, user, V)) != NULL ||
	    (V->rule = check_directory(P, realm, V)) != NULL ||
	    (V->rule = check_checkpoint(P, realm, policy, V)) != NULL ||
	    (V->rule = check_times(realm, now_ms, V)) != NULL)
		return (PROOF_REFUSED);
	if (epoch != 0 && V->head.epoch != epoch) {
		V->rule = RULE_EPOCH_MISMATCH;
		return (PROOF_REFUSED);
	}
	if (!V->met)
		V->rule = RULE_QUORUM_UNMET;
	else if (epoch == 0 && !V->fresh)
		V->rule = RULE_NOT_FRESH;
	return (V->rule != NULL ? PROOF_INSUFFICIENT : PROOF_VERIFIED);
}
