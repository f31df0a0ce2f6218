#include <stdint.h>
#include <string.h>

#include "codec/wbuf.h"
#include "policy/policy.h"
#include "proof/proof.h"

#include "test.h"
#include "test_proof.h"

static const struct policy * own_policy;	/* NULL: the realm's */
static uint64_t asked;				/* the epoch; 0: the newest */

/* Format ${P}, parse it, verify it at ${now_ms}; return the rule broken. */
static const char *
judge(const struct proof * P, const char * user, uint64_t now_ms,
    struct proof_verdict * V)
{
	static struct proof * parsed;
	const char * rule;
	struct wbuf W, again;
	int same;

	proof_free(parsed);
	wbuf_init(&W, PROOF_LEN_MAX);
	wbuf_init(&again, PROOF_LEN_MAX);
	proof_format(&W, P);
	if (proof_parse((const char *)W.data, W.len, &parsed, &rule)) {
		wbuf_free(&W);
		return (rule);
	}
	proof_format(&again, parsed);
	same = W.len == again.len && memcmp(W.data, again.data, W.len) == 0;
	wbuf_free(&W);
	wbuf_free(&again);
	if (!same)
		return ("not canonical");
	proof_verify(parsed, world.realm, own_policy, user, asked, now_ms, V);
	return (V->rule == NULL ? "" : V->rule);
}

#define NOW	(TIME_MS + 20000)
#define RULE_IS(P, user, now, name) do {				\
	struct proof_verdict V_;					\
	CHECK(strcmp(judge(P, user, now, &V_), name) == 0);		\
	wbuf_free(&I.note);						\
} while (0)

static void
proves(void)
{
	static const unsigned kind[] = { TREE_PRESENT, TREE_PRESENT,
	    TREE_ABSENT_EMPTY, TREE_ABSENT_OTHER };
	struct proof_verdict V;
	struct proof P;
	struct wish I;

	for (enum who who = ALICE; who <= NOBODY_OTHER; who++) {
		for (uint64_t epoch = 1; epoch <= EPOCHS; epoch++) {
			wish_init(&I, who);
			I.epoch = epoch;
			make_proof(&P, &I);
			asked = epoch;
			CHECK(strcmp(judge(&P, world.user[who], NOW, &V),
			    "") == 0);
			CHECK(V.found == kind[who] && V.met);
			CHECK(V.fresh == (epoch == EPOCHS));
			CHECK(V.head.epoch == epoch);
			CHECK(V.checkpoint.size == EPOCHS);
			CHECK(V.erased == (who == ERASED));
			CHECK(V.time_ms == I.time_s * 1000);
			CHECK(V.quorum.time_s[4] == I.time_s);
			CHECK(kind[who] != TREE_PRESENT ||
			    V.entry.version == 7);
			wbuf_free(&I.note);
		}
	}

	asked = 0;

	/* A user id is normalised before it is compared. */
	wish_init(&I, ALICE);
	make_proof(&P, &I);
	RULE_IS(&P, "ALICE@Example.org", NOW, "");
}

/* What was is never taken for what is, nor one epoch for another. */
static void
epoch_rules(void)
{
	struct proof P;
	struct wish I;

	for (enum who who = ALICE; who <= NOBODY_OTHER; who++) {
		for (uint64_t epoch = 1; epoch <= EPOCHS; epoch++) {
			for (asked = 0; asked <= EPOCHS; asked++) {
				const int past = asked == 0 && epoch < EPOCHS;

				wish_init(&I, who);
				I.epoch = epoch;
				make_proof(&P, &I);
				RULE_IS(&P, NULL, NOW, past ? RULE_NOT_FRESH :
				    asked != 0 && asked != epoch ?
				    RULE_EPOCH_MISMATCH : "");
			}
		}
	}

	/* What was does not grow old, but its quorum is asked for. */
	wish_init(&I, ALICE);
	I.epoch = asked = 2;
	make_proof(&P, &I);
	RULE_IS(&P, NULL, NOW + 999 * 3600000ULL, "");
	I.signers = 7;
	make_proof(&P, &I);
	RULE_IS(&P, NULL, NOW, RULE_QUORUM_UNMET);
	asked = 0;
}

