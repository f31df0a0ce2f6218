#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/wbuf.h"
#include "hkp/hkp.h"
#include "hkp/wkd.h"
#include "openpgp/openpgp.h"

#include "test.h"

#define VECTORS		"t/vectors/openpgp/"
#define FILE_MAX	8192

/* A time after the keys were made and before alice's expires. */
#define NOW		1800000000

static struct openpgp *
load_key(const char * name)
{
	uint8_t buf[FILE_MAX];
	char path[128];
	struct openpgp * O;
	const char * why;
	FILE * f;
	size_t n;

	snprintf(path, sizeof(path), VECTORS "%s", name);
	if ((f = fopen(path, "rb")) == NULL)
		return (NULL);
	n = fread(buf, 1, sizeof(buf), f);
	fclose(f);
	return (openpgp_parse(&O, buf, n, &why) ? NULL : O);
}

/* Ask; the status of the refusal, or 200. */
static unsigned
ask(struct hkp_query * Q, const char * op, const char * search,
    const char * options, const char * exact)
{
	const struct hkp_args A = { op, search, options, exact };
	struct hkp_error E = { 0, NULL, NULL, NULL };

	if (hkp_query(Q, &A, &E) == 0)
		return (200);
	return (E.code != NULL && E.rule != NULL && E.text != NULL ?
	    E.status : 0);
}

static void
what_clients_send(void)
{
	struct hkp_query Q;

	/* gpg: search, receive, locate; sq. */
	CHECK(ask(&Q, "index", "Alice@example.org", "mr", NULL) == 200);
	CHECK(Q.op == HKP_INDEX && Q.mr && !Q.exact);
	CHECK(strcmp(Q.user, "alice@example.org") == 0);
	CHECK(ask(&Q, "get", "0x8ACE12CA506747B7C055110D5A739271E9B7F603", "mr",
	    NULL) == 200);
	CHECK(Q.op == HKP_GET && Q.user[0] == '\0' && Q.id_len == 20);
	CHECK(Q.id[0] == 0x8a && Q.id[19] == 0x03);
	CHECK(ask(&Q, "get", "alice@example.org", "mr", "on") == 200);
	CHECK(Q.exact && Q.mr);
	CHECK(ask(&Q, "get", "0x5a739271e9b7f603", "x,MR", "off") == 200);
	CHECK(!Q.exact && Q.mr && Q.id_len == 8);
	CHECK(ask(&Q, "get", "<alice@example.org>", NULL, NULL) == 200);
	CHECK(!Q.mr && strcmp(Q.user, "alice@example.org") == 0);
	CHECK(ask(&Q, "vindex", "Alice <alice@example.org>", "nm", NULL) == 200);
	CHECK(Q.op == HKP_VINDEX && !Q.mr);
	CHECK(ask(&Q, "stats", NULL, NULL, NULL) == 200);
}

static void
what_is_no_search(void)
{
	char hex[67] = "0x";
	struct hkp_query Q;

	CHECK(ask(&Q, NULL, "a@b", NULL, NULL) == 400);
	CHECK(ask(&Q, "", "a@b", NULL, NULL) == 400);
	CHECK(ask(&Q, "delete", "a@b", NULL, NULL) == 501);
	CHECK(ask(&Q, "get", NULL, NULL, NULL) == 400);
	CHECK(ask(&Q, "get", "", NULL, NULL) == 400);
	CHECK(ask(&Q, "get", "alice", NULL, NULL) == 501);
	CHECK(ask(&Q, "get", "a b@c", NULL, NULL) == 400);
	CHECK(ask(&Q, "get", "0xE9B7F603", NULL, NULL) == 501);
	CHECK(ask(&Q, "get", "0x", NULL, NULL) == 400);
	CHECK(ask(&Q, "get", "0xzz739271e9b7f603", NULL, NULL) == 400);
	for (unsigned n = 1; n <= 64; n++) {
		hex[1 + n] = '1';
		CHECK((ask(&Q, "get", hex, NULL, NULL) == 200) ==
		    (n == 16 || n == 40 || n == 64));
	}
	CHECK(ask(&Q, "get", "0x11111111111111111111111111111111111111111111111"
	    "1111111111111111111", NULL, NULL) == 400);
}

/* What is found in the keys of the file ${name}, and its answer. */
static struct hkp_found found;

