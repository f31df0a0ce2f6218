#include <err.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "config/config.h"
#include "crypto/sign.h"
#include "crypto/vrf.h"
#include "note/keyfile.h"
#include "realm/realm.h"

#include "build.h"
#include "realm_text.h"
#include "service.h"
#include "template.h"

/* Longest file that is made here. */
#define FILE_LEN_MAX	65536

static const char * const replica_daemons[] = {
	"ks-logd", "ks-apply", "ks-sign", "ks-publish", "ks-admit", NULL
};
static const char * const verifier_daemons[] = { "ks-ratify", NULL };

/* Make the folder of a replica or verifier and those that hold its state. */
static int
make_folders(const struct init_tree * T, const char * role, unsigned number)
{

	return (init_tree_mkdir(T, 0755, "%s%u", role, number) ||
	    init_tree_mkdir(T, 0700, "%s%u/keys", role, number) ||
	    init_tree_mkdir(T, 0700, "%s%u/run", role, number) ||
	    init_tree_mkdir(T, 0700, "%s%u/data", role, number) ? -1 : 0);
}

/* Write the secret to the file ${name} in the folder. */
static int
write_key(const struct init_tree * T, const char * role, unsigned number,
    const char * name, enum keyfile_kind kind, const char * key_name,
    const uint8_t * secret)
{
	char path[INIT_PATH_MAX + 1];

	if (init_tree_path(T, path, "%s%u/%s", role, number, name))
		return (-1);
	return (keyfile_write(path, kind, key_name, secret));
}

/* Make a new signing key in the folder; its public half goes to ${vkey}. */
static int
make_sign_key(const struct init_tree * T, const char * role, unsigned number,
    const char * name, enum keyfile_kind kind, const char * key_name,
    char * vkey)
{
	struct sign_key * K;
	struct vkey V;
	int rc;

	if ((K = sign_key_generate()) == NULL) {
		warn("%s", key_name);
		return (-1);
	}
	rc = write_key(T, role, number, name, kind, key_name, K->seed);
	if (rc == 0 && (rc = vkey_make(&V, kind == KEYFILE_COSIGN ?
	    VKEY_COSIGNATURE : VKEY_ED25519, key_name, K->pk)) != 0)
		warnx("%s: not a key name", key_name);
	sign_key_free(K);
	if (rc)
		return (-1);
	vkey_format(&V, vkey);
	return (0);
}

/* Make the key with which ks-link goes to its peers, and its certificate. */
static int
make_link_key(const struct init_tree * T, const char * role, unsigned number,
    char * pin)
{
	char key[INIT_PATH_MAX + 1], cert[INIT_PATH_MAX + 1];
	char name[POLICY_NAME_MAX + 1];
	struct identity * I;
	int rc;

	snprintf(name, sizeof(name), "%s%u", role, number);
	if (init_tree_path(T, key, "%s%u/" CONFIG_KEY_LINK, role, number) ||
	    init_tree_path(T, cert, "%s%u/" CONFIG_CERT_LINK, role, number) ||
	    (I = identity_make_now(name)) == NULL)
		return (-1);
	rc = identity_write(I, key, cert);
	memcpy(pin, I->pin, sizeof(I->pin));
	identity_free(I);
	return (rc);
}

/* Make the folders of the replicas, with all keys. */
static int
make_replicas(const struct init_tree * T, const struct init_plan * plan,
    struct init_public * public)
{
	struct vrf_key * K;
	int rc = 0;

	/* One for the realm: each replica must find the same indices. */
	if ((K = vrf_key_generate()) == NULL) {
		warn("%s", plan->realm);
		return (-1);
	}
	base64_encode(K->pk, VRF_PK_LEN, public->vrf, sizeof(public->vrf));
	for (unsigned i = 0; rc == 0 && i < plan->replicas; i++) {
		if (make_folders(T, "replica", i + 1) ||
		    write_key(T, "replica", i + 1, CONFIG_KEY_VRF,
		    KEYFILE_VRF, plan->realm, K->x) ||
		    make_sign_key(T, "replica", i + 1, CONFIG_KEY_SIGN,
		    KEYFILE_ED25519, plan->realm, public->replica[i]) ||
		    make_link_key(T, "replica", i + 1, public->replica_pin[i]))
			rc = -1;
	}
	vrf_key_free(K);
	return (rc);
}

