#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "crypto/sign.h"
#include "note/checkpoint.h"
#include "policy/policy.h"
#include "policy/quorum.h"

#include "test.h"

#define KEYS	80	/* more than a policy may have */

/* Key i; its vkey of type 01 named "example.org", of type 04 named "w<i>". */
static struct sign_key * keys[KEYS];
static struct vkey r[KEYS], w[KEYS];
static char rt[KEYS][VKEY_TEXT_MAX + 1], wt[KEYS][VKEY_TEXT_MAX + 1];

/* The text of the policy under test. */
static struct wbuf text;
static struct policy_error error;

static int
make_keys(void)
{
	uint8_t seed[SIGN_SEED_LEN] = { 0 };
	char name[16];
	unsigned i;

	wbuf_free(&text);
	wbuf_init(&text, 100000);
	if (keys[0] != NULL)
		return (0);
	for (i = 0; i < KEYS; i++) {
		seed[0] = (uint8_t)i;
		if ((keys[i] = sign_key_from_seed(seed)) == NULL)
			return (-1);
		snprintf(name, sizeof(name), "w%u", i);
		if (vkey_make(&r[i], VKEY_ED25519, "example.org", keys[i]->pk)
		    || vkey_make(&w[i], VKEY_COSIGNATURE, name, keys[i]->pk))
			return (-1);
		vkey_format(&r[i], rt[i]);
		vkey_format(&w[i], wt[i]);
	}
	return (0);
}

static void
free_keys(void)
{
	unsigned i;

	for (i = 0; i < KEYS; i++) {
		sign_key_free(keys[i]);
		keys[i] = NULL;
	}
	wbuf_free(&text);
}

static struct policy *
parse(unsigned kinds)
{
	struct policy * P = NULL;

	if (policy_parse((const char *)text.data, text.len, kinds, &P, &error))
		return (NULL);
	return (P);
}

/* Return 0 if the text is refused on ${line} by a rule that has ${word}. */
static int
refused(unsigned kinds, unsigned line, const char * word)
{
	struct policy * P = parse(kinds);

	wbuf_reset(&text);
	if (P != NULL) {
		policy_free(P);
		return (-1);
	}
	if (error.line != line || strstr(error.rule, word) == NULL) {
		printf("# line %u: %s\n", error.line, error.rule);
		return (-1);
	}
	return (0);
}

static void
nested_groups(void)
{
	struct policy * P;
	uint8_t sat[6];
	unsigned i, x, y, bits;

	CHECK(make_keys() == 0);
	wbuf_printf(&text, "# two organisations\n\n");
	for (i = 0; i < 6; i++)
		wbuf_printf(&text, " witness\t%c%u %s%s\n",
		    i < 3 ? 'X' : 'Y', i, wt[i], i == 1 ? " http://x/ " : "");
	wbuf_printf(&text, "group X 2 X0 X1 X2\ngroup Y any Y3 Y4 Y5\n"
	    "  # indented\ngroup both all X Y\nquorum both\n");
	P = parse(POLICY_FOR_REALM);
	CHECK(P != NULL && policy_keys(P) == 6 && policy_replicas(P) == 0);
	CHECK(strcmp(policy_key(P, 4)->name, "Y4") == 0);
	CHECK(policy_key(P, 4)->url == NULL);
	CHECK(strcmp(policy_key(P, 1)->url, "http://x/") == 0);
	CHECK(policy_find_pk(P, w[5].pk) == 5);
	CHECK(policy_find_pk(P, w[6].pk) == -1);
	CHECK(policy_find_id(P, "w2", 2, w[2].id) == 2);
	CHECK(policy_find_id(P, "w2", 2, w[1].id) == -1);
	CHECK(policy_find_id(P, "w", 1, w[2].id) == -1);
	CHECK(policy_find_name(P, "X2") == 2 && policy_find_name(P, "X") == -1);
	CHECK(policy_find_keyid(P, POLICY_WITNESS, w[3].id) == 3);
	CHECK(policy_find_keyid(P, POLICY_REPLICA, w[3].id) == -1);
	for (bits = 0; bits < 64; bits++) {
		x = y = 0;
		for (i = 0; i < 6; i++) {
			sat[i] = bits >> i & 1;
			if (i < 3)
				x += sat[i];
			else
				y += sat[i];
		}
		CHECK((policy_met(P, sat) != 0) == (x >= 2 && y >= 1));
	}
	policy_free(P);
}

