#include <err.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "entry/limits.h"
#include "entry/rule_names.h"
#include "policy/history.h"
#include "realm/realm.h"
#include "store/store.h"

#include "publish_model.h"

/* Is ${C} about the policy with ${hash} and clients that know ${known}? */
static int
is_about(const struct publish_policy * C, const uint8_t hash[HASH_LEN],
    const struct policy_era * known)
{

	return (C->used != 0 && C->known == known &&
	    memcmp(C->hash, hash, HASH_LEN) == 0);
}

/* The slot of that policy, or else the one to make room with. */
static struct publish_policy *
find_slot(struct publish_model * M, const uint8_t hash[HASH_LEN],
    const struct policy_era * known)
{
	struct publish_policy * oldest = &M->policies[0];
	struct publish_policy * C;

	for (size_t i = 0; i < PUBLISH_POLICIES_MAX; i++) {
		C = &M->policies[i];
		if (is_about(C, hash, known))
			return (C);
		if (C->used < oldest->used)
			oldest = C;
	}
	return (oldest);
}

/* Parse the ${len} bytes at ${text} into ${P}; NULL for none. */
static int
parse(const char * text, size_t len, struct policy ** P, const char ** rule)
{
	struct policy_error error;

	*P = NULL;
	if (len == 0 || policy_parse(text, len, POLICY_FOR_REALM, P, &error) == 0)
		return (0);
	if ((*rule = error.rule) != NULL)
		*rule = RULE_POLICY_MALFORMED;
	else
		warnx("out of memory");
	return (-1);
}

int
publish_model_policy(struct publish_model * M, const char * text, size_t len,
    const uint8_t * known, struct publish_policy ** out, const char ** rule)
{
	uint8_t hash[HASH_LEN] = { 0 };	/* of no text: the realm's own */
	const struct policy_era * era;
	struct publish_policy * C;
	struct policy * P;

	*rule = RULE_POLICY_UNKNOWN;
	if ((era = policy_history_find(M->state->policies, known)) == NULL)
		return (-1);
	if (len > 0)
		hash_sha256(text, len, hash);
	C = find_slot(M, hash, era);
	if (!is_about(C, hash, era)) {
		if (parse(text, len, &P, rule))
			return (-1);
		policy_free(C->policy);
		C->policy = P;
		C->generation = 0;
		C->known = era;
		memcpy(C->hash, hash, HASH_LEN);
	}
	C->used = ++M->used;
	*out = C;
	return (0);
}

/* Does ${own}, the realm's policy of an epoch, know ${K}, so that the epoch's rows
 * are of this very key? */
static int
is_realms(const struct policy * own, const struct policy_key * K)
{
	int i = policy_find_pk(own, K->vkey.pk);
	const struct policy_key * L;

	if (i < 0)
		return (0);
	L = policy_key(own, (unsigned)i);
	return (L->kind == K->kind &&
	    memcmp(L->vkey.id, K->vkey.id, VKEY_ID_LEN) == 0);
}

int
publish_model_met(struct publish_model * M, const struct policy * P,
    uint64_t epoch)
{
	const struct policy * own = publish_model_era(M, epoch)->policy;
	uint8_t satisfied[POLICY_KEYS_MAX] = { 0 };
	const struct policy_key * K;
	int rc;

	if (P == NULL)
		P = own;
	for (unsigned i = 0; i < policy_keys(P); i++) {
		K = policy_key(P, i);
		if (P != own && !is_realms(own, K))
			continue;
		rc = publish_model_has(M, K->kind == POLICY_REPLICA ?
		    PUBLISH_TABLE_SIGNATURE : PUBLISH_TABLE_RATIFICATION, epoch,
		    K->vkey.id);
		if (rc < 0)
			return (-1);
		satisfied[i] = (uint8_t)rc;
	}
	return (policy_met(P, satisfied) != 0);
}

/*
 * Store in ${limit} the newest signed epoch up to which whoever starts from the
 * policy ${known} can be led: the first change of policy on his way whose note does
 * not meet the policy before it is beyond his reach, and all that comes after.  0
 * while the epoch whose head names ${known} is not signed.
 */
static int
find_limit(struct publish_model * M, const struct policy_era * known,
    uint64_t * limit)
{
	const struct policy_era * era;
	const struct publish_link * link;
	int rc;

	*limit = M->state->signed_epoch;
	if (*limit + 1 < known->epoch)
		*limit = 0;
	for (unsigned n = 0; n <= POLICY_CHAIN_MAX; n++) {
		era = policy_history_after(M->state->policies, known->number + n);
		if (era == NULL || era->epoch - 1 > *limit)
			return (0);
		if ((rc = publish_model_link(M, era, &link)) < 0)
			return (-1);
		if (rc == 0) {
			*limit = era->epoch - 2;
			return (0);
		}
	}
	return (0);
}

int
publish_model_best(struct publish_model * M, struct publish_policy * C)
{
	const struct policy * P;
	uint64_t best = 0, limit;
	int rc = 0;

	if (C->generation == M->generation)
		return (0);
	if (find_limit(M, C->known, &limit))
		return (-1);
	for (uint64_t e = limit; e > 0 && e + 1 >= C->known->epoch &&
	    limit - e < LOOKBACK_EPOCHS_MAX; e--) {
		/* A client knows no policy before the one that it starts from. */
		P = C->policy;
		if (P == NULL && e < C->known->epoch)
			P = C->known->policy;
		if ((rc = publish_model_met(M, P, e)) != 0) {
			best = e;
			break;
		}
	}
	if (rc < 0)
		return (-1);
	C->best = best;
	C->limit = limit;
	C->generation = M->generation;
	return (0);
}
