#ifndef KS_INIT_ETCD_H
#define KS_INIT_ETCD_H

#include "codec/wbuf.h"
#include "tls/identity.h"

#include "folder.h"
#include "net.h"

/* The folder of the authority, beside those of the replicas, and its files. */
#define INIT_CA_DIR	"ca"
#define INIT_CA_CERT	"etcd-ca.crt"
#define INIT_CA_KEY	"etcd-ca.key"

/* Room for the token of a cluster: "ks-", and 16 random bytes in hex. */
#define INIT_TOKEN_SIZE	36

/**
 * init_etcd_ca(T, realm):
 * Make the authority for the realm with the string ${realm} in ${T}, a key before
 * its certificate, and return it, for identity_free.  Or return NULL after a line
 * on standard error.
 */
struct identity * init_etcd_ca(const struct init_tree *, const char *);

/**
 * init_etcd_certs(F, ca, H):
 * Write for ${F}, which is at ${H}: the certificate of ${ca}, and new keys with
 * certificates that it signed for the member and for its client ks-logd.  What
 * was there is replaced, file by file, a key before its certificate.  Return 0,
 * or -1 after a line on standard error.
 */
int init_etcd_certs(const struct init_folder *, const struct identity *,
    const struct init_host *);

/**
 * init_etcd_token(token):
 * Store a new random token of a cluster in ${token}, with room for
 * INIT_TOKEN_SIZE bytes, so that members of two realms never take each other for
 * their own.
 */
void init_etcd_token(char *);

/**
 * init_etcd_conf(W, net, self, token):
 * Append to ${W} the configuration of the member of the host numbered ${self}
 * from 0 in ${net}, all of which begin a cluster with the string ${token}; if
 * that is NULL the lines are left out that say with whom the cluster begins.
 */
void init_etcd_conf(struct wbuf *, const struct init_net *, unsigned,
    const char *);

#endif