/* Without a quorum the replicas still speak by their majority. */
static void
none_takes_a_majority(void)
{
	struct policy * P;
	uint8_t sat[5];

	wbuf_reset(&text);
	wbuf_printf(&text, "replica a %s\nreplica b %s\nreplica c %s\n"
	    "witness d %s\nwitness e %s\nquorum none\n", rt[0], rt[1], rt[2],
	    wt[3], wt[4]);
	P = parse(POLICY_FOR_REALM);
	CHECK(P != NULL);
	for (unsigned bits = 0; bits < 32; bits++) {
		for (unsigned i = 0; i < 5; i++)
			sat[i] = bits >> i & 1;
		CHECK((policy_met(P, sat) != 0) ==
		    (sat[0] + sat[1] + sat[2] >= 2));
	}
	policy_free(P);
	wbuf_reset(&text);
	wbuf_printf(&text, "witness d %s\nwitness e %s\nquorum none\n", wt[3],
	    wt[4]);
	P = parse(POLICY_FOR_REALM);
	CHECK(P != NULL);
	CHECK(!policy_met(P, (const uint8_t[]){ 0, 0 }));
	CHECK(policy_met(P, (const uint8_t[]){ 0, 1 }));
	policy_free(P);
}

static void
simple_quorums(void)
{
	struct policy * P;
	uint8_t sat[2] = { 0, 1 };

	CHECK(make_keys() == 0);
	wbuf_printf(&text, "key a %s\nkey b %s\nquorum a\n", rt[0], rt[1]);
	P = parse(POLICY_FOR_UPDATE);
	CHECK(P != NULL && !policy_met(P, sat));
	sat[0] = 1;
	CHECK(policy_met(P, sat));
	policy_free(P);

	wbuf_reset(&text);
	wbuf_printf(&text, "quorum none\n");
	P = parse(POLICY_FOR_REALM);
	CHECK(P != NULL && policy_keys(P) == 0 && !policy_met(P, sat));
	policy_free(P);
	CHECK(refused(POLICY_FOR_UPDATE, 1, "none") == 0);
	none_takes_a_majority();
	wbuf_reset(&text);

	/* Names are octets: K and the Kelvin sign are two. */
	wbuf_printf(&text, "key K %s\nkey \xe2\x84\xaa %s\nkey \xff %s\n"
	    "group g 3 K \xff \xe2\x84\xaa\nquorum g\n", rt[0], rt[1], rt[2]);
	P = parse(POLICY_FOR_UPDATE);
	CHECK(P != NULL && policy_keys(P) == 3);
	policy_free(P);
}

