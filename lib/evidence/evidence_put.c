#include <inttypes.h>
#include <string.h>

#include "chain/chain.h"
#include "codec/wbuf.h"
#include "note/note.h"
#include "policy/policy.h"
#include "proof/lines.h"
#include "proof/path_text.h"
#include "tree/tree.h"

#include "evidence/evidence.h"

static void
put_label(struct wbuf * W, const char * realm, const char * rule,
    uint64_t epoch, const struct chain * chain)
{

	wbuf_printf(W, "%s\nrealm %s\nrule %s\nepoch %" PRIu64 "\n",
	    EVIDENCE_LABEL, realm, rule, epoch);
	chain_put(W, chain);
}

void
evidence_put_note(struct wbuf * W, const struct note * N,
    const struct policy * P)
{
	uint8_t seen[POLICY_KEYS_MAX];
	const struct note_sig * S;
	const struct policy_key * key;
	int k;

	memset(seen, 0, sizeof(seen));
	note_put_text(W, N->text, N->textlen);
	for (unsigned i = 0; i < N->nsigs; i++) {
		S = &N->sigs[i];
		k = policy_find_id(P, S->name, S->namelen, S->id);
		if (k < 0 || seen[k])
			continue;
		key = policy_key(P, (unsigned)k);
		if (key->kind != POLICY_REPLICA)
			continue;
		seen[k] = 1;
		checkpoint_put_sig(W, &key->vkey, S->sig);
	}
}

void
evidence_put_start(struct wbuf * W, const struct evidence * E)
{

	put_label(W, E->realm, E->rule, E->epoch, E->chain);
	lines_put_text(W, "note ", E->note, E->note_len);
	wbuf_printf(W, "before %u\n", E->before->n);
	for (unsigned i = 0; i < E->before->n; i++)
		lines_put_base64(W, "", E->before->hash[i], HASH_LEN);
	if (E->previous == NULL)
		wbuf_printf(W, "previous -\n");
	else
		lines_put_base64(W, "previous ", E->previous, HEAD_LEN);
	lines_put_base64(W, "head ", E->head, HEAD_LEN);
	if (E->next == NULL)
		wbuf_printf(W, "next-policy -\n");
	else
		lines_put_base64(W, "next-policy ", E->next, E->next_len);
	wbuf_printf(W, "updates %" PRIu64 "\n", E->updates);
}

void
evidence_put_update(struct wbuf * W, const uint8_t * update, size_t len,
    const struct tree_path * path, const uint8_t * current, size_t current_len)
{

	lines_put_base64(W, "update ", update, len);
	if (path == NULL)
		return;
	path_text_put_found(W, path->kind);
	if (path->kind == TREE_PRESENT)
		lines_put_base64(W, "current ", current, current_len);
	path_text_put_place(W, path);
}

void
evidence_put_fork(struct wbuf * W, const char * realm, uint64_t epoch,
    const struct chain * chain, const char * one, size_t one_len,
    const char * other, size_t other_len)
{

	put_label(W, realm, "fork", epoch, chain);
	lines_put_text(W, "note ", one, one_len);
	lines_put_text(W, "note ", other, other_len);
}
