#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "codec/wbuf.h"
#include "note/checkpoint.h"
#include "note/note.h"
#include "policy/policy.h"
#include "proof/lines.h"

#include "chain/chain.h"

void
chain_put(struct wbuf * W, const struct chain * C)
{
	const struct chain_link * K;

	wbuf_printf(W, "policies %u\n", C->n);
	for (unsigned i = 0; i < C->n; i++) {
		K = &C->link[i];
		lines_put_base64(W, "policy ", K->policy, K->policy_len);
		lines_put_base64(W, "policy-head ", K->head, HEAD_LEN);
		wbuf_printf(W, "inclusion %u\n", K->ninclusion);
		for (unsigned k = 0; k < K->ninclusion; k++)
			lines_put_base64(W, "", K->inclusion[k], HASH_LEN);
		lines_put_text(W, "note ", K->note, K->note_len);
	}
}

/* Take the text of the policy; -1 if memory ran out. */
static int
take_policy(struct lines * L, const char * realm, struct chain_link * K)
{
	struct policy_error error;
	const char * text;
	size_t len;

	text = lines_named(L, "policy ", &len);
	if (L->failed || base64_decode(text, len, K->own, POLICY_LEN_MAX,
	    &K->policy_len) || K->policy_len == 0) {
		L->failed = 1;
		return (0);
	}
	K->policy = (const char *)K->own;
	head_policy(K->policy, K->policy_len, K->hash);

	/* One that is no policy is a lie, which chain_verify tells. */
	if (policy_parse_realm(K->policy, K->policy_len, realm,
	    &K->realm_policy, &error)) {
		K->realm_policy = NULL;
		return (error.rule == NULL ? -1 : 0);
	}
	return (0);
}

/* Take the head record and its inclusion. */
static void
take_head(struct lines * L, struct chain_link * K)
{

	lines_base64(L, "policy-head ", K->head, HEAD_LEN);
	K->ninclusion = (unsigned)lines_number(L, "inclusion ",
	    MERKLE_DEPTH_MAX);
	for (unsigned i = 0; i < K->ninclusion && !L->failed; i++)
		lines_base64(L, "", K->inclusion[i], HASH_LEN);
}

/* Take the note; -1 if memory ran out. */
static int
take_note(struct lines * L, struct chain_link * K)
{
	struct checkpoint checkpoint;
	const char * text, * why;
	uint8_t * own;

	text = lines_text(L, "note ", NOTE_LEN_MAX, &K->note_len);
	if (L->failed)
		return (0);
	if ((own = realloc(K->own, K->policy_len + K->note_len)) == NULL)
		return (-1);
	K->own = own;
	K->policy = (const char *)own;
	memcpy(own + K->policy_len, text, K->note_len);
	K->note = (const char *)own + K->policy_len;
	if (note_parse(&K->parsed, K->note, K->note_len, &why)) {
		K->parsed = NULL;
		L->failed = 1;
		return (why == NULL ? -1 : 0);
	}
	if (checkpoint_parse(&checkpoint, K->parsed->text, K->parsed->textlen,
	    &why))
		L->failed = 1;
	K->epoch = checkpoint.size;
	return (0);
}

/* Take one link; -1 if memory ran out. */
static int
take_link(struct lines * L, const char * realm, struct chain_link * K)
{

	if ((K->own = malloc(POLICY_LEN_MAX)) == NULL)
		return (-1);
	if (take_policy(L, realm, K))
		return (-1);
	take_head(L, K);
	return (L->failed ? 0 : take_note(L, K));
}

int
chain_take(struct lines * L, const char * realm, struct chain * C)
{
	unsigned n;
	int rc = 0;

	memset(C, 0, sizeof(*C));
	n = (unsigned)lines_number(L, "policies ", POLICY_CHAIN_MAX);
	while (C->n < n && rc == 0 && !L->failed)
		rc = take_link(L, realm, &C->link[C->n++]);
	if (rc || L->failed)
		chain_free(C);
	return (rc);
}

void
chain_free(struct chain * C)
{

	for (unsigned i = 0; i < C->n; i++) {
		note_free(C->link[i].parsed);
		policy_free(C->link[i].realm_policy);
		free(C->link[i].own);
	}
	memset(C, 0, sizeof(*C));
}
