#ifndef KS_KEYIDS_KEYIDS_RECORD_H
#define KS_KEYIDS_KEYIDS_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "entry/limits.h"
#include "openpgp/openpgp.h"
#include "proto/proto_keyids.h"

struct wbuf;

/*
 * What is known of the keys that an entry publishes: by which ids they are found,
 * and which addresses are in their user ids.
 *
 * An id is a fingerprint or a key id, with zeroes up to KEYIDS_ID_LEN bytes: no
 * fingerprint of another length can be made to look so.
 */
#define KEYIDS_ID_LEN	OPENPGP_FPR_MAX

/* Ids of an entry: each key has a fingerprint and a key id. */
#define KEYIDS_IDS_MAX	(2 * OPENPGP_KEYS_MAX)

/* Bytes of an encoded record at most. */
#define KEYIDS_RECORD_MAX \
	(1 + KEYIDS_ADDRESSES_MAX * (1 + USER_LEN_MAX) + 2 + \
	    KEYIDS_IDS_MAX * (KEYIDS_ID_LEN + 1 + 8))

struct keyids_id {
	uint8_t id[KEYIDS_ID_LEN];
	uint8_t subkey;		/* 1: of subkeys only */
	uint64_t since;		/* epoch from which on the entry has had it */
};

struct keyids_record {
	unsigned naddresses;
	char address[KEYIDS_ADDRESSES_MAX][USER_LEN_MAX + 1];
	unsigned nids;		/* 0: no key that can be found */
	struct keyids_id id[KEYIDS_IDS_MAX];
};

/**
 * keyids_id_pad(id, p, len):
 * Store in ${id} the ${len} bytes at ${p}, a fingerprint or key id, padded.
 * Return 0, or -1 if they can be neither.
 */
int keyids_id_pad(uint8_t[KEYIDS_ID_LEN], const uint8_t *, size_t);

/**
 * keyids_record_read(R, profile, len, epoch):
 * Store in ${R} what the application `pgp` of the ${len} bytes of ${profile} (of
 * length 0: erased) has, all of it since ${epoch}: the first KEYIDS_ADDRESSES_MAX
 * addresses that are not revoked; without an address, nothing.  Return 0; 1 if
 * there is no such application; 2 if its value is no key (in both cases ${R} has
 * nothing); or -1 if memory ran out (reported).
 */
int keyids_record_read(struct keyids_record *, const uint8_t *, size_t, uint64_t);

/**
 * keyids_record_find(R, id):
 * Return the element of ${R} with this padded ${id}, or NULL.
 */
const struct keyids_id * keyids_record_find(const struct keyids_record *,
    const uint8_t[KEYIDS_ID_LEN]);

/**
 * keyids_record_put(R, W), keyids_record_get(R, p, len):
 * Append the encoded ${R} to ${W}; decode the ${len} bytes at ${p} into ${R} and
 * return 0, or -1 if they are no such record.
 */
void keyids_record_put(const struct keyids_record *, struct wbuf *);
int keyids_record_get(struct keyids_record *, const uint8_t *, size_t);

#endif