static void
subject_rules(void)
{
	struct proof P;
	struct wish I;

	wish_init(&I, ALICE);
	make_proof(&P, &I);
	P.realm[0] = 'x';
	RULE_IS(&P, NULL, NOW, RULE_REALM_MISMATCH);
	make_proof(&P, &I);
	RULE_IS(&P, "bob@example.org", NOW, RULE_USER_MISMATCH);
	make_proof(&P, &I);
	RULE_IS(&P, "not a user", NOW, RULE_USER_MISMATCH);
	make_proof(&P, &I);
	P.user[0] = 'b';
	RULE_IS(&P, NULL, NOW, RULE_VRF_INVALID);
	make_proof(&P, &I);
	P.head[0] ^= 1;
	RULE_IS(&P, NULL, NOW, RULE_HEAD_MALFORMED);
	make_proof(&P, &I);
	P.head[16] ^= 1;		/* the realm */
	RULE_IS(&P, NULL, NOW, RULE_HEAD_MALFORMED);
	make_proof(&P, &I);
	P.user[0] = 'A';		/* not normalised */
	RULE_IS(&P, NULL, NOW, RULE_PROOF_MALFORMED);
}

static void
directory_rules(void)
{
	uint8_t copy[ENTRY_LEN_MAX];
	struct proof P;
	struct wish I;

	wish_init(&I, ALICE);
	memcpy(copy, world.entry.data, world.entry.len);
	copy[1] ^= 1;			/* the index */
	make_proof(&P, &I);
	P.entry = copy;
	RULE_IS(&P, NULL, NOW, RULE_ENTRY_MISMATCH);
	make_proof(&P, &I);
	P.entry_len--;
	RULE_IS(&P, NULL, NOW, RULE_ENTRY_MISMATCH);
	memcpy(copy, world.entry.data, world.entry.len);
	copy[40] ^= 1;			/* the version */
	make_proof(&P, &I);
	P.entry = copy;
	RULE_IS(&P, NULL, NOW, RULE_PATH_INVALID);
	make_proof(&P, &I);
	memcpy(copy, world.profile.data, world.profile.len);
	copy[5] ^= 1;
	P.profile = copy;
	RULE_IS(&P, NULL, NOW, RULE_PROFILE_MISMATCH);
	make_proof(&P, &I);
	P.head[60] ^= 1;		/* the root */
	RULE_IS(&P, NULL, NOW, RULE_PATH_INVALID);

	/* An absence that is not one: the user is there. */
	make_proof(&P, &I);
	P.path.kind = TREE_ABSENT_EMPTY;
	RULE_IS(&P, NULL, NOW, RULE_PATH_INVALID);
	I.who = NOBODY_OTHER;
	make_proof(&P, &I);
	P.path.value[0] ^= 1;
	RULE_IS(&P, NULL, NOW, RULE_PATH_INVALID);
	make_proof(&P, &I);
	P.path.kind = TREE_ABSENT_EMPTY;
	RULE_IS(&P, NULL, NOW, RULE_PATH_INVALID);
}