static void
nobody_counts_twice(void)
{
	const unsigned k = POLICY_FOR_REALM | POLICY_KEY;
	struct vkey V;
	char vt[VKEY_TEXT_MAX + 1];

	CHECK(make_keys() == 0);
#define LINES(...)	wbuf_printf(&text, __VA_ARGS__)
	LINES("witness a %s\nwitness a %s\nquorum a\n", wt[0], wt[1]);
	CHECK(refused(k, 2, "name defined twice") == 0);
	LINES("witness a %s\nwitness b %s\nquorum a\n", wt[0], wt[0]);
	CHECK(refused(k, 2, "public key listed twice") == 0);

	/* The same public key under another key name, or another type. */
	CHECK(vkey_make(&V, VKEY_COSIGNATURE, "other", keys[0]->pk) == 0);
	vkey_format(&V, vt);
	LINES("witness a %s\nwitness b %s\nquorum a\n", wt[0], vt);
	CHECK(refused(k, 2, "public key listed twice") == 0);
	LINES("witness a %s\nreplica b %s\nquorum a\n", wt[0], rt[0]);
	CHECK(refused(k, 2, "public key listed twice") == 0);

	LINES("witness a %s\ngroup a any a\nquorum a\n", wt[0]);
	CHECK(refused(k, 2, "name defined twice") == 0);
	LINES("witness a %s\ngroup g 2 a a\nquorum g\n", wt[0]);
	CHECK(refused(k, 2, "member twice") == 0);
	LINES("witness a %s\ngroup g any a\ngroup h any a\nquorum g\n", wt[0]);
	CHECK(refused(k, 3, "member twice") == 0);
	LINES("witness a %s\ngroup g any g\nquorum g\n", wt[0]);
	CHECK(refused(k, 2, "not defined") == 0);
	LINES("group g any a\nwitness a %s\nquorum g\n", wt[0]);
	CHECK(refused(k, 1, "not defined") == 0);
}

static void
malformed_lines(void)
{
	const unsigned k = POLICY_FOR_REALM;
	static const char * const thresholds[] = {
		"0", "2", "01", "-1", "+1", "1x", "none", "4294967297",
		"18446744073709551617",
	};
	unsigned i;

	CHECK(make_keys() == 0);
	CHECK(refused(k, 1, "newline") == 0);
	LINES("\n#\n");
	CHECK(refused(k, 0, "no quorum") == 0);
	LINES("quorum none\nquorum none\n");
	CHECK(refused(k, 2, "more than one") == 0);
	LINES("quorum none");
	CHECK(refused(k, 1, "newline") == 0);
	LINES("quorum none x\n");
	CHECK(refused(k, 1, "too many") == 0);
	LINES("quorum\n");
	CHECK(refused(k, 1, "name is missing") == 0);
	LINES("quorum x\nwitness x %s\n", wt[0]);
	CHECK(refused(k, 1, "not defined") == 0);
	LINES("\nquorum none\r\n");
	CHECK(refused(k, 2, "control") == 0);
	LINES("# \x7f\n");
	CHECK(refused(k, 1, "control") == 0);
	wbuf_put_bytes(&text, "quorum none\n\0\n", 14);
	CHECK(refused(k, 2, "control") == 0);
	LINES("log %s\nquorum none\n", rt[0]);
	CHECK(refused(k, 1, "replicas") == 0);
	LINES("Witness a %s\nquorum none\n", wt[0]);
	CHECK(refused(k, 1, "unknown") == 0);
	LINES("witness a %s\nquorum none\n", rt[0]);
	CHECK(refused(k, 1, "type 04") == 0);
	LINES("replica a %s\nquorum none\n", wt[0]);
	CHECK(refused(k, 1, "type 01") == 0);
	LINES("key a %s\nquorum none\n", rt[0]);
	CHECK(refused(k, 1, "not allowed") == 0);
	LINES("replica a %s\nquorum a\n", rt[0]);
	CHECK(refused(POLICY_FOR_UPDATE, 1, "not allowed") == 0);
	LINES("witness none %s\nquorum none\n", wt[0]);
	CHECK(refused(k, 1, "reserved") == 0);
	LINES("witness a\nquorum none\n");
	CHECK(refused(k, 1, "missing") == 0);
	LINES("witness a %s u x\nquorum none\n", wt[0]);
	CHECK(refused(k, 1, "too many") == 0);
	LINES("key a %s u\nquorum a\n", rt[0]);
	CHECK(refused(POLICY_FOR_UPDATE, 1, "too many") == 0);
	LINES("witness a %.*s\nquorum none\n", 40, wt[0]);
	CHECK(refused(k, 1, "verifier key") == 0);
	LINES("witness a %s\ngroup g all\nquorum g\n", wt[0]);
	CHECK(refused(k, 2, "without members") == 0);
	for (i = 0; i < sizeof(thresholds) / sizeof(thresholds[0]); i++) {
		LINES("witness a %s\ngroup g %s a\nquorum g\n", wt[0],
		    thresholds[i]);
		CHECK(refused(k, 2, "threshold") == 0);
	}
}

