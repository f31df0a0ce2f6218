#ifndef KS_CLIENT_SERVER_URL_H
#define KS_CLIENT_SERVER_URL_H

#include <stddef.h>

/* Longest directory or URL of a SERVER: room for any path that a person would
 * type, and for any server line of a realm file. */
#define SERVER_URL_MAX	1023

/* A SERVER, taken apart. */
struct server_url {
	int http;	/* at is a URL; else a directory */
	char at[SERVER_URL_MAX + 1];
};

/*
 * SERVER, as it stands in a realm file or on a command line: `unix:DIR`, where
 * DIR holds the sockets `publish` and `admit` of a replica, or is what the paths
 * of two sockets begin with, DIR-publish and DIR-admit; or the URL of a ks-httpd,
 * `http[s]://HOST[:PORT][/PREFIX]`.
 */

/**
 * server_url_parse(text, base, U, why):
 * Store in ${U} where the SERVER ${text} is; a relative directory is taken relative
 * to the folder of the file ${base}, or to the working directory if ${base} is
 * NULL.  Return 0, or -1 and store in ${why} the rule that is broken.
 */
int server_url_parse(const char *, const char *, struct server_url *,
    const char **);

#endif
