#include <err.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "config/config.h"
#include "crypto/vrf.h"
#include "realm/realm.h"

#include "build.h"
#include "conf.h"
#include "etcd.h"
#include "folder.h"
#include "realm_text.h"
#include "service.h"

/* Longest file that is made here. */
#define FILE_LEN_MAX	65536

/* What is being made. */
struct build {
	const struct init_tree * T;
	const struct init_plan * plan;
	const struct init_net * net;		/* NULL: by Unix sockets only */
	struct init_public public;
	struct init_folder replica[INIT_REPLICAS_MAX];
	struct init_folder verifier[INIT_VERIFIERS_MAX];
	struct wbuf W;				/* the file at hand */
};

/* Make the folders of the replicas, with all keys. */
static int
make_replicas(struct build * B)
{
	struct init_public * public = &B->public;
	struct vrf_key * K;
	int rc = 0;

	/* One for the realm: each replica must find the same indices. */
	if ((K = vrf_key_generate()) == NULL) {
		warn("%s", B->plan->realm);
		return (-1);
	}
	base64_encode(K->pk, VRF_PK_LEN, public->vrf, sizeof(public->vrf));
	for (unsigned i = 0; rc == 0 && i < B->plan->replicas; i++) {
		struct init_folder * F = &B->replica[i];

		if (init_folder_make(F, B->T, INIT_REPLICA, i + 1) ||
		    init_folder_vrf_key(F, B->plan->realm, K->x) ||
		    init_folder_sign_key(F, B->plan->realm,
		    public->replica[i]) ||
		    init_folder_link_key(F, public->replica_pin[i]))
			rc = -1;
	}
	vrf_key_free(K);
	return (rc);
}

/* Make the folders of the verifiers, with their keys. */
static int
make_verifiers(struct build * B)
{

	for (unsigned i = 0; i < B->plan->verifiers; i++) {
		struct init_folder * F = &B->verifier[i];

		if (init_folder_make(F, B->T, INIT_VERIFIER, i + 1) ||
		    init_folder_sign_key(F, B->plan->realm,
		    B->public.verifier[i]) ||
		    init_folder_link_key(F, B->public.verifier_pin[i]))
			return (-1);
	}
	return (0);
}

/* Make the authority, and of each replica the certificates and the member. */
static int
make_cluster(struct build * B)
{
	char token[INIT_TOKEN_SIZE];
	struct identity * ca;
	int rc = 0;

	if ((ca = init_etcd_ca(B->T, B->plan->realm)) == NULL)
		return (-1);
	init_etcd_token(token);
	for (unsigned i = 0; rc == 0 && i < B->net->n; i++) {
		if (init_etcd_certs(&B->replica[i], ca, &B->net->host[i])) {
			rc = -1;
			break;
		}
		init_etcd_conf(&B->W, B->net, i, token);
		rc = init_tree_write(B->T, 0644, &B->W, "%s" CONFIG_ETCD_CONF,
		    B->replica[i].at);
	}
	identity_free(ca);
	return (rc);
}

/* Write configuration, realm file and services of the folder ${number} from 1. */
static int
finish_folder(struct build * B, const struct init_folder * F, unsigned number)
{
	const int cluster = B->plan->replicas > 1;

	if (F->place == INIT_REPLICA)
		init_conf_replica(&B->W, B->plan, B->net, number - 1,
		    cluster ? "etcd" : "local");
	else
		init_conf_verifier(&B->W, B->plan, B->net, number);
	if (init_tree_write(B->T, 0644, &B->W, "%s" CONFIG_FILE, F->at))
		return (-1);
	init_realm_text(&B->W, B->plan, &B->public, F->place, number);
	if (init_tree_write(B->T, 0644, &B->W, "%s" CONFIG_REALM, F->at))
		return (-1);
	return (init_service_make(F, B->plan->supervisor,
	    (B->net != NULL ? INIT_SERVICE_LINK : 0) |
	    (cluster && F->place == INIT_REPLICA ? INIT_SERVICE_ETCD : 0) |
	    (B->plan->listen != NULL ? INIT_SERVICE_HTTPD : 0) |
	    (B->plan->keyids ? INIT_SERVICE_KEYIDS : 0),
	    &B->W));
}

/* Write the public realm file, after reading it as everyone will. */
static int
finish_top(struct build * B)
{
	char path[INIT_PATH_MAX + 1];
	struct realm * realm;

	init_realm_text(&B->W, B->plan, &B->public, INIT_TOP, 0);
	if (init_tree_write(B->T, 0644, &B->W, CONFIG_REALM) ||
	    init_tree_path(B->T, path, CONFIG_REALM) ||
	    (realm = realm_read(path)) == NULL)
		return (-1);
	realm_free(realm);
	return (0);
}

static int
build(struct build * B)
{

	if (make_replicas(B) || make_verifiers(B) || finish_top(B) ||
	    (B->plan->replicas > 1 && make_cluster(B)))
		return (-1);
	for (unsigned i = 0; i < B->plan->replicas; i++)
		if (finish_folder(B, &B->replica[i], i + 1))
			return (-1);
	for (unsigned i = 0; i < B->plan->verifiers; i++)
		if (finish_folder(B, &B->verifier[i], i + 1))
			return (-1);
	return (0);
}

int
init_build(const struct init_tree * T, const struct init_plan * plan,
    const struct init_net * net)
{
	struct build * B;
	uint8_t nonce[INIT_NONCE_LEN];
	int rc;

	if ((B = calloc(1, sizeof(*B))) == NULL) {
		warn("%s", plan->dir);
		return (-1);
	}
	B->T = T;
	B->plan = plan;
	B->net = net;
	randombytes_buf(nonce, sizeof(nonce));
	base64_encode(nonce, sizeof(nonce), B->public.nonce,
	    sizeof(B->public.nonce));
	wbuf_init(&B->W, FILE_LEN_MAX);
	rc = build(B);
	wbuf_free(&B->W);
	free(B);
	return (rc);
}
