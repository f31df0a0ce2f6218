#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "codec/decimal.h"
#include "codec/wbuf.h"
#include "crypto/sign.h"
#include "crypto/vrf.h"
#include "entry/index.h"
#include "entry/profile.h"
#include "entry/rules.h"
#include "entry/user.h"
#include "note/vkey.h"
#include "policy/policy.h"

#include "test.h"

#define REALM	"example.org"
#define KEYS	5

static struct sign_key * key[KEYS];
static char vkey_text[KEYS][VKEY_TEXT_MAX + 1];

/* An update in the making, and the state that it meets. */
struct scene {
	struct wbuf old;		/* the current entry */
	struct wbuf entry, update, profile;
	struct entry current;
	int any_current;
	uint64_t pending, pending_bytes;
	enum rules_profile kind;
};

static void
make_keys(void)
{
	struct vkey V;
	uint8_t seed[SIGN_SEED_LEN];
	char name[8];

	for (unsigned i = 0; i < KEYS && key[KEYS - 1] == NULL; i++) {
		memset(seed, (int)i + 1, sizeof(seed));
		key[i] = sign_key_from_seed(seed);
		snprintf(name, sizeof(name), "k%u", i);
		if (vkey_make(&V, VKEY_ED25519, name, key[i]->pk))
			abort();
		vkey_format(&V, vkey_text[i]);
	}
}

/* Append an entry with the policy of the keys in the set ${keys}. */
static void
put_entry(struct wbuf * W, uint64_t version, unsigned keys,
    const char * groups, const uint8_t * commitment)
{
	struct entry E;
	struct wbuf P;
	uint8_t index[INDEX_LEN] = { 7 };

	wbuf_init(&P, ENTRY_POLICY_MAX);
	for (unsigned i = 0; i < KEYS; i++)
		if (keys & 1U << i)
			wbuf_printf(&P, "key k%u %s\n", i, vkey_text[i]);
	wbuf_printf(&P, "%s", groups);
	E.index = index;
	E.version = version;
	E.policy = (const char *)P.data;
	E.policy_len = P.len;
	E.commitment = commitment;
	entry_put(W, &E);
	wbuf_free(&P);
}

/* Sign ${entry} with the keys of the set ${keys} and append the update. */
static int
put_update(struct wbuf * W, const struct wbuf * entry, unsigned keys)
{
	struct update_sig sigs[KEYS];
	struct wbuf M;
	size_t n = 0;

	wbuf_init(&M, 8192);
	update_message(&M, REALM, entry->data, entry->len);
	for (unsigned i = KEYS; i-- > 0;) {
		if (!(keys & 1U << i))
			continue;
		memcpy(sigs[n].pk, key[i]->pk, SIGN_PK_LEN);
		sign_make(key[i], M.data, M.len, sigs[n++].sig);
	}
	wbuf_free(&M);
	return (update_put(W, entry->data, entry->len, sigs, n));
}

/* A scene in which everything is right: a registration by key 0. */
static void
scene_init(struct scene * S)
{
	static const struct profile_app apps[] = {
		{ "ssh", 3, (const uint8_t *)"key", 3 },
		{ "pgp", 3, (const uint8_t *)"", 0 }
	};
	uint8_t nonce[PROFILE_NONCE_LEN] = { 1, 2, 3 };

	make_keys();
	memset(S, 0, sizeof(*S));
	wbuf_init(&S->old, 8192);
	wbuf_init(&S->entry, 8192);
	wbuf_init(&S->update, 16384);
	wbuf_init(&S->profile, 16384);
	S->kind = RULES_PROFILE_EDGE;
	profile_put(&S->profile, nonce, apps, 2);
}

/* The scene's update: ${version}, policy of ${keys} and ${groups}. */
static void
scene_update(struct scene * S, uint64_t version, unsigned keys,
    const char * groups, unsigned signers)
{
	uint8_t commitment[HASH_LEN];

	profile_commitment(commitment, S->profile.data, S->profile.len);
	put_entry(&S->entry, version, keys, groups, commitment);
	put_update(&S->update, &S->entry, signers);
}