static int
find(const struct hkp_query * Q, const char * name)
{
	struct openpgp * O = load_key(name);
	int rc;

	if (O == NULL)
		return (-1);
	rc = hkp_found_add(&found, Q, O->data, O->len);
	openpgp_free(O);
	return (rc);
}

static int
answer_is(const struct hkp_query * Q, uint64_t now, const char * want)
{
	struct wbuf W;
	int same;

	wbuf_init(&W, HKP_ANSWER_MAX);
	hkp_answer(&W, Q, &found, now);
	same = W.len == strlen(want) && memcmp(W.data, want, W.len) == 0;
	if (!same)
		printf("# got: %.*s\n", (int)W.len, (const char *)W.data);
	wbuf_free(&W);
	return (same);
}

/* The keys in the answer. */
static struct openpgp *
answered(const struct hkp_query * Q)
{
	struct openpgp * O = NULL;
	const char * why;
	struct wbuf W;

	wbuf_init(&W, HKP_ANSWER_MAX);
	hkp_answer(&W, Q, &found, NOW);
	if (openpgp_parse(&O, W.data, W.len, &why))
		O = NULL;
	wbuf_free(&W);
	hkp_found_free(&found);
	return (O);
}

static void
lists(void)
{
	struct hkp_query Q;

	CHECK(ask(&Q, "index", "alice@example.org", "mr", NULL) == 200);
	CHECK(find(&Q, "two.pgp") == 0 && found.n == 2);
	CHECK(answer_is(&Q, NOW,
	    "info:1:2\n"
	    "pub:8ACE12CA506747B7C055110D5A739271E9B7F603:22:256:1767225600:1830297600:\n"
	    "uid:alice@home.example:1767484800::\n"
	    "uid:Alice A. (work) %3CAlice@example.org%3E:1767484800::\n"
	    "uid:Old %3Cold@example.org%3E:1767398400::r\n"
	    "pub:6AE3E410298878D6E743AAF0178F802B49B48674:1:2048:1767225600::r\n"
	    "uid:rsa@example.org:1767225600::\n"));
	hkp_found_free(&found);

	/* Only keys, and user ids, of that address. */
	CHECK(ask(&Q, "index", "alice@example.org", "mr", "on") == 200);
	CHECK(find(&Q, "two.pgp") == 0 && found.n == 1);
	CHECK(answer_is(&Q, 1830297600,
	    "info:1:1\n"
	    "pub:8ACE12CA506747B7C055110D5A739271E9B7F603:22:256:1767225600:1830297600:e\n"
	    "uid:Alice A. (work) %3CAlice@example.org%3E:1767484800::\n"));

	/* For a person. */
	CHECK(ask(&Q, "vindex", "alice@example.org", NULL, "on") == 200);
	CHECK(answer_is(&Q, NOW,
	    "pub algorithm 22, 256 bits, of 2026-01-01 expires 2028-01-01\n"
	    "    8ACE12CA506747B7C055110D5A739271E9B7F603\n"
	    "uid alice@home.example\n"
	    "uid Alice A. (work) <Alice@example.org>\n"
	    "uid Old <old@example.org> (revoked)\n"
	    "sub algorithm 18, 256 bits, of 2026-01-01 expired 2026-06-01\n"
	    "    029F43F8A2013DBD92103D546BFA7ED8409BB1CD\n"));
	hkp_found_free(&found);
}

/* The same for revoked.pgp without its revocation, the second packet. */
static int
find_unrevoked(const struct hkp_query * Q)
{
	struct openpgp * O = load_key("revoked.pgp");
	size_t first, second;
	int rc;

	if (O == NULL)
		return (-1);

	/* Both are in the old format, with lengths of two bytes. */
	if (O->data[0] != 0x99 || O->data[3 + (first = (size_t)O->data[1] << 8 |
	    O->data[2])] != 0x89)
		rc = -1;
	else {
		second = (size_t)O->data[4 + first] << 8 | O->data[5 + first];
		memmove(&O->data[3 + first], &O->data[6 + first + second],
		    O->len - 6 - first - second);
		rc = hkp_found_add(&found, Q, O->data, O->len - 3 - second);
	}
	openpgp_free(O);
	return (rc);
}

