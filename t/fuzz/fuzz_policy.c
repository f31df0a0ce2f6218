#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/panic.h"
#include "policy/policy.h"

#include "fuzz.h"

enum { ANY, FOR_UPDATE };

void
fuzz_begin(void)
{

	fuzz_decoder("any policy");
	fuzz_decoder("update policy");
}

#define KINDS_ALL	(POLICY_REPLICA | POLICY_WITNESS | POLICY_KEY |	\
			 POLICY_NONE)

/*
 * The properties that a policy has whatever it says: more signatures never
 * make it unmet, each key is found by what names it, and all keys together
 * meet it.
 */
static void
try_policy(const struct policy * P)
{
	uint8_t satisfied[POLICY_KEYS_MAX] = { 0 };
	const struct policy_key * key;
	const struct vkey * V;
	unsigned i;
	int met;

	met = policy_met(P, satisfied);
	for (i = 0; i < policy_keys(P); i++) {
		key = policy_key(P, i);
		V = &key->vkey;
		PANIC_UNLESS(policy_find_pk(P, V->pk) == (int)i);
		PANIC_UNLESS(policy_find_id(P, V->name, strlen(V->name),
		    V->id) == (int)i);
		PANIC_UNLESS(policy_find_keyid(P, key->kind, V->id) == (int)i);
		PANIC_UNLESS(policy_find_name(P, key->name) == (int)i);
		satisfied[i] = 1;
		PANIC_UNLESS(policy_met(P, satisfied) || !met);
		met = policy_met(P, satisfied);
	}
	PANIC_UNLESS(met || policy_keys(P) == 0);
	PANIC_UNLESS(policy_replicas(P) <= policy_keys(P));
}

int
LLVMFuzzerTestOneInput(const uint8_t * data, size_t len)
{
	struct policy_error error;
	struct policy * P;
	struct policy * Q;

	if (policy_parse((const char *)data, len, KINDS_ALL, &P, &error)) {
		PANIC_UNLESS(error.rule != NULL);
		return (0);
	}
	fuzz_accepted(ANY);
	try_policy(P);

	/* What is allowed with fewer kinds has the same keys. */
	if (policy_parse((const char *)data, len, POLICY_FOR_UPDATE, &Q,
	    &error) == 0) {
		fuzz_accepted(FOR_UPDATE);
		PANIC_UNLESS(policy_keys(P) == policy_keys(Q));
		PANIC_UNLESS(policy_replicas(Q) == 0);
		policy_free(Q);
	}
	policy_free(P);
	return (0);
}
