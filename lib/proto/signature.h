#ifndef KS_PROTO_SIGNATURE_H
#define KS_PROTO_SIGNATURE_H

#include <stddef.h>
#include <stdint.h>

#include "codec/rbuf.h"
#include "crypto/sign.h"
#include "note/vkey.h"

struct wbuf;

/*
 * A replica's signature on the checkpoint of an epoch, as log entries and
 * events carry it: u64 epoch, key_id[4], signature[64].
 */
struct signature {
	uint64_t epoch;
	uint8_t key_id[VKEY_ID_LEN];
	uint8_t sig[SIGN_LEN];
};

/*
 * A verifier's ratification of an epoch, as log entries, events and frames
 * carry it: u64 epoch, key_id[4], u64 seconds, signature[64].
 */
struct signature_ratification {
	uint64_t epoch;
	uint8_t key_id[VKEY_ID_LEN];
	uint64_t time_s;		/* what the cosignature says */
	uint8_t sig[SIGN_LEN];
};

/**
 * signature_put(W, S), signature_put_ratification(W, S):
 * Append the encoded ${S} to ${W}.
 */
void signature_put(struct wbuf *, const struct signature *);
void signature_put_ratification(struct wbuf *,
    const struct signature_ratification *);

/**
 * signature_get(p, len, S), signature_get_ratification(p, len, S):
 * Decode the ${len} bytes at ${p}, all of them, into ${S}.  Return 0 or -1.
 */
int signature_get(const uint8_t *, size_t, struct signature *);
int signature_get_ratification(const uint8_t *, size_t,
    struct signature_ratification *);

#endif