/* The scene's current entry. */
static void
scene_current(struct scene * S, uint64_t version, unsigned keys,
    const char * groups)
{
	uint8_t commitment[HASH_LEN] = { 9 };

	put_entry(&S->old, version, keys, groups, commitment);
	S->any_current = entry_parse(&S->current, S->old.data, S->old.len) == 0;
}

/* The rule that the scene's update breaks; frees the scene. */
static const char *
scene_rule(struct scene * S)
{
	struct rules_prepared prepared;
	struct rules_input I;
	struct update U;
	const char * rule = "rules_check failed";

	memset(&I, 0, sizeof(I));
	memset(&prepared, 0, sizeof(prepared));
	if (update_parse(&U, S->update.data, S->update.len) == 0) {
		I.update = &U;
		if (rules_prepare(&prepared, &U, REALM))
			abort();
	}
	I.prepared = &prepared;
	I.profile_kind = S->kind;
	I.profile = S->profile.data;
	I.profile_len = S->profile.len;
	I.current = S->any_current ? &S->current : NULL;
	I.pending = S->pending;
	I.pending_bytes = S->pending_bytes;
	if (rules_check(&I, &rule))
		rule = "rules_check failed";
	rules_free(&prepared);
	wbuf_free(&S->old);
	wbuf_free(&S->entry);
	wbuf_free(&S->update);
	wbuf_free(&S->profile);
	return (rule == NULL ? "" : rule);
}

#define RULE_IS(S, name)	CHECK(strcmp(scene_rule(S), name) == 0)

static void
accepted(void)
{
	struct scene S;

	scene_init(&S);
	scene_update(&S, 0, 1, "quorum k0\n", 1);
	RULE_IS(&S, "");

	/* Later, with a gap in the versions, by the same policy. */
	scene_init(&S);
	scene_current(&S, 3, 1, "quorum k0\n");
	scene_update(&S, UINT64_MAX, 1, "quorum k0\n", 1);
	RULE_IS(&S, "");

	/* To another key: both must sign. */
	scene_init(&S);
	scene_current(&S, 3, 1, "quorum k0\n");
	scene_update(&S, 4, 2, "quorum k1\n", 3);
	RULE_IS(&S, "");

	/* A verifier knows no profile, the log may have lost it. */
	scene_init(&S);
	scene_update(&S, 0, 1, "quorum k0\n", 1);
	S.kind = RULES_PROFILE_NONE;
	S.profile.data[0] ^= 1;
	RULE_IS(&S, "");
	scene_init(&S);
	scene_update(&S, 0, 1, "quorum k0\n", 1);
	S.kind = RULES_PROFILE_LOG;
	S.profile.len = 0;
	RULE_IS(&S, "");
}

static void
shape_rules(void)
{
	struct scene S;

	scene_init(&S);
	scene_update(&S, 0, 1, "quorum k0\n", 1);
	S.update.len--;
	RULE_IS(&S, RULE_UPDATE_MALFORMED);

	scene_init(&S);
	scene_update(&S, 0, 1, "quorum k0\n", 1);
	S.profile.len--;
	RULE_IS(&S, RULE_PROFILE_MALFORMED);
	scene_init(&S);
	scene_update(&S, 0, 1, "quorum k0\n", 1);
	S.profile.len = 0;
	RULE_IS(&S, RULE_PROFILE_MALFORMED);

	scene_init(&S);
	scene_update(&S, 0, 1, "quorum k0\n", 1);
	S.profile.data[1] ^= 1;
	RULE_IS(&S, RULE_PROFILE_COMMITMENT);
	scene_init(&S);
	scene_update(&S, 0, 1, "quorum k0\n", 1);
	S.profile.data[1] ^= 1;
	S.kind = RULES_PROFILE_LOG;
	RULE_IS(&S, RULE_PROFILE_COMMITMENT);

	scene_init(&S);
	scene_update(&S, 0, 1, "", 1);
	RULE_IS(&S, RULE_POLICY_MALFORMED);
	scene_init(&S);
	scene_update(&S, 0, 1, "quorum none\n", 1);
	RULE_IS(&S, RULE_POLICY_MALFORMED);

	scene_init(&S);
	scene_update(&S, 0, 1, "quorum k0\n", 1);
	S.pending = EPOCH_UPDATES_MAX;
	RULE_IS(&S, RULE_EPOCH_FULL);
	scene_init(&S);
	scene_update(&S, 0, 1, "quorum k0\n", 1);
	S.pending = EPOCH_UPDATES_MAX - 1;
	S.pending_bytes = EPOCH_BYTES_MAX;
	RULE_IS(&S, "");
	scene_init(&S);
	scene_update(&S, 0, 1, "quorum k0\n", 1);
	S.pending_bytes = (uint64_t)EPOCH_BYTES_MAX + 1;
	RULE_IS(&S, RULE_EPOCH_FULL);
}

