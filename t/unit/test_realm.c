#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "codec/wbuf.h"
#include "crypto/vrf.h"
#include "note/vkey.h"
#include "policy/policy.h"
#include "realm/realm.h"

#include "test.h"

#define NONCE	"nonce AAECAwQFBgcICQoLDA0ODw==\n"

static char vrf[512], replica[512], stranger[512];

static void
make_lines(void)
{
	struct sign_key * K = sign_key_from_seed((const uint8_t *)
	    "0123456789abcdef0123456789abcdef");
	struct vrf_key * V = vrf_key_from_scalar((const uint8_t *)
	    "0123456789abcdef0123456789abcde\0");
	struct vkey vkey;
	char text[VKEY_TEXT_MAX + 1];

	if (K == NULL || V == NULL || vkey_make(&vkey, VKEY_ED25519,
	    "example.org", K->pk))
		abort();
	vkey_format(&vkey, text);
	snprintf(replica, sizeof(replica), "replica r %s\nquorum r\n", text);
	if (vkey_make(&vkey, VKEY_ED25519, "example.net", K->pk))
		abort();
	vkey_format(&vkey, text);
	snprintf(stranger, sizeof(stranger), "replica r %s\nquorum r\n", text);
	base64_encode(V->pk, VRF_PK_LEN, text, sizeof(text));
	snprintf(vrf, sizeof(vrf), "vrf %s\n", text);
	sign_key_free(K);
	vrf_key_free(V);
}

/* Parse the file of the ${n} ${parts}; return the line of the error, or -1. */
static int
line_of_error(const char * const * parts, size_t n)
{
	struct realm_error error;
	struct realm * realm;
	struct wbuf W;
	int line = -1;

	wbuf_init(&W, 1 << 20);
	for (size_t i = 0; i < n; i++)
		wbuf_printf(&W, "%s", parts[i]);
	if (realm_parse((const char *)W.data, W.len, &realm, &error))
		line = error.rule == NULL ? -2 : (int)error.line;
	else
		realm_free(realm);
	wbuf_free(&W);
	return (line);
}

#define LINE(...) line_of_error((const char * const []){ __VA_ARGS__ },	\
    sizeof((const char * const []){ __VA_ARGS__ }) / sizeof(char *))

static void
parses(void)
{
	struct realm_error error;
	struct realm * realm, * again;
	struct wbuf W, X;

	make_lines();
	wbuf_init(&W, REALM_FILE_MAX);
	wbuf_init(&X, REALM_FILE_MAX);
	wbuf_printf(&W, "ks-realm/v1\n# a comment\n\nregistration open\n%s"
	    "fresh 60\nserver unix:replica1/run\nserver https://a/\n"
	    NONCE "realm example.org\npolicy\n%s", vrf, replica);
	CHECK(realm_parse((char *)W.data, W.len, &realm, &error) == 0);
	CHECK(strcmp(realm->name, "example.org") == 0);
	CHECK(realm->nonce[1] == 1 && realm->nonce[15] == 15);
	CHECK(realm->fresh_s == 60 && realm->nservers == 2);
	CHECK(strcmp(realm->server[0], "unix:replica1/run") == 0);
	CHECK(strcmp(realm->server[1], "https://a/") == 0);
	CHECK(strcmp(realm->registration, "open") == 0);
	CHECK(strcmp(realm->policy_text, replica) == 0);
	CHECK(policy_replicas(realm->policy) == 1);

	/* What is formatted is parsed to the same, and is then stable. */
	wbuf_reset(&W);
	realm_format(&W, realm);
	CHECK(realm_parse((char *)W.data, W.len, &again, &error) == 0);
	realm_format(&X, again);
	CHECK(W.len == X.len && memcmp(W.data, X.data, W.len) == 0);
	CHECK(memcmp(realm->policy_hash, again->policy_hash, HASH_LEN) == 0);
	CHECK(memcmp(realm->realm_hash, again->realm_hash, HASH_LEN) == 0);
	realm_free(realm);
	realm_free(again);
	wbuf_free(&W);
	wbuf_free(&X);
}

#define START	"ks-realm/v1\n"
#define NAME	"realm example.org\n"
#define FRESH	"fresh 60\n"
#define REG	"registration open\n"

