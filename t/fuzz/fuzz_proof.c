#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/panic.h"
#include "codec/wbuf.h"

#include "../unit/test_proof.h"
#include "fuzz.h"

enum { PARSED, VERIFIED, ABSENT, PRESENT, ERASED_PROFILE, CHAIN };

void
fuzz_begin(void)
{

	make_eras();
	fuzz_decoder("proof");
	fuzz_decoder("proof that verifies");
	fuzz_decoder("proof of absence");
	fuzz_decoder("proof of presence");
	fuzz_decoder("proof of an erased profile");
	fuzz_decoder("proof with a chain of policies");
}

/* What verifies is true: it is what the realm's tree and keys say. */
static void
check_truth(const struct proof * P, const struct proof_verdict * V)
{
	uint8_t index[INDEX_LEN];
	struct tree_path path;

	index_make(world.vrf, P->user, index);
	PANIC_UNLESS(memcmp(index, V->index, INDEX_LEN) == 0);
	PANIC_UNLESS(tree_lookup(world.realm->nonce, &nodes, &world.root,
	    index, &path) == 0);
	PANIC_UNLESS(path.kind == V->found);
	PANIC_UNLESS(V->head.epoch >= 1 && V->head.epoch <= EPOCHS);
	PANIC_UNLESS(memcmp(P->head, world.head[V->head.epoch - 1],
	    HEAD_LEN) == 0);
	fuzz_accepted(VERIFIED);

	/* What follows the realm file's policy is what the heads name. */
	PANIC_UNLESS(V->policy == world.realm->policy ||
	    (P->chain.n > 0 && P->chain.link[0].epoch == 2));
	if (V->policy != world.realm->policy)
		fuzz_accepted(CHAIN);
	if (path.kind != TREE_PRESENT) {
		fuzz_accepted(ABSENT);
		return;
	}
	PANIC_UNLESS(P->entry_len == world.entry.len &&
	    memcmp(P->entry, world.entry.data, P->entry_len) == 0);
	fuzz_accepted(V->erased ? ERASED_PROFILE : PRESENT);
	PANIC_UNLESS(V->erased || (P->profile_len == world.profile.len &&
	    memcmp(P->profile, world.profile.data, P->profile_len) == 0));
}

/* What parses is formatted to the same bytes, and verifying it ends. */
int
LLVMFuzzerTestOneInput(const uint8_t * p, size_t len)
{
	struct proof_verdict V;
	struct proof * P;
	const char * rule;
	struct wbuf W;

	if (proof_parse((const char *)p, len, &P, &rule))
		return (0);
	fuzz_accepted(PARSED);
	wbuf_init(&W, PROOF_LEN_MAX);
	proof_format(&W, P);
	PANIC_UNLESS(wbuf_failed(&W) == 0 && W.len == len &&
	    memcmp(W.data, p, len) == 0);
	if (proof_verify(P, world.realm, NULL, NULL, 0, TIME_MS, &V) !=
	    PROOF_REFUSED)
		check_truth(P, &V);
	wbuf_free(&W);
	proof_free(P);
	return (0);
}
