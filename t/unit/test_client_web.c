#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/client_web.h"
#include "codec/wbuf.h"

#include "test.h"

static const uint8_t known[HASH_LEN] = { 0xab, 1 };

#define KNOWN	"known=ab01" "000000000000000000000000000000" \
		"000000000000000000000000000000"

static void
paths(void)
{
	struct client_lookup L = { .user = "a&b=c d/\303\244@x", .known = known };
	const struct client_history_ask A = { .user = "a", .max = 16,
	    .known = known };
	const struct client_history_ask B = { .user = "a", .from_epoch = 7,
	    .max = 1, .known = known };
	struct wbuf W;

	wbuf_init(&W, 4096);
	client_web_put_lookup(&W, &L, 0);
	wbuf_put_u8(&W, '\n');
	L.user = "a";
	L.epoch = 5;
	L.epoch_min = UINT64_MAX;
	client_web_put_lookup(&W, &L, 600000);
	wbuf_put_u8(&W, '\n');
	client_web_put_history(&W, &A);
	wbuf_put_u8(&W, '\n');
	client_web_put_history(&W, &B);
	wbuf_put_u8(&W, '\n');
	client_web_put_consistency(&W, 3, UINT64_MAX);
	wbuf_put_u8(&W, 0);
	CHECK(wbuf_failed(&W) == 0);
	CHECK(strcmp((char *)W.data,
	    "/v1/lookup?user=a%26b%3Dc%20d%2F%C3%A4%40x&" KNOWN "\n"
	    "/v1/lookup?user=a&epoch=5&epoch_min=18446744073709551615"
	    "&wait_ms=600000&" KNOWN "\n"
	    "/v1/history?user=a&max=16&" KNOWN "\n"
	    "/v1/history?user=a&from=7&max=1&" KNOWN "\n"
	    "/v1/consistency/3/18446744073709551615") == 0);
	wbuf_free(&W);
}

/* Decode the string ${text}; what it says, or 0. */
static uint64_t
epoch_of(const char * text)
{
	uint64_t epoch;

	return (client_web_get_epoch((const uint8_t *)text, strlen(text),
	    &epoch) ? 0 : epoch);
}

static void
epochs(void)
{
	static const char * const bad[] = {
		"", "epoch", "epoch \n", "epoch 1", "epoch 0\n", "epoch 01\n",
		"epoch 1 \n", "epoch 1\n\n", "epoch 1\nx", "epoch  1\n",
		"epoch 18446744073709551616\n", "Epoch 1\n", "epoch 1\r\n"
	};

	CHECK(epoch_of("epoch 1\n") == 1);
	CHECK(epoch_of("epoch 18446744073709551615\n") == UINT64_MAX);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(epoch_of(bad[i]) == 0);
}

#define LINE	"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAI="

static void
hashes(void)
{
	static const char * const bad[] = {
		LINE, LINE "\n\n", LINE "\n" LINE, "AAAA\n", "=\n",
		LINE "\r\n", " " LINE "\n", LINE "AAAA\n"
	};
	static char text[(MERKLE_DEPTH_MAX + 1) * sizeof(LINE) + 1];
	uint8_t proof[MERKLE_DEPTH_MAX][HASH_LEN];
	const size_t line = sizeof(LINE);
	unsigned n;

	CHECK(client_web_get_consistency((const uint8_t *)"", 0, proof, &n) ==
	    0 && n == 0);
	for (size_t i = 0; i <= MERKLE_DEPTH_MAX; i++)
		memcpy(text + i * line, LINE "\n", line);
	CHECK(client_web_get_consistency((const uint8_t *)text, 2 * line,
	    proof, &n) == 0 && n == 2);
	CHECK(proof[0][0] == 1 && proof[1][HASH_LEN - 1] == 2);
	CHECK(client_web_get_consistency((const uint8_t *)text,
	    MERKLE_DEPTH_MAX * line, proof, &n) == 0);
	CHECK(n == MERKLE_DEPTH_MAX);
	CHECK(client_web_get_consistency((const uint8_t *)text,
	    (MERKLE_DEPTH_MAX + 1) * line, proof, &n) == -1);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(client_web_get_consistency((const uint8_t *)bad[i],
		    strlen(bad[i]), proof, &n) == -1);
}

