#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "crypto/sign.h"
#include "head/head.h"
#include "note/vkey.h"
#include "policy/history.h"

#include "test.h"

/* The text of a policy whose replica has the key of ${seed} with ${name}. */
static size_t
make_text(uint8_t seed, const char * name, char * text, size_t size)
{
	uint8_t bytes[SIGN_SEED_LEN] = { seed };
	char vkey[VKEY_TEXT_MAX + 1];
	struct sign_key * K;
	struct vkey V;
	int n;

	if ((K = sign_key_from_seed(bytes)) == NULL ||
	    vkey_make(&V, VKEY_ED25519, name, K->pk))
		return (0);
	vkey_format(&V, vkey);
	sign_key_free(K);
	n = snprintf(text, size, "replica r%d %s\nquorum r%d\n", seed, vkey,
	    seed);
	return (n < 0 ? 0 : (size_t)n);
}

/* Add the policy of ${seed}. */
static int
add(struct policy_history * H, uint64_t epoch, uint64_t number, uint8_t seed,
    struct policy_error * error)
{
	char text[1000];
	size_t len;

	if ((len = make_text(seed, "example.org", text, sizeof(text))) == 0)
		return (-1);
	return (policy_history_add(H, epoch, number, text, len, error));
}

static void
in_force(void)
{
	struct policy_history * H = policy_history_make("example.org");
	struct policy_error error;
	const struct policy_era * first;
	uint8_t hash[HASH_LEN];
	char text[1000];
	size_t len;

	CHECK(H != NULL);
	CHECK(policy_history_newest(H) == NULL);
	CHECK(policy_history_at(H, 1) == NULL);
	CHECK(policy_history_after(H, 1) == NULL);
	CHECK(add(H, 1, 1, 1, &error) == 0);
	first = policy_history_at(H, 1);
	CHECK(first != NULL && first == policy_history_newest(H));
	CHECK(policy_history_at(H, UINT64_MAX) == first);
	CHECK(policy_history_at(H, 0) == NULL);

	/* Many more, each for ten epochs from 10 on. */
	for (uint8_t i = 1; i <= 100; i++)
		CHECK(add(H, 10 * (uint64_t)i, 1 + (uint64_t)i, 1 + i,
		    &error) == 0);
	CHECK(policy_history_at(H, 9) == first);
	CHECK(policy_history_at(H, 10)->number == 2);
	CHECK(policy_history_at(H, 19)->number == 2);
	CHECK(policy_history_at(H, 20)->number == 3);
	CHECK(policy_history_at(H, 999)->number == 100);
	CHECK(policy_history_at(H, 1000)->number == 101);
	CHECK(policy_history_newest(H)->number == 101);
	CHECK(policy_history_newest(H)->epoch == 1000);

	/* What is told of one. */
	len = make_text(2, "example.org", text, sizeof(text));
	head_policy(text, len, hash);
	CHECK(policy_history_find(H, hash) == policy_history_at(H, 10));
	CHECK(policy_history_at(H, 10)->len == len);
	CHECK(memcmp(policy_history_at(H, 10)->text, text, len + 1) == 0);
	CHECK(memcmp(policy_history_at(H, 10)->hash, hash, HASH_LEN) == 0);
	CHECK(policy_replicas(policy_history_at(H, 10)->policy) == 1);
	CHECK(policy_history_after(H, 1) == policy_history_at(H, 10));
	CHECK(policy_history_after(H, 100) == policy_history_newest(H));
	CHECK(policy_history_after(H, 101) == NULL);
	CHECK(policy_history_after(H, 0) == NULL);
	CHECK(policy_history_after(H, UINT64_MAX) == NULL);
	hash[0] ^= 1;
	CHECK(policy_history_find(H, hash) == NULL);
	policy_history_free(H);
	policy_history_free(NULL);
}

static void
refusals(void)
{
	struct policy_history * H = policy_history_make("example.org");
	struct policy_error error;
	char text[1000];
	size_t len;

	CHECK(H != NULL);
	CHECK(add(H, 0, 1, 1, &error) && error.rule != NULL);
	CHECK(add(H, 1, 0, 1, &error) && error.rule != NULL);
	CHECK(add(H, 7, 3, 1, &error) == 0);
	CHECK(policy_history_at(H, 6) == NULL);
	CHECK(add(H, 7, 4, 2, &error) && strstr(error.rule, "not after"));
	CHECK(add(H, 8, 3, 2, &error) && strstr(error.rule, "number"));
	CHECK(add(H, 8, 5, 2, &error) && strstr(error.rule, "number"));
	len = make_text(2, "example.com", text, sizeof(text));
	CHECK(policy_history_add(H, 8, 4, text, len, &error) &&
	    strstr(error.rule, "realm's name"));
	CHECK(policy_history_add(H, 8, 4, "quorum none\n", 12, &error) &&
	    strstr(error.rule, "no replica"));
	CHECK(policy_history_add(H, 8, 4, "\n", 1, &error) &&
	    strstr(error.rule, "no quorum"));
	CHECK(policy_history_add(H, 8, 4, NULL, 0, &error) &&
	    error.rule != NULL);
	CHECK(policy_history_newest(H)->number == 3);
	CHECK(add(H, 8, 4, 2, &error) == 0);
	CHECK(policy_history_newest(H)->number == 4);

	/* The same text again has two places; the newest is found. */
	CHECK(add(H, 9, 5, 1, &error) == 0);
	CHECK(policy_history_find(H, policy_history_at(H, 7)->hash) ==
	    policy_history_newest(H));
	policy_history_free(H);
}

static const struct test tests[] = {
	{ "an epoch is judged by the policy that is in force in it", in_force },
	{ "what does not follow, or is no policy of the realm, is refused and"
	    " changes nothing", refusals },
};

TESTS(tests)
