#ifndef KS_HTTPD_ROTATION_H
#define KS_HTTPD_ROTATION_H

#include <stddef.h>
#include <stdint.h>

struct conn;

/*
 * Whether this replica is in rotation: whoever spreads requests over several
 * of them (a load balancer, a resolver) asks /healthz, and goes elsewhere while it is out.
 * It is out while there is a file run/out-of-rotation: neither a crash nor a start brings it
 * back behind the back of who took it out.
 */

/* The file, in the directory of the replica. */
#define ROTATION_FILE	"run/out-of-rotation"

/**
 * rotation_in(void):
 * Return nonzero if it is in rotation.
 */
int rotation_in(void);

/**
 * rotation_set(in):
 * Take it into rotation if ${in} is nonzero, else out, and say so on standard error if
 * that is news.  Return 0, or -1 (reported) if the file cannot be changed.
 */
int rotation_set(int);

/**
 * rotation_serve(cookie, C, id, body, len):
 * Answer ROTATION: a handler of the socket `httpd`.
 */
int rotation_serve(void *, struct conn *, uint32_t, const uint8_t *, size_t);

#endif
