#ifndef KS_PUBLISH_VRF_H
#define KS_PUBLISH_VRF_H

#include <stddef.h>
#include <stdint.h>

#include "crypto/hash.h"
#include "crypto/vrf.h"
#include "store/bytes.h"

struct store;
struct view;

/*
 * Remembered VRF proofs, which are the dearest part of a lookup: in memory for
 * anybody, and in the table "vrf", under a name that only the secret of this
 * database gives, for users that exist.  They are a cache: losing any is fine.
 */

/** Proofs in memory, in sets of PUBLISH_VRF_WAYS: 8 MiB. */
#define PUBLISH_VRF_SLOTS	65536
#define PUBLISH_VRF_WAYS	4

/** Most rows put by one batch; what is beyond has another chance. */
#define PUBLISH_VRF_DUE_MAX	4096

struct publish_vrf_slot {
	uint8_t name[HASH_LEN];
	uint8_t proof[VRF_PROOF_LEN];
	uint8_t used;		/* the slot holds something */
	uint8_t fresh;		/* not asked for since the set was last full */
	uint8_t stored;		/* there is a row, or will be by what is due */
	uint8_t due;		/* to be stored with the next batch */
};

struct publish_vrf {
	const struct vrf_key * key;
	struct store * store;
	const uint8_t * secret;		/* HASH_SALT_LEN bytes */
	struct publish_vrf_slot * slots;
	uint32_t due[PUBLISH_VRF_DUE_MAX];	/* slots that were marked so */
	size_t ndue;
	uint64_t made;			/* proofs computed, for STATUS */
	uint64_t remembered;
	struct bytes row;
};

/**
 * publish_vrf_init(V, key, S, secret):
 * Make ${V} an empty cache of proofs by ${key}, over the table in ${S}, with the
 * HASH_SALT_LEN bytes ${secret}.  All stay until publish_vrf_free.  Return 0, or
 * -1 if memory is short.
 */
int publish_vrf_init(struct publish_vrf *, const struct vrf_key *, struct store *,
    const uint8_t *);

/**
 * publish_vrf_free(V):
 * Free what ${V} holds.
 */
void publish_vrf_free(struct publish_vrf *);

/**
 * publish_vrf_prove(V, user, index, proof):
 * As index_prove, remembered or made.  Return 0, or -1 if the store failed
 * (reported).
 */
int publish_vrf_prove(struct publish_vrf *, const char *, uint8_t *, uint8_t *);

/**
 * publish_vrf_exists(V, user):
 * The ${user}, just proven, exists: his proof is worth a row.
 */
void publish_vrf_exists(struct publish_vrf *, const char *);

/**
 * publish_vrf_flush(V, view):
 * Put the rows that are worth it into ${view}, to be committed with something
 * else.  Return 0, or -1 if memory is short.
 */
int publish_vrf_flush(struct publish_vrf *, struct view *);

#endif