static void
version_rules(void)
{
	struct scene S;

	scene_init(&S);
	scene_update(&S, 1, 1, "quorum k0\n", 1);
	RULE_IS(&S, RULE_REGISTRATION_VERSION);

	scene_init(&S);
	scene_current(&S, 3, 1, "quorum k0\n");
	scene_update(&S, 3, 1, "quorum k0\n", 1);
	RULE_IS(&S, RULE_VERSION_MUST_RISE);
	scene_init(&S);
	scene_current(&S, 0, 1, "quorum k0\n");
	scene_update(&S, 0, 1, "quorum k0\n", 1);
	RULE_IS(&S, RULE_VERSION_MUST_RISE);
}

static void
signature_rules(void)
{
	struct scene S;

	/* The last byte of the only signature; then one that is not needed. */
	scene_init(&S);
	scene_update(&S, 0, 1, "quorum k0\n", 1);
	S.update.data[S.update.len - 10] ^= 1;
	RULE_IS(&S, RULE_SIGNATURE_INVALID);
	scene_init(&S);
	scene_update(&S, 0, 1, "quorum k0\n", 3);
	S.update.data[S.update.len - 10] ^= 1;
	RULE_IS(&S, RULE_SIGNATURE_INVALID);

	/* By somebody else; then by too few of the old or the new. */
	scene_init(&S);
	scene_update(&S, 0, 1, "quorum k0\n", 2);
	RULE_IS(&S, RULE_NEW_POLICY_UNMET);
	scene_init(&S);
	scene_current(&S, 0, 1, "quorum k0\n");
	scene_update(&S, 1, 2, "quorum k1\n", 1);
	RULE_IS(&S, RULE_NEW_POLICY_UNMET);
	scene_init(&S);
	scene_current(&S, 0, 1, "quorum k0\n");
	scene_update(&S, 1, 2, "quorum k1\n", 2);
	RULE_IS(&S, RULE_OLD_POLICY_UNMET);
	scene_init(&S);
	scene_current(&S, 0, 1, "quorum k0\n");
	scene_update(&S, 1, 1, "quorum k0\n", 2);
	RULE_IS(&S, RULE_NEW_POLICY_UNMET);
}

static void
nested_policies(void)
{
	static const char groups[] = "group g 2 k0 k1 k2\n"
	    "group h any k3 k4\ngroup all2 all g h\nquorum all2\n";
	struct scene S;
	unsigned n;

	/* Exactly the sets with two of the first three and one of the others. */
	for (unsigned signers = 1; signers < 32; signers++) {
		n = (signers & 1) + (signers >> 1 & 1) + (signers >> 2 & 1);
		scene_init(&S);
		scene_update(&S, 0, 31, groups, signers);
		RULE_IS(&S, n >= 2 && signers >> 3 != 0 ? "" :
		    RULE_NEW_POLICY_UNMET);
	}

	/* Recovery: either the one key or two of the others. */
	for (unsigned signers = 1; signers < 16; signers++) {
		n = (signers >> 1 & 1) + (signers >> 2 & 1) + (signers >> 3);
		scene_init(&S);
		scene_current(&S, 0, 15,
		    "group r 2 k1 k2 k3\ngroup q any k0 r\nquorum q\n");
		scene_update(&S, 1, 16, "quorum k4\n", signers | 16);
		RULE_IS(&S, (signers & 1) || n >= 2 ? "" :
		    RULE_OLD_POLICY_UNMET);
	}
}

