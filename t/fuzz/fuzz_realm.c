#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/panic.h"
#include "codec/wbuf.h"
#include "proof/memory_file.h"
#include "realm/realm.h"

#include "fuzz.h"

enum { REALM_FILE, MEMORY_FILE };

void
fuzz_begin(void)
{

	fuzz_decoder("realm file");
	fuzz_decoder("memory file");
}

/* What parses is formatted, parsed again and formatted to the same. */
static void
try_realm(const char * text, size_t len)
{
	struct realm_error error;
	struct realm * realm, * again;
	struct wbuf W, X;

	if (realm_parse(text, len, &realm, &error))
		return;
	fuzz_accepted(REALM_FILE);
	wbuf_init(&W, 2 * REALM_FILE_MAX);
	wbuf_init(&X, 2 * REALM_FILE_MAX);
	realm_format(&W, realm);
	PANIC_UNLESS(realm_parse((char *)W.data, W.len, &again, &error) == 0);
	realm_format(&X, again);
	PANIC_UNLESS(W.len == X.len && memcmp(W.data, X.data, W.len) == 0);
	realm_free(realm);
	realm_free(again);
	wbuf_free(&W);
	wbuf_free(&X);
}

int
LLVMFuzzerTestOneInput(const uint8_t * p, size_t len)
{
	struct memory_file F;
	struct wbuf W;

	try_realm((const char *)p, len);
	if (len > MEMORY_FILE_MAX ||
	    memory_file_parse((const char *)p, len, "r", &F))
		return (0);
	fuzz_accepted(MEMORY_FILE);
	wbuf_init(&W, 2 * MEMORY_FILE_MAX);
	memory_file_format(&W, "r", &F.seen, &F.chain, F.note, F.note_len);
	PANIC_UNLESS(W.len == len && memcmp(W.data, p, len) == 0);
	memory_file_free(&F);
	wbuf_free(&W);
	return (0);
}
