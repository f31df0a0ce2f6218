#include <stdlib.h>
#include <string.h>

#include "base/panic.h"
#include "policy/policy.h"
#include "policy/policy_impl.h"
#include "policy/quorum.h"

void
policy_free(struct policy * P)
{

	free(P);
}

unsigned
policy_keys(const struct policy * P)
{

	return (P->nkeys);
}

const struct policy_key *
policy_key(const struct policy * P, unsigned i)
{

	PANIC_UNLESS(i < P->nkeys);
	return (&P->keys[i]);
}

unsigned
policy_replicas(const struct policy * P)
{
	unsigned i, n = 0;

	for (i = 0; i < P->nkeys; i++)
		n += P->keys[i].kind == POLICY_REPLICA;
	return (n);
}

int
policy_find_pk(const struct policy * P, const uint8_t pk[SIGN_PK_LEN])
{
	unsigned i;

	for (i = 0; i < P->nkeys; i++) {
		if (memcmp(P->keys[i].vkey.pk, pk, SIGN_PK_LEN) == 0)
			return ((int)i);
	}
	return (-1);
}

int
policy_find_id(const struct policy * P, const char * name, size_t namelen,
    const uint8_t id[VKEY_ID_LEN])
{
	const struct vkey * V;
	unsigned i;

	for (i = 0; i < P->nkeys; i++) {
		V = &P->keys[i].vkey;
		if (memcmp(V->id, id, VKEY_ID_LEN) == 0 &&
		    strlen(V->name) == namelen &&
		    memcmp(V->name, name, namelen) == 0)
			return ((int)i);
	}
	return (-1);
}

int
policy_find_keyid(const struct policy * P, enum policy_kind kind,
    const uint8_t id[VKEY_ID_LEN])
{
	unsigned i;

	for (i = 0; i < P->nkeys; i++) {
		if (P->keys[i].kind == kind &&
		    memcmp(P->keys[i].vkey.id, id, VKEY_ID_LEN) == 0)
			return ((int)i);
	}
	return (-1);
}

int
policy_find_name(const struct policy * P, const char * name)
{
	unsigned i;

	for (i = 0; i < P->nkeys; i++) {
		if (strcmp(P->keys[i].name, name) == 0)
			return ((int)i);
	}
	return (-1);
}

/*
 * "quorum none" asks for no verifier.  It does not believe just anybody: what
 * some of the replicas signed is not the realm's yet.
 */
static int
none_met(const struct policy * P, const uint8_t * satisfied)
{
	unsigned i, all = 0, replicas = 0;

	for (i = 0; i < P->nkeys; i++) {
		if (!satisfied[i])
			continue;
		all++;
		replicas += P->keys[i].kind == POLICY_REPLICA;
	}
	if (policy_replicas(P) > 0)
		return (replicas >= quorum_majority(policy_replicas(P)));
	return (all > 0);
}

int
policy_met(const struct policy * P, const uint8_t * satisfied)
{
	unsigned count[POLICY_GROUPS_MAX] = { 0 };
	unsigned i;
	int met, parent;

	if (P->quorum == NODE_NONE)
		return (none_met(P, satisfied));

	/*
	 * A group names only what stands before it, so one pass in order is
	 * enough: whoever belongs to a group has been counted when it is its
	 * turn.
	 */
	for (i = 0; i < P->nkeys; i++) {
		parent = P->key_parent[i];
		if (satisfied[i] && parent != NODE_NONE)
			count[parent]++;
		if (P->quorum == NODE_KEY(i))
			return (satisfied[i] != 0);
	}
	for (i = 0; i < P->ngroups; i++) {
		met = count[i] >= P->groups[i].threshold;
		parent = P->groups[i].parent;
		if (met && parent != NODE_NONE)
			count[parent]++;
		if (P->quorum == NODE_GROUP(i))
			return (met);
	}
	panic("policy: the quorum names nothing");
}
