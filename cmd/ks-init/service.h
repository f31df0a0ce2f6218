#ifndef KS_INIT_SERVICE_H
#define KS_INIT_SERVICE_H

#include "codec/wbuf.h"

#include "init_tree.h"
#include "plan.h"

/**
 * init_service_make(T, supervisor, role, number, daemons, W):
 * Make the folder `service` of the replica or verifier (${role}) ${number} in
 * ${T}, from which ${supervisor} runs the ${daemons}, a list that ends with
 * NULL.  ${W} is empty, and used for what is written.  Return 0, or -1 after a
 * line on standard error.
 */
int init_service_make(const struct init_tree *, enum init_supervisor,
    const char *, unsigned, const char * const *, struct wbuf *);

#endif
