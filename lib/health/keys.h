#ifndef KS_HEALTH_KEYS_H
#define KS_HEALTH_KEYS_H

#include <stddef.h>
#include <stdint.h>

struct health_look;
struct policy;

/* What a key in the policy has done last, as ks-publish tells it. */
struct health_key {
	char id[9];		/* of its key, in hex */
	const char * name;	/* in the policy; its id if that has it not */
	uint64_t epoch;		/* the newest that it signed or ratified */
	uint64_t lag;		/* how many epochs are after that */
};

/* Most of each kind: keys of a policy. */
#define HEALTH_KEYS_MAX	64

/* The replicas and verifiers of a realm. */
struct health_keys {
	size_t nreplicas;
	size_t nverifiers;
	struct health_key replicas[HEALTH_KEYS_MAX];
	struct health_key verifiers[HEALTH_KEYS_MAX];
};

/* A rule and how often it refused something. */
struct health_refusals {
	char rule[65];
	uint64_t n;
};

/* Most rules that are told of a realm. */
#define HEALTH_RULES_MAX	128

/**
 * health_keys(L, policy, K):
 * Store in ${K} what ks-publish in ${L} tells of replicas and verifiers; their names, which
 * point into ${policy} or ${K}, are those in ${policy}, which may be NULL.
 */
void health_keys(const struct health_look *, const struct policy *,
    struct health_keys *);

/**
 * health_refusals(L, R):
 * Store in the HEALTH_RULES_MAX places at ${R} the rules that refused something in any
 * daemon of ${L}, and how often in all of them.  Return how many there are.
 */
size_t health_refusals(const struct health_look *, struct health_refusals *);

#endif