#define HEAD(n)	"ks-history/v1\nuser a\nversions " n "\nnext "
#define ONE	"proof 3 0 14\nks-proof/v1\nx\n"

static int
history_of(const char * text, struct client_history * H)
{
	const struct client_history_ask A = { .user = "a", .from_epoch = 3,
	    .max = 2 };

	return (client_web_get_history((const uint8_t *)text, strlen(text), &A,
	    H));
}

static void
histories(void)
{
	static const char * const bad[] = {
		"", "ks-history/v2\nuser a\nversions 0\nnext 0\n",
		HEAD("1") "0\n", HEAD("0") "0\n" ONE, HEAD("0") "0\nx",
		HEAD("1") "0\n" ONE "x", HEAD("2") "0\n" ONE,
		HEAD("3") "0\n" ONE ONE ONE, HEAD("1") "0\nproof 2 0 14\n"
		    "ks-proof/v1\nx\n",
		HEAD("1") "0\nproof 3 0 99\nks-proof/v1\nx\n",
		HEAD("1") "0\nproof 3 0 262145\nks-proof/v1\nx\n",
		HEAD("1") "0\nproof 3 0\nks-proof/v1\nx\n",
		HEAD("1") "0\nproof 3 0 14 1\nks-proof/v1\nx\n",
		HEAD("1") "0\nproof 3 0 14 \nks-proof/v1\nx\n",
		HEAD("1") "0\nproof 3 0 6\nhello\n", HEAD("-1") "0\n",
		"ks-history/v1\nuser a\nversions 0\nnext x\n",
	};
	struct client_history H;

	CHECK(history_of(HEAD("0") "0\n", &H) == 0 && H.n == 0);
	CHECK(H.next_epoch == 0);
	CHECK(history_of(HEAD("2") "8\n" ONE
	    "proof 7 18446744073709551615 13\nks-proof/v1\n\n", &H) == 0);
	CHECK(H.n == 2 && H.next_epoch == 8 && H.versions[0].epoch == 3);
	CHECK(H.versions[1].version == UINT64_MAX);
	CHECK(strcmp(H.versions[0].proof, "ks-proof/v1\nx\n") == 0);
	CHECK(H.versions[1].proof_len == 13);
	client_history_free(&H);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		errno = 0;
		CHECK(history_of(bad[i], &H) == -1 && errno == EPROTO);
		CHECK(H.n == 0);
	}
}

static void
refusals(void)
{
	static const struct {
		unsigned status;
		uint16_t code;
	} codes[] = {
		{ 400, ERROR_MALFORMED }, { 404, ERROR_NOT_FOUND },
		{ 405, ERROR_REFUSED }, { 413, ERROR_REFUSED },
		{ 422, ERROR_REFUSED }, { 429, ERROR_UNAVAILABLE },
		{ 500, ERROR_INTERNAL }, { 502, ERROR_UNAVAILABLE },
		{ 503, ERROR_UNAVAILABLE }, { 504, ERROR_UNAVAILABLE }
	};
	static const char said[] = "epoch-full: a\033b\nmore\n";
	struct common_error E;

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		client_web_get_error((const uint8_t *)said, strlen(said),
		    codes[i].status, "epoch-full", &E);
		CHECK(E.code == codes[i].code);
		CHECK(strcmp(E.rule, "epoch-full") == 0);
		CHECK(strcmp(E.text, "a?b") == 0);
	}
	/* What does not say it says nothing. */
	client_web_get_error((const uint8_t *)"<html>", 6, 502, "", &E);
	CHECK(strcmp(E.text, "HTTP status 502") == 0 && E.rule[0] == '\0');
	client_web_get_error((const uint8_t *)said, strlen(said), 422,
	    "user-malformed", &E);
	CHECK(strcmp(E.text, "a?b") != 0 && E.text[0] != '\0');
	client_web_get_error((const uint8_t *)"", 0, 422, "of-tomorrow", &E);
	CHECK(strcmp(E.text, "HTTP status 422") == 0);
}

static const struct test tests[] = {
	{ "a question has its path, with what it must escape", paths },
	{ "an epoch is taken only if it is exact", epochs },
	{ "a consistency proof is taken only if it is exact", hashes },
	{ "a history is taken only if it is exact", histories },
	{ "a refusal has its code, its rule and a line for a terminal", refusals },
};
TESTS(tests)
