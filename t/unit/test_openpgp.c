#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hex.h"
#include "codec/wbuf.h"
#include "openpgp/openpgp.h"

#include "test.h"

/* Keys that gpg 2.2 and sq 0.27 made; what they are is what gpg says of them. */
#define VECTORS		"t/vectors/openpgp/"

/* Longest file of them. */
#define FILE_MAX	8192

static size_t
load(const char * name, uint8_t * buf)
{
	char path[128];
	FILE * f;
	size_t n;

	snprintf(path, sizeof(path), VECTORS "%s", name);
	if ((f = fopen(path, "rb")) == NULL)
		return (0);
	n = fread(buf, 1, FILE_MAX, f);
	fclose(f);
	return (n);
}

static struct openpgp *
load_key(const char * name)
{
	uint8_t buf[FILE_MAX];
	struct openpgp * O;
	const char * why;

	if (openpgp_parse(&O, buf, load(name, buf), &why))
		return (NULL);
	return (O);
}

static int
fpr_is(const struct openpgp_key * K, const char * hex)
{
	char text[HEX_SIZE(OPENPGP_FPR_MAX)];

	return (hex_encode(K->fpr, K->fpr_len, text, sizeof(text)) == 0 &&
	    strcasecmp(text, hex) == 0);
}

static int
uid_is(const struct openpgp_uid * U, const char * text, const char * address)
{
	char user[USER_LEN_MAX + 1];
	int none = openpgp_uid_address(U, user);

	if (U->len != strlen(text) || memcmp(U->text, text, U->len) != 0)
		return (0);
	return (address == NULL ? none : !none && strcmp(user, address) == 0);
}

static void
gpg_key(void)
{
	struct openpgp * O = load_key("alice.pgp");
	const struct openpgp_cert * C;

	CHECK(O != NULL && O->ncerts == 1);
	C = &O->certs[0];
	CHECK(C->nkeys == 2 && C->nuids == 3);
	CHECK(fpr_is(&C->keys[0], "8ACE12CA506747B7C055110D5A739271E9B7F603"));
	CHECK(C->keys[0].algorithm == 22 && C->keys[0].bits == 256);
	CHECK(C->keys[0].created == 1767225600);
	CHECK(C->keys[0].expires == 1830297600);
	CHECK(!C->keys[0].revoked);
	CHECK(fpr_is(&C->keys[1], "029F43F8A2013DBD92103D546BFA7ED8409BB1CD"));
	CHECK(C->keys[1].algorithm == 18 && C->keys[1].bits == 256);
	CHECK(C->keys[1].expires == 1780272000);
	CHECK(memcmp(C->keys[1].keyid, "\x6b\xfa\x7e\xd8\x40\x9b\xb1\xcd", 8) ==
	    0);
	CHECK(uid_is(&C->uids[0], "alice@home.example", "alice@home.example"));
	CHECK(uid_is(&C->uids[1], "Alice A. (work) <Alice@example.org>",
	    "alice@example.org"));
	CHECK(uid_is(&C->uids[2], "Old <old@example.org>", "old@example.org"));
	CHECK(C->uids[0].created == 1767484800 && !C->uids[0].revoked);
	CHECK(C->uids[2].revoked);
	CHECK(openpgp_cert_names(C, "alice@home.example"));
	CHECK(!openpgp_cert_names(C, "old@example.org"));
	CHECK(!openpgp_cert_names(C, "alice@example"));
	openpgp_free(O);
}

static void
sq_key(void)
{
	struct openpgp * O = load_key("bob.pgp");
	const struct openpgp_cert * C;

	CHECK(O != NULL && O->ncerts == 1);
	C = &O->certs[0];
	CHECK(C->nkeys == 4 && C->nuids == 1);
	CHECK(fpr_is(&C->keys[0], "22D11CEE3FC0DC780DC7C087F5F18E2A96B3191D"));
	CHECK(fpr_is(&C->keys[1], "19FDB88B1508760BB6E44DD9C34BF30E0752CA01"));
	CHECK(fpr_is(&C->keys[2], "BF14EB01AED7F9DD17DB3D5D9513FC00AE9C027B"));
	CHECK(fpr_is(&C->keys[3], "E0FD750BDBF83FFCB9429E2DE4C55B0B8676E2D2"));
	CHECK(C->keys[3].algorithm == 18);
	CHECK(C->keys[0].created == 1795654560);
	for (size_t i = 0; i < 4; i++)
		CHECK(C->keys[i].expires == 1890325341);
	CHECK(uid_is(&C->uids[0], "<bob@example.org>", "bob@example.org"));
	openpgp_free(O);
}

