#ifndef KS_HKP_HKP_IMPL_H
#define KS_HKP_HKP_IMPL_H

#include "hkp/hkp.h"

/* What only lib/hkp's own files see. */

/**
 * hkp_put_list(W, Q, hits, n, now):
 * Append to ${W} the list of the ${n} ${hits}: see hkp_answer.
 */
void hkp_put_list(struct wbuf *, const struct hkp_query *,
    const struct hkp_hit *, size_t, uint64_t);

#endif
