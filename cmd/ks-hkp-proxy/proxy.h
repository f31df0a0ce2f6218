#ifndef KS_HKP_PROXY_PROXY_H
#define KS_HKP_PROXY_PROXY_H

#include <stddef.h>

#include "web/web.h"

struct crew;

/* What the handlers know. */
struct proxy {
	struct crew * crew;
	const char * realm;	/* its name */
};

/* What is served, with a struct proxy as ctx. */
extern const struct web_route proxy_routes[];
extern const size_t proxy_nroutes;

#endif
