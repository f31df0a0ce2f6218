#ifndef KS_WEB_TARGET_H
#define KS_WEB_TARGET_H

#include <stddef.h>

#include "web/web.h"

/* The target of a request, taken apart; points into text. */
struct target {
	unsigned nsegments;
	char * segment[WEB_SEGMENTS_MAX];
	unsigned nargs;
	char * name[WEB_ARGS_MAX];
	char * value[WEB_ARGS_MAX];
};

/**
 * target_parse(text, T):
 * Take the string ${text}, a path and perhaps a query, apart into ${T}, decoding it in
 * its place.  A last '/' makes a last segment that is empty.  Return NULL; or the
 * sentence that says what is wrong: no '/' at the start, a '%' without two digits, what
 * is not UTF-8 or has a control character once decoded, more segments or arguments than there may be.
 */
const char * target_parse(char *, struct target *);

/**
 * target_route(routes, n, method, T, allow, allow_size):
 * Return which of the ${n} ${routes} is for ${method} and the path of ${T}; or NULL, and
 * write the methods that this path has, if any, to ${allow}, of ${allow_size} bytes.
 */
const struct web_route * target_route(const struct web_route *, size_t,
    const char *, const struct target *, char *, size_t);

/**
 * target_prefers(accept, a, b):
 * Return nonzero if the header ${accept}, which may be NULL, gives the media type ${a}
 * a higher quality than ${b}.
 */
int target_prefers(const char *, const char *, const char *);

/**
 * target_forwarded(header, text, size):
 * Write the last address in the X-Forwarded-For ${header} to ${text}, of ${size} bytes.
 * Return 0, or -1 if it does not fit or there is none; whether it is one is not looked at.
 */
int target_forwarded(const char *, char *, size_t);

#endif
