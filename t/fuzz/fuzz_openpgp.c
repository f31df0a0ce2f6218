#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/panic.h"
#include "codec/wbuf.h"
#include "openpgp/openpgp.h"

#include "fuzz.h"

enum { KEY, ADDRESS };

void
fuzz_begin(void)
{

	fuzz_decoder("key");
	fuzz_decoder("address");
}

/* What a certificate says of itself is within the value, and finds itself. */
static void
look_at(const struct openpgp * O, const struct openpgp_cert * C)
{
	char user[USER_LEN_MAX + 1];
	const struct openpgp_uid * U;

	PANIC_UNLESS(C->data >= O->data && C->len > 0);
	PANIC_UNLESS((size_t)(C->data - O->data) + C->len <= O->len);
	PANIC_UNLESS(C->nkeys > 0);
	for (size_t i = 0; i < C->nkeys; i++) {
		PANIC_UNLESS(openpgp_cert_has(C, C->keys[i].fpr,
		    C->keys[i].fpr_len));
		PANIC_UNLESS(openpgp_cert_has(C, C->keys[i].keyid,
		    OPENPGP_KEYID_LEN));
	}
	for (size_t i = 0; i < C->nuids; i++) {
		U = &C->uids[i];
		PANIC_UNLESS(U->text >= C->data &&
		    (size_t)(U->text - C->data) + U->len <= C->len);
		if (openpgp_uid_address(U, user))
			continue;
		fuzz_accepted(ADDRESS);
		PANIC_UNLESS(strchr(user, '@') != NULL);
		PANIC_UNLESS(U->revoked || openpgp_cert_names(C, user));
	}
}

/* A key and a copy of it are that key; too much for one value they may be. */
static void
merge(const struct openpgp_cert * C)
{
	const struct openpgp_cert * const copies[] = { C, C };
	struct openpgp * O;
	struct wbuf W;
	const char * why;

	wbuf_init(&W, 2 * OPENPGP_LEN_MAX);
	openpgp_merge(&W, copies, 2);
	PANIC_UNLESS(wbuf_failed(&W) == 0);
	if (openpgp_parse(&O, W.data, W.len, &why) == 0) {
		PANIC_UNLESS(O->ncerts == 1);
		PANIC_UNLESS(openpgp_cert_same(&O->certs[0], C));
		PANIC_UNLESS(O->nuids == 2 * C->nuids);
		PANIC_UNLESS(O->keys[0].revoked == C->keys[0].revoked);
		openpgp_free(O);
	}
	wbuf_free(&W);
}

int
LLVMFuzzerTestOneInput(const uint8_t * data, size_t len)
{
	struct openpgp * O, * again;
	struct wbuf W;
	const char * why;

	if (openpgp_parse(&O, data, len, &why)) {
		PANIC_UNLESS(why != NULL);
		return (0);
	}
	fuzz_accepted(KEY);
	for (size_t i = 0; i < O->ncerts; i++) {
		look_at(O, &O->certs[i]);
		merge(&O->certs[i]);
	}

	/* What is put in armor comes out of it. */
	wbuf_init(&W, OPENPGP_ARMOR_MAX);
	openpgp_armor(&W, O->data, O->len);
	PANIC_UNLESS(wbuf_failed(&W) == 0);
	if (W.len <= OPENPGP_LEN_MAX) {
		PANIC_UNLESS(openpgp_parse(&again, W.data, W.len, &why) == 0);
		PANIC_UNLESS(again->len == O->len &&
		    memcmp(again->data, O->data, O->len) == 0);
		openpgp_free(again);
	}
	wbuf_free(&W);
	openpgp_free(O);
	return (0);
}
