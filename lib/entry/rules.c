#include <stdint.h>
#include <string.h>

#include "codec/wbuf.h"
#include "crypto/sign.h"
#include "entry/profile.h"
#include "policy/policy.h"

#include "entry/rules.h"

/* A signed message: the label, the realm's name and the entry. */
#define MESSAGE_LEN_MAX	(32 + REALM_NAME_MAX + ENTRY_LEN_MAX)

int
rules_signatures(const struct update * U, const char * realm, uint8_t * valid)
{
	struct wbuf W;
	int failed;

	memset(valid, 0, UPDATE_SIGS_MAX);
	wbuf_init(&W, MESSAGE_LEN_MAX);
	update_message(&W, realm, U->entry_data, U->entry_len);
	failed = wbuf_failed(&W);

	/*
	 * Rule S1 alone: whether a key is valid (S2) is asked when it enters a
	 * policy, and one that is in none meets nothing.
	 */
	for (size_t i = 0; !failed && i < U->nsigs; i++)
		valid[i] = sign_verify(update_key(U, i), W.data, W.len,
		    update_sig(U, i)) == 0;
	wbuf_free(&W);
	return (failed);
}

/* Parse a user's policy; NULL in ${P} if it is malformed. */
static int
parse_policy(const char * text, size_t len, struct policy ** P)
{
	struct policy_error error;

	if (policy_parse(text, len, POLICY_FOR_UPDATE, P, &error) == 0)
		return (0);
	*P = NULL;
	return (error.rule == NULL ? -1 : 0);
}

int
rules_prepare(struct rules_prepared * P, const struct update * U,
    const char * realm)
{

	P->policy = NULL;
	if (rules_signatures(U, realm, P->valid))
		return (-1);
	return (parse_policy(U->entry.policy, U->entry.policy_len,
	    &P->policy));
}

void
rules_free(struct rules_prepared * P)
{

	policy_free(P->policy);
	P->policy = NULL;
}

/* Do the keys that signed ${U} meet ${P}? */
static int
keys_meet(const struct update * U, const struct policy * P)
{
	uint8_t satisfied[POLICY_KEYS_MAX];
	int k;

	memset(satisfied, 0, sizeof(satisfied));
	for (size_t i = 0; i < U->nsigs; i++)
		if ((k = policy_find_pk(P, update_key(U, i))) >= 0)
			satisfied[k] = 1;
	return (policy_met(P, satisfied));
}

/* The rule on the profile that is broken, or NULL. */
static const char *
check_profile(const struct rules_input * I)
{
	struct profile profile;
	uint8_t commitment[HASH_LEN];

	if (I->profile_kind == RULES_PROFILE_NONE ||
	    (I->profile_kind == RULES_PROFILE_LOG && I->profile_len == 0))
		return (NULL);
	if (profile_parse(&profile, I->profile, I->profile_len))
		return (RULE_PROFILE_MALFORMED);
	profile_commitment(commitment, I->profile, I->profile_len);
	if (memcmp(commitment, I->update->entry.commitment, HASH_LEN) != 0)
		return (RULE_PROFILE_COMMITMENT);
	return (NULL);
}

/* Store in ${met} whether the current entry's policy is met. */
static int
check_current_policy(const struct rules_input * I, int * met)
{
	const struct entry * new = &I->update->entry;
	const struct entry * old = I->current;
	struct policy * P;

	/* Most updates keep the policy, and were found to meet it. */
	*met = 1;
	if (new->policy_len == old->policy_len &&
	    memcmp(new->policy, old->policy, new->policy_len) == 0)
		return (0);
	if (I->current_policy != NULL) {
		*met = keys_meet(I->update, I->current_policy);
		return (0);
	}
	if (parse_policy(old->policy, old->policy_len, &P) || P == NULL)
		return (-1);
	*met = keys_meet(I->update, P);
	policy_free(P);
	return (0);
}

/* The rule on version or signatures that is broken, or NULL. */
static const char *
check_version(const struct rules_input * I)
{
	const struct entry * new = &I->update->entry;

	if (I->current == NULL && new->version != 0)
		return (RULE_REGISTRATION_VERSION);
	if (I->current != NULL && new->version <= I->current->version)
		return (RULE_VERSION_MUST_RISE);
	for (size_t i = 0; i < I->update->nsigs; i++)
		if (!I->prepared->valid[i])
			return (RULE_SIGNATURE_INVALID);
	return (NULL);
}

int
rules_check(const struct rules_input * I, const char ** rule)
{
	int met = 1;

	*rule = RULE_UPDATE_MALFORMED;
	if (I->update == NULL)
		return (0);
	if ((*rule = check_profile(I)) != NULL)
		return (0);
	*rule = RULE_POLICY_MALFORMED;
	if (I->prepared->policy == NULL)
		return (0);
	if ((*rule = check_version(I)) != NULL)
		return (0);
	*rule = RULE_NEW_POLICY_UNMET;
	if (!keys_meet(I->update, I->prepared->policy))
		return (0);
	if (I->current != NULL && check_current_policy(I, &met))
		return (-1);
	*rule = RULE_OLD_POLICY_UNMET;
	if (!met)
		return (0);
	*rule = RULE_EPOCH_FULL;
	if (I->pending >= EPOCH_UPDATES_MAX ||
	    I->pending_bytes > EPOCH_BYTES_MAX)
		return (0);
	*rule = NULL;
	return (0);
}
