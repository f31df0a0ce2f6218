#ifndef KS_TLS_IDENTITY_IMPL_H
#define KS_TLS_IDENTITY_IMPL_H

#include <stdint.h>

/*
 * What makes certificates, inside lib/tls alone.  EVP_PKEY and X509 are named as
 * their structs: the library's own headers do not compile after lib/base/banned.h.
 */

struct evp_pkey_st;
struct identity;
struct x509_st;

/**
 * identity_begin(key, organisation, name, not_before_s, not_after_s):
 * Return a new certificate of ${key}, for X509_free, with a random serial number
 * and a subject of the string ${organisation} and, where it fits, ${name}; it has
 * no issuer and no signature yet.  Or return NULL.
 */
struct x509_st * identity_begin(struct evp_pkey_st *, const char *,
    const char *, int64_t, int64_t);

/**
 * identity_pack(key, cert):
 * Return the identity of ${key} and ${cert}, which stay the caller's; for
 * identity_free.  Or return NULL after a line on standard error.
 */
struct identity * identity_pack(struct evp_pkey_st *, const struct x509_st *);

/**
 * identity_complain(what):
 * Say on standard error that ${what} failed, and the library's reason.
 */
void identity_complain(const char *);

/**
 * identity_no_passphrase(buf, size, rw, ctx):
 * The callback of PEM readers for whom a file with a passphrase is refused, as
 * there is nobody to ask: return -1, whatever ${buf}, ${size}, ${rw} and ${ctx}.
 */
int identity_no_passphrase(char *, int, int, void *);

#endif
