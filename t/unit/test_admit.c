#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/panic.h"
#include "codec/wbuf.h"
#include "crypto/sign.h"
#include "entry/entry.h"
#include "entry/index.h"
#include "entry/profile.h"
#include "entry/rule_names.h"
#include "entry/update.h"
#include "frame/frame.h"
#include "note/vkey.h"
#include "realm/realm.h"

#include "../../cmd/ks-admit/admit_check.h"
#include "../../cmd/ks-admit/admit_open.h"

#include "test.h"

#define NAME "example.org"
#define USER "ada@example.org"

/* A realm, a user with two keys, and one request that a test spoils. */
struct desk {
	struct vrf_key * vrf;
	struct realm * realm;
	struct sign_key * keys[2];
	char policy[2][512];		/* one for each key */

	const char * user;
	uint64_t version;
	int policy_of;			/* the entry's policy */
	unsigned signers;		/* bit i: key i signs */
	struct wbuf profile;
	struct wbuf entry;
	struct wbuf update;
	struct wbuf registration;
};

static struct desk *
desk_new(const char * registration)
{
	uint8_t seed[SIGN_SEED_LEN] = { 3 }, pk[VRF_PK_LEN];
	char text[VKEY_TEXT_MAX + 1], b64[BASE64_SIZE(VRF_PK_LEN)];
	struct desk * D = calloc(1, sizeof(*D));
	struct realm_error error;
	struct vkey V;
	struct wbuf W;

	PANIC_UNLESS(D != NULL && (D->vrf = vrf_key_from_scalar(seed)) != NULL);
	vrf_public(D->vrf, pk);
	base64_encode(pk, sizeof(pk), b64, sizeof(b64));
	for (size_t i = 0; i < 2; i++) {
		seed[1] = (uint8_t)(i + 1);
		PANIC_UNLESS((D->keys[i] = sign_key_from_seed(seed)) != NULL);
		PANIC_UNLESS(vkey_make(&V, VKEY_ED25519, NAME,
		    D->keys[i]->pk) == 0);
		vkey_format(&V, text);
		snprintf(D->policy[i], sizeof(D->policy[i]),
		    "key k %s\nquorum k\n", text);
	}
	wbuf_init(&W, REALM_FILE_MAX);
	wbuf_printf(&W, "ks-realm/v1\nrealm " NAME "\nnonce AAECAwQFBgcICQoLDA0ODw"
	    "==\nvrf %s\nfresh 3600\nregistration %s\npolicy\nreplica r %s\n"
	    "quorum r\n", b64, registration, text);
	PANIC_UNLESS(realm_parse((const char *)W.data, W.len, &D->realm,
	    &error) == 0);
	wbuf_free(&W);
	wbuf_init(&D->profile, 2 * PROFILE_LEN_MAX);
	wbuf_init(&D->entry, ENTRY_LEN_MAX);
	wbuf_init(&D->update, UPDATE_LEN_MAX);
	wbuf_init(&D->registration, REGISTRATION_LEN_MAX);
	D->user = USER;
	D->signers = 1;
	return (D);
}

static void
desk_free(struct desk * D)
{

	sign_key_free(D->keys[0]);
	sign_key_free(D->keys[1]);
	vrf_key_free(D->vrf);
	realm_free(D->realm);
	wbuf_free(&D->profile);
	wbuf_free(&D->entry);
	wbuf_free(&D->update);
	wbuf_free(&D->registration);
	free(D);
}

/* Make the request as the fields of ${D} say. */
static void
desk_make(struct desk * D)
{
	uint8_t nonce[PROFILE_NONCE_LEN] = { (uint8_t)D->version, 1 };
	uint8_t index[INDEX_LEN], commitment[HASH_LEN];
	struct profile_app app = { "mail", 4, (const uint8_t *)"x", 1 };
	struct entry E = { index, D->version, D->policy[D->policy_of],
	    strlen(D->policy[D->policy_of]), commitment };
	struct update_sig sigs[2];
	struct wbuf message;
	size_t n = 0;

	wbuf_reset(&D->profile);
	wbuf_reset(&D->entry);
	wbuf_reset(&D->update);
	PANIC_UNLESS(profile_put(&D->profile, nonce, &app, 1) == 0);
	profile_commitment(commitment, D->profile.data, D->profile.len);
	index_make(D->vrf, USER, index);
	entry_put(&D->entry, &E);
	wbuf_init(&message, 2 * ENTRY_LEN_MAX);
	update_message(&message, NAME, D->entry.data, D->entry.len);
	for (unsigned i = 0; i < 2; i++) {
		if ((D->signers & 1U << i) == 0)
			continue;
		memcpy(sigs[n].pk, D->keys[i]->pk, SIGN_PK_LEN);
		sign_make(D->keys[i], message.data, message.len, sigs[n++].sig);
	}
	PANIC_UNLESS(update_put(&D->update, D->entry.data, D->entry.len, sigs,
	    n) == 0);
	wbuf_free(&message);
}

