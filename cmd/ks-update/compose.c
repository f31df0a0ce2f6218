#include <string.h>

#include "crypto/sign.h"
#include "entry/profile.h"
#include "entry/rules.h"
#include "entry/update.h"

#include "compose.h"

int
compose_policy(const struct keyfile * F, struct wbuf * W)
{
	char text[VKEY_TEXT_MAX + 1];
	struct sign_key * K;
	struct vkey V;
	int rc;

	if ((K = sign_key_from_seed(F->secret)) == NULL)
		return (-1);
	rc = vkey_make(&V, VKEY_ED25519, F->name, K->pk);
	sign_key_free(K);
	if (rc)
		return (-1);
	vkey_format(&V, text);
	wbuf_printf(W, "key me %s\nquorum me\n", text);
	return (wbuf_failed(W));
}

/* Sign the ${message} with each key of ${C}. */
static int
sign_all(const struct compose * C, const struct wbuf * message,
    struct update_sig * sigs)
{
	struct sign_key * K;

	for (size_t i = 0; i < C->nkeys; i++) {
		if ((K = sign_key_from_seed(C->keys[i]->secret)) == NULL)
			return (-1);
		memcpy(sigs[i].pk, K->pk, SIGN_PK_LEN);
		sign_make(K, message->data, message->len, sigs[i].sig);
		sign_key_free(K);
	}
	return (0);
}

/* Append the signed update of the encoded ${entry} to ${W}. */
static int
put_signed(const struct compose * C, const struct wbuf * entry, struct wbuf * W)
{
	struct update_sig sigs[UPDATE_SIGS_MAX];
	struct wbuf message;
	int rc = -1;

	wbuf_init(&message, ENTRY_LEN_MAX + REALM_NAME_MAX + 64);
	update_message(&message, C->realm, entry->data, entry->len);
	if (wbuf_failed(&message) == 0 && sign_all(C, &message, sigs) == 0)
		rc = update_put(W, entry->data, entry->len, sigs, C->nkeys);
	wbuf_free(&message);
	return (rc);
}

/* Store in ${rule} what the update in ${W} breaks, as far as can be seen here. */
static int
check(const struct compose * C, const struct wbuf * W, const char ** rule)
{
	struct rules_prepared prepared;
	struct update U;
	struct rules_input I = {
		.update = &U, .prepared = &prepared,
		.profile_kind = RULES_PROFILE_EDGE, .profile = C->profile,
		.profile_len = C->profile_len, .current = C->current
	};
	int rc;

	if (update_parse(&U, W->data, W->len) ||
	    rules_prepare(&prepared, &U, C->realm))
		return (-1);
	rc = rules_check(&I, rule);
	rules_free(&prepared);
	return (rc);
}

int
compose_update(const struct compose * C, struct wbuf * W, const char ** rule)
{
	uint8_t commitment[HASH_LEN];
	struct entry E = {
		.index = C->index, .version = 0, .policy = C->policy,
		.policy_len = C->policy_len, .commitment = commitment
	};
	struct wbuf entry;
	int rc = -1;

	if (C->current != NULL) {
		if (C->current->version == UINT64_MAX)
			return (-1);
		E.version = C->current->version + 1;
		if (C->policy == NULL) {
			E.policy = C->current->policy;
			E.policy_len = C->current->policy_len;
		}
	}
	profile_commitment(commitment, C->profile, C->profile_len);
	wbuf_init(&entry, ENTRY_LEN_MAX);
	entry_put(&entry, &E);
	if (wbuf_failed(&entry) == 0 && put_signed(C, &entry, W) == 0)
		rc = check(C, W, rule);
	wbuf_free(&entry);
	return (rc);
}
