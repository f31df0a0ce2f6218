#include <stdint.h>
#include <stdlib.h>

#include "base/base64.h"
#include "base/panic.h"
#include "codec/wbuf.h"

#include "proof/proof.h"

/* Append ${name}, then the ${len} bytes at ${p} in base64, and LF. */
static void
put_base64(struct wbuf * W, const char * name, const void * p, size_t len)
{
	uint8_t * text;

	/* With room for the NUL, which LF then takes. */
	wbuf_printf(W, "%s", name);
	if ((text = wbuf_space(W, BASE64_SIZE(len))) == NULL)
		return;
	if (base64_encode(p, len, (char *)text, BASE64_SIZE(len)))
		panic("base64_encode failed");
	text[BASE64_LEN(len)] = '\n';
}

void
proof_format(struct wbuf * W, const struct proof * P)
{
	static const char * const found[] = {
		[TREE_PRESENT] = "present",
		[TREE_ABSENT_EMPTY] = "empty",
		[TREE_ABSENT_OTHER] = "other"
	};
	uint8_t other[2 * TREE_HASH];
	size_t start = W->len;

	wbuf_printf(W, "ks-proof/v1\nrealm %s\nuser %s\n", P->realm, P->user);
	put_base64(W, "vrf ", P->vrf, VRF_PROOF_LEN);
	put_base64(W, "head ", P->head, HEAD_LEN);
	wbuf_printf(W, "found %s\n", found[P->path.kind]);
	if (P->path.kind == TREE_PRESENT) {
		put_base64(W, "entry ", P->entry, P->entry_len);
		if (P->profile_len == 0)
			wbuf_printf(W, "profile erased\n");
		else
			put_base64(W, "profile ", P->profile, P->profile_len);
	}
	if (P->path.kind == TREE_ABSENT_OTHER) {
		memcpy(other, P->path.other, TREE_HASH);
		memcpy(&other[TREE_HASH], P->path.value, TREE_HASH);
		put_base64(W, "other ", other, sizeof(other));
	}
	wbuf_printf(W, "path %u\n", P->path.depth);
	for (unsigned i = 0; i < P->path.depth; i++) {
		if (P->path.empty[i / 8] & (0x80 >> i % 8))
			wbuf_printf(W, "-\n");
		else
			put_base64(W, "", P->path.sibling[i], TREE_HASH);
	}
	wbuf_printf(W, "c2sp.org/tlog-proof@v1\nindex %ju\n",
	    (uintmax_t)P->leaf);
	for (unsigned i = 0; i < P->ninclusion; i++)
		put_base64(W, "", P->inclusion[i], HASH_LEN);
	wbuf_printf(W, "\n");
	wbuf_put_bytes(W, P->note, P->note_len);
	if (W->len - start > PROOF_LEN_MAX)
		W->failed = 1;
}
