#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <linux/landlock.h>

#include "jail/jail.h"
#include "jail/landlock.h"

/*
 * The kernel's interface grows; the headers of a build machine may be older
 * than the kernel it will run on.  These numbers are fixed for ever.
 */
#define FS_TRUNCATE	(1ULL << 14)	/* ABI 3 */
#define FS_IOCTL_DEV	(1ULL << 15)	/* ABI 5 */
#define NET_BIND_TCP	(1ULL << 0)	/* ABI 4 */
#define NET_CONNECT_TCP	(1ULL << 1)	/* ABI 4 */
#define SCOPE_ABSTRACT	(1ULL << 0)	/* ABI 6: abstract Unix sockets */
#define SCOPE_SIGNAL	(1ULL << 1)	/* ABI 6: signals to the world outside */

/* struct landlock_ruleset_attr as of ABI 6; older kernels want less of it. */
struct ruleset {
	uint64_t fs;
	uint64_t net;
	uint64_t scoped;
};

/* All that can be done to files as of ABI 1. */
#define FS_ABI1		((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)

#define FS_READ		(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)

/* What makes sense on a file that is no directory. */
#define FS_OF_FILE	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | \
			LANDLOCK_ACCESS_FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV)

/* What a daemon does in its own directories: all but executing and making
 * devices, pipes and links. */
#define FS_OWN		(FS_READ | LANDLOCK_ACCESS_FS_WRITE_FILE | \
			LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE | \
			LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | \
			LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_REFER | FS_TRUNCATE)

/* Say what this kernel's ABI can restrict; return how much of it to pass. */
static size_t
negotiate(long abi, const struct jail * J, struct ruleset * R)
{

	R->fs = FS_ABI1;
	R->net = R->scoped = 0;
	if (abi >= 2)
		R->fs |= LANDLOCK_ACCESS_FS_REFER;
	if (abi >= 3)
		R->fs |= FS_TRUNCATE;
	if (abi >= 5)
		R->fs |= FS_IOCTL_DEV;
	if (abi >= 4)
		R->net = NET_BIND_TCP | (J->tcp ? 0 : NET_CONNECT_TCP);
	if (abi >= 6)
		R->scoped = SCOPE_ABSTRACT | SCOPE_SIGNAL;
	if (abi >= 6)
		return (sizeof(*R));
	return (abi >= 4 ? 2 * sizeof(uint64_t) : sizeof(uint64_t));
}

/* Allow ${access} beneath ${path}. */
static int
allow(int ruleset, const char * path, uint64_t access)
{
	struct landlock_path_beneath_attr A = { 0 };
	struct stat st;
	long rc;

	if ((A.parent_fd = open(path, O_PATH | O_CLOEXEC)) == -1)
		return (-1);
	if (fstat(A.parent_fd, &st)) {
		close(A.parent_fd);
		return (-1);
	}
	A.allowed_access = S_ISDIR(st.st_mode) ? access : access & FS_OF_FILE;
	rc = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
	    &A, 0);
	close(A.parent_fd);
	return (rc ? -1 : 0);
}

int
landlock_enter(const struct jail * J)
{
	struct ruleset R;
	size_t len;
	long abi;
	int fd;

	abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	if (abi < 1) {
		warn("jail: this kernel has no Landlock");
		goto err0;
	}
	len = negotiate(abi, J, &R);
	fd = (int)syscall(SYS_landlock_create_ruleset, &R, len, 0);
	if (fd == -1) {
		warn("jail: landlock_create_ruleset");
		goto err0;
	}
	for (size_t i = 0; i < J->ndirs; i++) {
		if (allow(fd, J->dirs[i], FS_OWN & R.fs)) {
			warn("jail: %s", J->dirs[i]);
			goto err1;
		}
	}
	for (size_t i = 0; i < J->nfiles; i++) {
		if (allow(fd, J->files[i], FS_READ) && errno != ENOENT) {
			warn("jail: %s", J->files[i]);
			goto err1;
		}
	}
	if (syscall(SYS_landlock_restrict_self, fd, 0)) {
		warn("jail: landlock_restrict_self");
		goto err1;
	}
	close(fd);
	return (0);

err1:
	close(fd);
err0:
	return (-1);
}
