#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "crypto/hash.h"
#include "crypto/sign.h"
#include "crypto/vrf.h"
#include "note/approval.h"
#include "policy/history.h"
#include "proto/policy.h"
#include "realm/realm.h"
#include "stage/policies.h"
#include "store/rowkey.h"
#include "store/store.h"
#include "store/store_memory.h"
#include "store/view.h"

#include "test.h"
#include "test_proof.h"

#define TABLE 0x0b

/* The signed text, written out by hand from PROTOCOL section 6. */
static void
approval_text(void)
{
	uint8_t seed[SIGN_SEED_LEN] = { 3 }, sig[SIGN_LEN], hash[HASH_LEN];
	struct sign_key * K = sign_key_from_seed(seed);
	char b64[BASE64_SIZE(HASH_LEN)], text[512];

	CHECK(K != NULL);
	hash_sha256("a policy\n", 9, hash);
	base64_encode(hash, HASH_LEN, b64, sizeof(b64));
	snprintf(text, sizeof(text), "ks/policy/v1\nexample.org\n258\n%s\n", b64);
	approval_sign(K, "example.org", 258, "a policy\n", 9, sig);
	CHECK(sign_verify(K->pk, text, strlen(text), sig) == 0);
	CHECK(approval_verify(K->pk, "example.org", 258, "a policy\n", 9,
	    sig) == 0);
	CHECK(approval_verify(K->pk, "example.com", 258, "a policy\n", 9, sig));
	CHECK(approval_verify(K->pk, "example.org", 259, "a policy\n", 9, sig));
	CHECK(approval_verify(K->pk, "example.org", 258, "a policy\n", 8, sig));
	CHECK(approval_verify(K->pk, "example.org", 258, "b policy\n", 9, sig));
	sig[0] ^= 1;
	CHECK(approval_verify(K->pk, "example.org", 258, "a policy\n", 9, sig));
	sign_key_free(K);
}

/* The text of the policy of the world with a comment ${i}. */
static struct proto_policy
make(uint64_t epoch, uint64_t number, unsigned i)
{
	static char text[8][POLICY_LEN_MAX];
	int n = snprintf(text[i % 8], POLICY_LEN_MAX, "%s# %u\n",
	    world.realm->policy_text, i);

	return ((struct proto_policy){ epoch, number, text[i % 8], (size_t)n });
}

static void
kept_and_read(void)
{
	struct store * S = store_open_memory();
	struct view * V = view_open(S);
	struct proto_policy P, Q;
	struct policy_history * H;

	CHECK(V != NULL);
	CHECK(policies_open(world.realm, V, TABLE, &H) == 0);
	CHECK(policy_history_newest(H)->number == 1);
	P = make(7, 2, 1);
	CHECK(policies_known(H, &P) == 0);
	CHECK(policies_add(H, V, TABLE, &P) == 0);
	CHECK(policies_known(H, &P) == 1);
	Q = make(7, 2, 2);
	CHECK(policies_known(H, &Q) == -1);
	CHECK(policies_add(H, V, TABLE, &Q) == 1);
	Q = make(8, 4, 2);
	CHECK(policies_add(H, V, TABLE, &Q) == 1);
	Q = make(8, 3, 2);
	CHECK(policies_add(H, V, TABLE, &Q) == 0);
	policy_history_free(H);
	CHECK(view_commit(V, NULL) == 0);

	/* What is read again is the same. */
	CHECK(policies_open(world.realm, V, TABLE, &H) == 0);
	CHECK(view_pending(V, NULL) == 0);
	CHECK(policies_known(H, &P) == 1 && policies_known(H, &Q) == 1);
	CHECK(policy_history_newest(H)->number == 3);
	policy_history_free(H);
	view_close(V);
	store_close(S);
}

/* Open a table whose row of ${epoch} is the ${len} bytes at ${value}. */
static int
open_with(uint64_t epoch, const void * value, size_t len)
{
	struct store * S = store_open_memory();
	struct view * V = view_open(S);
	struct policy_history * H;
	uint8_t key[ROWKEY_MAX];
	int rc;

	if (policies_open(world.realm, V, TABLE, &H))
		return (-2);
	policy_history_free(H);
	view_put(V, key, rowkey_number(key, TABLE, epoch), value, len);
	rc = policies_open(world.realm, V, TABLE, &H);
	policy_history_free(H);
	view_close(V);
	store_close(S);
	return (rc);
}

static void
damage(void)
{
	struct proto_policy P = make(1, 1, 3);
	struct wbuf W;

	wbuf_init(&W, 16384);
	proto_policy_put(&W, &P);

	/* Of another first policy than realm.conf, in its place or before it. */
	CHECK(open_with(1, W.data + 8, W.len - 8) == 1);
	CHECK(open_with(0, W.data + 8, W.len - 8) == 1);
	CHECK(open_with(2, W.data + 8, W.len - 8) == 1);
	W.data[15] = 2;
	CHECK(open_with(2, W.data + 8, W.len - 8) == 0);
	CHECK(open_with(2, W.data + 8, W.len - 9) == 1);
	CHECK(open_with(2, W.data, W.len) == 1);
	CHECK(open_with(2, "", 0) == 1);
	wbuf_free(&W);
}

static const struct test tests[] = {
	{ "an approval signs realm, number and hash of the text, under its label",
	    approval_text },
	{ "policies are kept in order, and read again", kept_and_read },
	{ "a damaged row, or another first policy than realm.conf's, is refused",
	    damage },
};

int
main(void)
{

	make_world();
	return (test_main(tests, sizeof(tests) / sizeof(tests[0])));
}
