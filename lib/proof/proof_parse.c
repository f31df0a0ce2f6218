#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "entry/user.h"
#include "note/note.h"

#include "proof/lines.h"
#include "proof/path_text.h"
#include "proof/proof.h"

/* Take the lines up to `found`; -1 if memory ran out. */
static int
take_start(struct lines * L, struct proof * P)
{
	const char * text;
	size_t len;

	lines_exact(L, "ks-proof/v1");
	text = lines_named(L, "realm ", &len);
	if (user_realm_ok(text, len))
		memcpy(P->realm, text, len);
	else
		L->failed = 1;
	text = lines_named(L, "user ", &len);
	if (user_is_normal(text, len))
		memcpy(P->user, text, len);
	else
		L->failed = 1;
	lines_base64(L, "vrf ", P->vrf, VRF_PROOF_LEN);
	if (chain_take(L, P->realm, &P->chain))
		return (-1);
	lines_base64(L, "head ", P->head, HEAD_LEN);
	P->path.kind = path_text_take_found(L);
	return (0);
}

/*
 * Take the lines `entry` and `profile`.  ${at} has room for what they decode
 * to, as base64 is longer than what it stands for; return what follows there.
 */
static uint8_t *
take_entry(struct lines * L, struct proof * P, uint8_t * at)
{
	const char * text;
	size_t len;

	text = lines_named(L, "entry ", &len);
	if (base64_decode(text, len, at, ENTRY_LEN_MAX, &P->entry_len) ||
	    P->entry_len == 0) {
		L->failed = 1;
		return (at);
	}
	P->entry = at;
	entry_value(P->path.value, P->entry, P->entry_len);
	at += P->entry_len;
	text = lines_named(L, "profile ", &len);
	if (len == 6 && memcmp(text, "erased", len) == 0)
		return (at);
	if (base64_decode(text, len, at, PROFILE_LEN_MAX, &P->profile_len) ||
	    P->profile_len == 0) {
		L->failed = 1;
		return (at);
	}
	P->profile = at;
	return (at + P->profile_len);
}

/* Take the lines from `other` or `path` up to the empty line. */
static void
take_hashes(struct lines * L, struct proof * P)
{

	path_text_take_place(L, &P->path);
	lines_exact(L, "c2sp.org/tlog-proof@v1");
	P->leaf = lines_number(L, "index ", UINT64_MAX);
	while (!L->failed && L->len > 0 && L->p[0] != '\n') {
		if (P->ninclusion == MERKLE_DEPTH_MAX) {
			L->failed = 1;
			return;
		}
		lines_base64(L, "", P->inclusion[P->ninclusion++], HASH_LEN);
	}
	lines_exact(L, "");
}

int
proof_parse(const char * text, size_t len, struct proof ** P,
    const char ** rule)
{
	struct lines L;
	struct checkpoint checkpoint;
	const char * why;
	struct proof * p;
	uint8_t * at;

	*P = NULL;
	lines_init(&L, text, len);
	*rule = RULE_PROOF_MALFORMED;
	if (len > PROOF_LEN_MAX)
		goto err0;
	*rule = NULL;
	if ((p = calloc(1, sizeof(*p))) == NULL)
		goto err0;
	if ((at = p->own = malloc(len + 1)) == NULL)
		goto err1;
	if (take_start(&L, p))
		goto err1;
	*rule = RULE_PROOF_MALFORMED;
	if (!L.failed && p->path.kind == TREE_PRESENT)
		at = take_entry(&L, p, at);
	if (!L.failed)
		take_hashes(&L, p);
	if (L.failed)
		goto err1;

	/* The rest is the note; what was decoded took less than its text. */
	memcpy(at, L.p, L.len);
	p->note = (const char *)at;
	p->note_len = L.len;
	if (note_parse(&p->parsed, p->note, p->note_len, &why)) {
		if (why == NULL)
			*rule = NULL;
		p->parsed = NULL;
		goto err1;
	}
	if (checkpoint_parse(&checkpoint, p->parsed->text, p->parsed->textlen,
	    &why))
		goto err1;
	*rule = NULL;
	*P = p;
	return (0);

err1:
	proof_free(p);
err0:
	return (-1);
}

void
proof_free(struct proof * P)
{

	if (P == NULL)
		return;
	chain_free(&P->chain);
	note_free(P->parsed);
	free(P->own);
	free(P);
}