static void
limits(void)
{
	struct policy * P;
	unsigned i;

	CHECK(make_keys() == 0);
	for (i = 0; i < POLICY_KEYS_MAX; i++)
		LINES("witness %u %s\n", i, wt[i]);
	for (i = 0; i < POLICY_GROUPS_MAX; i++)
		LINES("group g%u any %u\n", i, i);
	LINES("quorum g63\n");
	P = parse(POLICY_FOR_REALM);
	CHECK(P != NULL && policy_keys(P) == POLICY_KEYS_MAX);
	policy_free(P);
	LINES("group h any g0\n");
	CHECK(refused(POLICY_FOR_REALM, 130, "64 groups") == 0);
	for (i = 0; i < POLICY_KEYS_MAX + 1; i++)
		LINES("witness %u %s\n", i, wt[i]);
	CHECK(refused(POLICY_FOR_REALM, 65, "64 keys") == 0);

	/* A chain of groups as deep as can be is no deeper than a loop. */
	LINES("witness a %s\ngroup 0 any a\n", wt[0]);
	for (i = 1; i < POLICY_GROUPS_MAX; i++)
		LINES("group %u any %u\n", i, i - 1);
	LINES("quorum 63\n");
	P = parse(POLICY_FOR_REALM);
	CHECK(P != NULL);
	CHECK(policy_met(P, (const uint8_t[]){ 1 }));
	CHECK(!policy_met(P, (const uint8_t[]){ 0 }));
	policy_free(P);

	wbuf_reset(&text);
	LINES("quorum none\n#%*s\n", POLICY_LEN_MAX - 14, "");
	CHECK(text.len == POLICY_LEN_MAX);
	P = parse(POLICY_FOR_REALM);
	CHECK(P != NULL);
	policy_free(P);
	LINES("\n");
	CHECK(refused(POLICY_FOR_REALM, 0, "longer") == 0);
	LINES("witness %256s %s\n", "", wt[0]);
	memset(&text.data[8], 'n', 256);
	CHECK(refused(POLICY_FOR_REALM, 1, "name longer") == 0);
}

/* A checkpoint of ${origin}, to be signed below. */
static void
begin_note(struct wbuf * W, const char * origin, struct wbuf * body)
{
	static const uint8_t root[HASH_LEN] = { 5 };

	wbuf_reset(W);
	wbuf_reset(body);
	checkpoint_text(origin, 7, root, body);
	note_put_text(W, (const char *)body->data, body->len);
}

static void
add_sig(struct wbuf * W, const struct wbuf * body, unsigned i)
{
	uint8_t sig[SIGN_LEN];

	checkpoint_sign(keys[i], (const char *)body->data, body->len, sig);
	checkpoint_put_sig(W, &r[i], sig);
}

static void
add_cosig(struct wbuf * W, const struct wbuf * body, unsigned i, uint64_t t)
{
	uint8_t sig[SIGN_LEN];

	if (cosignature_sign(keys[i], t, (const char *)body->data, body->len,
	    sig) == 0)
		checkpoint_put_cosig(W, &w[i], t, sig);
}

/* Parse the note in ${W} and check it under ${P}. */
static int
check(const struct policy * P, const struct wbuf * W, struct quorum * Q,
    const char ** rule)
{
	struct checkpoint C;
	struct note * N;
	int rc;

	if (note_parse(&N, W->data, W->len, rule))
		return (-2);
	rc = quorum_check(P, N, &C, Q, rule);
	note_free(N);
	return (rc);
}