static void
old_algorithms(void)
{
	struct openpgp * O = load_key("dsa.pgp");
	const struct openpgp_cert * C;

	CHECK(O != NULL && O->ncerts == 1);
	C = &O->certs[0];
	CHECK(C->nkeys == 2 && C->nuids == 1);
	CHECK(fpr_is(&C->keys[0], "DF7A26A6CFB1A0C44A0E45249C1688412A8989E1"));
	CHECK(C->keys[0].algorithm == 17 && C->keys[0].bits == 2048);
	CHECK(C->keys[0].expires == 0);
	CHECK(fpr_is(&C->keys[1], "4A62EA2ECBDB32E45A513BF5B4D064EAFF04BED5"));
	CHECK(C->keys[1].algorithm == 16 && C->keys[1].bits == 2048);
	CHECK(uid_is(&C->uids[0], "No Address", NULL));
	openpgp_free(O);
}

static void
revoked_key(void)
{
	struct openpgp * O = load_key("revoked.pgp");

	CHECK(O != NULL && O->ncerts == 1);
	CHECK(O->certs[0].keys[0].revoked);
	CHECK(O->certs[0].keys[0].algorithm == 1);
	CHECK(O->certs[0].keys[0].bits == 2048);
	openpgp_free(O);
}

static void
several_keys(void)
{
	struct openpgp * O = load_key("two.pgp"), * A = load_key("alice.pgp");

	CHECK(O != NULL && A != NULL && O->ncerts == 2);
	CHECK(O->certs[0].len == A->len);
	CHECK(memcmp(O->certs[0].data, A->data, A->len) == 0);
	CHECK(O->certs[1].len == O->len - A->len);
	CHECK(O->certs[0].nkeys == 2 && O->certs[1].nkeys == 1);
	CHECK(!O->certs[0].keys[0].revoked && O->certs[1].keys[0].revoked);
	CHECK(openpgp_cert_names(&O->certs[1], "rsa@example.org"));
	CHECK(!openpgp_cert_names(&O->certs[1], "alice@example.org"));
	openpgp_free(O);
	openpgp_free(A);
}

static void
names_of_a_key(void)
{
	static const uint8_t fpr[] = {
		0x02, 0x9f, 0x43, 0xf8, 0xa2, 0x01, 0x3d, 0xbd, 0x92, 0x10,
		0x3d, 0x54, 0x6b, 0xfa, 0x7e, 0xd8, 0x40, 0x9b, 0xb1, 0xcd
	};
	struct openpgp * O = load_key("alice.pgp");
	const struct openpgp_cert * C;

	CHECK(O != NULL);
	C = &O->certs[0];
	CHECK(openpgp_cert_has(C, fpr, 20));
	CHECK(openpgp_cert_has(C, &fpr[12], 8));
	CHECK(openpgp_cert_has(C, &fpr[16], 4));
	CHECK(!openpgp_cert_has(C, &fpr[15], 5));
	CHECK(!openpgp_cert_has(C, &fpr[11], 8));
	CHECK(!openpgp_cert_has(C, fpr, 8));
	CHECK(!openpgp_cert_has(C, fpr, 0));
	openpgp_free(O);
}

static void
armor_in(void)
{
	struct openpgp * O = load_key("alice.asc"), * A = load_key("alice.pgp");
	uint8_t two[2 * FILE_MAX + 64];
	const char * why;
	size_t n;

	CHECK(O != NULL && A != NULL);
	CHECK(O->len == A->len && memcmp(O->data, A->data, A->len) == 0);
	openpgp_free(O);

	/* Two blocks with something between, and the ends of lines of Windows. */
	n = load("alice.asc", two);
	memcpy(&two[n], "Comment: not in a block\r\n\r\n", 27);
	memcpy(&two[n + 27], two, n);
	CHECK(openpgp_parse(&O, two, 2 * n + 27, &why) == 0);
	CHECK(O->ncerts == 2 && O->len == 2 * A->len);
	openpgp_free(O);

	/* Cut off anywhere it is none. */
	for (size_t i = 0; i < n - 34; i++) {
		CHECK(openpgp_parse(&O, two, i, &why) == -1);
		CHECK(why != NULL);
	}
	openpgp_free(A);
}

