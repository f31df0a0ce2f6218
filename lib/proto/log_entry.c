#include <stdint.h>
#include <string.h>

#include "codec/rbuf.h"
#include "codec/wbuf.h"
#include "crypto/hash.h"
#include "entry/rule_names.h"

#include "proto/log_entry.h"
#include "proto/policy.h"

#define PERSONAL	"ks-log"	/* of the running hash */

void
log_entry_put(struct wbuf * W, const struct log_entry * E)
{
	size_t start = W->len;

	wbuf_put_bytes(W, E->request_id, REQUEST_ID_LEN);
	wbuf_put_u8(W, E->type);
	wbuf_put_var32(W, E->body, E->body_len);
	wbuf_put_var32(W, E->erasable, E->erasable_len);
	if (W->len - start > LOG_ENTRY_MAX)
		W->failed = 1;
}

int
log_entry_parse(struct log_entry * E, const uint8_t * p, size_t len)
{
	struct rbuf R;

	if (len > LOG_ENTRY_MAX)
		return (-1);
	rbuf_init(&R, p, len);
	E->request_id = rbuf_get_bytes(&R, REQUEST_ID_LEN);
	E->type = rbuf_get_u8(&R);
	E->body = rbuf_get_var32(&R, LOG_ENTRY_MAX, &E->body_len);
	E->erasable = rbuf_get_var32(&R, LOG_ENTRY_MAX, &E->erasable_len);
	return (rbuf_end(&R));
}

const char *
log_entry_rule(const struct log_entry * E)
{
	struct log_entry_delimiter delimiter;
	struct signature signature;
	struct signature_ratification ratification;
	struct proto_approval approval;
	int bad = -1;

	switch (E->type) {
	case LOG_ENTRY_UPDATE:
		return (NULL);
	case LOG_ENTRY_DELIMITER:
		bad = log_entry_get_delimiter(E->body, E->body_len,
		    &delimiter);
		break;
	case LOG_ENTRY_SIGNATURE:
		bad = signature_get(E->body, E->body_len, &signature);
		break;
	case LOG_ENTRY_RATIFICATION:
		bad = signature_get_ratification(E->body, E->body_len,
		    &ratification);
		break;
	case LOG_ENTRY_APPROVAL:
		bad = proto_approval_get(E->body, E->body_len, &approval);
		break;
	}
	return (bad || E->erasable_len != 0 ? RULE_ENTRY_MALFORMED : NULL);
}

void
log_entry_put_delimiter(struct wbuf * W, const struct log_entry_delimiter * D)
{

	wbuf_put_u64(W, D->epoch);
	wbuf_put_u64(W, D->time_ms);
	wbuf_put_u64(W, D->base);
	wbuf_put_bytes(W, D->hash, HASH_LEN);
}

int
log_entry_get_delimiter(const uint8_t * p, size_t len,
    struct log_entry_delimiter * D)
{
	struct rbuf R;

	rbuf_init(&R, p, len);
	D->epoch = rbuf_get_u64(&R);
	D->time_ms = rbuf_get_u64(&R);
	D->base = rbuf_get_u64(&R);
	rbuf_copy(&R, D->hash, HASH_LEN);
	return (rbuf_end(&R));
}

void
log_entry_hash_first(const char * realm, uint8_t * hash)
{

	hash_blake2b(PERSONAL, NULL, realm, strlen(realm), hash);
}

void
log_entry_hash(const uint8_t * last, uint64_t index,
    const struct log_entry * E, uint8_t * hash)
{
	struct hash_blake2b H;
	uint8_t number[8];

	for (size_t i = 8; i-- > 0; index >>= 8)
		number[i] = (uint8_t)index;
	hash_blake2b_init(&H, PERSONAL, NULL);
	hash_blake2b_update(&H, last, HASH_LEN);
	hash_blake2b_update(&H, number, sizeof(number));
	hash_blake2b_update(&H, E->request_id, REQUEST_ID_LEN);
	hash_blake2b_update(&H, &E->type, 1);
	hash_blake2b_update(&H, E->body, E->body_len);
	hash_blake2b_final(&H, hash);
}
