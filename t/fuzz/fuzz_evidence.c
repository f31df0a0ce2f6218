#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "evidence/evidence.h"
#include "realm/realm.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* Whatever comes is taken apart without harm, and random bytes prove nothing. */
static const char realm_text[] =
    "ks-realm/v1\nrealm example.org\nnonce AAECAwQFBgcICQoLDA0ODw==\n"
    "vrf VRFKEY\nfresh 3600\n"
    "registration open\npolicy\n"
    "replica r0 REPLICA\nquorum r0\n";

int
LLVMFuzzerTestOneInput(const uint8_t * data, size_t len)
{
	static struct realm * realm;
	struct evidence_verdict V;
	struct realm_error error;

	if (realm == NULL && realm_parse(realm_text, sizeof(realm_text) - 1,
	    &realm, &error))
		abort();
	if (evidence_verify((const char *)data, len, realm, &V) == 0 &&
	    ((V.rule == NULL) == (V.why == NULL)))
		abort();
	return (0);
}
