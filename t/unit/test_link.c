#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "codec/wbuf.h"
#include "crypto/sign.h"
#include "crypto/vrf.h"
#include "link/link.h"
#include "note/vkey.h"
#include "policy/policy.h"
#include "realm/realm.h"

#include "test.h"

#define PIN(digit)	"SHA256:0123456789abcdef0123456789abcdef" \
			"0123456789abcdef0123456789abcde" digit

/* Append a policy line for a key made of ${seed}. */
static void
put_key(struct wbuf * W, const char * word, const char * name, int type,
    uint8_t seed)
{
	uint8_t bytes[32] = { seed };
	struct sign_key * K = sign_key_from_seed(bytes);
	char text[VKEY_TEXT_MAX + 1];
	struct vkey V;

	if (K == NULL || vkey_make(&V, (enum vkey_type)type, type ==
	    VKEY_ED25519 ? "example.org" : "w", K->pk))
		abort();
	vkey_format(&V, text);
	wbuf_printf(W, "%s %s %s\n", word, name, text);
	sign_key_free(K);
}

/* A realm with the replica r, the verifier v and a link line of each. */
static struct realm *
make_realm(void)
{
	uint8_t scalar[32] = { 7 };
	struct vrf_key * K = vrf_key_from_scalar(scalar);
	char vrf[BASE64_SIZE(VRF_PK_LEN)];
	struct realm_error error;
	struct realm * realm;
	struct wbuf W;

	if (K == NULL)
		abort();
	base64_encode(K->pk, VRF_PK_LEN, vrf, sizeof(vrf));
	vrf_key_free(K);
	wbuf_init(&W, REALM_FILE_MAX);
	wbuf_printf(&W, "ks-realm/v1\nrealm example.org\nvrf %s\n"
	    "nonce AAECAwQFBgcICQoLDA0ODw==\nfresh 1\nregistration open\n"
	    "link v %s\nlink r %s\nlink e %s edge\nlink s %s replica\n"
	    "policy\n", vrf, PIN("1"), PIN("2"), PIN("5"), PIN("6"));
	put_key(&W, "replica", "r", VKEY_ED25519, 1);
	put_key(&W, "witness", "v", VKEY_COSIGNATURE, 2);
	wbuf_printf(&W, "quorum r\n");
	if (realm_parse((char *)W.data, W.len, &realm, &error))
		abort();
	wbuf_free(&W);
	return (realm);
}

/* What link_get_hello says of the ${len} bytes at ${p}. */
static int
get(const void * p, size_t len)
{
	struct link_hello H;
	size_t used;

	return (link_get_hello(p, len, &H, &used));
}

static void
greetings(void)
{
	char rule[LINK_RULE_MAX + 1];
	struct link_hello H;
	struct wbuf W;
	size_t used;

	wbuf_init(&W, 4096);
	link_put_hello(&W, "example.org", "log");
	CHECK(W.len == 2 + 1 + 12 + 4);
	CHECK(memcmp(W.data, "\0\x11\1\13example.org\3log", W.len) == 0);
	for (size_t i = 0; i < W.len; i++)
		CHECK(get(W.data, i) == 0);
	wbuf_put_bytes(&W, "more", 4);
	CHECK(link_get_hello(W.data, W.len, &H, &used) == 1);
	CHECK(used == W.len - 4 && strcmp(H.realm, "example.org") == 0);
	CHECK(strcmp(H.service, "log") == 0);

	/* Another version, a byte too many or too few, and what is no name. */
	CHECK(get("\0\x11\2\13example.org\3log", 19) == -1);
	CHECK(get("\0\x12\1\13example.org\3logx", 20) == -1);
	CHECK(get("\0\x10\1\13example.org\3lo", 18) == -1);
	CHECK(get("\0\5\1\0\2lo", 7) == -1);
	CHECK(get("\0\4\1\1a\0", 6) == -1);
	CHECK(get("\0\5\1\1 \1l", 7) == -1);
	CHECK(get("\0\5\1\1a\1L", 7) == -1);
	CHECK(get("\0\5\1\1a\1\n", 7) == -1);
	CHECK(get("\0\5\1\1a\1l", 7) == 1);
	CHECK(get("\0\0", 2) == -1);
	CHECK(get("\0\1\1", 3) == -1);

	/* What claims to be longer than any is refused at once. */
	CHECK(get("\1\xfe", 2) == 0);
	CHECK(get("\1\xff", 2) == -1);
	CHECK(get("\x16\x03", 2) == -1);

	wbuf_reset(&W);
	link_put_reply(&W, "");
	CHECK(W.len == 4 && memcmp(W.data, "\0\2\1\0", 4) == 0);
	CHECK(link_get_reply(W.data, 4, rule, &used) == 1 && used == 4);
	CHECK(rule[0] == '\0');
	wbuf_reset(&W);
	link_put_reply(&W, "peer-unknown");
	CHECK(link_get_reply(W.data, W.len, rule, &used) == 1);
	CHECK(used == W.len && strcmp(rule, "peer-unknown") == 0);
	for (size_t i = 0; i < W.len; i++)
		CHECK(link_get_reply(W.data, i, rule, &used) == 0);
	W.data[5] = '\x1b';
	CHECK(link_get_reply(W.data, W.len, rule, &used) == -1);
	wbuf_free(&W);
}

