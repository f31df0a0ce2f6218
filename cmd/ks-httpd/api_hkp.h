#ifndef KS_HTTPD_API_HKP_H
#define KS_HTTPD_API_HKP_H

#include <stddef.h>

struct web_request;

/* Most bytes of what is sent to /pks/add; it is not looked at. */
#define HKP_ADD_MAX	262144

/**
 * api_hkp_lookup(ctx, R):
 * GET /pks/lookup: the keys in the application `pgp` of a user whose proof this server
 * has verified, or of those users whom the socket keyids names, if the search is by id.
 */
int api_hkp_lookup(void *, struct web_request *);

/**
 * api_hkp_add(ctx, R):
 * POST /pks/add: refused with what must be done instead.
 */
int api_hkp_add(void *, struct web_request *);

/**
 * api_wkd_direct(ctx, R), api_wkd_advanced(ctx, R):
 * GET of a key in the Web Key Directory: the domain is that of the Host, or in the path.
 */
int api_wkd_direct(void *, struct web_request *);
int api_wkd_advanced(void *, struct web_request *);

/**
 * api_wkd_direct_policy(ctx, R), api_wkd_advanced_policy(ctx, R):
 * GET of the directory's policy file, which is empty: there are no exceptions.
 */
int api_wkd_direct_policy(void *, struct web_request *);
int api_wkd_advanced_policy(void *, struct web_request *);

#endif
