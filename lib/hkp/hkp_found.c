#include <string.h>

#include "codec/wbuf.h"

#include "hkp/hkp_impl.h"

/*
 * Is it in ${F}?  Another copy of the same key is not the same: anybody may publish one of
 * a stranger's, without what would revoke it.
 */
static int
there(const struct hkp_found * F, const struct openpgp_cert * C)
{
	const struct openpgp_cert * D;

	for (size_t i = 0; i < F->n; i++) {
		D = F->hits[i].cert;
		if (C->len == D->len && memcmp(C->data, D->data, C->len) == 0)
			return (1);
	}
	return (0);
}

static void
choose(struct hkp_found * F, const struct hkp_query * Q,
    const struct openpgp * O)
{
	const struct openpgp_cert * C;

	for (size_t i = 0; i < O->ncerts && F->n < HKP_HITS_MAX; i++) {
		C = &O->certs[i];
		if (Q->user[0] == '\0' ? !openpgp_cert_has(C, Q->id, Q->id_len) :
		    Q->exact && !openpgp_cert_names(C, Q->user))
			continue;
		if (there(F, C))
			continue;
		F->hits[F->n].cert = C;
		F->hits[F->n].user = Q->exact && Q->user[0] != '\0' ?
		    Q->user : NULL;
		F->n++;
	}
}

int
hkp_found_add(struct hkp_found * F, const struct hkp_query * Q,
    const uint8_t * value, size_t len)
{
	const size_t before = F->n;
	struct openpgp * O;
	const char * why;

	if (F->nvalues == HKP_VALUES_MAX)
		return (0);
	if (openpgp_parse(&O, value, len, &why)) {
		F->none = "what this user has published as pgp is no OpenPGP key";
		return (why == NULL ? -1 : 0);
	}
	choose(F, Q, O);
	if (F->n == before) {
		F->none = Q->user[0] == '\0' ? NULL :
		    "no key of this user has a user id with this address";
		openpgp_free(O);
	} else
		F->values[F->nvalues++] = O;
	return (0);
}

void
hkp_found_free(struct hkp_found * F)
{

	for (size_t i = 0; i < F->nvalues; i++)
		openpgp_free(F->values[i]);
	memset(F, 0, sizeof(*F));
}

size_t
hkp_copies(const struct hkp_found * F, size_t i,
    const struct openpgp_cert * certs[HKP_HITS_MAX])
{
	const struct openpgp_cert * C = F->hits[i].cert;
	size_t n = 0;

	for (size_t k = 0; k < F->n; k++) {
		if (!openpgp_cert_same(C, F->hits[k].cert))
			continue;
		if (k < i)
			return (0);
		certs[n++] = F->hits[k].cert;
	}
	return (n);
}

/* All keys in one block. */
static void
put_keys(struct wbuf * W, const struct hkp_found * F)
{
	const struct openpgp_cert * certs[HKP_HITS_MAX];
	struct wbuf all;
	size_t n;

	wbuf_init(&all, HKP_VALUES_MAX * OPENPGP_LEN_MAX);
	for (size_t i = 0; i < F->n; i++) {
		n = hkp_copies(F, i, certs);
		if (n == 1)
			openpgp_cert_put(&all, certs[0], F->hits[i].user);
		else if (n > 1)
			openpgp_merge(&all, certs, n);
	}
	if (wbuf_failed(&all))
		wbuf_fail(W);
	else
		openpgp_armor(W, all.data, all.len);
	wbuf_free(&all);
}

void
hkp_answer(struct wbuf * W, const struct hkp_query * Q,
    const struct hkp_found * F, uint64_t now)
{

	if (Q->op == HKP_GET)
		put_keys(W, F);
	else
		hkp_put_list(W, Q, F, now);
}

void
hkp_none(const struct hkp_found * F, struct hkp_error * E)
{

	E->status = 404;
	E->code = "not-found";
	E->rule = HKP_KEY_NOT_FOUND;
	E->text = F->none != NULL ? F->none : "there is no such key here";
}
