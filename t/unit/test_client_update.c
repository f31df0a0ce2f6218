#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../cmd/ks-update/compose.h"
#include "../../cmd/ks-update/confirm.h"
#include "../../cmd/ks-update/edit.h"
#include "../../cmd/ks-update/submit.h"
#include "base/exits.h"
#include "codec/wbuf.h"
#include "crypto/sign.h"
#include "entry/rules.h"
#include "policy/policy.h"
#include "proof/proof.h"

#include "test.h"

static struct edit E;
static struct keyfile key_a, key_b;

/* Make the two keys. */
static void
make_keys(void)
{

	key_a.kind = key_b.kind = KEYFILE_ED25519;
	snprintf(key_a.name, sizeof(key_a.name), "laptop");
	snprintf(key_b.name, sizeof(key_b.name), "phone");
	memset(key_a.secret, 1, sizeof(key_a.secret));
	memset(key_b.secret, 2, sizeof(key_b.secret));
}

/* The value of ${app} in the profile in ${W}, as a string; NULL: none. */
static const char *
value(const struct wbuf * W, const char * app)
{
	static char text[64];
	struct profile_app A;
	struct profile P;

	if (profile_parse(&P, W->data, W->len) || !profile_find(&P, app, &A))
		return (NULL);
	snprintf(text, sizeof(text), "%.*s", (int)A.value_len,
	    (const char *)A.value);
	return (text);
}

static void
edits(void)
{
	static const uint8_t nonce[PROFILE_NONCE_LEN] = { 1 };
	struct profile old;
	struct wbuf W, W2;
	char path[256], arg[300];
	FILE * f;

	edit_free(&E);
	snprintf(path, sizeof(path), "%s/value", test_dir());
	CHECK((f = fopen(path, "w")) != NULL);
	fputs("from a file", f);
	CHECK(fclose(f) == 0);
	snprintf(arg, sizeof(arg), "pgp=@%s", path);
	CHECK(edit_add(&E, "ssh=a=b", 0) == 0);
	CHECK(edit_add(&E, arg, 0) == 0);
	wbuf_init(&W, PROFILE_LEN_MAX);
	CHECK(edit_apply(&E, NULL, nonce, &W) == 0);
	CHECK(strcmp(value(&W, "ssh"), "a=b") == 0);
	CHECK(strcmp(value(&W, "pgp"), "from a file") == 0);

	/* Change one, remove one, add one, keep the rest. */
	edit_free(&E);
	CHECK(profile_parse(&old, W.data, W.len) == 0);
	wbuf_init(&W2, PROFILE_LEN_MAX);
	CHECK(edit_add(&E, "ssh=", 1) == 0);
	CHECK(edit_add(&E, "age=x", 1) == 0);
	CHECK(edit_apply(&E, &old, nonce, &W2) == 0);
	CHECK(value(&W2, "ssh") == NULL);
	CHECK(strcmp(value(&W2, "age"), "x") == 0);
	CHECK(strcmp(value(&W2, "pgp"), "from a file") == 0);
	wbuf_free(&W2);

	/* Without the old profile, what is given is all. */
	wbuf_init(&W2, PROFILE_LEN_MAX);
	CHECK(edit_apply(&E, NULL, nonce, &W2) == 0);
	CHECK(value(&W2, "pgp") == NULL);
	wbuf_free(&W2);
	wbuf_free(&W);
	edit_free(&E);
}

static void
bad_edits(void)
{
	static char big[EDIT_VALUE_MAX + 16];
	static const uint8_t nonce[PROFILE_NONCE_LEN];
	struct wbuf W;

	CHECK(freopen("/dev/null", "w", stderr) != NULL);
	edit_free(&E);
	CHECK(edit_add(&E, "ssh", 0) == EXITS_USAGE);
	CHECK(edit_add(&E, "=x", 0) == EXITS_USAGE);
	CHECK(edit_add(&E, "SSH=x", 0) == EXITS_USAGE);
	CHECK(edit_add(&E, "ssh=", 0) == EXITS_USAGE);
	CHECK(edit_add(&E, "ssh=@/nonexistent", 0) == EXITS_PERMANENT);
	CHECK(edit_add(&E, "ssh=x", 0) == 0);
	CHECK(edit_add(&E, "ssh=y", 0) == EXITS_USAGE);
	memset(big, 'x', sizeof(big) - 1);
	memcpy(big, "pgp=", 4);
	CHECK(edit_add(&E, big, 0) == EXITS_PERMANENT);

	/* A value that fits its length, but not the profile with the rest. */
	big[4 + EDIT_VALUE_MAX] = '\0';
	CHECK(edit_add(&E, big, 0) == 0);
	wbuf_init(&W, PROFILE_LEN_MAX);
	CHECK(edit_apply(&E, NULL, nonce, &W) == -1);
	wbuf_free(&W);
	edit_free(&E);
}

/* Compose an update of ${C}; the rule broken, "" if none, or NULL. */
static const char *
compose(const struct compose * C, struct wbuf * W)
{
	const char * rule;

	wbuf_init(W, UPDATE_LEN_MAX);
	if (compose_update(C, W, &rule))
		return (NULL);
	return (rule == NULL ? "" : rule);
}

