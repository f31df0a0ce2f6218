#include <string.h>

#include "fields/fields.h"
#include "note/checkpoint.h"
#include "note/note.h"

#include "dump_value.h"

/* Bytes of a signature line of a cosignature/v1: a time before the signature. */
#define COSIG_LEN	(8 + SIGN_LEN)

/* Put a signature line; its length tells what it can be. */
static void
put_sig(struct fields * F, const struct note_sig * S)
{
	struct rbuf R;

	fields_open(F, NULL);
	fields_text(F, "name", S->name, S->namelen);
	fields_hex(F, "key_id", S->id, VKEY_ID_LEN);
	rbuf_init(&R, S->sig, S->siglen);
	if (S->siglen == COSIG_LEN)
		dump_value_seconds(F, "seconds", &R);
	fields_hex(F, "signature", R.data, R.len);
	fields_close(F);
}

const char *
dump_value_note(struct fields * F, const char * name, const uint8_t * p,
    size_t len)
{
	struct checkpoint C;
	struct note * N;
	const char * rule;

	if (note_parse(&N, p, len, &rule))
		return (rule == NULL ? "out-of-memory" : "note-malformed");
	if (name != NULL)
		fields_open(F, name);
	if (checkpoint_parse(&C, N->text, N->textlen, &rule) == 0) {
		fields_text(F, "origin", C.origin, strlen(C.origin));
		fields_u64(F, "size", C.size);
		fields_hex(F, "root", C.root, HASH_LEN);
	} else {
		fields_text(F, "text", N->text, N->textlen);
	}
	fields_array(F, "signatures");
	for (unsigned i = 0; i < N->nsigs; i++)
		put_sig(F, &N->sigs[i]);
	fields_close(F);
	if (name != NULL)
		fields_close(F);
	note_free(N);
	return (NULL);
}
