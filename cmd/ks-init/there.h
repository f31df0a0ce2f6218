#ifndef KS_INIT_THERE_H
#define KS_INIT_THERE_H

#include <netinet/in.h>

#include "config/config.h"
#include "realm/realm.h"
#include "tls/identity.h"

#include "folder.h"
#include "plan.h"

/* The folder of a replica that was made before. */
struct init_there {
	const char * dir;
	struct init_tree T;			/* of the folder itself */
	struct realm * realm;
	struct config_replica replica;
	struct config_engine engine;
	struct config_link links;
	enum init_supervisor supervisor;	/* for which its services are */
};

/**
 * init_there_open(dir):
 * Read what is in the folder ${dir} of a replica.  Return it, for
 * init_there_free, or NULL after a line on standard error.
 */
struct init_there * init_there_open(const char *);

/**
 * init_there_path(R, path, name):
 * Store in ${path}, with room for INIT_PATH_MAX + 1 bytes, the path of the file
 * ${name} in the folder of ${R}.  Return 0, or -1 after a line on standard error.
 */
int init_there_path(const struct init_there *, char *, const char *);

/**
 * init_there_folder(R, F):
 * Make ${F} the folder of ${R} itself, in which files are replaced.  Return 0, or
 * -1 after a line on standard error if its configuration has no name.
 */
int init_there_folder(const struct init_there *, struct init_folder *);

/**
 * init_there_address(R, address):
 * Store in ${address} where the other members reach that of ${R}.  Return 0, or
 * -1 after a line on standard error.
 */
int init_there_address(const struct init_there *, char[INET6_ADDRSTRLEN]);

/**
 * init_there_ca(R, ca_dir):
 * Return the authority in the folder ${ca_dir}, or, if that is NULL, in the one
 * beside that of ${R}; for identity_free.  Or return NULL after a line on
 * standard error: also if it is not the one that ${R} takes certificates of.
 */
struct identity * init_there_ca(const struct init_there *, const char *);

/**
 * init_there_new_ca(R, ca_dir):
 * As init_there_ca, for a ${R} that takes no certificates yet; if ${ca_dir} is
 * NULL and there is none beside ${R}, make it there.
 */
struct identity * init_there_new_ca(const struct init_there *, const char *);

/**
 * init_there_has(R, name):
 * Return nonzero if there is anything called ${name} in the folder of ${R}.
 */
int init_there_has(const struct init_there *, const char *);

/**
 * init_there_free(R):
 * Free ${R}, which may be NULL.
 */
void init_there_free(struct init_there *);

#endif