/* Add revoked.pgp without its revocation as often as one may, each with another user id. */
static int
find_crowd(const struct hkp_query * Q)
{
	uint8_t value[OPENPGP_CERTS_MAX * 4096], uid[3] = { 0xb4, 1, 'a' };
	size_t len = 0;

	if (find_unrevoked(Q) || found.n != 1 || found.hits[0].cert->len > 4093)
		return (-1);
	for (unsigned i = 0; i < OPENPGP_CERTS_MAX; i++) {
		memcpy(&value[len], found.hits[0].cert->data,
		    found.hits[0].cert->len);
		len += found.hits[0].cert->len;
		memcpy(&value[len], uid, sizeof(uid));
		len += sizeof(uid);
		uid[2]++;
	}
	hkp_found_free(&found);
	return (hkp_found_add(&found, Q, value, len));
}

static void
chosen_keys(void)
{
	struct openpgp * O = load_key("two.pgp"), * A = load_key("alice.pgp");
	struct openpgp * got;
	struct hkp_query Q;
	struct hkp_error E;

	CHECK(O != NULL && A != NULL);

	/* By the id of a subkey: its key alone, and once. */
	CHECK(ask(&Q, "get", "0x6bfa7ed8409bb1cd", "mr", NULL) == 200);
	CHECK(find(&Q, "two.pgp") == 0 && find(&Q, "alice.pgp") == 0);
	CHECK(find(&Q, "bob.pgp") == 0);
	CHECK(found.n == 1 && found.nvalues == 1);
	CHECK((got = answered(&Q)) != NULL);
	CHECK(got->len == A->len && memcmp(got->data, A->data, A->len) == 0);
	openpgp_free(got);

	/* Who publishes a stranger's key without what revokes it hides nothing. */
	CHECK(ask(&Q, "get", "0x6AE3E410298878D6E743AAF0178F802B49B48674", "mr",
	    NULL) == 200);
	CHECK((got = load_key("revoked.pgp")) != NULL);
	CHECK(hkp_found_add(&found, &Q, got->data, got->len) == 0);
	openpgp_free(got);
	hkp_found_free(&found);
	CHECK(find_unrevoked(&Q) == 0 && find(&Q, "revoked.pgp") == 0);
	CHECK(found.n == 2);
	Q.op = HKP_INDEX;
	CHECK(answer_is(&Q, NOW,
	    "info:1:1\n"
	    "pub:6AE3E410298878D6E743AAF0178F802B49B48674:1:2048:1767225600::r\n"
	    "uid:rsa@example.org:1767225600::\n"
	    "uid:rsa@example.org:1767225600::\n"));
	Q.op = HKP_GET;
	CHECK((got = answered(&Q)) != NULL);
	CHECK(got->ncerts == 1 && got->keys[0].revoked && got->nuids == 2);
	openpgp_free(got);

	/* Nor does one who publishes it as often as there is room for. */
	CHECK(find_crowd(&Q) == 0 && found.n == OPENPGP_CERTS_MAX);
	CHECK(find(&Q, "revoked.pgp") == 0);
	CHECK((got = answered(&Q)) != NULL);
	CHECK(got->ncerts == 1 && got->keys[0].revoked);
	openpgp_free(got);

	/* By address: all that its owner has published. */
	CHECK(ask(&Q, "get", "alice@example.org", "mr", NULL) == 200);
	CHECK(find(&Q, "two.pgp") == 0 && found.n == 2);
	CHECK((got = answered(&Q)) != NULL);
	CHECK(got->len == O->len && memcmp(got->data, O->data, O->len) == 0);
	openpgp_free(got);

	/* Exactly: what has that address. */
	CHECK(ask(&Q, "get", "old@example.org", "mr", "on") == 200);
	CHECK(find(&Q, "two.pgp") == 0 && found.n == 0);	/* revoked */
	hkp_none(&found, &E);
	CHECK(E.status == 404 && strstr(E.text, "address") != NULL);
	hkp_found_free(&found);
	CHECK(ask(&Q, "get", "alice@home.example", "mr", "on") == 200);
	CHECK(find(&Q, "two.pgp") == 0 && found.n == 1);
	CHECK((got = answered(&Q)) != NULL);
	CHECK(got->nuids == 1 && openpgp_cert_names(&got->certs[0],
	    "alice@home.example"));
	openpgp_free(got);

	/* What is no key says so. */
	CHECK(hkp_found_add(&found, &Q, (const uint8_t *)"hello", 5) == 0);
	CHECK(found.n == 0);
	hkp_none(&found, &E);
	CHECK(E.status == 404 && strstr(E.text, "no OpenPGP key") != NULL);
	hkp_found_free(&found);
	openpgp_free(O);
	openpgp_free(A);
}

