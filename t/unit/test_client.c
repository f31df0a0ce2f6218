#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/exits.h"
#include "client/client.h"
#include "client/input.h"
#include "client/instant.h"
#include "client/report.h"
#include "client/server_url.h"
#include "entry/limits.h"

#include "test.h"
#include "test_proof.h"

static void
servers(void)
{
	static const struct {
		const char * text, * base, * at;
		int http;
	} good[] = {
		{ "unix:run", NULL, "run", 0 },
		{ "unix:run", "realm.conf", "run", 0 },
		{ "unix:run", "a/b/realm.conf", "a/b/run", 0 },
		{ "unix:../run", "/a/realm.conf", "/a/../run", 0 },
		{ "unix:/x/run", "a/realm.conf", "/x/run", 0 },
		{ "unix:run", "/realm.conf", "/run", 0 },
		{ "http://x/", "a/realm.conf", "http://x/", 1 },
		{ "https://[::1]:8443/a", NULL, "https://[::1]:8443/a", 1 },
	};
	char text[2 * SERVER_URL_MAX];
	struct server_url U;
	const char * why;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		CHECK(server_url_parse(good[i].text, good[i].base, &U, &why) ==
		    0);
		CHECK(strcmp(U.at, good[i].at) == 0);
		CHECK(U.http == good[i].http);
	}
	CHECK(server_url_parse("ftp://x/", NULL, &U, &why) == -1);
	CHECK(strcmp(why, "a server must be unix:DIR, http://HOST or"
	    " https://HOST") == 0);
	CHECK(server_url_parse("https://x?y", NULL, &U, &why) == -1);
	CHECK(server_url_parse("run", NULL, &U, &why) == -1);
	CHECK(server_url_parse("unix:", NULL, &U, &why) == -1);

	/* The longest that fits, and one more. */
	memset(text, 'd', sizeof(text));
	memcpy(text, "unix:", 5);
	text[5 + SERVER_URL_MAX] = '\0';
	CHECK(server_url_parse(text, "realm.conf", &U, &why) == 0);
	CHECK(strlen(U.at) == SERVER_URL_MAX);
	CHECK(server_url_parse(text, "./realm.conf", &U, &why) == -1);
	text[5 + SERVER_URL_MAX] = 'd';
	text[6 + SERVER_URL_MAX] = '\0';
	CHECK(server_url_parse(text, NULL, &U, &why) == -1);
}

static void
instants(void)
{
	static const struct {
		const char * text;
		uint64_t ms;
	} good[] = {
		{ "0", 0 },
		{ "1700000000", 1700000000000ULL },
		{ "1970-01-01T00:00:00Z", 0 },
		{ "2023-11-14T22:13:20Z", 1700000000000ULL },
		{ "2023-11-14t22:13:20.123z", 1700000000123ULL },
		{ "2023-11-14 22:13:20.1239Z", 1700000000123ULL },
		{ "2023-11-14T23:13:20+01:00", 1700000000000ULL },
		{ "2023-11-14T16:43:20-05:30", 1700000000000ULL },
		{ "2024-02-29T00:00:00Z", 1709164800000ULL },
		{ "2016-12-31T23:59:60Z", 1483228800000ULL },
		{ "9999-12-31T23:59:59.999Z", INSTANT_MAX_MS },
	};
	static const char * const bad[] = {
		"", "now", "-1", "1.5", "18446744073709551616", "253402300800",
		"2023-02-29T00:00:00Z", "2100-02-29T00:00:00Z",
		"2023-13-01T00:00:00Z", "2023-00-01T00:00:00Z",
		"2023-01-00T00:00:00Z", "2023-01-01T24:00:00Z",
		"2023-01-01T00:60:00Z", "2023-01-01T00:00:61Z",
		"2023-01-01T00:00:00", "2023-01-01", "2023-1-01T00:00:00Z",
		"2023-01-01T00:00:00Zx", "2023-01-01T00:00:00.Z",
		"2023-01-01T00:00:00+24:00", "2023-01-01T00:00:00+1:00",
		"1969-12-31T23:59:59Z", "1970-01-01T00:00:00+00:01",
		"9999-12-31T23:59:59-00:01",
	};
	char text[INSTANT_SIZE];
	uint64_t ms;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		CHECK(instant_parse(good[i].text, &ms) == 0);
		CHECK(ms == good[i].ms);
		instant_format(ms, text);
		CHECK(instant_parse(text, &ms) == 0 && ms == good[i].ms);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(instant_parse(bad[i], &ms) == -1);
	instant_format(1700000000000ULL, text);
	CHECK(strcmp(text, "2023-11-14T22:13:20Z") == 0);
	instant_format(1700000000007ULL, text);
	CHECK(strcmp(text, "2023-11-14T22:13:20.007Z") == 0);
	instant_format(UINT64_MAX, text);
	CHECK(strcmp(text, "9999-12-31T23:59:59.999Z") == 0);
}

static void
inputs(void)
{
	char path[256];
	uint8_t * buf;
	size_t len;
	FILE * f;

	snprintf(path, sizeof(path), "%s/in", test_dir());
	CHECK((f = fopen(path, "w")) != NULL);
	for (unsigned i = 0; i < 50000; i++)
		fputc((int)(i % 251), f);
	CHECK(fclose(f) == 0);
	CHECK(input_read(path, 50000, &buf, &len) == 0);
	CHECK(len == 50000 && buf[49999] == 49999 % 251 && buf[50000] == 0);
	free(buf);
	CHECK(freopen("/dev/null", "w", stderr) != NULL);
	CHECK(input_read(path, 49999, &buf, &len) == -1 && errno == EFBIG);
	CHECK(input_read("/nonexistent", 1, &buf, &len) == -1);
	CHECK(input_read("/dev/null", 0, &buf, &len) == 0 && len == 0);
	free(buf);
}

