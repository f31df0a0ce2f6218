#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/base64.h"
#include "base/panic.h"
#include "client/client_web.h"
#include "codec/wbuf.h"

#include "fuzz.h"

/* The answers of a server over HTTP. */

enum { EPOCH, CONSISTENCY, HISTORY, REFUSAL };

void
fuzz_begin(void)
{

	fuzz_decoder("epoch");
	fuzz_decoder("consistency");
	fuzz_decoder("history");
	fuzz_decoder("refusal");
}

/* What was decoded is encoded to the same bytes. */
static void
same(struct wbuf * W, const uint8_t * p, size_t len)
{

	PANIC_UNLESS(wbuf_failed(W) == 0 && W->len == len);
	PANIC_UNLESS(len == 0 || memcmp(W->data, p, len) == 0);
	wbuf_reset(W);
}

static void
epoch_and_hashes(struct wbuf * W, const uint8_t * p, size_t len)
{
	uint8_t proof[MERKLE_DEPTH_MAX][HASH_LEN];
	char text[BASE64_SIZE(HASH_LEN)];
	uint64_t epoch;
	unsigned n;

	if (client_web_get_epoch(p, len, &epoch) == 0) {
		fuzz_accepted(EPOCH);
		wbuf_printf(W, "epoch %llu\n", (unsigned long long)epoch);
		same(W, p, len);
	}
	if (client_web_get_consistency(p, len, proof, &n) == 0) {
		if (n > 0)
			fuzz_accepted(CONSISTENCY);
		for (unsigned i = 0; i < n; i++) {
			PANIC_UNLESS(base64_encode(proof[i], HASH_LEN, text,
			    sizeof(text)) == 0);
			wbuf_printf(W, "%s\n", text);
		}
		same(W, p, len);
	}
}

static void
history(const uint8_t * p, size_t len)
{
	const struct client_history_ask A = { .user = "a", .from_epoch = 2,
	    .max = 3 };
	struct client_history H;

	if (client_web_get_history(p, len, &A, &H)) {
		PANIC_UNLESS(H.n == 0);
		return;
	}
	PANIC_UNLESS(H.n <= 3);
	if (H.n > 0)
		fuzz_accepted(HISTORY);
	for (unsigned i = 0; i < H.n; i++) {
		PANIC_UNLESS(H.versions[i].epoch >= 2);
		PANIC_UNLESS(H.versions[i].proof[H.versions[i].proof_len] ==
		    '\0');
	}
	client_history_free(&H);
}

static void
refusal(const uint8_t * p, size_t len)
{
	struct common_error E;

	client_web_get_error(p, len, 422, "user-malformed", &E);
	PANIC_UNLESS(E.text[0] != '\0' && E.code == ERROR_REFUSED);
	for (const char * c = E.text; *c != '\0'; c++)
		PANIC_UNLESS(*c >= 0x20 && *c < 0x7f);
	if (len > 16 && memcmp(p, "user-malformed: ", 16) == 0)
		fuzz_accepted(REFUSAL);
}

int
LLVMFuzzerTestOneInput(const uint8_t * p, size_t len)
{
	struct wbuf W;

	wbuf_init(&W, CLIENT_WEB_HISTORY_MAX);
	epoch_and_hashes(&W, p, len);
	history(p, len);
	refusal(p, len);
	wbuf_free(&W);
	return (0);
}
