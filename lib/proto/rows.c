#include <stdint.h>

#include "codec/rbuf.h"
#include "codec/wbuf.h"

#include "proto/rows.h"

void
rows_put_tree(struct wbuf * W, const struct tree_root * T)
{

	wbuf_put_u64(W, T->id);
	wbuf_put_u64(W, T->next_id);
	wbuf_put_bytes(W, T->hash, TREE_HASH);
	wbuf_put_u64(W, T->leaves);
}

void
rows_get_tree(struct rbuf * R, struct tree_root * T)
{

	T->id = rbuf_get_u64(R);
	T->next_id = rbuf_get_u64(R);
	rbuf_copy(R, T->hash, TREE_HASH);
	T->leaves = rbuf_get_u64(R);
}

void
rows_put_range(struct wbuf * W, const struct merkle_range * M)
{

	wbuf_put_u64(W, M->size);
	wbuf_put_u8(W, (uint8_t)M->n);
	wbuf_put_bytes(W, M->hash, M->n * HASH_LEN);
}

void
rows_get_range(struct rbuf * R, struct merkle_range * M)
{

	M->size = rbuf_get_u64(R);
	M->n = rbuf_get_u8(R);

	/* One complete subtree for each bit of the size, so at most 64. */
	if (M->n != (unsigned)__builtin_popcountll(M->size))
		rbuf_fail(R);
	else
		rbuf_copy(R, M->hash, M->n * HASH_LEN);
	if (R->failed)
		merkle_range_init(M);
}
