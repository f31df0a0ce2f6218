#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "store/dirlock.h"

int
dirlock_take(const char * dir, int * fd)
{
	/*
	 * A lock of the open file, not of the process: it holds between the
	 * threads of one process too, and no stray close of the file drops it.
	 */
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char path[PATH_MAX];
	int len;

	if (mkdir(dir, 0700) && errno != EEXIST) {
		warn("%s", dir);
		goto err0;
	}
	len = snprintf(path, sizeof(path), "%s/lock", dir);
	if (len < 0 || (size_t)len >= sizeof(path)) {
		warnx("%s: path too long", dir);
		goto err0;
	}
	*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (*fd == -1) {
		warn("%s", path);
		goto err0;
	}
	if (fcntl(*fd, F_OFD_SETLK, &lock) == 0)
		return (0);
	if (errno == EAGAIN || errno == EACCES) {
		warnx("%s: another process owns it", dir);
		close(*fd);
		return (1);
	}
	warn("%s", path);
	close(*fd);
err0:
	return (-1);
}

static int
sync_one(const char * dir)
{
	int fd;

	if ((fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		goto err0;
	if (fsync(fd))
		goto err1;
	close(fd);
	return (0);

err1:
	close(fd);
err0:
	warn("%s", dir);
	return (-1);
}

int
dirlock_sync(const char * dir)
{
	char parent[PATH_MAX];
	int len;

	len = snprintf(parent, sizeof(parent), "%s/..", dir);
	if (len < 0 || (size_t)len >= sizeof(parent)) {
		warnx("%s: path too long", dir);
		return (-1);
	}
	if (sync_one(dir))
		return (-1);
	return (sync_one(parent));
}