/* A user id of every byte does not become another line, or another field. */
static void
hostile_text(void)
{
	static const char line[] = "uid:a%3A%0Auid%3Ab %3Cx@y%3E:1::";
	uint8_t text[256];
	struct openpgp_uid U = { .text = text, .len = sizeof(text) };
	struct openpgp_key K = { .version = 4, .fpr_len = 20 };
	struct openpgp_cert C = { .keys = &K, .nkeys = 1, .uids = &U,
	    .nuids = 1 };
	const struct hkp_found F = { .hits = { { .cert = &C } }, .n = 1 };
	struct hkp_query Q = { .op = HKP_INDEX, .mr = 1 };
	char user[USER_LEN_MAX + 1];
	unsigned lines = 0;
	struct wbuf W;

	for (unsigned i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)i;
	wbuf_init(&W, HKP_ANSWER_MAX);
	hkp_answer(&W, &Q, &F, NOW);
	for (size_t i = 0; i < W.len; i++) {
		lines += W.data[i] == '\n';
		CHECK(W.data[i] == '\n' ||
		    (W.data[i] >= ' ' && W.data[i] < 0x7f));
	}
	CHECK(lines == 3);
	wbuf_reset(&W);
	Q.mr = 0;
	hkp_answer(&W, &Q, &F, NOW);
	lines = 0;
	for (size_t i = 0; i < W.len; i++) {
		lines += W.data[i] == '\n';
		CHECK(W.data[i] == '\n' || W.data[i] >= ' ');
	}
	CHECK(lines == 3);
	wbuf_free(&W);

	/* And what is read of such a line is what was written. */
	CHECK(hkp_uid_line(line, strlen(line), user) == 0);
	CHECK(strcmp(user, "x@y") == 0);
	CHECK(hkp_uid_line("uid:A@b:::", 10, user) == 0);
	CHECK(strcmp(user, "a@b") == 0);
	CHECK(hkp_uid_line("uid:a@b", 7, user) == 0);
	CHECK(hkp_uid_line("pub:a@b", 7, user) == -1);
	CHECK(hkp_uid_line("uid:", 4, user) == -1);
	CHECK(hkp_uid_line("uid:a@b%4", 9, user) == -1);
	CHECK(hkp_uid_line("uid:a@b%zz", 10, user) == -1);
	CHECK(hkp_uid_line("uid:a@b%00", 10, user) == -1);
}

static void
web_key_directory(void)
{
	/* The example of the draft. */
	static const char joe[] = "iy9q119eutrkn8s1mk4r39qejnbu3n5q";
	char hash[WKD_HASH_LEN + 1], user[USER_LEN_MAX + 1];

	CHECK(wkd_hash("Joe.Doe", hash) == 0);
	CHECK(strcmp(hash, joe) == 0);
	CHECK(wkd_user(user, joe, "Joe.Doe", "Example.ORG") == 0);
	CHECK(strcmp(user, "joe.doe@example.org") == 0);
	CHECK(wkd_user(user, joe, "joe.doe", "example.org") == 0);
	CHECK(wkd_user(user, joe, NULL, "example.org") == -1);
	CHECK(wkd_user(user, joe, "", "example.org") == -1);
	CHECK(wkd_user(user, joe, "joe.do", "example.org") == -1);
	CHECK(wkd_user(user, joe, "joe.doe@x", "example.org") == -1);
	CHECK(wkd_user(user, "iy9q119eutrkn8s1mk4r39qejnbu3n5", "joe.doe",
	    "example.org") == -1);
}

static const struct test tests[] = {
	{ "what gpg and sq send is understood", what_clients_send },
	{ "what is no search, or none that can be answered, is refused", what_is_no_search },
	{ "lists have the lines of the draft, and text for a person", lists },
	{ "the keys that were asked for are given, and no others", chosen_keys },
	{ "no user id can break a list", hostile_text },
	{ "addresses have the hashes of the Web Key Directory", web_key_directory }
};

TESTS(tests)