static void
checkpoint_rules(void)
{
	uint8_t kept[HEAD_LEN];
	struct proof P;
	struct wish I;
	uint64_t now;

	wish_init(&I, NOBODY_EMPTY);
	I.epoch = 3;
	make_proof(&P, &I);
	P.inclusion[0][0] ^= 1;
	RULE_IS(&P, NULL, NOW, RULE_INCLUSION_INVALID);
	make_proof(&P, &I);
	P.leaf++;
	RULE_IS(&P, NULL, NOW, RULE_INCLUSION_INVALID);
	make_proof(&P, &I);
	P.ninclusion--;
	RULE_IS(&P, NULL, NOW, RULE_INCLUSION_INVALID);

	/* A head record that stands in another epoch's place. */
	memcpy(kept, world.head[3], HEAD_LEN);
	memcpy(world.head[3], world.head[2], HEAD_LEN);
	I.epoch = 4;
	make_proof(&P, &I);
	memcpy(world.head[3], kept, HEAD_LEN);
	RULE_IS(&P, NULL, NOW, RULE_INCLUSION_INVALID);
	I.epoch = 3;
	I.origin = "example.net";
	make_proof(&P, &I);
	RULE_IS(&P, NULL, NOW, RULE_ORIGIN_MISMATCH);

	/* Signatures and quorum: two of three replicas, one verifier. */
	I.origin = REALM;
	I.epoch = EPOCHS;
	for (unsigned signers = 1; signers < 32; signers++) {
		unsigned n = (signers & 1) + (signers >> 1 & 1) +
		    (signers >> 2 & 1);

		I.signers = signers;
		make_proof(&P, &I);
		RULE_IS(&P, NULL, NOW, n >= 2 && signers >> 3 ? "" :
		    RULE_QUORUM_UNMET);
	}
	I.epoch = 3;
	I.signers = 31;
	make_proof(&P, &I);
	log_root(4, I.root);		/* signatures on another checkpoint */
	wbuf_reset(&I.note);
	put_note(&I.note, REALM, EPOCHS, I.root, 31, I.time_s);
	P.note = (const char *)I.note.data;
	RULE_IS(&P, NULL, NOW, RULE_INCLUSION_INVALID);

	/* Old: by the cosignatures, to the millisecond. */
	I.epoch = EPOCHS;
	now = I.time_s * 1000 + 3600000;
	make_proof(&P, &I);
	RULE_IS(&P, NULL, now, "");
	make_proof(&P, &I);
	RULE_IS(&P, NULL, now + 1, RULE_NOT_FRESH);

	/* From the future: cosignatures do not count, the head is refused. */
	now = I.time_s * 1000 - CLOCK_SKEW_MS;
	make_proof(&P, &I);
	RULE_IS(&P, NULL, now, "");
	make_proof(&P, &I);
	RULE_IS(&P, NULL, now - 1, RULE_QUORUM_UNMET);
	I.epoch = EPOCHS;
	I.signers = 7;
	now = TIME_MS + 4000 - CLOCK_SKEW_MS;
	make_proof(&P, &I);
	RULE_IS(&P, NULL, now, RULE_QUORUM_UNMET);
	make_proof(&P, &I);
	RULE_IS(&P, NULL, now - 1, RULE_TIME_FUTURE);
}

/* A second verifier that cosigned ${later_s} seconds after the first. */
static void
verifiers_apart(struct proof * P, struct wish * I, uint64_t later_s)
{
	uint8_t sig[SIGN_LEN];
	struct wbuf T;

	wish_init(I, ALICE);
	I->signers = 15;
	make_proof(P, I);
	wbuf_init(&T, CHECKPOINT_TEXT_MAX);
	checkpoint_text(REALM, I->size, I->root, &T);
	cosignature_sign(world.witness[1], I->time_s + later_s, (char *)T.data,
	    T.len, sig);
	checkpoint_put_cosig(&I->note, &world.vwitness[1], I->time_s + later_s,
	    sig);
	wbuf_free(&T);
	P->note = (const char *)I->note.data;
	P->note_len = I->note.len;
}

static void
one_verifier_cannot_freshen(void)
{
	char text[2][VKEY_TEXT_MAX + 1];
	struct proof P;
	struct wish I;
	struct policy * both;
	struct policy_error error;
	struct wbuf W;
	uint64_t now;

	verifiers_apart(&P, &I, 100);
	now = I.time_s * 1000 + 3600000 + 1;

	/* Either is enough for the realm; whoever asks for both gets the older. */
	RULE_IS(&P, NULL, now, "");
	wbuf_init(&W, POLICY_LEN_MAX);
	vkey_format(&world.vwitness[0], text[0]);
	vkey_format(&world.vwitness[1], text[1]);
	wbuf_printf(&W, "witness a %s\nwitness b %s\ngroup g all a b\nquorum g\n",
	    text[0], text[1]);
	CHECK(policy_parse((char *)W.data, W.len, POLICY_FOR_REALM, &both,
	    &error) == 0);
	own_policy = both;
	verifiers_apart(&P, &I, 100);
	RULE_IS(&P, NULL, now - 1, "");
	verifiers_apart(&P, &I, 100);
	RULE_IS(&P, NULL, now, RULE_NOT_FRESH);

	/* One whose clock is far ahead is as if it were not there. */
	own_policy = NULL;
	now = I.time_s * 1000;
	verifiers_apart(&P, &I, CLOCK_SKEW_MS / 1000 + 1);
	RULE_IS(&P, NULL, now, "");
	verifiers_apart(&P, &I, CLOCK_SKEW_MS / 1000 + 1);
	own_policy = both;
	RULE_IS(&P, NULL, now, RULE_QUORUM_UNMET);
	own_policy = NULL;
	policy_free(both);
	wbuf_free(&W);
}

