#include <stdint.h>
#include <string.h>

#include "chain/chain.h"
#include "codec/wbuf.h"
#include "entry/rule_names.h"
#include "policy/policy.h"
#include "proof/lines.h"
#include "realm/realm.h"

#include "test.h"
#include "test_proof.h"

/* Who signs what leads to the second policy, and to the third: just enough. */
#define FIRST	(1U | 2 | 8)
#define SECOND	(1U | 8)

static struct wbuf notes[ERAS];

/* The chain of the eras, signed by these, for a test to break. */
static void
make(struct chain * C, unsigned first, unsigned second)
{

	make_eras();
	memset(C, 0, sizeof(*C));
	C->n = 2;
	for (unsigned i = 0; i < ERAS; i++)
		wbuf_free(&notes[i]);
	make_link(&C->link[0], 1, first, &notes[0]);
	make_link(&C->link[1], 2, second, &notes[1]);
}

/* Put ${C} and take it again; return "not of the form" or NULL. */
static const char *
again(const struct chain * C, struct chain * taken)
{
	struct wbuf W, other;
	struct lines L;
	int same;

	wbuf_init(&W, PROOF_LEN_MAX);
	chain_put(&W, C);
	wbuf_printf(&W, "what follows\n");
	lines_init(&L, (const char *)W.data, W.len);
	if (chain_take(&L, REALM, taken))
		abort();
	lines_exact(&L, "what follows");
	if (L.failed || L.len != 0) {
		wbuf_free(&W);
		chain_free(taken);
		return ("not of the form");
	}
	wbuf_init(&other, PROOF_LEN_MAX);
	chain_put(&other, taken);
	wbuf_printf(&other, "what follows\n");
	same = W.len == other.len && memcmp(W.data, other.data, W.len) == 0;
	wbuf_free(&W);
	wbuf_free(&other);
	return (same ? NULL : "not the same again");
}

/* What is wrong with ${C}, as text. */
static const char *
judge(const struct chain * C, enum chain_trust trust, uint64_t max)
{
	static struct chain taken;
	const char * rule;

	if ((rule = again(C, &taken)) == NULL) {
		rule = chain_verify(&taken, world.realm, trust, max);
		chain_free(&taken);
	}
	return (rule == NULL ? "" : rule);
}

#define RULE_IS(C, name) CHECK(strcmp(judge(C, CHAIN_QUORUM, EPOCHS), name) == 0)

static void
follows(void)
{
	static struct chain C, taken;
	const struct policy * at[EPOCHS + 1];
	uint8_t hash[HASH_LEN], want[HASH_LEN];

	make(&C, FIRST, SECOND);
	CHECK(again(&C, &taken) == NULL);
	CHECK(chain_verify(&taken, world.realm, CHAIN_QUORUM, EPOCHS) == NULL);
	for (uint64_t e = 1; e <= EPOCHS; e++) {
		at[e] = chain_policy(&taken, world.realm, e, hash);

		/* In force from the epoch after the head that names it. */
		head_policy(eras[e > 4 ? 2 : e > 2 ? 1 : 0].text,
		    strlen(eras[e > 4 ? 2 : e > 2 ? 1 : 0].text), want);
		CHECK(memcmp(hash, want, HASH_LEN) == 0);
	}
	CHECK(at[1] == world.realm->policy && at[2] == at[1]);
	CHECK(policy_replicas(at[3]) == 1 && at[4] == at[3]);
	CHECK(policy_replicas(at[5]) == 2);
	CHECK(chain_policy(&taken, world.realm, UINT64_MAX, NULL) == at[5]);
	chain_free(&taken);

	/* None at all. */
	C.n = 0;
	CHECK(again(&C, &taken) == NULL);
	CHECK(chain_verify(&taken, world.realm, CHAIN_MAJORITY, 1) == NULL);
	CHECK(chain_policy(&taken, world.realm, UINT64_MAX, hash) ==
	    world.realm->policy);
	CHECK(memcmp(hash, world.realm->policy_hash, HASH_LEN) == 0);
	chain_free(&taken);
}