static void
armor_out(void)
{
	struct openpgp * O = load_key("two.pgp"), * again;
	struct wbuf W;
	const char * why;
	uint8_t text[FILE_MAX];
	size_t n;

	CHECK(O != NULL);
	wbuf_init(&W, OPENPGP_ARMOR_MAX);
	openpgp_armor(&W, O->data, O->len);
	CHECK(wbuf_failed(&W) == 0);
	CHECK(openpgp_parse(&again, W.data, W.len, &why) == 0);
	CHECK(again->len == O->len && memcmp(again->data, O->data, O->len) == 0);
	openpgp_free(again);
	openpgp_free(O);

	/* To the byte what gpg writes, checksum and all. */
	O = load_key("alice.pgp");
	n = load("alice.asc", text);
	wbuf_reset(&W);
	openpgp_armor(&W, O->data, O->len);
	CHECK(W.len == n && memcmp(W.data, text, n) == 0);
	openpgp_free(O);
	wbuf_free(&W);
}

static void
secret_keys(void)
{
	uint8_t buf[FILE_MAX];
	struct openpgp * O;
	const char * why;
	size_t n;

	CHECK((n = load("secret.pgp", buf)) > 0);
	CHECK(openpgp_parse(&O, buf, n, &why) == -1);
	CHECK(strstr(why, "secret") != NULL);
	CHECK((n = load("secret.asc", buf)) > 0);
	CHECK(openpgp_parse(&O, buf, n, &why) == -1);
	CHECK(strstr(why, "secret") != NULL);

	/* Nor behind a public one. */
	CHECK((n = load("alice.pgp", buf)) > 0);
	n += load("secret.pgp", &buf[n]) > 0 ? 900 : 0;
	CHECK(openpgp_parse(&O, buf, n, &why) == -1);
}

static void
cut_and_changed(void)
{
	uint8_t buf[FILE_MAX];
	struct openpgp * O;
	const char * why;
	size_t n = load("alice.pgp", buf), whole = 0;

	CHECK(n > 0);
	for (size_t i = 0; i < n; i++) {
		if (openpgp_parse(&O, buf, i, &why)) {
			CHECK(why != NULL);
			continue;
		}
		whole++;
		openpgp_free(O);
	}
	CHECK(whole > 0 && whole < 16);		/* at the ends of packets */

	/* Whatever one byte becomes: a key or none, and nothing breaks. */
	for (size_t i = 0; i < n; i++)
		for (unsigned flip = 1; flip < 256; flip <<= 1) {
			buf[i] ^= (uint8_t)flip;
			if (openpgp_parse(&O, buf, n, &why) == 0)
				openpgp_free(O);
			buf[i] ^= (uint8_t)flip;
		}
}

/* Append a packet in the new format. */
static void
put_packet(struct wbuf * W, unsigned type, const void * p, size_t len)
{

	wbuf_put_u8(W, (uint8_t)(0xc0 | type));
	wbuf_put_u8(W, 255);
	wbuf_put_u32(W, (uint32_t)len);
	wbuf_put_bytes(W, p, len);
}

static void
limits(void)
{
	static const uint8_t key[] = { 4, 0, 0, 0, 1, 99 };
	struct openpgp * O;
	struct wbuf W;
	const char * why;
	int rc;

	wbuf_init(&W, OPENPGP_LEN_MAX);
	for (unsigned i = 0; i <= OPENPGP_CERTS_MAX; i++) {
		put_packet(&W, 6, key, sizeof(key));
		rc = openpgp_parse(&O, W.data, W.len, &why);
		CHECK(rc == (i < OPENPGP_CERTS_MAX ? 0 : -1));
		if (rc == 0)
			openpgp_free(O);
	}
	wbuf_reset(&W);
	put_packet(&W, 6, key, sizeof(key));
	for (unsigned i = 1; i <= OPENPGP_KEYS_MAX; i++) {
		put_packet(&W, 14, key, sizeof(key));
		rc = openpgp_parse(&O, W.data, W.len, &why);
		CHECK(rc == (i < OPENPGP_KEYS_MAX ? 0 : -1));
		if (rc == 0)
			openpgp_free(O);
	}
	wbuf_reset(&W);
	put_packet(&W, 6, key, sizeof(key));
	for (unsigned i = 0; i <= OPENPGP_UIDS_MAX; i++) {
		put_packet(&W, 13, "x", 1);
		rc = openpgp_parse(&O, W.data, W.len, &why);
		CHECK(rc == (i < OPENPGP_UIDS_MAX ? 0 : -1));
		if (rc == 0)
			openpgp_free(O);
	}
	wbuf_free(&W);
}

