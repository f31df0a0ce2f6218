#ifndef KS_INIT_SERVICE_H
#define KS_INIT_SERVICE_H

#include "codec/wbuf.h"

#include "folder.h"
#include "plan.h"

/* The services of a folder beside its daemons of every kind. */
#define INIT_SERVICE_LINK	1	/* ks-link */
#define INIT_SERVICE_ETCD	2	/* the etcd member of a replica */
#define INIT_SERVICE_ETCD_DOWN	4	/* it is not to be started yet */
#define INIT_SERVICE_KEYIDS	8	/* ks-keyids of a replica */
#define INIT_SERVICE_HTTPD	16	/* ks-httpd of a replica */

/**
 * init_service_make(F, supervisor, more, W):
 * Make the folder `service` of ${F}, from which ${supervisor} runs its daemons,
 * with those ${more} that the flags INIT_SERVICE_* say.  In a folder that was
 * there what its daemons have stays.  ${W} is empty, and used for what is
 * written.  Return 0, or -1 after a line on standard error.
 */
int init_service_make(const struct init_folder *, enum init_supervisor,
    unsigned, struct wbuf *);

#endif
