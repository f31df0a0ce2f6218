#include <string.h>

#include "entry/rule_names.h"
#include "note/checkpoint.h"
#include "note/note.h"
#include "policy/quorum.h"
#include "realm/realm.h"

#include "chain/chain.h"

/* The first link after the policy that ${realm} starts from. */
static unsigned
first(const struct chain * C, const struct realm * realm)
{
	unsigned i = C->n;

	while (i > 0 && memcmp(C->link[i - 1].hash, realm->policy_hash,
	    HASH_LEN) != 0)
		i--;
	return (i);
}

/* Is the head of ${K} that of its epoch in the log, and names its policy? */
static int
check_head(const struct chain_link * K, const struct realm * realm,
    const struct checkpoint * checkpoint)
{
	uint8_t leaf[HASH_LEN];
	struct head head;

	if (head_parse(&head, K->head, HEAD_LEN) ||
	    head.epoch != checkpoint->size ||
	    memcmp(head.realm, realm->realm_hash, HASH_LEN) != 0 ||
	    memcmp(head.policy, K->hash, HASH_LEN) != 0)
		return (-1);
	merkle_leaf_hash(K->head, HEAD_LEN, leaf);
	return (merkle_inclusion_verify(leaf, head.epoch - 1, checkpoint->size,
	    (const uint8_t (*)[HASH_LEN])K->inclusion, K->ninclusion,
	    checkpoint->root));
}

/* Verify a link whose policy follows ${policy}. */
static const char *
check_link(const struct chain_link * K, const struct realm * realm,
    const struct policy * policy, enum chain_trust trust)
{
	struct checkpoint checkpoint;
	struct quorum Q;
	const char * why;

	if (K->realm_policy == NULL ||
	    quorum_check(policy, K->parsed, &checkpoint, &Q, &why) ||
	    strcmp(checkpoint.origin, realm->name) != 0 ||
	    check_head(K, realm, &checkpoint))
		return (RULE_POLICY_CHAIN_INVALID);
	return ((trust == CHAIN_QUORUM ? Q.met : Q.majority) ? NULL :
	    RULE_POLICY_CHAIN_UNMET);
}

const char *
chain_verify(const struct chain * C, const struct realm * realm,
    enum chain_trust trust, uint64_t max)
{
	const struct policy * policy = realm->policy;
	const struct chain_link * K;
	uint64_t last = 0;
	const char * rule;

	for (unsigned i = first(C, realm); i < C->n; i++) {
		K = &C->link[i];
		if (K->epoch <= last || K->epoch > max)
			return (RULE_POLICY_CHAIN_INVALID);
		if ((rule = check_link(K, realm, policy, trust)) != NULL)
			return (rule);
		policy = K->realm_policy;
		last = K->epoch;
	}
	return (NULL);
}

const struct policy *
chain_policy(const struct chain * C, const struct realm * realm,
    uint64_t epoch, uint8_t * hash)
{
	const struct policy * policy = realm->policy;
	const uint8_t * is = realm->policy_hash;

	for (unsigned i = first(C, realm); i < C->n; i++) {
		if (C->link[i].epoch >= epoch)
			break;
		policy = C->link[i].realm_policy;
		is = C->link[i].hash;
	}
	if (hash != NULL)
		memcpy(hash, is, HASH_LEN);
	return (policy);
}
