#include <err.h>
#include <stdio.h>
#include <string.h>

#include "crypto/sign.h"
#include "note/keyfile.h"
#include "tls/identity.h"

#include "folder.h"

int
init_folder_fill(const struct init_folder * F)
{

	return (init_tree_mkdir(F->T, 0700, "%skeys", F->at) ||
	    init_tree_mkdir(F->T, 0700, "%srun", F->at) ||
	    init_tree_mkdir(F->T, 0700, "%sdata", F->at) ||
	    (F->place == INIT_VERIFIER && init_tree_mkdir(F->T, 0700,
	    "%s" CONFIG_EVIDENCE, F->at)) ? -1 : 0);
}

int
init_folder_make(struct init_folder * F, const struct init_tree * T,
    enum init_place place, unsigned number)
{

	F->T = T;
	F->place = place;
	snprintf(F->name, sizeof(F->name), "%s%u", place == INIT_REPLICA ?
	    "replica" : "verifier", number);
	snprintf(F->at, sizeof(F->at), "%s/", F->name);
	if (init_tree_mkdir(T, 0755, "%s", F->name))
		return (-1);
	return (init_folder_fill(F));
}

/* Write the secret to the file ${name} in the folder. */
static int
write_key(const struct init_folder * F, const char * name,
    enum keyfile_kind kind, const char * key_name, const uint8_t * secret)
{
	char path[INIT_PATH_MAX + 1];

	if (init_tree_path(F->T, path, "%s%s", F->at, name))
		return (-1);
	return (keyfile_write(path, kind, key_name, secret));
}

int
init_folder_sign_key(const struct init_folder * F, const char * realm,
    char * vkey)
{
	const int replica = F->place == INIT_REPLICA;
	char name[VKEY_NAME_MAX + 1];
	struct sign_key * K;
	struct vkey V;
	int rc;

	/* Replicas sign as the realm, and each verifier as itself. */
	snprintf(name, sizeof(name), "%s%s%s", realm, replica ? "" : "/",
	    replica ? "" : F->name);
	if ((K = sign_key_generate()) == NULL) {
		warn("%s", name);
		return (-1);
	}
	rc = write_key(F, replica ? CONFIG_KEY_SIGN : CONFIG_KEY_COSIGN,
	    replica ? KEYFILE_ED25519 : KEYFILE_COSIGN, name, K->seed);
	if (rc == 0 && (rc = vkey_make(&V, replica ? VKEY_ED25519 :
	    VKEY_COSIGNATURE, name, K->pk)) != 0)
		warnx("%s: not a key name", name);
	sign_key_free(K);
	if (rc)
		return (-1);
	vkey_format(&V, vkey);
	return (0);
}

int
init_folder_vrf_key(const struct init_folder * F, const char * realm,
    const uint8_t * secret)
{

	return (write_key(F, CONFIG_KEY_VRF, KEYFILE_VRF, realm, secret));
}

int
init_folder_link_key(const struct init_folder * F, char * pin)
{
	char key[INIT_PATH_MAX + 1], cert[INIT_PATH_MAX + 1];
	struct identity * I;
	int rc;

	if (init_tree_path(F->T, key, "%s" CONFIG_KEY_LINK, F->at) ||
	    init_tree_path(F->T, cert, "%s" CONFIG_CERT_LINK, F->at) ||
	    (I = identity_make_now(F->name)) == NULL)
		return (-1);
	rc = identity_write(I, key, cert);
	memcpy(pin, I->pin, sizeof(I->pin));
	identity_free(I);
	return (rc);
}
