#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "web/bucket.h"
#include "web/target.h"
#include "web/web_impl.h"

#include "test.h"

/* What an HTTP request asks for, which route that is, and who asks too often. */

/* Take the string ${text} apart; NULL, or what is wrong. */
static const char *
parse(const char * text, struct target * T)
{
	static char copy[1024];

	memset(copy, 0, sizeof(copy));
	memcpy(copy, text, strlen(text));
	return (target_parse(copy, T));
}

static void
targets(void)
{
	struct target T;

	CHECK(parse("/", &T) == NULL && T.nsegments == 1 &&
	    strcmp(T.segment[0], "") == 0 && T.nargs == 0);
	CHECK(parse("/v1/a%2fb/%C3%a9?x=1+2&y&=z&&w=%2B%3D%26", &T) == NULL);
	CHECK(T.nsegments == 3 && strcmp(T.segment[1], "a/b") == 0 &&
	    strcmp(T.segment[2], "\xc3\xa9") == 0);
	CHECK(T.nargs == 4 && strcmp(T.name[0], "x") == 0 &&
	    strcmp(T.value[0], "1 2") == 0 && strcmp(T.name[1], "y") == 0 &&
	    strcmp(T.value[1], "") == 0 && strcmp(T.name[2], "") == 0 &&
	    strcmp(T.value[3], "+=&") == 0);
	/* A plus is a space in the query only. */
	CHECK(parse("/a+b", &T) == NULL && strcmp(T.segment[0], "a+b") == 0);
}

static void
bad_targets(void)
{
	static const char * const bad[] = {
		"", "v1", "*", "http://x/", "/%", "/%4", "/%4g", "/%00",
		"/?a=%00", "/?%zz", "/%ff", "/%c0%80", "/%ed%a0%80",
		"/%f4%90%80%80", "/%c3", "/%0a", "/\x01", "/?a=%7f", "/\xff",
		"/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a",
		"/?1&2&3&4&5&6&7&8&9&a&b&c&d&e&f&g&h",
	};
	struct target T;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (parse(bad[i], &T) == NULL) {
			printf("# accepted: %s\n", bad[i]);
			CHECK(0);
		}
	CHECK(parse("/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a", &T) == NULL);
	CHECK(parse("/?1&2&3&4&5&6&7&8&9&a&b&c&d&e&f&g", &T) == NULL);
}

static void
routes(void)
{
	static const struct web_route R[] = {
		{ "GET", "/", 0, 0, NULL },
		{ "GET", "/a/**", 0, 0, NULL },
		{ "GET", "/a/*", 0, 0, NULL },
		{ "GET", "/a/b", 0, 0, NULL },
		{ "POST", "/a/b", 0, 0, NULL },
		{ "GET", "/a/*/c", 0, 0, NULL },
		{ "GET", "/a/b/*", 0, 0, NULL },
		{ "POST", "/p", 0, 0, NULL },
	};
	static const struct {
		const char * method, * path;
		int route;
		const char * allow;
	} want[] = {
		{ "GET", "/", 0, "GET, HEAD" },
		{ "GET", "/a/b", 3, "GET, HEAD, POST" },
		{ "HEAD", "/a/b?x=y", 3, "GET, HEAD, POST" },
		{ "POST", "/a/b", 4, "GET, HEAD, POST" },
		{ "GET", "/a/x", 2, "GET, HEAD" },
		{ "GET", "/a/x/c", 5, "GET, HEAD" },
		{ "GET", "/a/b/c", 6, "GET, HEAD" },
		{ "GET", "/a/x/y/z", 1, "GET, HEAD" },
		{ "GET", "/a/", 1, "GET, HEAD" },	/* "*" is not empty */
		{ "GET", "/a", -1, "" },
		{ "GET", "/b", -1, "" },
		{ "GET", "//", -1, "" },
		{ "GET", "/p", -1, "POST" },
		{ "PUT", "/p", -1, "POST" },
		{ "get", "/", -1, "GET, HEAD" },
	};
	const struct web_route * found;
	struct target T;
	char allow[64];

	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		CHECK(parse(want[i].path, &T) == NULL);
		found = target_route(R, sizeof(R) / sizeof(R[0]),
		    want[i].method, &T, allow, sizeof(allow));
		if ((found == NULL ? -1 : (int)(found - R)) != want[i].route ||
		    strcmp(allow, want[i].allow) != 0) {
			printf("# %s %s: %d, %s\n", want[i].method, want[i].path,
			    found == NULL ? -1 : (int)(found - R), allow);
			CHECK(0);
		}
	}
}

static void
preferences(void)
{
	static const struct {
		const char * accept;
		int json;
	} want[] = {
		{ NULL, 0 }, { "", 0 }, { "*/*", 0 }, { "application/json", 1 },
		{ "Application/JSON", 1 }, { "text/plain, application/json", 0 },
		{ "text/plain;q=0.9, application/json", 1 },
		{ "text/plain;q=0.123,application/json;q=0.124", 1 },
		{ "application/json;q=0.5, */*;q=0.6", 0 },
		{ "application/json;q=0", 0 }, { "application/*", 1 },
		{ "text/html, application/json;q=0.9, */*;q=0.8", 1 },
		{ "application/*;q=0.2, text/*;q=0.1", 1 },
		{ "application/jsonx", 0 }, { "application/json;x=y; q=0.1, text/plain", 0 },
		{ ",,;;q=,", 0 },
	};

	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		if (!target_prefers(want[i].accept, "application/json",
		    "text/plain") != !want[i].json) {
			printf("# %s\n", want[i].accept);
			CHECK(0);
		}
}

