#ifndef KS_INIT_HTTP_H
#define KS_INIT_HTTP_H

#include "plan.h"

/**
 * init_http(plan, text):
 * Store in ${plan}, whose replicas are known, where the ks-httpd of each listens, by
 * the list ${text} of numeric ADDRESS:PORT, separated by commas: one a replica; or one
 * for all, whose port is counted up if they are on the same host.  Return 0, or -1 after a
 * line on standard error.
 */
int init_http(struct init_plan *, const char *);

#endif