/* The rule that the first half finds broken, "" for none. */
static const char *
first_half(const struct desk * D, struct admit_check * A)
{
	static const uint8_t id[REQUEST_ID_LEN] = { 1 };
	const char * rule;

	memset(A, 0, sizeof(*A));
	A->request = (struct proto_admit_update){ id, D->user, strlen(D->user),
	    D->update.data, D->update.len, D->profile.data, D->profile.len,
	    D->registration.data, D->registration.len };
	if (admit_check_request(A, D->realm, D->vrf, &rule))
		return ("memory");
	return (rule != NULL ? rule : "");
}

/* The rule that both halves find broken when ${current} is there, or "". */
static const char *
both_halves(const struct desk * D, const struct wbuf * current)
{
	struct admit_check A;
	const char * rule = first_half(D, &A);

	if (rule[0] == '\0' && admit_check_state(&A, D->realm,
	    current != NULL ? current->data : NULL,
	    current != NULL ? current->len : 0, &rule))
		rule = "damaged";
	admit_check_free(&A);
	return (rule != NULL ? rule : "");
}

#define RULE(is, want) CHECK(strcmp((is), (want)) == 0)

static void
test_request(void)
{
	struct desk * D = desk_new("open");
	struct admit_check A;

	desk_make(D);
	RULE(both_halves(D, NULL), "");
	D->user = "ADA@Example.org";
	RULE(both_halves(D, NULL), "");
	D->user = "a b";
	RULE(both_halves(D, NULL), RULE_USER_MALFORMED);
	D->user = "";
	RULE(both_halves(D, NULL), RULE_USER_MALFORMED);
	D->user = "bob@example.org";
	RULE(both_halves(D, NULL), RULE_INDEX_NOT_USERS);

	/* The profile comes before the index, the update before the profile. */
	D->profile.data[5] ^= 1;
	RULE(both_halves(D, NULL), RULE_PROFILE_COMMITMENT);
	D->profile.data[0] ^= 1;
	RULE(both_halves(D, NULL), RULE_PROFILE_MALFORMED);
	D->profile.len = 0;
	RULE(both_halves(D, NULL), RULE_PROFILE_MALFORMED);
	D->update.len--;
	RULE(both_halves(D, NULL), RULE_UPDATE_MALFORMED);
	RULE(first_half(D, &A), RULE_UPDATE_MALFORMED);
	CHECK(!A.parsed);
	admit_check_free(&A);
	desk_free(D);
}

static void
test_state(void)
{
	struct desk * D = desk_new("open");
	struct wbuf current;

	/* A registration. */
	desk_make(D);
	RULE(both_halves(D, NULL), "");
	wbuf_init(&current, ENTRY_LEN_MAX);
	wbuf_put_bytes(&current, D->entry.data, D->entry.len);
	D->version = 1;
	desk_make(D);
	RULE(both_halves(D, NULL), RULE_REGISTRATION_VERSION);

	/* A new version of it, by the same key, by another, by both. */
	RULE(both_halves(D, &current), "");
	D->signers = 2;
	desk_make(D);
	RULE(both_halves(D, &current), RULE_NEW_POLICY_UNMET);
	D->policy_of = 1;
	desk_make(D);
	RULE(both_halves(D, &current), RULE_OLD_POLICY_UNMET);
	D->signers = 3;
	desk_make(D);
	RULE(both_halves(D, &current), "");
	D->update.data[D->update.len - 1] ^= 1;
	RULE(both_halves(D, &current), RULE_SIGNATURE_INVALID);
	D->version = 0;
	desk_make(D);
	RULE(both_halves(D, &current), RULE_VERSION_MUST_RISE);

	/* What ks-apply has must be an entry. */
	current.len--;
	RULE(both_halves(D, &current), "damaged");
	wbuf_free(&current);
	desk_free(D);
}

static void
test_registration(void)
{
	struct desk * D = desk_new("open");
	struct wbuf current;

	CHECK(admit_check_known("open"));
	CHECK(!admit_check_known("mail") && !admit_check_known(""));
	wbuf_init(&current, ENTRY_LEN_MAX);
	desk_make(D);
	wbuf_put_bytes(&current, D->entry.data, D->entry.len);
	wbuf_put_u8(&D->registration, 1);
	RULE(both_halves(D, NULL), RULE_REGISTRATION_PROOF);
	D->version = 1;
	desk_make(D);
	RULE(both_halves(D, NULL), RULE_REGISTRATION_PROOF);
	RULE(both_halves(D, &current), "");
	wbuf_free(&current);
	desk_free(D);
}

static void
test_repetition(void)
{
	struct desk * D = desk_new("open");
	struct admit_check A;

	desk_make(D);
	RULE(first_half(D, &A), "");
	CHECK(admit_check_is(&A, D->entry.data, D->entry.len));
	CHECK(!admit_check_is(&A, D->entry.data, D->entry.len - 1));
	D->entry.data[40] ^= 1;
	CHECK(!admit_check_is(&A, D->entry.data, D->entry.len));
	admit_check_free(&A);
	desk_free(D);
}