static void
takes_who_is_asked(void)
{
	static struct chain C;

	for (unsigned signers = 1; signers < 32; signers++) {
		int replicas = !!(signers & 1) + !!(signers & 2) +
		    !!(signers & 4);

		make(&C, signers, SECOND);
		RULE_IS(&C, replicas >= 2 && signers & 24 ? "" :
		    RULE_POLICY_CHAIN_UNMET);
		CHECK(strcmp(judge(&C, CHAIN_MAJORITY, EPOCHS),
		    replicas >= 2 ? "" : RULE_POLICY_CHAIN_UNMET) == 0);

		/* Those of the policy before, not those of the realm file's. */
		make(&C, FIRST, signers);
		RULE_IS(&C, (signers & SECOND) == SECOND ? "" :
		    RULE_POLICY_CHAIN_UNMET);
		CHECK(strcmp(judge(&C, CHAIN_MAJORITY, EPOCHS),
		    signers & 1 ? "" : RULE_POLICY_CHAIN_UNMET) == 0);
	}
}

static void
lies(void)
{
	static struct chain C;
	struct head H;
	struct wbuf note;
	uint8_t root[HASH_LEN];

	/* Not up to an epoch before the last link's. */
	make(&C, FIRST, SECOND);
	CHECK(strcmp(judge(&C, CHAIN_QUORUM, 4), "") == 0);
	CHECK(strcmp(judge(&C, CHAIN_QUORUM, 3),
	    RULE_POLICY_CHAIN_INVALID) == 0);

	/* Links left out, in another order, twice. */
	C.link[0] = C.link[1];
	RULE_IS(&C, RULE_POLICY_CHAIN_UNMET);
	make(&C, 31, 31);
	C.link[2] = C.link[0];
	C.link[0] = C.link[1];
	C.link[1] = C.link[2];
	RULE_IS(&C, RULE_POLICY_CHAIN_INVALID);
	make(&C, 31, 31);
	C.link[1] = C.link[0];
	RULE_IS(&C, RULE_POLICY_CHAIN_INVALID);

	/* The head: another label, realm, epoch, policy, place. */
	for (unsigned i = 0; i < HEAD_LEN; i++) {
		make(&C, FIRST, SECOND);
		C.link[1].head[i] ^= 1;
		RULE_IS(&C, RULE_POLICY_CHAIN_INVALID);
	}
	make(&C, FIRST, SECOND);
	C.link[1].inclusion[0][5] ^= 1;
	RULE_IS(&C, RULE_POLICY_CHAIN_INVALID);
	make(&C, FIRST, SECOND);
	C.link[1].ninclusion--;
	RULE_IS(&C, RULE_POLICY_CHAIN_INVALID);

	/* The right head, in the checkpoint of a later epoch. */
	make(&C, FIRST, SECOND);
	log_root(3, root);
	wbuf_init(&note, 65536);
	put_note(&note, REALM, 3, root, 31, 0);
	C.link[0].note = (const char *)note.data;
	C.link[0].note_len = note.len;
	CHECK(merkle_inclusion(3, 1, subtree, NULL, C.link[0].inclusion,
	    &C.link[0].ninclusion) == 0);
	RULE_IS(&C, RULE_POLICY_CHAIN_INVALID);
	wbuf_free(&note);

	/* The right policy, named by nobody; one that is none, and is named. */
	make(&C, FIRST, SECOND);
	C.link[1].policy = eras[1].text;
	C.link[1].policy_len = strlen(eras[1].text);
	RULE_IS(&C, RULE_POLICY_CHAIN_INVALID);
	make(&C, FIRST, SECOND);
	head_parse(&H, world.head[1], HEAD_LEN);
	C.link[0].policy = "quorum none\n";
	C.link[0].policy_len = 12;
	head_policy("quorum none\n", 12, H.policy);
	head_put(&H, world.head[1]);
	memcpy(C.link[0].head, world.head[1], HEAD_LEN);
	log_root(2, root);
	wbuf_init(&note, 65536);
	put_note(&note, REALM, 2, root, 31, 0);
	C.link[0].note = (const char *)note.data;
	C.link[0].note_len = note.len;
	C.n = 1;
	RULE_IS(&C, RULE_POLICY_CHAIN_INVALID);
	wbuf_free(&note);

	/* Another realm's checkpoint; a known key's line that is wrong. */
	make(&C, FIRST, SECOND);
	log_root(4, root);
	wbuf_init(&note, 65536);
	put_note(&note, "other.example", 4, root, 8, 0);
	C.link[1].note = (const char *)note.data;
	C.link[1].note_len = note.len;
	RULE_IS(&C, RULE_POLICY_CHAIN_INVALID);
	wbuf_free(&note);
	make(&C, 31, SECOND);
	notes[0].data[notes[0].len - 8] ^= 1;
	RULE_IS(&C, RULE_POLICY_CHAIN_INVALID);
}

