#include <stdint.h>
#include <stdlib.h>

#include "codec/wbuf.h"

#include "proof/lines.h"
#include "proof/path_text.h"
#include "proof/proof.h"

void
proof_format(struct wbuf * W, const struct proof * P)
{
	size_t start = W->len;

	wbuf_printf(W, "ks-proof/v1\nrealm %s\nuser %s\n", P->realm, P->user);
	lines_put_base64(W, "vrf ", P->vrf, VRF_PROOF_LEN);
	chain_put(W, &P->chain);
	lines_put_base64(W, "head ", P->head, HEAD_LEN);
	path_text_put_found(W, P->path.kind);
	if (P->path.kind == TREE_PRESENT) {
		lines_put_base64(W, "entry ", P->entry, P->entry_len);
		if (P->profile_len == 0)
			wbuf_printf(W, "profile erased\n");
		else
			lines_put_base64(W, "profile ", P->profile, P->profile_len);
	}
	path_text_put_place(W, &P->path);
	wbuf_printf(W, "c2sp.org/tlog-proof@v1\nindex %ju\n",
	    (uintmax_t)P->leaf);
	for (unsigned i = 0; i < P->ninclusion; i++)
		lines_put_base64(W, "", P->inclusion[i], HASH_LEN);
	wbuf_printf(W, "\n");
	wbuf_put_bytes(W, P->note, P->note_len);
	if (W->len - start > PROOF_LEN_MAX)
		W->failed = 1;
}