static void
quorum_of_a_checkpoint(void)
{
	struct policy * P;
	struct wbuf W, body;
	struct quorum Q;
	const char * rule;

	CHECK(make_keys() == 0);
	LINES("replica a %s\nreplica b %s\nreplica c %s\nwitness w %s\n"
	    "witness v %s\ngroup g any w v\nquorum g\n", rt[0], rt[1], rt[2],
	    wt[3], wt[4]);
	P = parse(POLICY_FOR_REALM);
	CHECK(P != NULL && policy_replicas(P) == 3);
	wbuf_init(&W, 10000);
	wbuf_init(&body, 1000);

	/* One replica, twice, is one; a stranger is nobody. */
	begin_note(&W, "example.org", &body);
	add_sig(&W, &body, 0);
	add_sig(&W, &body, 0);
	add_sig(&W, &body, 9);
	add_cosig(&W, &body, 9, 1000);
	CHECK(check(P, &W, &Q, &rule) == 0);
	CHECK(Q.replicas == 1 && !Q.majority && !Q.met);
	CHECK(Q.satisfied[0] && !Q.satisfied[1]);

	/* Two are a majority; a cosignature meets the quorum. */
	add_sig(&W, &body, 2);
	add_cosig(&W, &body, 4, 1000);
	add_cosig(&W, &body, 4, 900);
	CHECK(check(P, &W, &Q, &rule) == 0);
	CHECK(Q.replicas == 2 && Q.majority && Q.met);
	CHECK(Q.satisfied[4] && Q.time_s[4] == 1000 && Q.time_s[0] == 0);

	/* A known key's line that does not verify spoils all. */
	begin_note(&W, "example.com", &body);
	add_cosig(&W, &body, 4, 1000);
	CHECK(check(P, &W, &Q, &rule) == 0 && Q.met && !Q.majority);
	begin_note(&W, "example.org", &body);
	add_sig(&W, &body, 0);
	wbuf_put_u8(&body, 'x');
	add_cosig(&W, &body, 3, 1000);
	CHECK(check(P, &W, &Q, &rule) == -1);
	CHECK(strstr(rule, "does not verify") != NULL && !Q.satisfied[0]);

	/* A replica signs for its own realm only. */
	begin_note(&W, "example.com", &body);
	add_sig(&W, &body, 0);
	CHECK(check(P, &W, &Q, &rule) == -1);
	CHECK(strstr(rule, "origin") != NULL);
	policy_free(P);

	/* "quorum none" does not believe a note that no known key signed. */
	wbuf_reset(&text);
	LINES("replica a %s\nquorum none\n", rt[0]);
	P = parse(POLICY_FOR_REALM);
	CHECK(P != NULL);
	begin_note(&W, "example.org", &body);
	add_sig(&W, &body, 1);
	CHECK(check(P, &W, &Q, &rule) == 0 && !Q.met && !Q.majority);
	add_sig(&W, &body, 0);
	CHECK(check(P, &W, &Q, &rule) == 0 && Q.met && Q.majority);
	policy_free(P);
	wbuf_free(&W);
	wbuf_free(&body);
	free_keys();
	CHECK(quorum_majority(1) == 1 && quorum_majority(2) == 2);
	CHECK(quorum_majority(3) == 2 && quorum_majority(4) == 3);
}

static const struct test tests[] = {
	{ "nested thresholds mean what the specification says",
	    nested_groups },
	{ "a quorum may be a key or, where allowed, none", simple_quorums },
	{ "no key and no name counts twice", nobody_counts_twice },
	{ "malformed lines are refused by number and rule", malformed_lines },
	{ "the limits are reached and not exceeded", limits },
	{ "signatures on a checkpoint are verified and counted",
	    quorum_of_a_checkpoint },
};
TESTS(tests)
