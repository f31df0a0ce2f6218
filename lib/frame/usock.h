#ifndef KS_FRAME_USOCK_H
#define KS_FRAME_USOCK_H

#include <sys/types.h>

/**
 * usock_connect(path):
 * Connect a nonblocking, close-on-exec stream socket to the Unix socket at
 * ${path}.  Return it, or -1 with errno; ENAMETOOLONG if ${path} does not fit
 * an address (107 bytes).
 */
int usock_connect(const char *);

/**
 * usock_listen(path, mode):
 * Listen on a nonblocking, close-on-exec Unix socket bound to ${path} with the
 * permissions ${mode}.  A socket that is already there is replaced if nobody
 * answers it any more; otherwise, or if it is no socket, this fails with
 * EADDRINUSE.  Return it, or -1 with errno.
 */
int usock_listen(const char *, mode_t);

#endif