/* Link lines with as many names and pins as are asked for. */
static void
links(void)
{
	struct realm_error error;
	struct realm * realm;
	struct wbuf W, X;

	make_lines();
	for (unsigned n = REALM_LINKS_MAX; n <= REALM_LINKS_MAX + 1; n++) {
		wbuf_init(&W, REALM_FILE_MAX);
		wbuf_printf(&W, "ks-realm/v1\nrealm example.org\n" NONCE
		    "%sfresh 1\nregistration open\n", vrf);
		for (unsigned i = 0; i < n; i++)
			wbuf_printf(&W, "link n%u SHA256:%064x\n", i, i);
		wbuf_printf(&W, "policy\n%s", replica);
		CHECK(realm_parse((char *)W.data, W.len, &realm, &error) == -1);
		CHECK(error.line == (n == REALM_LINKS_MAX ? 7 : 7 + n - 1));
		wbuf_free(&W);
	}

	/* What is formatted has them still. */
	wbuf_init(&W, REALM_FILE_MAX);
	wbuf_init(&X, REALM_FILE_MAX);
	wbuf_printf(&W, "ks-realm/v1\nrealm example.org\n" NONCE
	    "%sfresh 1\nregistration open\nlink r SHA256:%064x\n"
	    "link s SHA256:%064x replica\nlink v SHA256:%064x verifier\n"
	    "link e SHA256:%064x edge\npolicy\n%s", vrf, 7, 8, 9, 10, replica);
	CHECK(realm_parse((char *)W.data, W.len, &realm, &error) == 0);
	CHECK(realm->nlinks == 4 && realm_find_link(realm, "r") == 0);
	CHECK(realm->link[0].role == REALM_ROLE_POLICY);
	CHECK(realm_link_role(realm, 0) == REALM_ROLE_REPLICA);
	CHECK(realm_link_role(realm, 1) == REALM_ROLE_REPLICA);
	CHECK(realm_link_role(realm, 2) == REALM_ROLE_VERIFIER);
	CHECK(realm_link_role(realm, 3) == REALM_ROLE_EDGE);
	CHECK(realm_find_link(realm, "q") == -1);
	CHECK(realm_find_pin(realm, realm->link[0].pin) == 0);
	CHECK(realm_find_pin(realm, "SHA256:") == -1);
	realm_format(&X, realm);
	CHECK(W.len == X.len && memcmp(W.data, X.data, W.len) == 0);
	realm_free(realm);
	wbuf_free(&W);
	wbuf_free(&X);
}

static void
refuses(void)
{

	make_lines();
	CHECK(LINE(START, NAME, NONCE, vrf, FRESH, REG, "policy\n",
	    replica) == -1);
	CHECK(LINE("") == 1);
	CHECK(LINE("\n", START) == 1);
	CHECK(LINE(START, NAME) == 3);
	CHECK(LINE(START, NONCE, vrf, FRESH, REG, "policy\n", replica) == 6);
	CHECK(LINE(START, NAME, vrf, FRESH, REG, "policy\n", replica) == 6);
	CHECK(LINE(START, NAME, NONCE, FRESH, REG, "policy\n", replica) == 6);
	CHECK(LINE(START, NAME, NONCE, vrf, REG, "policy\n", replica) == 6);
	CHECK(LINE(START, NAME, NONCE, vrf, FRESH, "policy\n", replica) == 6);
	CHECK(LINE(START, NAME, NAME) == 3);
	CHECK(LINE(START, NAME, "colour red\n") == 3);
	CHECK(LINE(START, NAME, "fresh\n") == 3);
	CHECK(LINE(START, "realm a+b\n") == 2);
	CHECK(LINE(START, "realm  a\n") == 2);
	CHECK(LINE(START, "nonce AAAA\n") == 2);
	CHECK(LINE(START, "vrf " "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")
	    == 2);
	CHECK(LINE(START, "fresh 0\n") == 2);
	CHECK(LINE(START, "fresh 315360001\n") == 2);
	CHECK(LINE(START, "fresh 60 \n") == 2);
	CHECK(LINE(START, "fresh 60\r\n") == 2);
	CHECK(LINE(START, "registration OPEN\n") == 2);
	CHECK(LINE(START, "server ftp://x\n") == 2);
	CHECK(LINE(START, "server unix:\n") == 2);
	CHECK(LINE(START, "server unix:a\x1b\n") == 2);
#define S	"server unix:a\n"
	CHECK(LINE(START, NAME, NONCE, vrf, FRESH, REG, S S S S S S S S
	    "policy\n", replica) == -1);
	CHECK(LINE(START, S S S S S S S S S) == 10);

	/* A link: a name of the policy, and a pin; each once. */
#define L(name, digit)	"link " name " SHA256:" D31 D31 digit "a\n"
#define D31		"0123456789abcdef0123456789abcde"
	CHECK(LINE(START, NAME, NONCE, vrf, FRESH, REG, L("r", "1"),
	    "policy\n", replica) == -1);
	CHECK(LINE(START, L("q", "1"), NAME, NONCE, vrf, FRESH, REG,
	    "policy\n", replica) == 2);
	CHECK(LINE(START, NAME, L("r", "1"), L("r", "2")) == 4);
	CHECK(LINE(START, NAME, L("r", "1"), L("s", "1")) == 4);
	CHECK(LINE(START, NAME, L("r", "1"), L("s", "2"), "x y\n") == 5);
	CHECK(LINE(START, "link r\n") == 2);
	CHECK(LINE(START, "link  SHA256:" D31 D31 "aa\n") == 2);
	CHECK(LINE(START, "link r SHA256:" D31 D31 "a\n") == 2);
	CHECK(LINE(START, "link r SHA256:" D31 D31 "aaa\n") == 2);
	CHECK(LINE(START, "link r SHA256:" D31 D31 "aA\n") == 2);
	CHECK(LINE(START, "link r SHA256:" D31 D31 "ag\n") == 2);
	CHECK(LINE(START, "link r sha256:" D31 D31 "aa\n") == 2);
	CHECK(LINE(START, "link r  SHA256:" D31 D31 "aa\n") == 2);

	/* With a role of its own the name need not be in the policy. */
#define ROLE(name, role) "link " name " SHA256:" D31 D31 "1a" role "\n"
	CHECK(LINE(START, NAME, NONCE, vrf, FRESH, REG, ROLE("q", " edge"),
	    "policy\n", replica) == -1);
	CHECK(LINE(START, NAME, NONCE, vrf, FRESH, REG, ROLE("q", " replica"),
	    "policy\n", replica) == -1);
	CHECK(LINE(START, NAME, NONCE, vrf, FRESH, REG, ROLE("r", " verifier"),
	    "policy\n", replica) == -1);
	CHECK(LINE(START, NAME, NONCE, vrf, FRESH, REG, ROLE("q", ""),
	    "policy\n", replica) == 7);
	CHECK(LINE(START, ROLE("q", " witness")) == 2);
	CHECK(LINE(START, ROLE("q", " edges")) == 2);
	CHECK(LINE(START, ROLE("q", " ")) == 2);
	CHECK(LINE(START, ROLE("q", "  edge")) == 2);
	CHECK(LINE(START, ROLE("q", " edge ")) == 2);
	CHECK(LINE(START, NAME, ROLE("q", " edge"), L("q", "2")) == 4);

	/* In the policy, by its own lines; about the whole of it, line 0. */
	CHECK(LINE(START, NAME, NONCE, vrf, FRESH, REG, "policy\n", replica,
	    "nonsense\n") == 10);
	CHECK(LINE(START, NAME, NONCE, vrf, FRESH, REG, "policy\n",
	    stranger) == 0);
	CHECK(LINE(START, NAME, NONCE, vrf, FRESH, REG, "policy\n",
	    "quorum none\n") == 0);
}

