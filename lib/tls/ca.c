#include <err.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "tls/ca.h"
#include "tls/identity.h"
#include "tls/identity_impl.h"

/* For a person who looks at a certificate. */
#define ORGANISATION	"ks-etcd"

/* Room for the addresses of a member, two of them its own. */
#define ADDRESSES_SIZE	128

/* One extension of a certificate. */
struct extension {
	int nid;
	const char * value;	/* as the library's configuration has it */
};

/* Give ${x} the ${n} extensions, where ${issuer}, or ${x} itself, signs. */
static int
extend(X509 * x, X509 * issuer, const struct extension * list, size_t n)
{
	X509_EXTENSION * e;
	X509V3_CTX ctx;
	int ok;

	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	for (size_t i = 0; i < n; i++) {
		if ((e = X509V3_EXT_conf_nid(NULL, &ctx, list[i].nid,
		    list[i].value)) == NULL)
			return (-1);
		ok = X509_add_ext(x, e, -1);
		X509_EXTENSION_free(e);
		if (!ok)
			return (-1);
	}
	return (0);
}

struct identity *
ca_make(const char * name, int64_t not_before_s, int64_t not_after_s)
{
	static const struct extension list[] = {
		{ NID_basic_constraints, "critical,CA:TRUE,pathlen:0" },
		{ NID_key_usage, "critical,keyCertSign,cRLSign" },
		{ NID_subject_key_identifier, "hash" },
	};
	EVP_PKEY * key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	struct identity * I = NULL;
	X509 * x = NULL;

	if (key == NULL || (x = identity_begin(key, ORGANISATION, name,
	    not_before_s, not_after_s)) == NULL ||
	    X509_set_issuer_name(x, X509_get_subject_name(x)) != 1 ||
	    extend(x, x, list, sizeof(list) / sizeof(list[0])) ||
	    X509_sign(x, key, NULL) == 0)
		identity_complain("making a certificate authority");
	else
		I = identity_pack(key, x);
	X509_free(x);
	EVP_PKEY_free(key);
	return (I);
}

/* Parse both texts of ${ca}; both for the caller to free, or NULL. */
static void
parse(const struct identity * ca, EVP_PKEY ** key, X509 ** x)
{
	BIO * keys = BIO_new_mem_buf(ca->key, (int)ca->key_len);
	BIO * certs = BIO_new_mem_buf(ca->cert, (int)ca->cert_len);

	*key = keys == NULL ? NULL : PEM_read_bio_PrivateKey(keys, NULL,
	    identity_no_passphrase, NULL);
	*x = certs == NULL ? NULL : PEM_read_bio_X509(certs, NULL,
	    identity_no_passphrase, NULL);
	BIO_free(keys);
	BIO_free(certs);
}

/* Finish the certificate ${x}, which ${signer} signs with ${key}. */
static int
sign(X509 * x, enum ca_use use, const char * address, X509 * signer,
    EVP_PKEY * key)
{
	char addresses[ADDRESSES_SIZE];
	const struct extension list[] = {
		{ NID_basic_constraints, "critical,CA:FALSE" },
		{ NID_key_usage, "critical,digitalSignature" },
		{ NID_ext_key_usage, use == CA_MEMBER ?
		    "serverAuth,clientAuth" : "clientAuth" },
		{ NID_subject_key_identifier, "hash" },
		{ NID_authority_key_identifier, "keyid:always" },
		{ NID_subject_alt_name, addresses },
	};
	int len;

	/*
	 * etcd lets in whom it finds at an address that his certificate has, so a
	 * client's is of no use on another host than the member's.
	 */
	len = snprintf(addresses, sizeof(addresses), "IP:127.0.0.1%s%s",
	    use == CA_MEMBER ? ",IP:::1,IP:" : "",
	    use == CA_MEMBER ? address : "");
	if (len < 0 || (size_t)len >= sizeof(addresses))
		return (-1);
	return (X509_set_issuer_name(x, X509_get_subject_name(signer)) != 1 ||
	    extend(x, signer, list, sizeof(list) / sizeof(list[0])) ||
	    X509_sign(x, key, NULL) == 0 ? -1 : 0);
}

struct identity *
ca_issue(const struct identity * ca, enum ca_use use, const char * name,
    const char * address, int64_t not_before_s, int64_t not_after_s)
{
	EVP_PKEY * key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	EVP_PKEY * ca_key;
	struct identity * I = NULL;
	X509 * x = NULL, * signer;

	/* Nobody would take what outlives its issuer. */
	if (not_after_s > ca->not_after_s)
		not_after_s = ca->not_after_s;
	parse(ca, &ca_key, &signer);
	if (signer == NULL || ca_key == NULL || key == NULL)
		identity_complain("making a certificate");
	else if (X509_check_ca(signer) != 1)
		warnx("the certificate authority: it is none");
	else if (not_after_s <= not_before_s)
		warnx("the certificate authority: it has expired");
	else if ((x = identity_begin(key, ORGANISATION, name, not_before_s,
	    not_after_s)) == NULL || sign(x, use, address, signer, ca_key))
		identity_complain("making a certificate");
	else
		I = identity_pack(key, x);
	ERR_clear_error();
	X509_free(x);
	X509_free(signer);
	EVP_PKEY_free(ca_key);
	EVP_PKEY_free(key);
	return (I);
}