/* A chain from an older policy serves who has a newer realm file. */
static void
passes_over(void)
{
	static struct chain C, taken;
	struct realm old, newer;
	struct policy_error error;
	const struct policy * policy;

	make(&C, 0x10, SECOND);
	RULE_IS(&C, RULE_POLICY_CHAIN_UNMET);
	old = newer = *world.realm;
	CHECK(policy_parse_realm(eras[1].text, strlen(eras[1].text), REALM,
	    &newer.policy, &error) == 0);
	head_policy(eras[1].text, strlen(eras[1].text), newer.policy_hash);
	CHECK(again(&C, &taken) == NULL);
	CHECK(chain_verify(&taken, &newer, CHAIN_QUORUM, EPOCHS) == NULL);
	CHECK(chain_policy(&taken, &newer, 4, NULL) == newer.policy);
	policy = chain_policy(&taken, &newer, 5, NULL);
	CHECK(policy != newer.policy && policy_replicas(policy) == 2);
	policy_free(newer.policy);

	/* The newest of all: nothing is left to be verified. */
	CHECK(policy_parse_realm(eras[2].text, strlen(eras[2].text), REALM,
	    &newer.policy, &error) == 0);
	head_policy(eras[2].text, strlen(eras[2].text), newer.policy_hash);
	CHECK(chain_verify(&taken, &newer, CHAIN_QUORUM, 1) == NULL);
	CHECK(chain_policy(&taken, &newer, 1, NULL) == newer.policy);
	policy_free(newer.policy);

	/* A policy that the realm never had. */
	old.policy_hash[0] ^= 1;
	CHECK(chain_verify(&taken, &old, CHAIN_QUORUM, EPOCHS) != NULL);
	chain_free(&taken);
}

/* Take the text of ${W} as a chain; nonzero: it is of the form. */
static int
is_chain(const char * text, size_t len)
{
	static struct chain taken;
	struct lines L;

	lines_init(&L, text, len);
	if (chain_take(&L, REALM, &taken))
		abort();
	if (L.failed)
		return (taken.n != 0);
	chain_free(&taken);
	return (L.len == 0);
}

static void
forms(void)
{
	static struct chain C;
	struct wbuf W, more;
	char * at;

	make(&C, 31, 31);
	wbuf_init(&W, PROOF_LEN_MAX);
	chain_put(&W, &C);
	CHECK(is_chain((char *)W.data, W.len));
	for (size_t i = 0; i < W.len; i++)
		CHECK(!is_chain((char *)W.data, i));
	at = (char *)W.data + strlen("policies ");
	*at = '3';
	CHECK(!is_chain((char *)W.data, W.len));
	*at = '1';
	CHECK(!is_chain((char *)W.data, W.len));
	wbuf_free(&W);

	/* Base64 is never of nothing. */
	make(&C, 31, 31);
	C.link[1].policy_len = 0;
	wbuf_init(&W, PROOF_LEN_MAX);
	chain_put(&W, &C);
	CHECK(!is_chain((char *)W.data, W.len));
	wbuf_free(&W);

	/* As many links as there may be, and one more. */
	make(&C, 31, 31);
	for (C.n = 1; C.n < POLICY_CHAIN_MAX; C.n++)
		C.link[C.n] = C.link[0];
	wbuf_init(&W, PROOF_LEN_MAX);
	chain_put(&W, &C);
	CHECK(is_chain((char *)W.data, W.len));
	wbuf_init(&more, 2 * PROOF_LEN_MAX);
	wbuf_printf(&more, "policies 17\n");
	wbuf_put_bytes(&more, W.data + 12, W.len - 12);
	wbuf_reset(&W);
	C.n = 1;
	chain_put(&W, &C);
	wbuf_put_bytes(&more, W.data + 11, W.len - 11);
	CHECK(!is_chain((char *)more.data, more.len));
	wbuf_free(&more);
	wbuf_free(&W);
}

static const struct test tests[] = {
	{ "each policy is in force from the epoch after the head that names it",
	    follows },
	{ "a link takes the signatures that the policy before it asks for",
	    takes_who_is_asked },
	{ "a chain that is not the realm's history is refused", lies },
	{ "links up to the reader's own policy are passed over", passes_over },
	{ "what is not of the form is no chain", forms },
};
TESTS(tests)