static void
policy_rules(void)
{
	uint8_t kept[HEAD_LEN];
	struct proof_verdict V;
	struct policy_error error;
	struct policy * own;
	struct proof * parsed;
	struct proof P;
	struct wish I;
	struct wbuf W;
	const char * rule;
	char text[VKEY_TEXT_MAX + 1], policy[1024];

	/* The realm has changed its policy since the realm file was made. */
	wish_init(&I, ALICE);
	memcpy(kept, world.head[EPOCHS - 1], HEAD_LEN);
	world.head[EPOCHS - 1][HEAD_LEN - 1] ^= 1;
	make_proof(&P, &I);
	memcpy(world.head[EPOCHS - 1], kept, HEAD_LEN);
	RULE_IS(&P, NULL, NOW, RULE_POLICY_CHANGED);

	/* A client's own policy; "none" still wants a signature it knows. */
	I.signers = 15;			/* all but the last verifier */
	make_proof(&P, &I);
	wbuf_init(&W, PROOF_LEN_MAX);
	proof_format(&W, &P);
	CHECK(proof_parse((const char *)W.data, W.len, &parsed, &rule) == 0);
	for (unsigned i = 3; i < 5; i++) {
		vkey_format(&world.vwitness[i - 3], text);
		snprintf(policy, sizeof(policy), "witness w %s\nquorum %s\n",
		    text, i == 3 ? "w" : "none");
		CHECK(policy_parse(policy, strlen(policy), POLICY_FOR_REALM,
		    &own, &error) == 0);
		CHECK(proof_verify(parsed, world.realm, own, NULL, 0, NOW,
		    &V) ==
		    (i == 3 ? PROOF_VERIFIED : PROOF_INSUFFICIENT));
		CHECK(i == 3 || strcmp(V.rule, RULE_QUORUM_UNMET) == 0);
		policy_free(own);
	}
	proof_free(parsed);
	wbuf_free(&W);
	wbuf_free(&I.note);
}

/* The policy of the keys ${from} to ${to} - 1 of the world and "quorum none". */
static struct policy *
none_of(unsigned from, unsigned to)
{
	char text[VKEY_TEXT_MAX + 1];
	struct policy_error error;
	struct policy * own;
	struct wbuf W;

	wbuf_init(&W, POLICY_LEN_MAX);
	for (unsigned i = from; i < to; i++) {
		vkey_format(i < 3 ? &world.vreplica[i] : &world.vwitness[i - 3],
		    text);
		wbuf_printf(&W, "%s n%u %s\n", i < 3 ? "replica" : "witness", i,
		    text);
	}
	wbuf_printf(&W, "quorum none\n");
	if (policy_parse((char *)W.data, W.len, POLICY_FOR_REALM, &own, &error))
		abort();
	wbuf_free(&W);
	return (own);
}

static void
policy_edges(void)
{
	struct policy * own;
	struct proof_verdict V;
	struct proof P;
	struct wish I;

	/* Without a quorum a minority of replicas is not the realm. */
	wish_init(&I, ALICE);
	own_policy = own = none_of(0, 5);
	for (asked = 0; asked <= EPOCHS; asked += EPOCHS) {
		for (I.signers = 1; I.signers < 32; I.signers++) {
			unsigned n = (I.signers & 1) + (I.signers >> 1 & 1) +
			    (I.signers >> 2 & 1);

			make_proof(&P, &I);
			RULE_IS(&P, NULL, NOW, n >= 2 ? "" : RULE_QUORUM_UNMET);
		}
	}
	asked = 0;

	/* Its age is that of the head: a verifier was not asked for. */
	I.signers = 31;
	I.time_s += 7200;
	make_proof(&P, &I);
	RULE_IS(&P, NULL, TIME_MS + 4000 + 3600000, "");
	make_proof(&P, &I);
	RULE_IS(&P, NULL, TIME_MS + 4000 + 3600001, RULE_NOT_FRESH);
	policy_free(own);

	/* Of a policy without replicas any key will do, and says the time. */
	wish_init(&I, ALICE);
	own_policy = own = none_of(3, 5);
	I.signers = 7;
	make_proof(&P, &I);
	RULE_IS(&P, NULL, NOW, RULE_QUORUM_UNMET);
	I.signers = 7 | 16;
	make_proof(&P, &I);
	RULE_IS(&P, NULL, I.time_s * 1000 + 3600000, "");
	make_proof(&P, &I);
	CHECK(strcmp(judge(&P, NULL, I.time_s * 1000 + 3600001, &V),
	    RULE_NOT_FRESH) == 0);
	CHECK(V.met && !V.quorum.majority && V.time_ms == I.time_s * 1000);
	wbuf_free(&I.note);
	policy_free(own);
	own_policy = NULL;
}

