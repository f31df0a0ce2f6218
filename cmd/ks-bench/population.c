#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "codec/wbuf.h"
#include "config/config.h"
#include "crypto/sign.h"
#include "crypto/vrf.h"
#include "entry/index.h"
#include "entry/profile.h"
#include "entry/update.h"
#include "entry/user.h"
#include "note/keyfile.h"
#include "note/vkey.h"
#include "pool/pool.h"
#include "proto/log_entry.h"
#include "proto/proto_admit.h"
#include "realm/realm.h"

#include "population.h"

/* The value of the application in a profile: as long as a public key. */
#define VALUE_LEN	32

/* A policy of one key. */
#define POLICY_LEN	(VKEY_TEXT_MAX + 32)

/* The parts of one request. */
struct parts {
	char user[USER_LEN_MAX + 1];
	struct sign_key * K;
	char policy[POLICY_LEN];
	uint8_t index[INDEX_LEN];
	uint8_t request_id[REQUEST_ID_LEN];
	struct wbuf profile;
	struct wbuf entry;
	struct wbuf message;
	struct wbuf update;
	struct wbuf body;
};

int
population_realm_open(struct population_realm * R)
{
	struct keyfile * F;

	R->vrf = NULL;
	if ((R->realm = realm_read(CONFIG_REALM)) == NULL)
		return (-1);
	if ((F = keyfile_read_kind(CONFIG_KEY_VRF, KEYFILE_VRF)) == NULL)
		return (-1);
	if ((R->vrf = vrf_key_from_scalar(F->secret)) == NULL)
		warn("%s", CONFIG_KEY_VRF);
	keyfile_free(F);
	return (R->vrf == NULL ? -1 : 0);
}

void
population_realm_close(struct population_realm * R)
{

	vrf_key_free(R->vrf);
	realm_free(R->realm);
}

int
population_user(const struct population_realm * R, uint64_t number, char * user,
    size_t size)
{
	char text[USER_LEN_MAX + 1];
	char normal[USER_LEN_MAX + 1];
	int n;

	n = snprintf(text, sizeof(text), "user%08" PRIu64 "@%s", number,
	    R->realm->name);
	if (n < 0 || (size_t)n >= sizeof(text) ||
	    user_normalise(normal, text, (size_t)n) || (size_t)n >= size)
		return (-1);
	memcpy(user, normal, (size_t)n + 1);
	return (0);
}

/* The key of ${user}, which follows from its name. */
static struct sign_key *
user_key(const char * user)
{
	uint8_t seed[SIGN_SEED_LEN];

	hash_blake2b("ks-bench-user", NULL, user, strlen(user), seed);
	return (sign_key_from_seed(seed));
}

static int
make_policy(struct parts * X)
{
	char text[VKEY_TEXT_MAX + 1];
	struct vkey V;
	int n;

	if (vkey_make(&V, VKEY_ED25519, X->user, X->K->pk))
		return (-1);
	vkey_format(&V, text);
	n = snprintf(X->policy, sizeof(X->policy), "key me %s\nquorum me\n",
	    text);
	return (n < 0 || (size_t)n >= sizeof(X->policy) ? -1 : 0);
}

static int
make_profile(struct parts * X)
{
	uint8_t nonce[PROFILE_NONCE_LEN];
	uint8_t value[VALUE_LEN];
	struct profile_app app = {
		.app = "ssh", .app_len = 3, .value = value,
		.value_len = sizeof(value)
	};

	randombytes_buf(nonce, sizeof(nonce));
	randombytes_buf(value, sizeof(value));
	return (profile_put(&X->profile, nonce, &app, 1));
}

/* The entry and the update that is signed with the user's one key. */
static int
make_update(struct parts * X, const struct population * P)
{
	uint8_t commitment[HASH_LEN];
	struct entry E = {
		.index = X->index, .version = P->version, .policy = X->policy,
		.policy_len = strlen(X->policy), .commitment = commitment
	};
	struct update_sig S;

	profile_commitment(commitment, X->profile.data, X->profile.len);
	entry_put(&X->entry, &E);
	if (wbuf_failed(&X->entry))
		return (-1);
	update_message(&X->message, P->R->realm->name, X->entry.data,
	    X->entry.len);
	if (wbuf_failed(&X->message))
		return (-1);
	memcpy(S.pk, X->K->pk, SIGN_PK_LEN);
	sign_make(X->K, X->message.data, X->message.len, S.sig);
	return (update_put(&X->update, X->entry.data, X->entry.len, &S, 1));
}

/* The request itself. */
static int
make_body(struct parts * X, const struct population * P)
{
	struct proto_admit_update U = {
		.request_id = X->request_id, .user = X->user,
		.user_len = strlen(X->user), .update = X->update.data,
		.update_len = X->update.len, .profile = X->profile.data,
		.profile_len = X->profile.len,
		.registration = (const uint8_t *)""
	};
	struct log_entry E = {
		.request_id = X->request_id, .type = LOG_ENTRY_UPDATE,
		.body = X->update.data, .body_len = X->update.len,
		.erasable = X->profile.data, .erasable_len = X->profile.len
	};

	randombytes_buf(X->request_id, sizeof(X->request_id));
	if (P->log_entries)
		log_entry_put(&X->body, &E);
	else
		proto_admit_put_update(&X->body, &U);
	return (wbuf_failed(&X->body));
}

/* Prepare the request ${i} of the population; it stays NULL on failure. */
static void
prepare_one(void * cookie, size_t i)
{
	struct population * P = cookie;
	struct population_request * Q = &P->requests[i];
	struct parts X;

	wbuf_init(&X.profile, PROFILE_LEN_MAX);
	wbuf_init(&X.entry, ENTRY_LEN_MAX);
	wbuf_init(&X.message, ENTRY_LEN_MAX + REALM_NAME_MAX + 64);
	wbuf_init(&X.update, UPDATE_LEN_MAX);
	wbuf_init(&X.body, LOG_ENTRY_MAX);
	X.K = NULL;
	if (population_user(P->R, P->first + i, X.user, sizeof(X.user)) ||
	    (X.K = user_key(X.user)) == NULL || make_policy(&X) ||
	    make_profile(&X))
		goto done;
	index_make(P->R->vrf, X.user, X.index);
	if (make_update(&X, P) == 0 && make_body(&X, P) == 0)
		Q->body = wbuf_steal(&X.body, &Q->len);

done:
	sign_key_free(X.K);
	wbuf_free(&X.body);
	wbuf_free(&X.update);
	wbuf_free(&X.message);
	wbuf_free(&X.entry);
	wbuf_free(&X.profile);
}

int
population_prepare(struct population * P, struct pool * pool)
{

	if ((P->requests = calloc(P->n, sizeof(*P->requests))) == NULL) {
		warn("%zu users", P->n);
		return (-1);
	}
	pool_run(pool, prepare_one, P, P->n);
	for (size_t i = 0; i < P->n; i++) {
		if (P->requests[i].body == NULL) {
			warnx("user %" PRIu64 ": its update cannot be made",
			    P->first + i);
			return (-1);
		}
	}
	return (0);
}

void
population_free(struct population * P)
{

	for (size_t i = 0; P->requests != NULL && i < P->n; i++)
		free(P->requests[i].body);
	free(P->requests);
	P->requests = NULL;
}