static void
composed(void)
{
	static const uint8_t nonce[PROFILE_NONCE_LEN] = { 4 };
	static const uint8_t index[INDEX_LEN] = { 9 };
	struct keyfile * const one[] = { &key_a };
	struct keyfile * const two[] = { &key_b, &key_a };
	struct keyfile * const other[] = { &key_b };
	struct wbuf profile, policy, W, W2;
	struct policy_error error;
	struct policy * P;
	struct update U;
	struct compose C = { .realm = "example.org", .index = index,
	    .keys = one, .nkeys = 1 };

	make_keys();
	wbuf_init(&policy, ENTRY_POLICY_MAX);
	wbuf_init(&profile, PROFILE_LEN_MAX);
	CHECK(profile_put(&profile, nonce, NULL, 0) == 0);
	C.profile = profile.data;
	C.profile_len = profile.len;

	/* The policy that is made: its only key, by itself. */
	CHECK(compose_policy(&key_a, &policy) == 0);
	CHECK(policy_parse((char *)policy.data, policy.len, POLICY_FOR_UPDATE,
	    &P, &error) == 0);
	CHECK(policy_keys(P) == 1 && policy_met(P, (uint8_t[]){ 1 }) &&
	    !policy_met(P, (uint8_t[]){ 0 }));
	CHECK(strcmp(policy_key(P, 0)->vkey.name, "laptop") == 0);
	policy_free(P);
	C.policy = (char *)policy.data;
	C.policy_len = policy.len;

	/* A registration has version 0. */
	CHECK(strcmp(compose(&C, &W), "") == 0);
	CHECK(update_parse(&U, W.data, W.len) == 0);
	CHECK(U.entry.version == 0 && U.nsigs == 1);
	CHECK(memcmp(U.entry.index, index, INDEX_LEN) == 0);

	/* A later one raises it, keeps the policy, and may bear more keys. */
	C.current = &U.entry;
	C.policy = NULL;
	C.keys = two;
	C.nkeys = 2;
	CHECK(strcmp(compose(&C, &W2), "") == 0);
	CHECK(update_parse(&(struct update){ 0 }, W2.data, W2.len) == 0);
	wbuf_free(&W2);

	/* A key that the policy does not have is told before anything is sent. */
	C.keys = other;
	C.nkeys = 1;
	CHECK(strcmp(compose(&C, &W2), RULE_NEW_POLICY_UNMET) == 0);
	wbuf_free(&W2);
	wbuf_reset(&policy);
	CHECK(compose_policy(&key_b, &policy) == 0);
	C.policy = (char *)policy.data;
	C.policy_len = policy.len;
	CHECK(strcmp(compose(&C, &W2), RULE_OLD_POLICY_UNMET) == 0);
	wbuf_free(&W2);

	/* A key given twice; and no version is left. */
	C.keys = (struct keyfile * const[]){ &key_a, &key_a };
	C.nkeys = 2;
	CHECK(compose(&C, &W2) == NULL);
	wbuf_free(&W2);
	C.nkeys = 1;
	U.entry.version = UINT64_MAX;
	CHECK(compose(&C, &W2) == NULL);
	wbuf_free(&W2);
	wbuf_free(&W);
	wbuf_free(&profile);
	wbuf_free(&policy);
}

static void
pauses(void)
{
	uint64_t sum = 0;

	CHECK(submit_pause_ms(0) == SUBMIT_PAUSE_MIN_MS);
	for (unsigned i = 0; i < 100; i++) {
		CHECK(submit_pause_ms(i) <= submit_pause_ms(i + 1));
		CHECK(submit_pause_ms(i) <= SUBMIT_PAUSE_MAX_MS);
		sum += submit_pause_ms(i);
	}
	CHECK(submit_pause_ms(UINT32_MAX) == SUBMIT_PAUSE_MAX_MS);
	CHECK(sum > 90 * SUBMIT_PAUSE_MAX_MS);
}

static void
compared(void)
{
	static const uint8_t index[INDEX_LEN], commitment[HASH_LEN];
	struct entry entry = { index, 3, "p", 1, commitment };
	struct update_sig sig = { { 0 }, { 0 } };
	struct proof_verdict V = { .found = TREE_PRESENT };
	struct wbuf mine, later, W;

	wbuf_init(&mine, ENTRY_LEN_MAX);
	wbuf_init(&later, ENTRY_LEN_MAX);
	wbuf_init(&W, UPDATE_LEN_MAX);
	entry_put(&mine, &entry);
	CHECK(update_put(&W, mine.data, mine.len, &sig, 1) == 0);
	V.entry = entry;
	CHECK(confirm_compare(&V, mine.data, mine.len, W.data, W.len) ==
	    CONFIRM_SHOWN);
	V.entry.version = entry.version = 4;
	entry_put(&later, &entry);
	CHECK(confirm_compare(&V, later.data, later.len, W.data, W.len) ==
	    CONFIRM_SUPERSEDED);

	/* Of the same version, but another's; older; absent. */
	V.entry.version = 3;
	CHECK(confirm_compare(&V, later.data, later.len, W.data, W.len) ==
	    CONFIRM_MISSING);
	V.entry.version = 2;
	CHECK(confirm_compare(&V, later.data, later.len, W.data, W.len) ==
	    CONFIRM_MISSING);
	V.found = TREE_ABSENT_EMPTY;
	CHECK(confirm_compare(&V, NULL, 0, W.data, W.len) == CONFIRM_MISSING);
	wbuf_free(&mine);
	wbuf_free(&later);
	wbuf_free(&W);
}

static const struct test tests[] = {
	{ "a profile is made of what is given, and with -a of what was", edits },
	{ "a slip in APP=VALUE is told, never ignored", bad_edits },
	{ "an update raises the version and meets both policies", composed },
	{ "waits between attempts grow up to a bound", pauses },
	{ "a proof shows the update, a later one, or neither", compared },
};
TESTS(tests)
