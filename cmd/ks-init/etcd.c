#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/hex.h"
#include "config/config.h"
#include "tls/ca.h"

#include "etcd.h"
#include "template.h"

/* Bytes of a token. */
#define TOKEN_LEN	16

/* Most bytes of the lines about the cluster. */
#define CLUSTER_MAX	4096

static int64_t
now_s(void)
{

	return ((int64_t)(clock_wall_ms() / 1000));
}

struct identity *
init_etcd_ca(const struct init_tree * T, const char * realm)
{
	char key[INIT_PATH_MAX + 1], cert[INIT_PATH_MAX + 1];
	struct identity * ca;

	if (init_tree_mkdir(T, 0700, INIT_CA_DIR) ||
	    init_tree_path(T, key, INIT_CA_DIR "/" INIT_CA_KEY) ||
	    init_tree_path(T, cert, INIT_CA_DIR "/" INIT_CA_CERT) ||
	    (ca = ca_make(realm, now_s() - IDENTITY_BEFORE_S,
	    now_s() + CA_LIFE_S)) == NULL)
		return (NULL);
	if (identity_write(ca, key, cert)) {
		identity_free(ca);
		return (NULL);
	}
	return (ca);
}

/* Write a new key of ${F} for ${use}, with a certificate that ${ca} signed. */
static int
issue(const struct init_folder * F, const struct identity * ca,
    enum ca_use use, const struct init_host * H, const char * key_name,
    const char * cert_name)
{
	char key[INIT_PATH_MAX + 1], cert[INIT_PATH_MAX + 1];
	struct identity * I;
	int rc;

	if (init_tree_path(F->T, key, "%s%s", F->at, key_name) ||
	    init_tree_path(F->T, cert, "%s%s", F->at, cert_name) ||
	    (I = ca_issue(ca, use, H->name, H->address,
	    now_s() - IDENTITY_BEFORE_S, now_s() + CA_LEAF_LIFE_S)) == NULL)
		return (-1);
	rc = identity_write(I, key, cert);
	identity_free(I);
	return (rc);
}

int
init_etcd_certs(const struct init_folder * F, const struct identity * ca,
    const struct init_host * H)
{
	char path[INIT_PATH_MAX + 1];

	if (init_tree_path(F->T, path, "%s" CONFIG_CERT_ETCD_CA, F->at) ||
	    file_write_atomic(path, 0644, (const uint8_t *)ca->cert,
	    ca->cert_len))
		return (-1);
	if (issue(F, ca, CA_MEMBER, H, CONFIG_KEY_ETCD, CONFIG_CERT_ETCD))
		return (-1);
	return (issue(F, ca, CA_CLIENT, H, CONFIG_KEY_ETCD_CLIENT,
	    CONFIG_CERT_ETCD_CLIENT));
}

void
init_etcd_token(char * token)
{
	uint8_t bytes[TOKEN_LEN];

	randombytes_buf(bytes, sizeof(bytes));
	memcpy(token, "ks-", 3);
	hex_encode(bytes, sizeof(bytes), &token[3], INIT_TOKEN_SIZE - 3);
}

void
init_etcd_conf(struct wbuf * W, const struct init_net * net, unsigned self,
    const char * token)
{
	const struct init_host * H = &net->host[self];
	struct wbuf cluster;
	struct init_var vars[] = {
		{ "@NAME@", H->name },
		{ "@CLIENT@", H->client },
		{ "@PEER@", H->peer },
		{ "@CLUSTER@\n", "" },
		{ NULL, NULL }
	};

	wbuf_init(&cluster, CLUSTER_MAX);
	for (unsigned i = 0; token != NULL && i < net->n; i++)
		wbuf_printf(&cluster, "%s%s=https://%s", i == 0 ?
		    "initial-cluster: " : ",", net->host[i].name,
		    net->host[i].peer);
	if (token != NULL)
		wbuf_printf(&cluster, "\ninitial-cluster-state: new\n"
		    "initial-cluster-token: %s\n", token);
	wbuf_put_u8(&cluster, 0);
	if (wbuf_failed(&cluster))
		wbuf_fail(W);
	else
		vars[3].value = (const char *)cluster.data;
	init_template_put(W, INIT_TEMPLATE_ETCD_CONF, vars);
	wbuf_free(&cluster);
}
