#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

/* Report that ${path} failed with errno, which stays as it is. */
static void
report(const char * path)
{
	int e = errno;

	warn("%s", path);
	errno = e;
}

/* Close ${fd} on an error path: errno stays as it is. */
static void
close_keep(int fd)
{
	int e = errno;

	(void)close(fd);
	errno = e;
}

/* Open the regular file ${path}, reporting a failure; return a descriptor. */
static int
open_regular(const char * path, struct stat * sb)
{
	int fd;

	/* Without O_NONBLOCK, a FIFO would hang us before we can refuse it. */
	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)) < 0)
		goto err0;
	if (fstat(fd, sb))
		goto err1;
	if (!S_ISREG(sb->st_mode)) {
		warnx("%s: not a regular file", path);
		errno = EINVAL;
		goto err2;
	}
	return (fd);

err1:
	report(path);
err2:
	close_keep(fd);
	return (-1);
err0:
	report(path);
	return (-1);
}

/* Read from ${fd} to its end, at most ${len_max} bytes: EFBIG if more. */
static int
read_all(int fd, uint8_t * buf, size_t len_max, size_t * len)
{
	uint8_t beyond;
	size_t n = 0;
	ssize_t r;

	/* The file may have grown since fstat: the end is where read says so. */
	for (;;) {
		if (n < len_max)
			r = read(fd, &buf[n], len_max - n);
		else
			r = read(fd, &beyond, 1);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return (-1);
		if (r == 0)
			break;
		if (n == len_max) {
			errno = EFBIG;
			return (-1);
		}
		n += (size_t)r;
	}
	*len = n;
	return (0);
}

/* Say that reading ${path} failed, and why. */
static void
report_read(const char * path, size_t len_max)
{

	if (errno != EFBIG) {
		report(path);
		return;
	}
	warnx("%s: longer than %zu bytes", path, len_max);
	errno = EFBIG;
}

int
file_read(const char * path, size_t len_max, uint8_t ** buf, size_t * len)
{
	struct stat sb;
	uint8_t * p;
	size_t size;
	int fd;

	if ((fd = open_regular(path, &sb)) < 0)
		goto err0;

	/* Room for what is there now and a little more, never above len_max. */
	size = len_max;
	if (sb.st_size >= 0 && (uintmax_t)sb.st_size < len_max)
		size = (size_t)sb.st_size;
	if ((p = malloc(size + 1)) == NULL) {
		report(path);
		goto err1;
	}
	if (read_all(fd, p, size, len)) {
		report_read(path, size);
		goto err2;
	}
	p[*len] = 0;
	close(fd);
	*buf = p;
	return (0);

err2:
	free(p);
err1:
	close_keep(fd);
err0:
	return (-1);
}

int
file_read_secret(const char * path, uint8_t * buf, size_t len_max, size_t * len)
{
	struct stat sb;
	int fd;

	if ((fd = open_regular(path, &sb)) < 0)
		goto err0;
	if (sb.st_mode & (S_IRWXG | S_IRWXO)) {
		warnx("%s: mode %04o: a secret must not be open to group or"
		    " others (chmod 600)", path, (unsigned)sb.st_mode & 07777);
		errno = EPERM;
		goto err1;
	}
	if (read_all(fd, buf, len_max, len)) {
		report_read(path, len_max);
		goto err1;
	}
	close(fd);
	return (0);

err1:
	close_keep(fd);
err0:
	return (-1);
}

/* Write all ${len} bytes at ${buf} to ${fd}. */
static int
write_all(int fd, const uint8_t * buf, size_t len)
{
	ssize_t r;

	while (len > 0) {
		if ((r = write(fd, buf, len)) < 0) {
			if (errno == EINTR)
				continue;
			return (-1);
		}
		buf += r;
		len -= (size_t)r;
	}
	return (0);
}

/* Make the names in the directory of ${path} durable. */
static int
sync_dir(const char * path)
{
	const char * slash = strrchr(path, '/');
	char * dir;
	int fd;

	if (slash == NULL)
		dir = strdup(".");
	else if (slash == path)
		dir = strdup("/");
	else
		dir = strndup(path, (size_t)(slash - path));
	if (dir == NULL)
		goto err0;
	if ((fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		goto err1;
	if (fsync(fd))
		goto err2;
	close(fd);
	free(dir);
	return (0);

err2:
	close_keep(fd);
err1:
	free(dir);
err0:
	return (-1);
}

/* Write a new file beside ${path}; return its name, to be freed, or NULL. */
static char *
write_temp(const char * path, mode_t mode, const uint8_t * buf, size_t len)
{
	char * tmp;
	int fd;

	/* In the same directory, as rename cannot cross file systems. */
	if (asprintf(&tmp, "%s.tmpXXXXXX", path) < 0)
		goto err0;
	if ((fd = mkostemp(tmp, O_CLOEXEC)) < 0)
		goto err1;
	if (write_all(fd, buf, len) || fchmod(fd, mode))
		goto err2;

	/*
	 * Before the rename: else a crash could leave the new name with the
	 * content not yet written, which is neither the old file nor the new.
	 */
	if (fsync(fd))
		goto err2;
	if (close(fd))
		goto err3;
	return (tmp);

err2:
	close_keep(fd);
err3:
	(void)unlink(tmp);
err1:
	free(tmp);
err0:
	return (NULL);
}

/* Write ${path} as the header says, with the flags ${flags} of renameat2. */
static int
write_file(const char * path, mode_t mode, const uint8_t * buf, size_t len,
    unsigned flags)
{
	char * tmp;
	int e;

	if ((tmp = write_temp(path, mode, buf, len)) == NULL)
		goto err0;

	/* The commit: one system call, before which the old state holds. */
	if (renameat2(AT_FDCWD, tmp, AT_FDCWD, path, flags))
		goto err1;

	/* Else a crash could bring the old name back after we said "done". */
	if (sync_dir(path))
		goto err2;
	free(tmp);
	return (0);

err1:
	e = errno;
	(void)unlink(tmp);
	errno = e;
err2:
	free(tmp);
err0:
	report(path);
	return (-1);
}

int
file_write_atomic(const char * path, mode_t mode, const uint8_t * buf,
    size_t len)
{

	return (write_file(path, mode, buf, len, 0));
}

int
file_write_new(const char * path, mode_t mode, const uint8_t * buf, size_t len)
{

	return (write_file(path, mode, buf, len, RENAME_NOREPLACE));
}
