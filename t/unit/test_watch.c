#include <stdlib.h>
#include <string.h>

#include <bsd/string.h>

#include "codec/wbuf.h"
#include "crypto/sign.h"
#include "entry/entry.h"
#include "policy/policy.h"

#include "../../cmd/ks-watch/watch.h"
#include "test.h"

/* Make ${S} the version ${version} with the ${policy} and applications NAME=VALUE. */
static void
make(struct watch_state * S, uint64_t version, const char * policy,
    const char * const * apps)
{
	static const uint8_t zeroes[32];
	const struct entry E = { zeroes, version, policy, strlen(policy),
	    zeroes };
	struct wbuf W;
	const char * equals;

	memset(S, 0, sizeof(*S));
	S->epoch = S->since = 10 + version;
	wbuf_init(&W, sizeof(S->entry));
	entry_put(&W, &E);
	memcpy(S->entry, W.data, W.len);
	S->entry_len = W.len;
	wbuf_free(&W);
	for (; *apps != NULL; apps++) {
		equals = strchr(*apps, '=');
		memcpy(S->apps[S->napps].name, *apps,
		    (size_t)(equals - *apps));
		hash_sha256(equals + 1, strlen(equals + 1),
		    S->apps[S->napps++].hash);
	}
}

/* The line of a key named ${name}, made from ${seed}. */
static const char *
key_line(const char * name, uint8_t seed, struct vkey * V)
{
	static char line[2][VKEY_TEXT_MAX + 64];
	static unsigned n;
	char text[VKEY_TEXT_MAX + 1];
	uint8_t bytes[32] = { seed };
	struct sign_key * K = sign_key_from_seed(bytes);

	vkey_make(V, VKEY_ED25519, "user", K->pk);
	sign_key_free(K);
	vkey_format(V, text);
	n = (n + 1) % 2;
	snprintf(line[n], sizeof(line[n]), "key %s %s\n", name, text);
	return (line[n]);
}

/* What differs, as words; for the next call. */
static const char *
words(const struct watch_state * old, const struct watch_state * new,
    const struct watch_keys * own)
{
	static char text[65536];
	struct watch_change * C = malloc(WATCH_CHANGE_SIZE(WATCH_WORDS_MAX));
	char one[300];

	text[0] = '\0';
	if (C == NULL || watch_diff(old, new, own, C))
		return ("failed");
	for (unsigned i = 0; i < C->nwords; i++) {
		snprintf(one, sizeof(one), "%d%d%s ", (int)C->words[i].kind,
		    (int)C->words[i].how, C->words[i].name);
		strlcat(text, one, sizeof(text));
	}
	free(C);
	return (text);
}

#define APPS(...)	(const char * const[]){ __VA_ARGS__, NULL }

static void
diff(void)
{
	static struct watch_state none, a, b;
	static struct watch_keys own, nobody;
	char policy[1000], other[1000];
	struct vkey K, L;

	snprintf(policy, sizeof(policy), "%squorum me\n", key_line("me", 1, &K));
	snprintf(other, sizeof(other), "%squorum \xc2\x9bphone\n",
	    key_line("\xc2\x9bphone", 2, &L));
	make(&a, 0, policy, APPS("a=1", "b=1", "c=1"));
	CHECK(strcmp(words(&none, &a, &nobody), "00 20me 30a 30b 30c ") == 0);
	make(&b, 1, policy, APPS("a=1", "b=2", "d=1"));
	CHECK(strcmp(words(&a, &b, &nobody), "32b 31c 30d ") == 0);
	CHECK(strcmp(words(&a, &a, &nobody), "") == 0);
	/* A name cannot move a terminal's cursor. */
	make(&b, 1, other, APPS("a=1", "b=1", "c=1"));
	CHECK(strcmp(words(&a, &b, &nobody), "12 20?phone 21me ") == 0);
	own.n = 1;
	own.key[0] = K;
	CHECK(strcmp(words(&a, &a, &own), "") == 0);
	CHECK(strcmp(words(&a, &b, &own), "12 20?phone 21me 51user ") == 0);
	CHECK(watch_lacks(&a, &own) == 0 && watch_lacks(&b, &own) == 1);
	CHECK(watch_lacks(&none, &own) == 0);
	/* What is no policy at all has none of one's keys. */
	make(&b, 1, "rubbish\n", APPS("a=1", "b=1", "c=1"));
	CHECK(watch_lacks(&b, &own) == 1);
	b.erased = 1;
	b.napps = 0;
	CHECK(strcmp(words(&a, &b, &nobody), "12 21me 41 ") == 0);
}

static void
file(void)
{
	static struct watch_state a, b;
	struct wbuf W;

	wbuf_init(&W, 65536);
	make(&a, 3, "policy\n", APPS("a=1", "b=1"));
	watch_state_put(&W, "realm", "user", &a);
	CHECK(watch_state_get((char *)W.data, W.len, "realm", "user", &b) == 0);
	CHECK(memcmp(&a, &b, sizeof(a)) == 0);
	CHECK(watch_state_get((char *)W.data, W.len, "other", "user", &b) == -1);
	CHECK(watch_state_get((char *)W.data, W.len, "realm", "use", &b) == -1);
	for (size_t len = 0; len < W.len; len++)
		CHECK(watch_state_get((char *)W.data, len, "realm", "user",
		    &b) == -1);
	wbuf_put_u8(&W, '\n');
	CHECK(watch_state_get((char *)W.data, W.len, "realm", "user", &b) == -1);
	wbuf_reset(&W);
	a.erased = 1;
	a.napps = 0;
	memset(a.apps, 0, sizeof(a.apps));
	watch_state_put(&W, "realm", "user", &a);
	CHECK(watch_state_get((char *)W.data, W.len, "realm", "user", &b) == 0);
	CHECK(memcmp(&a, &b, sizeof(a)) == 0);
	/* Applications that are not in their order, or there twice. */
	wbuf_reset(&W);
	make(&a, 3, "policy\n", APPS("b=1", "a=1"));
	watch_state_put(&W, "realm", "user", &a);
	CHECK(watch_state_get((char *)W.data, W.len, "realm", "user", &b) == -1);
	wbuf_reset(&W);
	memset(&a, 0, sizeof(a));
	a.epoch = 7;
	watch_state_put(&W, "realm", "user", &a);
	CHECK(watch_state_get((char *)W.data, W.len, "realm", "user", &b) == 0);
	CHECK(memcmp(&a, &b, sizeof(a)) == 0);
	wbuf_free(&W);
}

static const struct test tests[] = {
	{ "every difference between two versions is told", diff },
	{ "what is remembered is read as it was written, whole or not at all",
	    file },
};
TESTS(tests)