static void
counts_once(void)
{
	struct scene S;
	struct update U;
	struct wbuf W;
	struct update_sig twice[2];
	char policy[512];

	/* One key that stands in a policy twice is no policy. */
	make_keys();
	scene_init(&S);
	snprintf(policy, sizeof(policy),
	    "key again %s\ngroup g 2 k0 again\nquorum g\n", vkey_text[0]);
	scene_update(&S, 0, 1, policy, 1);
	RULE_IS(&S, RULE_POLICY_MALFORMED);
	scene_init(&S);
	scene_update(&S, 0, 1, "group g 2 k0 k0\nquorum g\n", 1);
	RULE_IS(&S, RULE_POLICY_MALFORMED);

	/* One that signs twice is no update. */
	memset(twice, 5, sizeof(twice));
	wbuf_init(&W, 8192);
	CHECK(update_put(&W, (const uint8_t *)"x", 1, twice, 2) == -1);
	twice[1].pk[0] = 6;
	scene_init(&S);
	scene_update(&S, 0, 1, "quorum k0\n", 1);
	wbuf_reset(&W);
	CHECK(update_put(&W, S.entry.data, S.entry.len, twice, 2) == 0);
	CHECK(update_parse(&U, W.data, W.len) == 0 && U.nsigs == 2);
	W.data[W.len - 96] = 5;
	CHECK(update_parse(&U, W.data, W.len) == -1);
	wbuf_free(&W);
	scene_rule(&S);
}

static void
other_realm(void)
{
	struct scene S;
	struct update U;
	uint8_t valid[UPDATE_SIGS_MAX];

	scene_init(&S);
	scene_update(&S, 0, 1, "quorum k0\n", 3);
	CHECK(update_parse(&U, S.update.data, S.update.len) == 0);
	CHECK(rules_signatures(&U, REALM, valid) == 0);
	CHECK(valid[0] == 1 && valid[1] == 1 && valid[2] == 0);
	CHECK(rules_signatures(&U, "example.net", valid) == 0);
	CHECK(valid[0] == 0 && valid[1] == 0);
	scene_rule(&S);
}

/* Does what was parsed encode to the same bytes again? */
static int
same_update(const uint8_t * p, size_t len)
{
	struct update_sig sigs[UPDATE_SIGS_MAX];
	struct wbuf E, W;
	struct update U;
	int same;

	if (update_parse(&U, p, len))
		return (1);
	wbuf_init(&E, 8192);
	wbuf_init(&W, 16384);
	entry_put(&E, &U.entry);
	memcpy(sigs, U.sigs, U.nsigs * sizeof(sigs[0]));
	same = update_put(&W, E.data, E.len, sigs, U.nsigs) == 0 &&
	    W.len == len && memcmp(W.data, p, len) == 0;
	wbuf_free(&E);
	wbuf_free(&W);
	return (same);
}

static int
same_profile(const uint8_t * p, size_t len)
{
	struct profile_app apps[PROFILE_APPS_MAX];
	struct profile P;
	struct rbuf R;
	struct wbuf W;
	size_t n = 0;
	int same;

	if (profile_parse(&P, p, len))
		return (1);
	for (profile_start(&P, &R); profile_next(&R, &apps[n]); n++)
		continue;
	wbuf_init(&W, PROFILE_LEN_MAX);
	same = n == P.count && profile_put(&W, P.nonce, apps, n) == 0 &&
	    W.len == len && memcmp(W.data, p, len) == 0;
	wbuf_free(&W);
	return (same);
}

