#ifndef KS_ENTRY_INDEX_H
#define KS_ENTRY_INDEX_H

#include <stdint.h>

#include "crypto/vrf.h"
#include "entry/limits.h"

/**
 * index_make(K, user, index):
 * Store in ${index} the INDEX_LEN bytes of the index that the VRF key ${K}
 * gives the normalised ${user}.
 */
void index_make(const struct vrf_key *, const char *, uint8_t *);

/**
 * index_prove(K, user, index, proof):
 * As index_make, and store in ${proof} the VRF_PROOF_LEN bytes that prove it.
 */
void index_prove(const struct vrf_key *, const char *, uint8_t *, uint8_t *);

/**
 * index_verify(pk, user, proof, index):
 * If the VRF_PROOF_LEN bytes ${proof} prove the index of the normalised ${user}
 * under the VRF_PK_LEN bytes ${pk}, store it in ${index} and return 0; or
 * return -1.
 */
int index_verify(const uint8_t *, const char *, const uint8_t *, uint8_t *);

#endif