/* Keys of the versions to come; a subkey of an unknown one is passed over. */
static void
versions(void)
{
	static const uint8_t v6[] = { 6, 0, 0, 0, 1, 27, 0, 0, 0, 4, 1, 2, 3, 4 };
	static const uint8_t v9[] = { 9, 0, 0, 0, 1, 27 };
	static const uint8_t pre[] = { 0x9b, 0, 0, 0, sizeof(v6) };
	struct hash_sha256 H;
	uint8_t fpr[HASH_LEN];
	struct openpgp * O;
	struct wbuf W;
	const char * why;

	wbuf_init(&W, 256);
	put_packet(&W, 6, v6, sizeof(v6));
	put_packet(&W, 14, v9, sizeof(v9));
	CHECK(openpgp_parse(&O, W.data, W.len, &why) == 0);
	CHECK(O->certs[0].nkeys == 1 && O->certs[0].len == W.len);
	hash_sha256_init(&H);
	hash_sha256_update(&H, pre, sizeof(pre));
	hash_sha256_update(&H, v6, sizeof(v6));
	hash_sha256_final(&H, fpr);
	CHECK(O->keys[0].fpr_len == HASH_LEN);
	CHECK(memcmp(O->keys[0].fpr, fpr, HASH_LEN) == 0);
	CHECK(memcmp(O->keys[0].keyid, fpr, OPENPGP_KEYID_LEN) == 0);
	openpgp_free(O);

	wbuf_reset(&W);
	put_packet(&W, 6, v9, sizeof(v9));
	CHECK(openpgp_parse(&O, W.data, W.len, &why) == -1);
	wbuf_free(&W);
}

static void
addresses(void)
{
	static const struct {
		const char * text;
		const char * address;
	} list[] = {
		{ "a@b", "a@b" },
		{ "A@B.Example ", "a@b.example" },
		{ "A <x@y> <c@d>", "c@d" },
		{ "<c@d>", "c@d" },
		{ "c@d>", NULL },
		{ "Name c@d", NULL },
		{ "Name <c@d", NULL },
		{ "Name", NULL },
		{ "Name <name>", NULL },
		{ "", NULL },
		{ "<>", NULL },
		{ "\xff@b", NULL },
		{ "<a@b\n>", NULL }
	};
	struct openpgp_uid U = { 0 };

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		U.text = (const uint8_t *)list[i].text;
		U.len = strlen(list[i].text);
		CHECK(uid_is(&U, list[i].text, list[i].address));
	}
}

static void
chosen_user_ids(void)
{
	struct openpgp * O = load_key("alice.pgp"), * less;
	const char * why;
	struct wbuf W;

	CHECK(O != NULL);
	wbuf_init(&W, OPENPGP_LEN_MAX);
	openpgp_cert_put(&W, &O->certs[0], NULL);
	CHECK(W.len == O->len && memcmp(W.data, O->data, W.len) == 0);
	wbuf_reset(&W);
	openpgp_cert_put(&W, &O->certs[0], "alice@example.org");
	CHECK(openpgp_parse(&less, W.data, W.len, &why) == 0);
	CHECK(less->ncerts == 1 && less->nuids == 1 && less->nkeys == 2);
	CHECK(uid_is(&less->uids[0], "Alice A. (work) <Alice@example.org>",
	    "alice@example.org"));
	CHECK(less->uids[0].created == 1767484800);
	CHECK(less->keys[1].expires == 1780272000);
	openpgp_free(less);
	wbuf_reset(&W);
	openpgp_cert_put(&W, &O->certs[0], "nobody@example.org");
	CHECK(openpgp_parse(&less, W.data, W.len, &why) == 0);
	CHECK(less->nuids == 0 && less->nkeys == 2);
	openpgp_free(less);
	openpgp_free(O);
	wbuf_free(&W);
}

static const struct test tests[] = {
	{ "of a key of gpg all is found that gpg itself says of it", gpg_key },
	{ "of a key of sq too", sq_key },
	{ "and of one with the algorithms of old", old_algorithms },
	{ "a revoked key is told as such", revoked_key },
	{ "a value may hold several keys, each with its own packets", several_keys },
	{ "a key has its fingerprints, key ids and short key ids, and no others", names_of_a_key },
	{ "armor is read, one block or several, and what is cut off is refused", armor_in },
	{ "armor is written as gpg writes it", armor_out },
	{ "a secret key is none", secret_keys },
	{ "no cut and no changed bit does harm", cut_and_changed },
	{ "there are at most so many keys, subkeys and user ids", limits },
	{ "fingerprints of version 6; subkeys of unknown versions are passed over", versions },
	{ "a key can be given with the user ids of one address only", chosen_user_ids },
	{ "the address in a user id is found, if there is one", addresses }
};

TESTS(tests)
