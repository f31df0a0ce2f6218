#ifndef KS_PROTO_ROWS_H
#define KS_PROTO_ROWS_H

#include "codec/rbuf.h"
#include "merkle/merkle.h"
#include "tree/tree.h"

struct wbuf;

/*
 * The pieces that stored rows of several programs share (PROTOCOL section 12).
 * A get takes its bytes from a cursor, which fails if they are malformed.
 */

/**
 * rows_put_tree(W, T), rows_get_tree(R, T):
 * `tree`: u64 id, u64 next_id, hash[32], u64 leaves.
 */
void rows_put_tree(struct wbuf *, const struct tree_root *);
void rows_get_tree(struct rbuf *, struct tree_root *);

/**
 * rows_put_range(W, M), rows_get_range(R, M):
 * `range`: u64 size, u8 n, n x hash[32]; n is the number of bits set in the
 * size, else it is malformed.
 */
void rows_put_range(struct wbuf *, const struct merkle_range *);
void rows_get_range(struct rbuf *, struct merkle_range *);

#endif
