#include <err.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "entry/limits.h"
#include "entry/rule_names.h"
#include "policy/policy.h"
#include "realm/realm.h"
#include "store/store.h"

#include "publish_model.h"

/* The policy with ${hash}, or else the one to make room with. */
static struct publish_policy *
find_slot(struct publish_model * M, const uint8_t hash[HASH_LEN])
{
	struct publish_policy * oldest = &M->policies[0];
	struct publish_policy * C;

	for (size_t i = 0; i < PUBLISH_POLICIES_MAX; i++) {
		C = &M->policies[i];
		if (C->policy != NULL && memcmp(C->hash, hash, HASH_LEN) == 0)
			return (C);
		if (C->used < oldest->used)
			oldest = C;
	}
	return (oldest);
}

int
publish_model_policy(struct publish_model * M, const char * text, size_t len,
    struct publish_policy ** out, const char ** rule)
{
	struct publish_policy * C;
	struct policy_error error;
	struct policy * P;
	uint8_t hash[HASH_LEN];

	if (len == 0) {
		text = M->realm->policy_text;
		len = M->realm->policy_len;
	}
	hash_sha256(text, len, hash);
	C = find_slot(M, hash);
	if (C->policy == NULL || memcmp(C->hash, hash, HASH_LEN) != 0) {
		if (policy_parse(text, len, POLICY_FOR_REALM, &P, &error)) {
			if ((*rule = error.rule) != NULL)
				*rule = RULE_POLICY_MALFORMED;
			else
				warnx("out of memory");
			return (-1);
		}
		policy_free(C->policy);
		C->policy = P;
		C->generation = 0;
		memcpy(C->hash, hash, HASH_LEN);
	}
	C->used = ++M->used;
	*out = C;
	return (0);
}

/* Does the realm know ${K}, so that its rows are of this very key? */
static int
is_realms(const struct publish_model * M, const struct policy_key * K)
{
	int i = policy_find_pk(M->realm->policy, K->vkey.pk);
	const struct policy_key * own;

	if (i < 0)
		return (0);
	own = policy_key(M->realm->policy, (unsigned)i);
	return (own->kind == K->kind &&
	    memcmp(own->vkey.id, K->vkey.id, VKEY_ID_LEN) == 0);
}

/* Does the note of ${epoch} meet ${P}?  1, 0, or -1 (reported). */
static int
is_met(struct publish_model * M, const struct policy * P, const uint8_t * known,
    uint64_t epoch)
{
	uint8_t satisfied[POLICY_KEYS_MAX] = { 0 };
	const struct policy_key * K;
	int rc;

	for (unsigned i = 0; i < policy_keys(P); i++) {
		if (!known[i])
			continue;
		K = policy_key(P, i);
		rc = publish_model_has(M, K->kind == POLICY_REPLICA ?
		    PUBLISH_TABLE_SIGNATURE : PUBLISH_TABLE_RATIFICATION, epoch,
		    K->vkey.id);
		if (rc < 0)
			return (-1);
		satisfied[i] = (uint8_t)rc;
	}
	return (policy_met(P, satisfied) != 0);
}

int
publish_model_best(struct publish_model * M, struct publish_policy * C,
    uint64_t * epoch)
{
	uint8_t known[POLICY_KEYS_MAX];
	uint64_t newest = M->state->signed_epoch;
	int rc = 0;

	if (C->generation == M->generation) {
		*epoch = C->best;
		return (0);
	}
	for (unsigned i = 0; i < policy_keys(C->policy); i++)
		known[i] = (uint8_t)is_realms(M, policy_key(C->policy, i));
	*epoch = 0;
	for (uint64_t e = newest; e > 0 && newest - e < LOOKBACK_EPOCHS_MAX; e--) {
		if ((rc = is_met(M, C->policy, known, e)) != 0) {
			*epoch = e;
			break;
		}
	}
	if (rc < 0)
		return (-1);
	C->best = *epoch;
	C->generation = M->generation;
	return (0);
}