/* Try every truncation and every change of one byte. */
static int
mutations(const struct wbuf * W, int (* same)(const uint8_t *, size_t))
{
	uint8_t * copy;
	int ok = 1;

	for (size_t i = 0; i < W->len && ok; i++) {
		/* Of the exact size, so that over-reading shows. */
		if ((copy = malloc(i + 1)) == NULL)
			return (0);
		memcpy(copy, W->data, i);
		ok = same(copy, i);
		free(copy);
	}
	for (size_t i = 0; i < W->len && ok; i++) {
		for (unsigned x = 0; x < 256 && ok; x++) {
			uint8_t was = W->data[i];

			W->data[i] = (uint8_t)x;
			ok = same(W->data, W->len);
			W->data[i] = was;
		}
	}
	return (ok);
}

static void
canonical(void)
{
	struct scene S;
	struct update U;
	struct profile P;

	scene_init(&S);
	scene_update(&S, 0, 3, "quorum k0\n", 3);
	CHECK(update_parse(&U, S.update.data, S.update.len) == 0);
	CHECK(profile_parse(&P, S.profile.data, S.profile.len) == 0);
	CHECK(mutations(&S.update, same_update));
	CHECK(mutations(&S.profile, same_profile));
	for (size_t i = 0; i < S.update.len; i++)
		CHECK(update_parse(&U, S.update.data, i) == -1);
	for (size_t i = 0; i < S.profile.len; i++)
		CHECK(profile_parse(&P, S.profile.data, i) == -1);
	scene_rule(&S);
}

static void
profiles(void)
{
	struct profile_app apps[PROFILE_APPS_MAX + 1], app;
	char names[PROFILE_APPS_MAX + 1][8];
	uint8_t nonce[PROFILE_NONCE_LEN] = { 0 };
	uint8_t * big;
	struct profile P;
	struct wbuf W;

	wbuf_init(&W, 1 << 20);
	for (size_t i = 0; i <= PROFILE_APPS_MAX; i++) {
		snprintf(names[i], sizeof(names[i]), "a%zu", i);
		apps[i].app = names[i];
		apps[i].app_len = strlen(names[i]);
		apps[i].value = (const uint8_t *)names[i];
		apps[i].value_len = i % 7;
	}
	CHECK(profile_put(&W, nonce, apps, PROFILE_APPS_MAX + 1) == -1);
	CHECK(profile_put(&W, nonce, apps, PROFILE_APPS_MAX) == 0);
	CHECK(profile_parse(&P, W.data, W.len) == 0 && P.count == 256);
	CHECK(profile_find(&P, "a200", &app) == 1);
	CHECK(app.value_len == 200 % 7);
	CHECK(profile_find(&P, "a256", &app) == 0);
	CHECK(profile_find(&P, "a", &app) == 0);

	/* A name twice, or not a name. */
	CHECK((big = calloc(1, UINT16_MAX)) != NULL);
	memcpy(names[1], "a0", 3);
	apps[1].app_len = 2;
	CHECK(profile_put(&W, nonce, apps, 2) == -1);
	memcpy(names[1], "a A", 4);
	apps[1].app_len = 3;
	CHECK(profile_put(&W, nonce, apps, 2) == -1);

	/* Exactly PROFILE_LEN_MAX bytes fit. */
	apps[0].value = big;
	apps[0].value_len = PROFILE_LEN_MAX - 35 - 1 - 2 - 2;
	wbuf_reset(&W);
	CHECK(profile_put(&W, nonce, apps, 1) == 0);
	CHECK(W.len == PROFILE_LEN_MAX && !profile_parse(&P, W.data, W.len));
	apps[0].value_len++;
	CHECK(profile_put(&W, nonce, apps, 1) == -1);
	wbuf_put_u8(&W, 0);
	CHECK(profile_parse(&P, W.data, W.len) == -1);
	free(big);
	wbuf_free(&W);
}