/* Make the folders of the verifiers, with their keys. */
static int
make_verifiers(const struct init_tree * T, const struct init_plan * plan,
    struct init_public * public)
{
	char name[VKEY_NAME_MAX + 1];

	for (unsigned i = 0; i < plan->verifiers; i++) {
		snprintf(name, sizeof(name), "%s/verifier%u", plan->realm,
		    i + 1);
		if (make_folders(T, "verifier", i + 1) ||
		    init_tree_mkdir(T, 0700, "verifier%u/%s", i + 1,
		    CONFIG_EVIDENCE) ||
		    make_sign_key(T, "verifier", i + 1, CONFIG_KEY_COSIGN,
		    KEYFILE_COSIGN, name, public->verifier[i]) ||
		    make_link_key(T, "verifier", i + 1,
		    public->verifier_pin[i]))
			return (-1);
	}
	return (0);
}

/* Largest RetryEpochInterval that is configured, in milliseconds. */
#define EPOCH_RETRY_MS 1000

/* Write configuration, realm file and services of the folder. */
static int
finish_folder(const struct init_tree * T, const struct init_plan * plan,
    const struct init_public * public, enum init_place place, unsigned number,
    struct wbuf * W)
{
	const int replica = place == INIT_REPLICA;
	const char * role = replica ? "replica" : "verifier";
	char min[24], max[24], retry[24];
	const struct init_var vars[] = {
		{ "@EPOCH_MIN_MS@", min },
		{ "@EPOCH_MAX_MS@", max },
		{ "@EPOCH_RETRY_MS@", retry },
		{ "@UPSTREAM@", "../replica1/" CONFIG_SOCKET_PUBLISH },
		{ NULL, NULL }
	};

	snprintf(min, sizeof(min), "%" PRIu64, plan->epoch_min_ms);
	snprintf(max, sizeof(max), "%" PRIu64, plan->epoch_max_ms);

	/* A retry interval above the other would be what epochs wait for. */
	snprintf(retry, sizeof(retry), "%" PRIu64, plan->epoch_min_ms == 0 ? 1 :
	    plan->epoch_min_ms < EPOCH_RETRY_MS ? plan->epoch_min_ms :
	    (uint64_t)EPOCH_RETRY_MS);
	init_template_put(W, replica ? INIT_TEMPLATE_REPLICA_CONF :
	    INIT_TEMPLATE_VERIFIER_CONF, vars);
	if (init_tree_write(T, 0644, W, "%s%u/" CONFIG_FILE, role, number))
		return (-1);
	init_realm_text(W, plan, public, place, number);
	if (init_tree_write(T, 0644, W, "%s%u/" CONFIG_REALM, role, number))
		return (-1);
	return (init_service_make(T, plan->supervisor, role, number,
	    replica ? replica_daemons : verifier_daemons, W));
}

/* Write the public realm file, after reading it as everyone will. */
static int
finish_top(const struct init_tree * T, const struct init_plan * plan,
    const struct init_public * public, struct wbuf * W)
{
	char path[INIT_PATH_MAX + 1];
	struct realm * realm;

	init_realm_text(W, plan, public, INIT_TOP, 0);
	if (init_tree_write(T, 0644, W, CONFIG_REALM) ||
	    init_tree_path(T, path, CONFIG_REALM) ||
	    (realm = realm_read(path)) == NULL)
		return (-1);
	realm_free(realm);
	return (0);
}

int
init_build(const struct init_tree * T, const struct init_plan * plan)
{
	struct init_public public;
	uint8_t nonce[INIT_NONCE_LEN];
	struct wbuf W;
	int rc = -1;

	memset(&public, 0, sizeof(public));
	randombytes_buf(nonce, sizeof(nonce));
	base64_encode(nonce, sizeof(nonce), public.nonce, sizeof(public.nonce));
	wbuf_init(&W, FILE_LEN_MAX);
	if (make_replicas(T, plan, &public) ||
	    make_verifiers(T, plan, &public) ||
	    finish_top(T, plan, &public, &W))
		goto out;
	for (unsigned i = 1; i <= plan->replicas; i++)
		if (finish_folder(T, plan, &public, INIT_REPLICA, i, &W))
			goto out;
	for (unsigned i = 1; i <= plan->verifiers; i++)
		if (finish_folder(T, plan, &public, INIT_VERIFIER, i, &W))
			goto out;
	rc = 0;
out:
	wbuf_free(&W);
	return (rc);
}
