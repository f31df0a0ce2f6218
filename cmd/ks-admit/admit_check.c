#include <stdint.h>
#include <string.h>

#include "entry/entry.h"
#include "entry/index.h"
#include "entry/profile.h"
#include "entry/user.h"
#include "realm/realm.h"

#include "admit_check.h"

/* The realm asks for no proof of an address. */
static const char OPEN[] = "open";

int
admit_check_known(const char * registration)
{

	return (strcmp(registration, OPEN) == 0);
}

/* The rule on the profile that is broken, or NULL. */
static const char *
check_profile(const struct admit_check * A)
{
	uint8_t commitment[HASH_LEN];
	struct profile P;

	if (A->request.profile_len > PROFILE_LEN_MAX ||
	    profile_parse(&P, A->request.profile, A->request.profile_len))
		return (RULE_PROFILE_MALFORMED);
	profile_commitment(commitment, A->request.profile, A->request.profile_len);
	if (memcmp(commitment, A->update.entry.commitment, HASH_LEN) != 0)
		return (RULE_PROFILE_COMMITMENT);
	return (NULL);
}

int
admit_check_request(struct admit_check * A, const struct realm * realm,
    const struct vrf_key * key, const char ** rule)
{
	char user[USER_LEN_MAX + 1];
	uint8_t index[INDEX_LEN];

	A->parsed = 0;
	memset(&A->prepared, 0, sizeof(A->prepared));
	*rule = RULE_USER_MALFORMED;
	if (user_normalise(user, A->request.user, A->request.user_len))
		return (0);
	*rule = RULE_UPDATE_MALFORMED;
	if (update_parse(&A->update, A->request.update, A->request.update_len))
		return (0);
	A->parsed = 1;
	if ((*rule = check_profile(A)) != NULL)
		return (0);
	*rule = RULE_INDEX_NOT_USERS;
	index_make(key, user, index);
	if (memcmp(index, A->update.entry.index, INDEX_LEN) != 0)
		return (0);
	*rule = NULL;
	return (rules_prepare(&A->prepared, &A->update, realm->name));
}

int
admit_check_state(const struct admit_check * A, const struct realm * realm,
    const uint8_t * current, size_t len, const char ** rule)
{
	struct rules_input I = { .update = &A->update, .prepared = &A->prepared,
	    .profile_kind = RULES_PROFILE_EDGE, .profile = A->request.profile,
	    .profile_len = A->request.profile_len };
	struct entry E;

	*rule = NULL;
	if (current != NULL) {
		if (entry_parse(&E, current, len))
			return (-1);
		I.current = &E;
	} else if (strcmp(realm->registration, OPEN) != 0 ||
	    A->request.registration_len > 0) {
		*rule = RULE_REGISTRATION_PROOF;
		return (0);
	}
	return (rules_check(&I, rule));
}

int
admit_check_is(const struct admit_check * A, const uint8_t * current, size_t len)
{

	return (A->parsed && len == A->update.entry_len &&
	    memcmp(current, A->update.entry_data, len) == 0);
}

void
admit_check_free(struct admit_check * A)
{

	rules_free(&A->prepared);
}
