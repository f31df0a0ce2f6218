#ifndef KS_HKP_HKP_IMPL_H
#define KS_HKP_HKP_IMPL_H

#include "hkp/hkp.h"

/* What only lib/hkp's own files see. */

/**
 * hkp_copies(F, i, certs):
 * Store in ${certs} the copies of the key of hit ${i} of ${F}, and return how many there
 * are; 0 if one was there before ${i}.
 */
size_t hkp_copies(const struct hkp_found *, size_t,
    const struct openpgp_cert *[HKP_HITS_MAX]);

/**
 * hkp_put_list(W, Q, F, now):
 * Append to ${W} the list of what is in ${F}: see hkp_answer.
 */
void hkp_put_list(struct wbuf *, const struct hkp_query *,
    const struct hkp_found *, uint64_t);

#endif
