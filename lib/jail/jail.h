#ifndef KS_JAIL_JAIL_H
#define KS_JAIL_JAIL_H

#include <stddef.h>

/*
 * The rights that a daemon keeps.  What is open stays usable; from jail_enter on
 *	- paths are reachable only beneath the directories and files listed
 *	  (Landlock); connecting to a Unix socket is not a matter of paths to
 *	  Landlock and is left to file permissions;
 *	- no program can be executed, traced or written into, nothing mounted, no
 *	  socket made but a Unix one (seccomp), no TCP port bound or connected
 *	  to (Landlock too, where the kernel knows how);
 *	- no setuid program gives anything back (no-new-privs).
 * seccomp binds every thread; Landlock binds the calling thread and those it
 * starts, so start threads afterwards.
 */

/* Directories and files of any one daemon. */
#define JAIL_PATHS_MAX	32

struct jail {
	const char * dirs[JAIL_PATHS_MAX];	/* read and written beneath */
	size_t ndirs;
	const char * files[JAIL_PATHS_MAX];	/* files and directories, only read */
	size_t nfiles;
	int tcp;		/* nonzero: may make Internet sockets and connect them */
};

/**
 * jail_init(J):
 * Make ${J} the jail in which nothing is allowed.
 */
void jail_init(struct jail *);

/**
 * jail_add_dir(J, path):
 * Let all that is beneath the directory ${path} be read, written, made and
 * removed, but not executed.  ${path} must exist at jail_enter.
 */
void jail_add_dir(struct jail *, const char *);

/**
 * jail_add_file(J, path):
 * Let ${path}, or what is beneath it, be read.  A ${path} that does not exist at
 * jail_enter is passed over.
 */
void jail_add_file(struct jail *, const char *);

/**
 * jail_add_names(J):
 * Let hosts be looked up by name, with ${J}->tcp: the files that the C library
 * reads for it, and the modules that it loads.  A resolv.conf that is replaced by
 * another file afterwards is not seen.
 */
void jail_add_names(struct jail *);

/**
 * jail_add_authorities(J):
 * Let the system's store of certificate authorities be read.
 */
void jail_add_authorities(struct jail *);

/**
 * jail_enter(J):
 * Give away, for good, all rights but those of ${J}.  Return 0, or -1 after a
 * line on standard error; then some may be gone, and the process should leave.
 */
int jail_enter(const struct jail *);

#endif
