#ifndef KS_PROTO_PROTO_KEYIDS_H
#define KS_PROTO_PROTO_KEYIDS_H

#include <stddef.h>
#include <stdint.h>

#include "codec/rbuf.h"

struct wbuf;

/*
 * The frames of the socket `keyids` (PROTOCOL section 11).  A put appends a body
 * to a buffer, a get decodes a whole body: 0, or -1 if it is malformed.
 *
 * What is found is a hint: anybody may publish a key under any fingerprint that
 * he has seen, with any address in it.  Who asks looks each address up, and
 * checks that the key in the verified profile has that fingerprint.
 */
enum proto_keyids_type {
	KEYIDS_FIND = 0x0501,
	KEYIDS_FOUND = 0x0502
};

/* Bytes of what can be asked for: a fingerprint of version 4, of 5 or 6; a key id. */
#define KEYIDS_FPR_LEN		20
#define KEYIDS_FPR_LONG_LEN	32
#define KEYIDS_KEYID_LEN	8

/* Most addresses of an answer: each costs who asks a lookup. */
#define KEYIDS_ADDRESSES_MAX	16

/* A KEYIDS_FOUND, decoded; points into the body. */
struct proto_keyids_found {
	uint64_t epoch;		/* the signed one up to which keys were read */
	int more;		/* there are addresses that did not fit */
	uint8_t n;		/* how many there are */
	struct rbuf list;	/* for proto_keyids_next */
};

/**
 * proto_keyids_put_find(W, id, len), proto_keyids_get_find(body, len, id, id_len):
 * KEYIDS_FIND: who has published a key or subkey with this fingerprint or key id.
 * Another length than those above is let through here, so that it can be refused
 * by its rule.
 */
void proto_keyids_put_find(struct wbuf *, const uint8_t *, size_t);
int proto_keyids_get_find(const uint8_t *, size_t, const uint8_t **, size_t *);

/**
 * proto_keyids_put_found(W, epoch, more, n):
 * Begin a KEYIDS_FOUND in ${W} with so many addresses, each then by
 * proto_keyids_put_address(W, address, len).
 */
void proto_keyids_put_found(struct wbuf *, uint64_t, int, uint8_t);
void proto_keyids_put_address(struct wbuf *, const char *, size_t);

/**
 * proto_keyids_get_found(body, len, F):
 * Decode a KEYIDS_FOUND into ${F}: at most KEYIDS_ADDRESSES_MAX addresses, each of
 * 1 to USER_LEN_MAX bytes and a normalised user id.
 */
int proto_keyids_get_found(const uint8_t *, size_t, struct proto_keyids_found *);

/**
 * proto_keyids_next(F, address, len):
 * Store where the next address of ${F} is, without a NUL, and its length, and
 * return 1, or return 0 after the last one.
 */
int proto_keyids_next(struct proto_keyids_found *, const char **, size_t *);

#endif