/* Verify the proof of ${I} and report it in ${W}. */
static struct proof *
report_of(struct wish * I, int json, struct wbuf * W, struct proof_verdict * V)
{
	struct proof * parsed;
	struct proof P;
	struct report R = { .V = V };
	const char * rule;
	struct wbuf text;

	make_proof(&P, I);
	wbuf_init(&text, PROOF_LEN_MAX);
	proof_format(&text, &P);
	if (proof_parse((char *)text.data, text.len, &parsed, &rule))
		abort();
	wbuf_free(&text);
	wbuf_free(&I->note);
	proof_verify(parsed, world.realm, NULL, NULL, 0, TIME_MS + 20000,
	    V);
	R.realm = world.realm->name;
	R.user = parsed->user;
	wbuf_init(W, 1 << 20);
	if (!json)
		report_text(W, &R);
	else if (report_json(W, &R))
		abort();
	wbuf_put_u8(W, 0);
	return (parsed);
}

static void
report_in_text(void)
{
	struct proof_verdict V;
	struct proof * P;
	struct wish I;
	struct wbuf W;

	wish_init(&I, ALICE);
	I.signers = 1 | 2 | 16;
	P = report_of(&I, 0, &W, &V);
	CHECK(strcmp((char *)W.data,
	    "user alice@example.org\n"
	    "found present\n"
	    "epoch 5\n"
	    "version 7\n"
	    "time 2023-11-14T22:13:30Z\n"
	    "signed n0\n"
	    "signed n1\n"
	    "ratified n4 2023-11-14T22:13:30Z\n"
	    "app ssh 16\n") == 0);
	CHECK(report_code(&V) == EXITS_OK);
	wbuf_free(&W);
	proof_free(P);

	wish_init(&I, NOBODY_OTHER);
	I.epoch = 4;
	I.signers = 7;
	P = report_of(&I, 0, &W, &V);
	CHECK(strstr((char *)W.data, "found absent\nepoch 4\ntime none\n") !=
	    NULL);
	CHECK(strstr((char *)W.data, "version") == NULL);
	CHECK(strstr((char *)W.data, "ratified") == NULL);
	CHECK(report_code(&V) == EXITS_UNMET);
	V.rule = NULL;
	CHECK(report_code(&V) == EXITS_ABSENT);
	wbuf_free(&W);
	proof_free(P);

	wish_init(&I, ERASED);
	P = report_of(&I, 0, &W, &V);
	CHECK(strstr((char *)W.data, "profile erased\n") != NULL);
	wbuf_free(&W);
	proof_free(P);
}

static void
report_in_json(void)
{
	const char * user, * found, * time, * ssh, * name, * when;
	struct proof_verdict V;
	struct proof * P;
	struct wish I;
	struct wbuf W;
	json_t * all;
	json_int_t epoch, version;
	int quorum, fresh;

	wish_init(&I, ALICE);
	I.signers = 1 | 2 | 8;
	P = report_of(&I, 1, &W, &V);
	all = json_loads((char *)W.data, JSON_REJECT_DUPLICATES, NULL);
	CHECK(all != NULL);
	CHECK(json_unpack(all, "{s:s,s:s,s:s,s:I,s:I,s:b,s:b,s:n,s:[s,s!],"
	    "s:[{s:s,s:s}],s:{s:s}}", "user", &user, "found", &found, "time",
	    &time, "epoch", &epoch, "version", &version, "quorum", &quorum,
	    "fresh", &fresh, "rule", "signed", &name, &name, "ratified", "name",
	    &name, "time", &when, "apps", "ssh", &ssh) == 0);
	CHECK(strcmp(user, "alice@example.org") == 0);
	CHECK(strcmp(found, "present") == 0 && epoch == 5 && version == 7);
	CHECK(strcmp(time, "2023-11-14T22:13:30Z") == 0);
	CHECK(strcmp(ssh, "c3NoLWVkMjU1MTkgQUFBQQ==") == 0);
	CHECK(strcmp(name, "n3") == 0 && quorum && fresh);
	json_decref(all);
	wbuf_free(&W);

	/* What JSON cannot hold as a number, and text that is not UTF-8. */
	V.entry.version = UINT64_MAX;
	V.entry.policy = "key \xff v\n";
	V.entry.policy_len = 8;
	V.rule = RULE_NOT_FRESH;
	wbuf_init(&W, 1 << 20);
	CHECK(report_json(&W, &(struct report){ "r", "u", &V }) == 0);
	all = json_loadb((char *)W.data, W.len, 0, NULL);
	CHECK(all != NULL);
	CHECK(strcmp(json_string_value(json_object_get(all, "version")),
	    "18446744073709551615") == 0);
	CHECK(strcmp(json_string_value(json_object_get(all, "policy")),
	    "key ? v\n") == 0);
	CHECK(strcmp(json_string_value(json_object_get(all, "rule")),
	    "not-fresh") == 0);
	json_decref(all);
	wbuf_free(&W);
	proof_free(P);
}

static const struct test tests[] = {
	{ "a SERVER names a directory relative to the realm file", servers },
	{ "times are read and written in RFC 3339 and seconds", instants },
	{ "input is read from any kind of file, up to a limit", inputs },
	{ "a proof is reported in plain lines", report_in_text },
	{ "a proof is reported in JSON, values in base64", report_in_json },
};
TESTS(tests)
