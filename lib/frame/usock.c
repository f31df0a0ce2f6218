#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <bsd/string.h>

#include "frame/usock.h"

/* Connections that the kernel holds for us until we accept them. */
#define BACKLOG	128

static int
make(const char * path, struct sockaddr_un * sun)
{

	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	if (strlcpy(sun->sun_path, path, sizeof(sun->sun_path)) >=
	    sizeof(sun->sun_path)) {
		errno = ENAMETOOLONG;
		return (-1);
	}
	return (socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

/* Close without losing the errno of what failed. */
static void
close_keep(int fd)
{
	int saved = errno;

	close(fd);
	errno = saved;
}

int
usock_connect(const char * path)
{
	struct sockaddr_un sun;
	int fd;

	if ((fd = make(path, &sun)) == -1)
		goto err0;
	if (connect(fd, (const struct sockaddr *)&sun, sizeof(sun)))
		goto err1;
	return (fd);

err1:
	close_keep(fd);
err0:
	return (-1);
}

/* Remove the socket at ${path} if nobody answers it. */
static int
remove_stale(const char * path)
{
	struct stat st;
	int fd;

	if (lstat(path, &st))
		return (errno == ENOENT ? 0 : -1);
	if (!S_ISSOCK(st.st_mode))
		goto used;
	if ((fd = usock_connect(path)) != -1) {
		close(fd);
		goto used;
	}
	/* EAGAIN is a server with a full backlog: alive. */
	if (errno != ECONNREFUSED)
		goto used;
	return (unlink(path));

used:
	errno = EADDRINUSE;
	return (-1);
}

int
usock_listen(const char * path, mode_t mode)
{
	struct sockaddr_un sun;
	mode_t mask;
	int fd, rc;

	if ((fd = make(path, &sun)) == -1)
		goto err0;
	if (remove_stale(path))
		goto err1;
	/* Never wider than asked, not even between bind and chmod. */
	mask = umask(0177);
	rc = bind(fd, (const struct sockaddr *)&sun, sizeof(sun));
	umask(mask);
	if (rc)
		goto err1;
	if (chmod(path, mode) || listen(fd, BACKLOG))
		goto err2;
	return (fd);

err2:
	rc = errno;
	unlink(path);
	errno = rc;
err1:
	close_keep(fd);
err0:
	return (-1);
}
