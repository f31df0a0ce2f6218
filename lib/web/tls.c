#include <err.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>

#include "base/clock.h"

#include "web/web_impl.h"

/* What handshakes may use: no older protocol than TLS 1.2. */
#define PRIORITIES	"SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

/* Certificates of one chain. */
#define CHAIN_MAX	8

/* A certificate that was replaced is kept while handshakes may use it. */
#define RETIRED_MS	(2 * (uint64_t)WEB_IDLE_S * 1000)

/* A certificate chain and its key. */
struct identity {
	gnutls_pcert_st chain[CHAIN_MAX];
	unsigned n;
	gnutls_privkey_t key;
	uint64_t until_ms;		/* of a retired one */
	struct identity * next;
};

/* The library's callback has no context: there is one for the process. */
static struct identity * current;
static struct identity * retired;

static void
free_identity(struct identity * I)
{

	for (unsigned i = 0; i < I->n; i++)
		gnutls_pcert_deinit(&I->chain[i]);
	if (I->key != NULL)
		gnutls_privkey_deinit(I->key);
	free(I);
}

/* Do certificate and key of ${I} belong together? */
static int
fits(const struct identity * I)
{
	static const gnutls_datum_t data = { (void *)(uintptr_t)"ks", 2 };
	gnutls_datum_t sig = { NULL, 0 };
	gnutls_sign_algorithm_t algo;
	int pk, rc;

	pk = gnutls_pubkey_get_pk_algorithm(I->chain[0].pubkey, NULL);
	algo = pk == GNUTLS_PK_EDDSA_ED25519 || pk == GNUTLS_PK_EDDSA_ED448 ?
	    gnutls_pk_to_sign((gnutls_pk_algorithm_t)pk, GNUTLS_DIG_SHA512) :
	    gnutls_pk_to_sign((gnutls_pk_algorithm_t)pk, GNUTLS_DIG_SHA256);
	if ((rc = gnutls_privkey_sign_data2(I->key, algo, 0, &data, &sig)) < 0)
		return (rc);
	rc = gnutls_pubkey_verify_data2(I->chain[0].pubkey, algo, 0, &data, &sig);
	gnutls_free(sig.data);
	return (rc);
}

int
web_certificate(const void * cert, size_t cert_len, const void * key,
    size_t key_len)
{
	const gnutls_datum_t C = { (void *)(uintptr_t)cert, (unsigned)cert_len };
	const gnutls_datum_t K = { (void *)(uintptr_t)key, (unsigned)key_len };
	struct identity * I;
	const char * what = "certificate";
	int rc;

	if ((I = calloc(1, sizeof(*I))) == NULL) {
		warn("https");
		return (-1);
	}
	I->n = CHAIN_MAX;
	rc = gnutls_pcert_list_import_x509_raw(I->chain, &I->n, &C,
	    GNUTLS_X509_FMT_PEM, 0);
	if (rc < 0 || I->n == 0) {
		I->n = 0;
		goto err0;
	}
	what = "key";
	if ((rc = gnutls_privkey_init(&I->key)) < 0 ||
	    (rc = gnutls_privkey_import_x509_raw(I->key, &K,
	    GNUTLS_X509_FMT_PEM, NULL, 0)) < 0)
		goto err0;
	what = "certificate and key do not belong together";
	if ((rc = fits(I)) < 0)
		goto err0;
	if (current != NULL) {
		current->until_ms = clock_mono_ms() + RETIRED_MS;
		current->next = retired;
		retired = current;
	}
	current = I;
	return (0);

err0:
	warnx("https: %s: %s", what, gnutls_strerror(rc));
	free_identity(I);
	return (-1);
}

static int
on_certificate(gnutls_session_t session, const gnutls_datum_t * ca, int nca,
    const gnutls_pk_algorithm_t * pk, int npk, gnutls_pcert_st ** chain,
    unsigned * n, gnutls_privkey_t * key)
{

	(void)session;
	(void)ca;
	(void)nca;
	(void)pk;
	(void)npk;
	*chain = current->chain;
	*n = current->n;
	*key = current->key;
	return (0);
}

void
web_tls_options(struct MHD_OptionItem * options)
{

	/* The library wants a string that it does not change. */
	options[0] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_PRIORITIES, 0,
	    (void *)(uintptr_t)PRIORITIES };
	options[1] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_CERT_CALLBACK,
	    0, (void *)(intptr_t)on_certificate };
	options[2] = (struct MHD_OptionItem){ MHD_OPTION_END, 0, NULL };
}

int
web_tls_ready(void)
{

	return (current != NULL);
}

void
web_tls_free(void)
{

	web_tls_tick(UINT64_MAX);
	if (current != NULL)
		free_identity(current);
	current = NULL;
}

void
web_tls_tick(uint64_t now_ms)
{
	struct identity ** p = &retired, * I;

	while ((I = *p) != NULL) {
		if (now_ms < I->until_ms) {
			p = &I->next;
			continue;
		}
		*p = I->next;
		free_identity(I);
	}
}
