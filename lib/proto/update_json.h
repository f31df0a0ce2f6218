#ifndef KS_PROTO_UPDATE_JSON_H
#define KS_PROTO_UPDATE_JSON_H

#include <stddef.h>

struct wbuf;

/**
 * update_json_read(text, len, W):
 * Append to ${W} the body of the UPDATE that the JSON object in the ${len} bytes at
 * ${text} says: request_id (hexadecimal), user, and in base64 update, profile and, if
 * there is one, registration, and nothing besides.  Return 0, or -1 if it is no such
 * object, or memory ran out.
 */
int update_json_read(const char *, size_t, struct wbuf *);

#endif
