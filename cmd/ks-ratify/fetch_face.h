#ifndef KS_RATIFY_FETCH_FACE_H
#define KS_RATIFY_FETCH_FACE_H

struct face;
struct http;
struct loop;

/*
 * The face of one URL: a socket of the protocol `publish` on which ks-ratify asks,
 * and the requests of HTTP that this makes.  A server that is away, or that says what
 * no keyserver does, costs the connection; it is tried again, each time later.  What
 * a server refuses by a rule becomes an ERROR with that rule.
 */

/**
 * fetch_face_new(L, H, url, fd):
 * Serve the ${url}, which stays, on the listening socket ${fd} in the loop ${L}, with
 * requests of ${H}.  Return it, or NULL after a line on standard error.  It lives as long
 * as the process.
 */
struct face * fetch_face_new(struct loop *, struct http *, const char *, int);

#endif