static void
peers(void)
{
	struct realm * R = make_realm();
	int who;

	CHECK(link_judge_peer(R, PIN("1"), 100, 200, 100, &who) == NULL);
	CHECK(who == 0);
	CHECK(link_judge_peer(R, PIN("2"), 100, 200, 200, &who) == NULL);
	CHECK(who == 1);
	CHECK(strcmp(link_judge_peer(R, PIN("3"), 100, 200, 150, &who),
	    "peer-unknown") == 0);
	CHECK(who == -1);
	CHECK(strcmp(link_judge_peer(R, "", 100, 200, 150, &who),
	    "peer-unknown") == 0);
	CHECK(strcmp(link_judge_peer(R, PIN("1"), 100, 200, 201, &who),
	    "certificate-expired") == 0);
	CHECK(who == 0);
	CHECK(strcmp(link_judge_peer(R, PIN("1"), 100, 200, 99, &who),
	    "certificate-not-yet") == 0);
	CHECK(strstr(link_advice("certificate-expired"), "ks-link -g") != NULL);
	CHECK(link_advice("no-such-rule")[0] == '\0');
	realm_free(R);
}

/* What link_judge_hello says. */
static const char *
ask(const struct realm * R, int who, const char * realm, const char * service,
    const char ** path)
{
	struct link_hello H;

	memset(&H, 0, sizeof(H));
	memcpy(H.realm, realm, strlen(realm));
	memcpy(H.service, service, strlen(service));
	*path = NULL;
	return (link_judge_hello(R, who, &H, path));
}

#define VERIFIER	0
#define REPLICA		1
#define EDGE		2
#define STANDBY		3

static void
services(void)
{
	struct realm * R = make_realm();
	const char * path;

	CHECK(ask(R, REPLICA, "example.org", "log", &path) == NULL);
	CHECK(strcmp(path, "run/log") == 0);
	CHECK(ask(R, REPLICA, "example.org", "publish", &path) == NULL);
	CHECK(strcmp(path, "run/publish") == 0);
	CHECK(ask(R, VERIFIER, "example.org", "publish", &path) == NULL);
	CHECK(strcmp(ask(R, VERIFIER, "example.org", "log", &path),
	    "service-refused") == 0 && path == NULL);
	CHECK(ask(R, REPLICA, "example.org", "admit", &path) == NULL);
	CHECK(strcmp(path, "run/admit") == 0);
	CHECK(strcmp(ask(R, VERIFIER, "example.org", "admit", &path),
	    "service-refused") == 0 && path == NULL);
	CHECK(ask(R, EDGE, "example.org", "publish", &path) == NULL);
	CHECK(ask(R, EDGE, "example.org", "admit", &path) == NULL);
	CHECK(strcmp(ask(R, EDGE, "example.org", "log", &path),
	    "service-refused") == 0 && path == NULL);
	/* Not in the policy, but its line says what it is. */
	CHECK(ask(R, STANDBY, "example.org", "log", &path) == NULL);
	CHECK(strcmp(ask(R, REPLICA, "example.net", "log", &path),
	    "realm-mismatch") == 0);

	/* Nothing else, to nobody. */
	static const char * const others[] = { "apply", "sign",
	    "ratify", "link", "lo", "logs" };
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		CHECK(strcmp(ask(R, REPLICA, "example.org", others[i], &path),
		    "service-unknown") == 0 && path == NULL);
	realm_free(R);
}

static const struct test tests[] = {
	{ "a greeting is decoded exactly, or refused", greetings },
	{ "a peer is who the realm file pins, while the certificate is valid",
	    peers },
	{ "log is for replicas, publish for all, admit for edges, nothing else",
	    services },
};
TESTS(tests)
