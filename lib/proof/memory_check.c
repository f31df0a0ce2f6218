#include <stdint.h>
#include <string.h>

#include "merkle/merkle.h"

#include "proof/memory.h"

enum memory_result
memory_check(const struct memory_seen * seen, const struct memory_seen * now,
    const uint8_t (* proof)[HASH_LEN], unsigned n)
{

	if (seen->size == 0)
		return (MEMORY_OK);
	if (now->size < seen->size)
		return (MEMORY_STEP_BACK);
	if (now->size == seen->size)
		return (memcmp(now->root, seen->root, HASH_LEN) == 0 ?
		    MEMORY_OK : MEMORY_FORK);
	if (proof == NULL)
		return (MEMORY_PROOF_NEEDED);
	if (merkle_consistency_verify(seen->size, seen->root, now->size,
	    now->root, proof, n))
		return (MEMORY_FORK);
	return (MEMORY_OK);
}

const char *
memory_rule(enum memory_result result)
{

	if (result == MEMORY_FORK)
		return (RULE_FORK);
	if (result == MEMORY_STEP_BACK)
		return (RULE_STEP_BACK);
	return (NULL);
}
