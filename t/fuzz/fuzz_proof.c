#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/panic.h"
#include "codec/wbuf.h"
#include "head/head.h"
#include "policy/policy.h"
#include "proof/proof.h"
#include "realm/realm.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/*
 * What parses is formatted to the same bytes, and verifying it ends; no input
 * verifies, as the realm's key is nobody's.
 */
int
LLVMFuzzerTestOneInput(const uint8_t * p, size_t len)
{
	static const char text[] = "quorum none\n";
	static struct realm realm;
	struct proof_verdict V;
	struct policy_error error;
	struct proof * P;
	const char * rule;
	struct wbuf W;

	if (realm.policy == NULL) {
		if (policy_parse(text, strlen(text), POLICY_FOR_REALM,
		    &realm.policy, &error))
			abort();
		memcpy(realm.name, "example.org", 12);
		realm.fresh_s = 60;
		memset(realm.vrf_pk, 0xff, sizeof(realm.vrf_pk));
	}
	if (proof_parse((const char *)p, len, &P, &rule))
		return (0);
	wbuf_init(&W, PROOF_LEN_MAX);
	proof_format(&W, P);
	PANIC_UNLESS(wbuf_failed(&W) == 0 && W.len == len &&
	    memcmp(W.data, p, len) == 0);
	PANIC_UNLESS(proof_verify(P, &realm, NULL, NULL, 0, &V) ==
	    PROOF_REFUSED);
	wbuf_free(&W);
	proof_free(P);
	return (0);
}
