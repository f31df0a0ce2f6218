#ifndef KS_CLIENT_SERVER_URL_H
#define KS_CLIENT_SERVER_URL_H

#include <stddef.h>

/* Longest directory of a SERVER: room for any path that a person would type. */
#define SERVER_URL_DIR_MAX	1023

/*
 * SERVER, as it stands in a realm file or on a command line: `unix:DIR`, where
 * DIR holds the sockets `publish` and `admit` of a replica, or is what the paths
 * of two sockets begin with, DIR-publish and DIR-admit.  Nothing else is
 * supported; what begins with `http://` or `https://` is told so by name.
 */

/**
 * server_url_dir(text, base, dir, why):
 * Store in ${dir}, which has room for SERVER_URL_DIR_MAX + 1 bytes, the
 * directory that the SERVER ${text} names; a relative one is taken relative to
 * the folder of the file ${base}, or to the working directory if ${base} is
 * NULL.  Return 0, or -1 and store in ${why} the rule that is broken.
 */
int server_url_dir(const char *, const char *, char *, const char **);

#endif