/* An UPDATE with the request id ${id} and ${len} bytes of registration. */
static void
put_request(struct wbuf * W, uint32_t id, size_t len)
{
	static const uint8_t filler[REGISTRATION_LEN_MAX];
	uint8_t request_id[REQUEST_ID_LEN] = { 0 };
	struct proto_admit_update U = { request_id, "u", 1, filler, 0, filler, 0,
	    filler, len };

	memcpy(request_id, &id, sizeof(id));
	wbuf_reset(W);
	proto_admit_put_update(W, &U);
}

static void
test_open(void)
{
	struct admit_open * O = malloc(sizeof(*O));
	struct conn * a = (struct conn *)(void *)&O, * b = (struct conn *)(void *)O;
	struct admit_update * U, * V;
	struct conn * C;
	struct wbuf W;
	uint32_t id;

	CHECK(O != NULL);
	admit_open_init(O);
	wbuf_init(&W, FRAME_BODY_MAX);
	put_request(&W, 7, 10);
	CHECK((U = admit_open_add(O, W.data, W.len, 1)) != NULL);
	CHECK(admit_open_find(O, U->check.request.request_id) == U);
	put_request(&W, 8, 0);
	CHECK((V = admit_open_add(O, W.data, W.len, 1)) != NULL);
	CHECK(admit_open_find(O, V->check.request.request_id) == V);
	CHECK(U->slot != V->slot && O->n == 2);

	/* An answer finds its update only while it is waited for. */
	CHECK(admit_open_slot(O, U->slot) == NULL);
	U->asked = 5U << ADMIT_SLOT_BITS | U->slot;
	CHECK(admit_open_slot(O, U->asked) == U);
	CHECK(admit_open_slot(O, 6U << ADMIT_SLOT_BITS | U->slot) == NULL);
	CHECK(admit_open_slot(O, 0) == NULL);
	CHECK(admit_open_proposed(O, U->asked) == NULL);
	U->proposed = 7U << ADMIT_SLOT_BITS | U->slot;
	CHECK(admit_open_proposed(O, U->proposed) == U);
	CHECK(admit_open_proposed(O, U->asked) == NULL);
	CHECK(admit_open_proposed(O, 0) == NULL);

	/* Two wait for one; when a connection goes, so does what it alone wants. */
	CHECK(admit_open_wait(O, U, a, 1) == 0 && admit_open_wait(O, U, b, 2) == 0);
	CHECK(admit_open_wait(O, V, a, 3) == 0 && O->nwaiters == 3);
	admit_open_gone(O, a);
	CHECK(O->n == 1 && O->nwaiters == 1);
	CHECK(admit_open_take(O, U, &C, &id) == 1 && C == b && id == 2);
	CHECK(admit_open_take(O, U, &C, &id) == 0);
	admit_open_remove(O, U);
	CHECK(O->n == 0 && O->bytes == 0);
	wbuf_free(&W);
	admit_open_free(O);
	free(O);
}

static void
test_bounds(void)
{
	struct admit_open * O = malloc(sizeof(*O));
	struct admit_update * U;
	struct wbuf W;
	uint32_t i;

	CHECK(O != NULL);
	admit_open_init(O);
	wbuf_init(&W, FRAME_BODY_MAX);
	for (i = 0; i < ADMIT_OPEN_MAX; i++) {
		put_request(&W, i, 0);
		CHECK(admit_open_add(O, W.data, W.len, 1) != NULL);
	}
	put_request(&W, i, 0);
	CHECK(admit_open_add(O, W.data, W.len, 1) == NULL);
	admit_open_remove(O, TAILQ_FIRST(&O->list));
	CHECK((U = admit_open_add(O, W.data, W.len, 1)) != NULL);
	for (i = 0; i < ADMIT_WAITERS_MAX; i++)
		CHECK(admit_open_wait(O, U, NULL, i) == 0);
	CHECK(admit_open_wait(O, U, NULL, i) == -1);
	admit_open_free(O);
	CHECK(O->n == 0 && O->bytes == 0 && O->nwaiters == 0);
	for (i = 0; i < ADMIT_OPEN_MAX; i++) {
		put_request(&W, i, REGISTRATION_LEN_MAX);
		if (admit_open_add(O, W.data, W.len, 1) == NULL)
			break;
	}
	CHECK(i < ADMIT_OPEN_MAX && O->bytes <= ADMIT_BYTES_MAX);
	admit_open_free(O);
	wbuf_free(&W);
	free(O);
}

static const struct test tests[] = {
	{ "what needs no state is checked in the order of PROTOCOL",
	    test_request },
	{ "the rules of an update hold at the edge, against the entry it meets",
	    test_state },
	{ "an open realm takes no registration proof", test_registration },
	{ "a repetition of what was accepted is recognised", test_repetition },
	{ "one open update for each request id, whoever waits", test_open },
	{ "what is open is bounded in number and in bytes", test_bounds },
};

TESTS(tests)
