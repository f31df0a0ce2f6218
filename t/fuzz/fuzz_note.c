#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/panic.h"
#include "codec/wbuf.h"
#include "note/checkpoint.h"
#include "note/note.h"
#include "note/vkey.h"

#include "fuzz.h"

enum { CHECKPOINT, VKEY, NOTE };

void
fuzz_begin(void)
{

	fuzz_decoder("checkpoint");
	fuzz_decoder("vkey");
	fuzz_decoder("note");
}

/* A checkpoint that parses is the only text of itself. */
static void
try_checkpoint(const char * text, size_t len)
{
	struct checkpoint C;
	struct wbuf W;
	const char * rule = NULL;

	if (checkpoint_parse(&C, text, len, &rule)) {
		PANIC_UNLESS(rule != NULL);
		return;
	}
	fuzz_accepted(CHECKPOINT);
	wbuf_init(&W, CHECKPOINT_TEXT_MAX);
	checkpoint_text(C.origin, C.size, C.root, &W);
	PANIC_UNLESS(wbuf_failed(&W) == 0);
	PANIC_UNLESS(W.len == len && memcmp(W.data, text, len) == 0);
	wbuf_free(&W);
}

/* So is a verifier key. */
static void
try_vkey(const char * text, size_t len)
{
	struct vkey V;
	char again[VKEY_TEXT_MAX + 1];
	const char * rule = NULL;

	if (vkey_parse(&V, text, len, &rule)) {
		PANIC_UNLESS(rule != NULL);
		return;
	}
	fuzz_accepted(VKEY);
	vkey_format(&V, again);
	PANIC_UNLESS(strlen(again) == len && memcmp(again, text, len) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t * data, size_t len)
{
	struct note * N;
	struct wbuf W;
	const char * rule = "";

	try_checkpoint((const char *)data, len);
	try_vkey((const char *)data, len);
	if (note_parse(&N, data, len, &rule)) {
		PANIC_UNLESS(rule != NULL);
		return (0);
	}

	fuzz_accepted(NOTE);

	/* A note that parses is formatted as it was. */
	wbuf_init(&W, NOTE_LEN_MAX);
	note_format(&W, N);
	PANIC_UNLESS(wbuf_failed(&W) == 0);
	PANIC_UNLESS(W.len == len && memcmp(W.data, data, len) == 0);
	try_checkpoint(N->text, N->textlen);
	wbuf_free(&W);
	note_free(N);
	return (0);
}
