#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/stdlib.h>

#include "base/hex.h"
#include "crypto/sign.h"

#include "test.h"

/* Source and licence are in the file. */
#define VECTORS		"t/vectors/ed25519.txt"
#define VECTORS_NUM	914
#define LINE_MAX_LEN	512

/*
 * Take the next field of ${line} up to the delimiter ${c}: return it, ended by
 * a NUL, and move ${line} behind it, or return NULL.
 */
static char *
field(char ** line, char c)
{
	char * start = *line;
	char * end = strchr(start, c);

	if (end == NULL)
		return (NULL);
	*end = '\0';
	*line = end + 1;
	return (start);
}

/*
 * Check the vector on ${line}.  Every flag of the source forbids acceptance
 * under our rule: canonical encodings (N, M), no small order (A, R), a key
 * without a part of small order (a), the cofactorless equation (z), the bytes of
 * R and A as they came in the hash (k).  An R with a part of small order (r)
 * can then fulfil the equation no more.  So what has no flag is accepted and
 * nothing else.
 */
static int
check(char * line, unsigned * accepted)
{
	uint8_t pk[SIGN_PK_LEN], sig[SIGN_LEN];
	const char * flags, * key, * s, * msg;
	size_t len;
	int ok;

	if (field(&line, ' ') == NULL || (flags = field(&line, ' ')) == NULL ||
	    (key = field(&line, ' ')) == NULL ||
	    (s = field(&line, ' ')) == NULL ||
	    (msg = field(&line, '\n')) == NULL)
		return (-1);
	if (hex_decode(key, strlen(key), pk, sizeof(pk), &len) ||
	    len != sizeof(pk) ||
	    hex_decode(s, strlen(s), sig, sizeof(sig), &len) ||
	    len != sizeof(sig))
		return (-1);
	ok = sign_pk_valid(pk) == 0 &&
	    sign_verify(pk, msg, strlen(msg), sig) == 0;
	if (ok != (strcmp(flags, "-") == 0))
		return (-1);
	*accepted += (unsigned)ok;
	return (0);
}

static void
verdicts(void)
{
	char line[LINE_MAX_LEN];
	unsigned n = 0, bad = 0, accepted = 0;
	FILE * f;

	f = fopen(VECTORS, "r");
	CHECK(f != NULL);
	while (fgets(line, sizeof(line), f) != NULL) {
		if (line[0] == '#')
			continue;
		n++;
		if (check(line, &accepted))
			bad++;
	}
	fclose(f);
	CHECK(n == VECTORS_NUM);
	CHECK(bad == 0);
	CHECK(accepted == 1);
}

static void
self_test(void)
{

	CHECK(sign_self_test() == 0);
}

static void
round_trip(void)
{
	struct sign_key * K;
	struct sign_key * K2;
	uint8_t msg[64] = { 7 }, sig[SIGN_LEN], sig2[SIGN_LEN];
	unsigned i, accepted = 0;

	K = sign_key_generate();
	CHECK(K != NULL);
	K2 = sign_key_from_seed(K->seed);
	CHECK(K2 != NULL && memcmp(K->pk, K2->pk, SIGN_PK_LEN) == 0);
	CHECK(sign_pk_valid(K->pk) == 0);
	sign_make(K, msg, sizeof(msg), sig);
	sign_make(K2, msg, sizeof(msg), sig2);
	CHECK(memcmp(sig, sig2, SIGN_LEN) == 0);
	CHECK(sign_verify(K->pk, msg, sizeof(msg), sig) == 0);
	for (i = 0; i < 8 * SIGN_LEN; i++) {
		sig[i / 8] ^= (uint8_t)(1 << i % 8);
		accepted += sign_verify(K->pk, msg, sizeof(msg), sig) == 0;
		sig[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	CHECK(accepted == 0);
	sign_key_free(K2);
	K2 = sign_key_generate();
	CHECK(K2 != NULL && sign_verify(K2->pk, msg, sizeof(msg), sig) == -1);
	sign_key_free(K);
	sign_key_free(K2);
}

static const struct test tests[] = {
	{ "of the 914 edge cases, exactly the ordinary signature is valid",
	    verdicts },
	{ "the start-up self-test passes on this libsodium", self_test },
	{ "what is signed verifies, with any bit flipped it does not",
	    round_trip },
};
TESTS(tests)