/* Every truncation and changed byte: refused, or stable when formatted. */
static void
mutations(void)
{
	struct realm_error error;
	struct realm * realm, * again;
	struct wbuf W, X, Y;
	char * copy;
	unsigned taken = 0;

	make_lines();
	wbuf_init(&W, REALM_FILE_MAX);
	wbuf_init(&X, REALM_FILE_MAX);
	wbuf_init(&Y, REALM_FILE_MAX);
	wbuf_printf(&W, START NAME NONCE "%s" FRESH REG S "policy\n%s", vrf,
	    replica);
	for (size_t i = 0; i < 2 * W.len; i++) {
		size_t len = i < W.len ? i : W.len;

		CHECK((copy = malloc(len + 1)) != NULL);
		memcpy(copy, W.data, len);
		if (i >= W.len)
			copy[i - W.len] ^= (char)(1 << i % 8);
		if (realm_parse(copy, len, &realm, &error) == 0) {
			taken++;
			wbuf_reset(&X);
			wbuf_reset(&Y);
			realm_format(&X, realm);
			CHECK(realm_parse((char *)X.data, X.len, &again,
			    &error) == 0);
			realm_format(&Y, again);
			CHECK(X.len == Y.len &&
			    memcmp(X.data, Y.data, X.len) == 0);
			realm_free(realm);
			realm_free(again);
		}
		free(copy);
	}

	/* Names, the nonce and digits may become others. */
	CHECK(taken > 10 && taken < 150);
	wbuf_free(&W);
	wbuf_free(&X);
	wbuf_free(&Y);
}

static void
reads(void)
{
	char path[300], text[2048], said[512];
	struct realm * good, * bad;
	int fd, err, out;
	ssize_t n;

	make_lines();
	snprintf(path, sizeof(path), "%s/realm.conf", test_dir());
	n = snprintf(text, sizeof(text), START NAME NONCE "%s" FRESH REG
	    "policy\n%s", vrf, replica);
	CHECK((fd = open(path, O_CREAT | O_RDWR, 0600)) != -1);
	CHECK(write(fd, text, (size_t)n) == n);
	CHECK((good = realm_read(path)) != NULL);
	realm_free(good);
	CHECK(pwrite(fd, "x", 1, (off_t)strlen(START)) == 1);
	close(fd);

	/* What it says, from standard error. */
	snprintf(text, sizeof(text), "%s.err", path);
	CHECK((err = dup(2)) != -1);
	CHECK((out = open(text, O_CREAT | O_RDWR, 0600)) != -1);
	dup2(out, 2);
	bad = realm_read(path);
	dup2(err, 2);
	n = pread(out, said, sizeof(said) - 1, 0);
	close(out);
	close(err);
	CHECK(bad == NULL && n > 0);
	said[n] = '\0';
	snprintf(text, sizeof(text), "%s: %s:2: no line has this name\n",
	    program_invocation_short_name, path);
	CHECK(strcmp(said, text) == 0);
}

static const struct test tests[] = {
	{ "a realm file is parsed, and formatted to the same", parses },
	{ "errors name the line", refuses },
	{ "links are pins of names with a role or in the policy, at most 64",
	    links },
	{ "no change of a byte goes wrong", mutations },
	{ "a realm file is read, errors name file, line and rule", reads },
};
TESTS(tests)
