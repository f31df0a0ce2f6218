#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "entry/decimal.h"
#include "entry/user.h"
#include "note/note.h"

#include "proof/proof.h"

/* A cursor over lines.  A failure sticks, as in rbuf. */
struct lines {
	const char * p;		/* the next line */
	size_t len;		/* bytes left */
	int failed;
};

/* Take the next line; store its length without LF.  Never NULL. */
static const char *
take_line(struct lines * L, size_t * len)
{
	const char * line = L->p;
	const char * lf = NULL;

	*len = 0;
	if (!L->failed && L->len > 0)
		lf = memchr(L->p, '\n', L->len);
	if (lf == NULL) {
		L->failed = 1;
		return ("");
	}
	*len = (size_t)(lf - line);
	L->p += *len + 1;
	L->len -= *len + 1;
	return (line);
}

/* Take the next line, which must start with ${name}; return what follows. */
static const char *
take_named(struct lines * L, const char * name, size_t * len)
{
	const char * line = take_line(L, len);
	size_t n = strlen(name);

	if (*len < n || memcmp(line, name, n) != 0) {
		L->failed = 1;
		*len = 0;
		return ("");
	}
	*len -= n;
	return (line + n);
}

/* Take a line that is ${text}. */
static void
take_exact(struct lines * L, const char * text)
{
	size_t len;

	take_named(L, text, &len);
	if (len != 0)
		L->failed = 1;
}

/* Take a line: ${name} and base64 of exactly ${len} bytes, to ${p}. */
static void
take_base64(struct lines * L, const char * name, uint8_t * p, size_t len)
{
	size_t textlen, n;
	const char * text = take_named(L, name, &textlen);

	if (base64_decode(text, textlen, p, len, &n) || n != len)
		L->failed = 1;
}

/* Take a line: ${name} and a decimal number up to ${max}. */
static uint64_t
take_number(struct lines * L, const char * name, uint64_t max)
{
	size_t len;
	const char * text = take_named(L, name, &len);
	uint64_t x;

	if (decimal_parse(text, len, max, &x)) {
		L->failed = 1;
		return (0);
	}
	return (x);
}

/* Take the lines up to `found`. */
static void
take_start(struct lines * L, struct proof * P)
{
	const char * text;
	size_t len;

	take_exact(L, "ks-proof/v1");
	text = take_named(L, "realm ", &len);
	if (user_realm_ok(text, len))
		memcpy(P->realm, text, len);
	else
		L->failed = 1;
	text = take_named(L, "user ", &len);
	if (user_is_normal(text, len))
		memcpy(P->user, text, len);
	else
		L->failed = 1;
	take_base64(L, "vrf ", P->vrf, VRF_PROOF_LEN);
	take_base64(L, "head ", P->head, HEAD_LEN);
	text = take_named(L, "found ", &len);
	if (len == 7 && memcmp(text, "present", len) == 0)
		P->path.kind = TREE_PRESENT;
	else if (len == 5 && memcmp(text, "empty", len) == 0)
		P->path.kind = TREE_ABSENT_EMPTY;
	else if (len == 5 && memcmp(text, "other", len) == 0)
		P->path.kind = TREE_ABSENT_OTHER;
	else
		L->failed = 1;
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

	text = take_named(L, "entry ", &len);
	if (base64_decode(text, len, at, ENTRY_LEN_MAX, &P->entry_len) ||
	    P->entry_len == 0) {
		L->failed = 1;
		return (at);
	}
	P->entry = at;
	entry_value(P->path.value, P->entry, P->entry_len);
	at += P->entry_len;
	text = take_named(L, "profile ", &len);
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

/* Take the lines from `path` up to the empty line. */
static void
take_hashes(struct lines * L, struct proof * P)
{

	P->path.depth = (unsigned)take_number(L, "path ", TREE_DEPTH_MAX);
	for (unsigned i = 0; i < P->path.depth && !L->failed; i++) {
		if (L->len >= 2 && memcmp(L->p, "-\n", 2) == 0) {
			P->path.empty[i / 8] |= (uint8_t)(0x80 >> i % 8);
			take_exact(L, "-");
		} else {
			take_base64(L, "", P->path.sibling[i], TREE_HASH);
		}
	}
	take_exact(L, "c2sp.org/tlog-proof@v1");
	P->leaf = take_number(L, "index ", UINT64_MAX);
	while (!L->failed && L->len > 0 && L->p[0] != '\n') {
		if (P->ninclusion == MERKLE_DEPTH_MAX) {
			L->failed = 1;
			return;
		}
		take_base64(L, "", P->inclusion[P->ninclusion++], HASH_LEN);
	}
	take_exact(L, "");
}

int
proof_parse(const char * text, size_t len, struct proof ** P,
    const char ** rule)
{
	struct lines L = { text, len, 0 };
	struct checkpoint checkpoint;
	const char * why;
	struct proof * p;
	uint8_t other[2 * TREE_HASH];
	uint8_t * at;

	*P = NULL;
	*rule = RULE_PROOF_MALFORMED;
	if (len > PROOF_LEN_MAX)
		goto err0;
	*rule = NULL;
	if ((p = calloc(1, sizeof(*p))) == NULL)
		goto err0;
	if ((at = p->own = malloc(len + 1)) == NULL)
		goto err1;
	*rule = RULE_PROOF_MALFORMED;
	take_start(&L, p);
	if (!L.failed && p->path.kind == TREE_PRESENT)
		at = take_entry(&L, p, at);
	if (!L.failed && p->path.kind == TREE_ABSENT_OTHER) {
		take_base64(&L, "other ", other, sizeof(other));
		memcpy(p->path.other, other, TREE_HASH);
		memcpy(p->path.value, &other[TREE_HASH], TREE_HASH);
	}
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
	note_free(P->parsed);
	free(P->own);
	free(P);
}