/* The key of the numeric address ${text}. */
static void
key_of(const char * text, uint8_t key[BUCKET_KEY_LEN])
{
	char peer[WEB_PEER_SIZE];

	CHECK(web_peer_parse(text, peer, key) == 0);
}

static int
same(const char * a, const char * b)
{
	uint8_t x[BUCKET_KEY_LEN], y[BUCKET_KEY_LEN];
	char peer[WEB_PEER_SIZE];

	return (web_peer_parse(a, peer, x) == 0 && web_peer_parse(b, peer, y) == 0 &&
	    memcmp(x, y, sizeof(x)) == 0);
}

/* Is ${b} believed, or not limited, where ${a} is? */
static int
among(const char * a, const char * b)
{
	char list[1][WEB_PEER_SIZE], peer[WEB_PEER_SIZE];
	uint8_t key[BUCKET_KEY_LEN];

	return (web_peer_parse(a, list[0], key) == 0 &&
	    web_peer_parse(b, peer, key) == 0 && web_peer_among(list, 1, peer));
}

static void
addresses(void)
{

	CHECK(same("192.0.2.1", "192.0.2.1") && !same("192.0.2.1", "192.0.2.2"));
	CHECK(same("192.0.2.1", "::ffff:192.0.2.1"));
	CHECK(!same("::ffff:192.0.2.1", "::ffff:192.0.2.2"));
	CHECK(same("2001:db8::1", "2001:db8::ffff:1"));
	CHECK(!same("2001:db8::1", "2001:db8:0:1::1"));
	CHECK(!same("192.0.2", "192.0.2") && !same("::g", "::g"));
	/* A neighbour of a proxy is none. */
	CHECK(among("2001:db8::1", "2001:0DB8:0::1"));
	CHECK(!among("2001:db8::1", "2001:db8::2"));
	CHECK(among("192.0.2.1", "::ffff:192.0.2.1"));
}

static void
forwarded(void)
{
	char text[16];

	CHECK(target_forwarded("192.0.2.1", text, sizeof(text)) == 0 &&
	    strcmp(text, "192.0.2.1") == 0);
	CHECK(target_forwarded("::2, 192.0.2.1,\t192.0.2.3 ", text,
	    sizeof(text)) == 0 && strcmp(text, "192.0.2.3") == 0);
	CHECK(target_forwarded("", text, sizeof(text)) == -1);
	CHECK(target_forwarded("192.0.2.1,", text, sizeof(text)) == -1);
	CHECK(target_forwarded("192.0.2.1, ", text, sizeof(text)) == -1);
	CHECK(target_forwarded("0123456789abcdef", text, sizeof(text)) == -1);
}

static void
buckets(void)
{
	static const uint8_t seed[16] = { 1 };
	uint8_t a[BUCKET_KEY_LEN], b[BUCKET_KEY_LEN];
	struct buckets * B;
	uint64_t t = 1000000;
	unsigned n;

	key_of("192.0.2.1", a);
	key_of("192.0.2.2", b);
	CHECK((B = buckets_new(10, seed)) != NULL);
	/* Four seconds' worth at once, then one every tenth of a second. */
	for (n = 0; buckets_take(B, a, t) == 0; n++)
		continue;
	CHECK(n == 40);
	CHECK(buckets_take(B, a, t) == 100 && buckets_take(B, b, t) == 0);
	CHECK(buckets_take(B, a, t + 99) == 1 && buckets_take(B, a, t + 100) == 0);
	CHECK(buckets_take(B, a, t + 100) == 100);
	/* Never more than a full one, however long it was quiet. */
	t += 1000000000;
	for (n = 0; buckets_take(B, a, t) == 0; n++)
		continue;
	CHECK(n == 40);
	free(B);
	CHECK((B = buckets_new(0, seed)) != NULL);
	for (n = 0; n < 1000; n++)
		CHECK(buckets_take(B, a, t) == 0);
	free(B);
}

/* However many addresses there are, one that keeps asking is not forgotten. */
static void
crowd(void)
{
	static const uint8_t seed[16] = { 2 };
	uint8_t busy[BUCKET_KEY_LEN], key[BUCKET_KEY_LEN] = { 0 };
	struct buckets * B;
	uint64_t t = 1000000;
	unsigned taken = 0;

	key_of("192.0.2.1", busy);
	CHECK((B = buckets_new(1, seed)) != NULL);
	for (uint32_t i = 0; i < 50000; i++) {
		memcpy(key, &i, sizeof(i));
		CHECK(buckets_take(B, key, t + i / 100) == 0);
		if (i % 100 == 0 && buckets_take(B, busy, t + i / 100) == 0)
			taken++;
	}
	free(B);
	CHECK(taken >= 4 && taken <= 5);
}

static const struct test tests[] = {
	{ "a target is taken apart and decoded once", targets },
	{ "what is no text, or too much, is no target", bad_targets },
	{ "the most literal route is taken, and tells which methods there are", routes },
	{ "JSON comes to who prefers it", preferences },
	{ "an address of either kind stands for itself, or its network", addresses },
	{ "a proxy's last word says who asks", forwarded },
	{ "a bucket gives its burst, then its rate", buckets },
	{ "who keeps asking is remembered in a crowd", crowd },
};

TESTS(tests)
