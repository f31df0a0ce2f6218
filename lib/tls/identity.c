#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <tls.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/hex.h"
#include "crypto/secret.h"

#include "tls/identity.h"
#include "tls/identity_impl.h"

/* Locked memory for the library's copies of the key: one a connection that we
 * make, a few hundred bytes each. */
#define SECURE_HEAP	1048576
#define SECURE_UNIT	32

/* Bits of a certificate's random serial number: positive, at most 20 bytes. */
#define SERIAL_BITS	127

/* Most bytes of a subject's CN, as X.509 has it. */
#define CN_MAX		64

#define PIN_WORD	"SHA256:"

void
identity_complain(const char * what)
{
	unsigned long e = ERR_peek_last_error();

	warnx("%s: %s", what, e == 0 ? "failed" : ERR_reason_error_string(e));
	ERR_clear_error();
}

int
identity_start(void)
{

	/* 2 if it could not be locked, which is best effort. */
	if (CRYPTO_secure_malloc_initialized() == 0 &&
	    CRYPTO_secure_malloc_init(SECURE_HEAP, SECURE_UNIT) == 0) {
		warnx("TLS: no memory for keys");
		return (-1);
	}
	if (tls_init()) {
		identity_complain("TLS");
		return (-1);
	}
	return (0);
}

static int
take_time(const ASN1_TIME * t, int64_t * s)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(t, &tm) != 1)
		return (-1);
	*s = (int64_t)timegm(&tm);
	return (0);
}

/* Fill in what ${x} says: hash and times. */
static int
take_cert(struct identity * I, const X509 * x)
{
	uint8_t hash[32];
	unsigned len = sizeof(hash);

	if (X509_digest(x, EVP_sha256(), hash, &len) != 1 ||
	    len != sizeof(hash) ||
	    take_time(X509_get0_notBefore(x), &I->not_before_s) ||
	    take_time(X509_get0_notAfter(x), &I->not_after_s))
		return (-1);
	memcpy(I->pin, PIN_WORD, strlen(PIN_WORD));
	return (hex_encode(hash, sizeof(hash), I->pin + strlen(PIN_WORD),
	    HEX_SIZE(sizeof(hash))));
}

/* Copy what was written to ${b} into ${p}, secret memory or not. */
static int
take_text(BIO * b, int secret, char ** p, size_t * len)
{
	char * text;
	long n = BIO_get_mem_data(b, &text);

	if (n <= 0)
		return (-1);
	*p = secret ? secret_alloc((size_t)n) : malloc((size_t)n);
	if (*p == NULL)
		return (-1);
	memcpy(*p, text, (size_t)n);
	*len = (size_t)n;
	return (0);
}

