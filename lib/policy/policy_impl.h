#ifndef KS_POLICY_POLICY_IMPL_H
#define KS_POLICY_POLICY_IMPL_H

#include "policy/policy.h"

/* What a name stands for: a key, a group, or nothing. */
#define NODE_NONE	(-1)
#define NODE_KEY(i)	((int)(i))
#define NODE_GROUP(i)	(POLICY_KEYS_MAX + (int)(i))

/* A group: met if as many of its members as its threshold are. */
struct policy_group {
	const char * name;
	unsigned threshold;
	int parent;		/* group of which it is a member, or NODE_NONE */
};

/*
 * As a name is a member of one group at most, the groups are trees, and a
 * member that knows its parent is all there is to store.
 */
struct policy {
	unsigned nkeys;
	struct policy_key * keys;
	int * key_parent;	/* as in struct policy_group */
	unsigned ngroups;
	struct policy_group * groups;
	int quorum;		/* NODE_...; NODE_NONE for "quorum none" */
	char * text;		/* the names and URLs point into it */
};

#endif