static void
users(void)
{
	static const char * const bad[] = {
		"", "a b", "a\n", "\x7f", "\xc0\x80", "\xed\xa0\x80", "\xff",
		"a\xc3", "\xf4\x90\x80\x80", "\xe0\x9f\xbf"
	};
	char user[USER_LEN_MAX + 1], lots[USER_LEN_MAX + 1];

	CHECK(user_normalise(user, "Alice@Example.ORG", 17) == 0);
	CHECK(strcmp(user, "alice@example.org") == 0);
	CHECK(user_normalise(user, "\xc3\x84@x", 4) == 0);
	CHECK(strcmp(user, "\xc3\x84@x") == 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(user_normalise(user, bad[i], strlen(bad[i])) == -1);
	CHECK(user_normalise(user, "a\0b", 3) == -1);
	memset(lots, 'A', sizeof(lots));
	CHECK(user_normalise(user, lots, USER_LEN_MAX) == 0);
	CHECK(strlen(user) == USER_LEN_MAX && user[USER_LEN_MAX - 1] == 'a');
	CHECK(user_normalise(user, lots, USER_LEN_MAX + 1) == -1);
	CHECK(user_is_normal("a@b", 3) && !user_is_normal("A@b", 3));

	CHECK(user_realm_ok("example.org/x", 13) && !user_realm_ok("", 0));
	CHECK(!user_realm_ok("a+b", 3) && !user_realm_ok("a b", 3));
	memset(lots, 'r', sizeof(lots));
	CHECK(user_realm_ok(lots, REALM_NAME_MAX));
	CHECK(!user_realm_ok(lots, REALM_NAME_MAX + 1));
}

static void
indices(void)
{
	struct vrf_key * K = vrf_key_generate();
	uint8_t index[INDEX_LEN], again[INDEX_LEN], proof[VRF_PROOF_LEN];

	CHECK(K != NULL);
	index_prove(K, "alice", index, proof);
	index_make(K, "alice", again);
	CHECK(memcmp(index, again, INDEX_LEN) == 0);
	CHECK(index_verify(K->pk, "alice", proof, again) == 0);
	CHECK(memcmp(index, again, INDEX_LEN) == 0);
	CHECK(index_verify(K->pk, "alicf", proof, again) == -1);
	proof[40] ^= 1;
	CHECK(index_verify(K->pk, "alice", proof, again) == -1);
	vrf_key_free(K);
}

static void
decimals(void)
{
	uint64_t x;

	CHECK(decimal_parse("0", 1, 9, &x) == 0 && x == 0);
	CHECK(decimal_parse("18446744073709551615", 20, UINT64_MAX, &x) == 0);
	CHECK(x == UINT64_MAX);
	CHECK(decimal_parse("18446744073709551616", 20, UINT64_MAX, &x) == -1);
	CHECK(decimal_parse("99999999999999999999", 20, UINT64_MAX, &x) == -1);
	CHECK(decimal_parse("", 0, 9, &x) == -1);
	CHECK(decimal_parse("01", 2, 9, &x) == -1);
	CHECK(decimal_parse("+1", 2, 9, &x) == -1);
	CHECK(decimal_parse("1 ", 2, 9, &x) == -1);
	CHECK(decimal_parse("10", 2, 9, &x) == -1);
}

static const struct test tests[] = {
	{ "a right update is accepted", accepted },
	{ "what is malformed is refused by its rule", shape_rules },
	{ "a registration has version 0, later versions rise", version_rules },
	{ "signatures verify, and meet the old and the new policy",
	    signature_rules },
	{ "nested thresholds are met by exactly the right sets of keys",
	    nested_policies },
	{ "a key counts once, however often it is listed or signs",
	    counts_once },
	{ "an update for one realm is none for another", other_realm },
	{ "updates and profiles have one encoding each", canonical },
	{ "profiles keep their limits and find their applications", profiles },
	{ "user ids and realm names are normalised and checked", users },
	{ "an index is proven for one user only", indices },
	{ "numbers in text have one form", decimals },
};
TESTS(tests)