X509 *
identity_begin(EVP_PKEY * key, const char * organisation, const char * name,
    int64_t from, int64_t to)
{
	X509_NAME * subject = X509_NAME_new();
	BIGNUM * serial = BN_new();
	X509 * x = X509_new();

	/* The name is for a person who looks at it: nothing goes by it. */
	if (subject == NULL || serial == NULL || x == NULL ||
	    X509_set_version(x, 2) != 1 ||
	    BN_rand(serial, SERIAL_BITS, BN_RAND_TOP_ONE,
	    BN_RAND_BOTTOM_ANY) != 1 ||
	    BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(x)) == NULL ||
	    ASN1_TIME_set(X509_getm_notBefore(x), (time_t)from) == NULL ||
	    ASN1_TIME_set(X509_getm_notAfter(x), (time_t)to) == NULL ||
	    X509_NAME_add_entry_by_txt(subject, "O", MBSTRING_ASC,
	    (const unsigned char *)organisation, -1, -1, 0) != 1 ||
	    (strlen(name) <= CN_MAX && X509_NAME_add_entry_by_txt(subject,
	    "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0) != 1) ||
	    X509_set_subject_name(x, subject) != 1 ||
	    X509_set_pubkey(x, key) != 1) {
		X509_free(x);
		x = NULL;
	}
	X509_NAME_free(subject);
	BN_free(serial);
	return (x);
}

struct identity *
identity_pack(EVP_PKEY * key, const X509 * x)
{
	BIO * keys = BIO_new(BIO_s_secmem());
	BIO * certs = BIO_new(BIO_s_mem());
	struct identity * I = calloc(1, sizeof(*I));

	if (keys == NULL || certs == NULL || I == NULL ||
	    PEM_write_bio_PKCS8PrivateKey(keys, key, NULL, NULL, 0, NULL,
	    NULL) != 1 || PEM_write_bio_X509(certs, x) != 1 ||
	    take_text(keys, 1, &I->key, &I->key_len) ||
	    take_text(certs, 0, &I->cert, &I->cert_len) || take_cert(I, x)) {
		identity_complain("making a certificate");
		identity_free(I);
		I = NULL;
	}
	BIO_free(keys);
	BIO_free(certs);
	return (I);
}

struct identity *
identity_make(const char * name, int64_t not_before_s, int64_t not_after_s)
{
	EVP_PKEY * key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	struct identity * I = NULL;
	X509 * x = NULL;

	if (key == NULL || (x = identity_begin(key, "ks-link", name,
	    not_before_s, not_after_s)) == NULL ||
	    X509_set_issuer_name(x, X509_get_subject_name(x)) != 1 ||
	    X509_sign(x, key, NULL) == 0)
		identity_complain("making a certificate");
	else
		I = identity_pack(key, x);
	X509_free(x);
	EVP_PKEY_free(key);
	return (I);
}

struct identity *
identity_make_now(const char * name)
{
	int64_t now_s = (int64_t)(clock_wall_ms() / 1000);

	return (identity_make(name, now_s - IDENTITY_BEFORE_S,
	    now_s + IDENTITY_LIFE_S));
}

int
identity_no_passphrase(char * buf, int size, int rw, void * ctx)
{

	(void)buf;
	(void)size;
	(void)rw;
	(void)ctx;
	return (-1);
}

/* Parse both texts of ${I}, and see that they belong together. */
static int
check(struct identity * I, const char * key_path, const char * cert_path)
{
	BIO * keys = BIO_new_mem_buf(I->key, (int)I->key_len);
	BIO * certs = BIO_new_mem_buf(I->cert, (int)I->cert_len);
	EVP_PKEY * key = NULL;
	X509 * x = NULL;
	int rc = -1;

	if (keys == NULL || certs == NULL)
		identity_complain(key_path);
	else if ((key = PEM_read_bio_PrivateKey(keys, NULL, identity_no_passphrase,
	    NULL)) == NULL)
		warnx("%s: not a secret key in PEM", key_path);
	else if ((x = PEM_read_bio_X509(certs, NULL, identity_no_passphrase,
	    NULL)) == NULL || take_cert(I, x))
		warnx("%s: not a certificate in PEM", cert_path);
	else if (X509_check_private_key(x, key) != 1)
		warnx("%s: not the key of the certificate %s: make both anew",
		    key_path, cert_path);
	else
		rc = 0;
	ERR_clear_error();
	X509_free(x);
	EVP_PKEY_free(key);
	BIO_free(keys);
	BIO_free(certs);
	return (rc);
}

struct identity *
identity_take(char * key, size_t key_len, char * cert, size_t cert_len,
    const char * key_path, const char * cert_path)
{
	struct identity * I;

	if ((I = calloc(1, sizeof(*I))) == NULL) {
		warn("%s", key_path);
		secret_free(key);
		free(cert);
		return (NULL);
	}
	I->key = key;
	I->key_len = key_len;
	I->cert = cert;
	I->cert_len = cert_len;
	if (check(I, key_path, cert_path)) {
		identity_free(I);
		return (NULL);
	}
	return (I);
}

struct identity *
identity_read(const char * key_path, const char * cert_path)
{
	size_t key_len, cert_len;
	uint8_t * cert;
	char * key;

	if ((key = secret_alloc(IDENTITY_FILE_MAX)) == NULL) {
		warn("%s", key_path);
		return (NULL);
	}
	if (file_read_secret(key_path, (uint8_t *)key, IDENTITY_FILE_MAX,
	    &key_len) || file_read(cert_path, IDENTITY_FILE_MAX, &cert,
	    &cert_len)) {
		secret_free(key);
		return (NULL);
	}
	return (identity_take(key, key_len, (char *)cert, cert_len, key_path,
	    cert_path));
}

int
identity_expiry(const char * cert_path, int64_t * not_after_s)
{
	BIO * certs = NULL;
	X509 * x = NULL;
	uint8_t * text;
	size_t len;
	int rc = -1;

	if (file_read(cert_path, IDENTITY_FILE_MAX, &text, &len))
		return (-1);
	if ((certs = BIO_new_mem_buf(text, (int)len)) == NULL ||
	    (x = PEM_read_bio_X509(certs, NULL, identity_no_passphrase,
	    NULL)) == NULL || take_time(X509_get0_notAfter(x), not_after_s))
		warnx("%s: not a certificate in PEM", cert_path);
	else
		rc = 0;
	ERR_clear_error();
	X509_free(x);
	BIO_free(certs);
	free(text);
	return (rc);
}

int
identity_write(const struct identity * I, const char * key_path,
    const char * cert_path)
{

	if (file_write_atomic(key_path, 0600, (const uint8_t *)I->key,
	    I->key_len))
		return (-1);
	return (file_write_atomic(cert_path, 0644, (const uint8_t *)I->cert,
	    I->cert_len));
}

void
identity_free(struct identity * I)
{

	if (I == NULL)
		return;
	secret_free(I->key);
	free(I->cert);
	free(I);
}
