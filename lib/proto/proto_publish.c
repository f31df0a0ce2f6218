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

void
proto_publish_put_history(struct wbuf * W, const struct proto_publish_history * H)
{

	wbuf_put_var8(W, H->user, H->user_len);
	wbuf_put_u64(W, H->from_epoch);
	wbuf_put_u32(W, H->max);
}

int
proto_publish_get_history(const uint8_t * body, size_t len,
    struct proto_publish_history * H)
{
	struct rbuf R;

	rbuf_init(&R, body, len);
	H->user = (const char *)rbuf_get_var8(&R, USER_LEN_MAX, &H->user_len);
	H->from_epoch = rbuf_get_u64(&R);
	H->max = rbuf_get_u32(&R);
	if (H->max == 0 || H->max > HISTORY_MAX)
		rbuf_fail(&R);
	return (rbuf_end(&R));
}

void
proto_publish_put_versions(struct wbuf * W, uint64_t next_epoch,
    const struct proto_publish_version * versions, uint32_t n)
{

	wbuf_put_u64(W, next_epoch);
	wbuf_put_u32(W, n);
	for (uint32_t i = 0; i < n; i++) {
		wbuf_put_u64(W, versions[i].epoch);
		wbuf_put_u64(W, versions[i].version);
	}
}

int
proto_publish_get_versions(const uint8_t * body, size_t len,
    struct proto_publish_versions * V)
{
	struct proto_publish_version v, last = { 0, 0 };
	struct rbuf R;

	rbuf_init(&R, body, len);
	V->next_epoch = rbuf_get_u64(&R);
	if ((V->n = rbuf_get_u32(&R)) > HISTORY_MAX)
		return (-1);
	V->list = R;
	for (uint32_t i = 0; i < V->n; i++) {
		v.epoch = rbuf_get_u64(&R);
		v.version = rbuf_get_u64(&R);
		if (v.epoch <= last.epoch || (i > 0 && v.version <= last.version))
			rbuf_fail(&R);
		last = v;
	}
	if (V->next_epoch != 0 && V->next_epoch <= last.epoch)
		rbuf_fail(&R);
	return (rbuf_end(&R));
}

int
proto_publish_next_version(struct proto_publish_versions * V,
    struct proto_publish_version * version)
{

	if (V->list.len == 0)
		return (0);
	version->epoch = rbuf_get_u64(&V->list);
	version->version = rbuf_get_u64(&V->list);
	return (1);
}

void
proto_publish_put_bundle(struct wbuf * W, uint64_t epoch, uint32_t from)
{

	wbuf_put_u64(W, epoch);
	wbuf_put_u32(W, from);
}

int
proto_publish_get_bundle(const uint8_t * body, size_t len, uint64_t * epoch,
    uint32_t * from)
{
	struct rbuf R;

	rbuf_init(&R, body, len);
	*epoch = rbuf_get_u64(&R);
	*from = rbuf_get_u32(&R);
	if (*epoch == 0)
		rbuf_fail(&R);
	return (rbuf_end(&R));
}

void
proto_publish_put_ratifications(struct wbuf * W,
    const struct proto_publish_ratifications * S)
{

	if (S->n > POLICY_KEYS_MAX) {
		W->failed = 1;
		return;
	}
	wbuf_put_u64(W, S->epoch);
	wbuf_put_u8(W, (uint8_t)S->n);
	for (unsigned i = 0; i < S->n; i++) {
		wbuf_put_bytes(W, S->list[i].key_id, VKEY_ID_LEN);
		wbuf_put_u64(W, S->list[i].time_s);
		wbuf_put_bytes(W, S->list[i].sig, SIGN_LEN);
	}
}

int
proto_publish_get_ratifications(const uint8_t * body, size_t len,
    struct proto_publish_ratifications * S)
{
	struct rbuf R;

	rbuf_init(&R, body, len);
	S->epoch = rbuf_get_u64(&R);
	if ((S->n = rbuf_get_u8(&R)) > POLICY_KEYS_MAX)
		return (-1);
	for (unsigned i = 0; i < S->n; i++) {
		S->list[i].epoch = S->epoch;
		rbuf_copy(&R, S->list[i].key_id, VKEY_ID_LEN);
		S->list[i].time_s = rbuf_get_u64(&R);
		rbuf_copy(&R, S->list[i].sig, SIGN_LEN);
	}
	return (rbuf_end(&R));
}
