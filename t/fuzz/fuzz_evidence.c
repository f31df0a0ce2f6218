#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/panic.h"
#include "evidence/evidence.h"

#include "../unit/test_proof.h"
#include "fuzz.h"

/* What the replicas of the world were made to sign for the seeds. */
static const struct {
	const char * rule;
	uint64_t epoch;
} signed_rules[] = {
	{ RULE_ROOT_MISMATCH, 2 },
	{ RULE_TIME_DECREASES, 2 },
	{ RULE_UPDATES_COUNT, 2 },
	{ RULE_POLICY_MALFORMED, 2 },
	{ RULE_FORK, EPOCHS },
};

#define RULES	(sizeof(signed_rules) / sizeof(signed_rules[0]))

void
fuzz_begin(void)
{

	make_world();
	for (size_t i = 0; i < RULES; i++)
		fuzz_decoder(signed_rules[i].rule);
}

/* Nothing is proven but what was signed. */
int
LLVMFuzzerTestOneInput(const uint8_t * p, size_t len)
{
	struct evidence_verdict V;
	size_t i;

	if (evidence_verify((const char *)p, len, world.realm, &V)) {
		evidence_free(&V);
		return (0);
	}
	evidence_free(&V);
	PANIC_UNLESS((V.rule == NULL) != (V.why == NULL));
	if (V.rule == NULL)
		return (0);
	for (i = 0; i < RULES && strcmp(V.rule, signed_rules[i].rule) != 0; i++)
		continue;
	PANIC_UNLESS(i < RULES && V.epoch == signed_rules[i].epoch);
	fuzz_accepted(i);
	return (0);
}