/* Does the changed text still say "verified"? */
static int
still_verifies(const char * text, size_t len, int * insufficient)
{
	struct proof_verdict V;
	enum proof_result result;
	struct proof * P;
	const char * rule;
	struct wbuf W;
	int same;

	if (proof_parse(text, len, &P, &rule))
		return (rule == NULL);
	wbuf_init(&W, PROOF_LEN_MAX);
	proof_format(&W, P);
	same = W.len == len && memcmp(W.data, text, len) == 0;
	wbuf_free(&W);
	result = proof_verify(P, world.realm, NULL, NULL, 0, NOW, &V);
	proof_free(P);
	*insufficient += result == PROOF_INSUFFICIENT;
	return (result == PROOF_VERIFIED || !same);
}

static void
mutations(void)
{
	static const uint8_t other[] = "A-/\n\x80";
	struct proof P;
	struct wish I;
	struct wbuf W;
	size_t names = 0;
	int insufficient = 0;

	/* Just enough signers, so that none can be spared. */
	for (enum who who = ALICE; who <= NOBODY_OTHER; who++) {
		wish_init(&I, who);
		I.signers = 1 | 2 | 8;
		make_proof(&P, &I);
		wbuf_init(&W, PROOF_LEN_MAX);
		proof_format(&W, &P);
		CHECK(wbuf_failed(&W) == 0);
		for (size_t i = 0; i < W.len; i++)
			CHECK(!still_verifies((char *)W.data, i,
			    &insufficient));
		insufficient = 0;
		for (size_t i = 0; i < W.len; i++) {
			uint8_t was = W.data[i];

			W.data[i] = other[(i + who) % 5] != was ?
			    other[(i + who) % 5] : 'B';
			CHECK(!still_verifies((char *)W.data, W.len,
			    &insufficient));
			W.data[i] = was;
		}

		/* Only where a line's name or key id became an unknown one. */
		names = 2 * (strlen(REALM) + 6) +
		    strlen(world.vwitness[0].name) + 6;
		CHECK(insufficient > 0 && (size_t)insufficient <= names);
		wbuf_free(&W);
		wbuf_free(&I.note);
	}
}

static struct wbuf notes[2];	/* of the links */

/* The chain of both links in ${P}, by just enough signers. */
static void
put_chain(struct proof * P)
{

	P->chain.n = 2;
	wbuf_free(&notes[0]);
	wbuf_free(&notes[1]);
	make_link(&P->chain.link[0], 1, 1 | 2 | 8, &notes[0]);
	make_link(&P->chain.link[1], 2, 1 | 8, &notes[1]);
}

