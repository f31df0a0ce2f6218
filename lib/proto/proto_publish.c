#include <stdint.h>

#include "codec/rbuf.h"
#include "codec/wbuf.h"
#include "merkle/merkle.h"
#include "policy/policy.h"

#include "proto/proto_publish.h"

void
proto_publish_put_lookup(struct wbuf * W, const struct proto_publish_lookup * L)
{

	wbuf_put_u64(W, L->epoch);
	wbuf_put_u64(W, L->epoch_min);
	wbuf_put_u32(W, L->wait_ms);
	wbuf_put_var8(W, L->user, L->user_len);
	wbuf_put_var16(W, L->policy, L->policy_len);
	wbuf_put_bytes(W, L->known, HASH_LEN);
}

int
proto_publish_get_lookup(const uint8_t * body, size_t len,
    struct proto_publish_lookup * L)
{
	struct rbuf R;

	rbuf_init(&R, body, len);
	L->epoch = rbuf_get_u64(&R);
	L->epoch_min = rbuf_get_u64(&R);
	L->wait_ms = rbuf_get_u32(&R);
	L->user = (const char *)rbuf_get_var8(&R, USER_LEN_MAX, &L->user_len);
	L->policy = (const char *)rbuf_get_var16(&R, POLICY_LEN_MAX,
	    &L->policy_len);
	L->known = rbuf_get_bytes(&R, HASH_LEN);
	if (L->wait_ms > LOOKUP_WAIT_MAX_MS)
		rbuf_fail(&R);
	return (rbuf_end(&R));
}

void
proto_publish_put_proof(struct wbuf * W, const char * proof, size_t proof_len)
{

	wbuf_put_var32(W, proof, proof_len);
}

int
proto_publish_get_proof(const uint8_t * body, size_t len, const char ** proof,
    size_t * proof_len)
{
	struct rbuf R;

	rbuf_init(&R, body, len);
	*proof = (const char *)rbuf_get_var32(&R, PROOF_LEN_MAX, proof_len);
	return (rbuf_end(&R));
}

void
proto_publish_put_head(struct wbuf * W, uint64_t epoch)
{

	wbuf_put_u64(W, epoch);
}

int
proto_publish_get_head(const uint8_t * body, size_t len, uint64_t * epoch)
{

	return (list_get_u64(body, len, epoch));
}

void
proto_publish_put_head_reply(struct wbuf * W,
    const struct proto_publish_head * H)
{

	wbuf_put_bytes(W, H->head, HEAD_LEN);
	wbuf_put_var16(W, H->note, H->note_len);
}

int
proto_publish_get_head_reply(const uint8_t * body, size_t len,
    struct proto_publish_head * H)
{
	struct rbuf R;

	rbuf_init(&R, body, len);
	H->head = rbuf_get_bytes(&R, HEAD_LEN);
	H->note = rbuf_get_var16(&R, UINT16_MAX, &H->note_len);
	return (rbuf_end(&R));
}

void
proto_publish_put_consistency(struct wbuf * W, uint64_t m, uint64_t n)
{

	wbuf_put_u64(W, m);
	wbuf_put_u64(W, n);
}

int
proto_publish_get_consistency(const uint8_t * body, size_t len, uint64_t * m,
    uint64_t * n)
{
	struct rbuf R;

	rbuf_init(&R, body, len);
	*m = rbuf_get_u64(&R);
	*n = rbuf_get_u64(&R);
	if (*m == 0 || *m > *n)
		rbuf_fail(&R);
	return (rbuf_end(&R));
}

void
proto_publish_put_consistency_reply(struct wbuf * W,
    uint8_t (* hashes)[HASH_LEN], unsigned n)
{

	if (n > MERKLE_DEPTH_MAX) {
		W->failed = 1;
		return;
	}
	wbuf_put_u8(W, (uint8_t)n);
	wbuf_put_bytes(W, hashes, n * HASH_LEN);
}

int
proto_publish_get_consistency_reply(const uint8_t * body, size_t len,
    uint8_t (* hashes)[HASH_LEN], unsigned * n)
{
	struct rbuf R;

	rbuf_init(&R, body, len);
	if ((*n = rbuf_get_u8(&R)) > MERKLE_DEPTH_MAX)
		return (-1);
	for (unsigned i = 0; i < *n; i++)
		rbuf_copy(&R, hashes[i], HASH_LEN);
	return (rbuf_end(&R));
}

void
proto_publish_put_feed(struct wbuf * W, uint64_t epoch)
{

	wbuf_put_u64(W, epoch);
}

int
proto_publish_get_feed(const uint8_t * body, size_t len, uint64_t * epoch)
{

	return (list_get_u64(body, len, epoch));
}

void
proto_publish_begin_updates(struct list * L, struct wbuf * W, uint64_t epoch)
{

	wbuf_put_u64(W, epoch);
	list_begin(L, W);
}

int
proto_publish_get_updates(const uint8_t * body, size_t len,
    struct proto_publish_updates * U)
{
	struct rbuf R;

	rbuf_init(&R, body, len);
	U->epoch = rbuf_get_u64(&R);
	U->n = rbuf_get_u32(&R);
	U->list = R;
	return (list_check(&R, U->n, UPDATE_LEN_MAX));
}
