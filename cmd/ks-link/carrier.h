#ifndef KS_LINK_CARRIER_H
#define KS_LINK_CARRIER_H

#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "daemon/server.h"
#include "files/files.h"
#include "link/link.h"

struct carry;
struct daemon;
struct identity;
struct loop;
struct realm;
struct tstream_server;

/*
 * Descriptors are what bounds it: two for each carried connection, one for each
 * that is not let in yet; all together stay below the usual limit of 1024.
 */

/* Connections from outside that are not let in yet.  One more, and the oldest
 * of them gives way, so that idle ones keep nobody out. */
#define CARRIER_PENDING_MAX	64

/* Connections from outside that were let in: of all, and of one peer, so that
 * none takes all places here or of the daemon behind. */
#define CARRIER_IN_MAX		192
#define CARRIER_PEER_MAX	64

/* Connections from here; more wait in the kernel's backlog. */
#define CARRIER_OUT_MAX		192

/* Where connections come from: TCP, or a Unix socket for one link line. */
struct gate;

/* The files that are read, and again on SIGHUP. */
enum { CARRIER_REALM, CARRIER_KEY, CARRIER_CERT, CARRIER_FILES };

/* What is read from them. */
struct carrier_self {
	struct realm * realm;
	struct identity * identity;
	struct tstream_server * tls;
};

/* ks-link. */
struct carrier {
	struct daemon * daemon;
	struct loop * loop;
	struct config_link config;
	struct carrier_self self;
	struct files files;
	struct server_spec server;

	struct gate * gate[CONFIG_LINKS_MAX + 1];
	size_t ngates;

	struct carry * first;		/* the oldest connection */
	struct carry * last;

	uint64_t opened;		/* connections that were carried */
	uint64_t refused;		/* and that were not */
	uint64_t bytes_out;		/* of services, to peers */
	uint64_t bytes_in;
	uint64_t reloads;		/* SIGHUPs that changed what counts */
	int draining;
};

/**
 * carrier_open(M):
 * Read the files of ${M} for the first time.  Return 0, or the exit code after a
 * line on standard error.
 */
int carrier_open(struct carrier *);

/**
 * carrier_reload(M):
 * Read them again.  Connections of certificates that are gone, or whose peer may
 * not have the service any more, end; if something is wrong there is a line on
 * standard error, and all stays as it was.  Return 0, or -1 if the loop failed.
 */
int carrier_reload(struct carrier *);

/**
 * carrier_self_free(S):
 * Wipe and free what ${S} holds.
 */
void carrier_self_free(struct carrier_self *);

/**
 * carrier_make(dir, name, role):
 * Be "ks-link -g ${name} -r ${role}" for the directory ${dir}: make a new key and
 * certificate and print their line.  If ${role} is NULL it is that of the name's
 * link line, else the policy's.  Return the exit code.
 */
int carrier_make(const char *, const char *, const char *);

#endif