/* The realm has changed its policy twice since the realm file was made. */
static void
chains(void)
{
	struct proof_verdict V;
	struct policy_error error;
	struct policy * own;
	struct proof P;
	struct wish I;

	make_eras();
	wish_init(&I, ALICE);
	I.signers = 2 | 4 | 16;
	make_proof(&P, &I);
	RULE_IS(&P, NULL, NOW, RULE_POLICY_CHANGED);
	make_proof(&P, &I);
	put_chain(&P);
	CHECK(strcmp(judge(&P, NULL, NOW, &V), "") == 0);
	CHECK(V.met && V.fresh && V.quorum.majority && V.quorum.replicas == 2);
	CHECK(policy_keys(V.policy) == 3 && policy_replicas(V.policy) == 2);

	/* Without the last link it is of another policy. */
	P.chain.n = 1;
	RULE_IS(&P, NULL, NOW, RULE_POLICY_CHANGED);

	/* Who signed for the policies before does not count any more. */
	I.signers = 1 | 2 | 4 | 8;
	make_proof(&P, &I);
	put_chain(&P);
	RULE_IS(&P, NULL, NOW, RULE_QUORUM_UNMET);

	/* In the epoch that names it a policy is not in force yet. */
	I.size = I.epoch = 4;
	I.signers = 1 | 8;
	make_proof(&P, &I);
	put_chain(&P);
	RULE_IS(&P, NULL, NOW, "");
	I.signers = 2 | 4 | 16;
	make_proof(&P, &I);
	put_chain(&P);
	RULE_IS(&P, NULL, NOW, RULE_QUORUM_UNMET);
	I.size = I.epoch = 3;
	I.signers = 1 | 8;
	make_proof(&P, &I);
	put_chain(&P);
	RULE_IS(&P, NULL, NOW, RULE_POLICY_CHAIN_INVALID);

	/* What a past head names is not looked at. */
	I.size = EPOCHS;
	I.signers = 2 | 4 | 16;
	for (asked = I.epoch = 1; I.epoch < EPOCHS; asked = ++I.epoch) {
		make_proof(&P, &I);
		put_chain(&P);
		RULE_IS(&P, NULL, NOW, "");
	}
	asked = 0;

	/* A policy of one's own is for the checkpoint, not for the chain. */
	I.epoch = EPOCHS;
	I.signers = 1 | 8;
	CHECK(policy_parse_realm(eras[1].text, strlen(eras[1].text), REALM,
	    &own, &error) == 0);
	own_policy = own;
	make_proof(&P, &I);
	put_chain(&P);
	RULE_IS(&P, NULL, NOW, "");
	make_proof(&P, &I);
	put_chain(&P);
	wbuf_free(&notes[1]);
	make_link(&P.chain.link[1], 2, 2 | 4 | 16, &notes[1]);
	RULE_IS(&P, NULL, NOW, RULE_POLICY_CHAIN_UNMET);
	policy_free(own);
	own_policy = NULL;
}

static void
chain_mutations(void)
{
	struct wbuf W;
	struct proof P;
	struct wish I;
	int insufficient = 0;

	make_eras();
	wish_init(&I, ALICE);
	I.signers = 2 | 4 | 16;
	make_proof(&P, &I);
	put_chain(&P);
	wbuf_init(&W, PROOF_LEN_MAX);
	proof_format(&W, &P);
	CHECK(wbuf_failed(&W) == 0);
	for (size_t i = 0; i < W.len; i++) {
		uint8_t was = W.data[i];

		W.data[i] = was == 'A' ? 'B' : 'A';
		CHECK(!still_verifies((char *)W.data, W.len, &insufficient));
		W.data[i] = was;
	}

	/* Names and key ids of the last note; elsewhere all is refused. */
	CHECK((size_t)insufficient <= 2 * (strlen(REALM) + 6) +
	    strlen(world.vwitness[1].name) + 6);
	wbuf_free(&W);
	wbuf_free(&I.note);
}

static void
damaged_signature(void)
{
	struct proof P;
	struct wish I;
	char * eol;

	/* The last signature before the last line's end. */
	wish_init(&I, ALICE);
	make_proof(&P, &I);
	eol = (char *)&I.note.data[I.note.len - 8];
	*eol = *eol == 'A' ? 'B' : 'A';
	RULE_IS(&P, NULL, NOW, RULE_SIGNATURE_INVALID);
}

static const struct test tests[] = {
	{ "presence, erasure and both absences are proven at any epoch", proves },
	{ "a proof of the past is not one of now, nor of another epoch",
	    epoch_rules },
	{ "a proof is of one realm and one user", subject_rules },
	{ "a proof fits the directory of its epoch", directory_rules },
	{ "a proof fits the epoch log, its quorum and the clock",
	    checkpoint_rules },
	{ "one verifier can make a proof neither fresh nor useless by its clock",
	    one_verifier_cannot_freshen },
	{ "a policy of the realm's past is refused, a client's own is used",
	    policy_rules },
	{ "without a quorum a majority of replicas is asked for, or any key",
	    policy_edges },
	{ "a known key's damaged signature is refused", damaged_signature },
	{ "no proof verifies when one character of it is changed", mutations },
	{ "a chain leads from the policy of the realm file to that of the proof",
	    chains },
	{ "no proof verifies when one character of its chain is changed",
	    chain_mutations },
};
TESTS(tests)
