#include <sys/stat.h>

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

#include "init_tree.h"

/* File descriptors that removing a tree may use. */
#define REMOVE_FDS	8

/* Return 0 if nothing is at ${dir}, or an empty directory. */
static int
check_free(const char * dir)
{
	struct dirent * entry;
	struct stat sb;
	DIR * D;

	if (lstat(dir, &sb)) {
		if (errno == ENOENT)
			return (0);
		warn("%s", dir);
		return (-1);
	}
	if (!S_ISDIR(sb.st_mode)) {
		warnx("%s: exists and is no directory", dir);
		return (-1);
	}
	if ((D = opendir(dir)) == NULL) {
		warn("%s", dir);
		return (-1);
	}
	while ((entry = readdir(D)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			break;
	closedir(D);
	if (entry != NULL) {
		warnx("%s: exists and is not empty; nothing is overwritten",
		    dir);
		return (-1);
	}
	return (0);
}

int
init_tree_begin(struct init_tree * T, const char * dir)
{
	size_t len = strlen(dir);

	T->path = NULL;
	T->there = 0;
	while (len > 1 && dir[len - 1] == '/')
		len--;
	if (len == 0) {
		warnx("the directory's name is empty");
		return (-1);
	}
	if ((T->final = strndup(dir, len)) == NULL)
		goto err0;
	if (check_free(T->final))
		goto err1;
	if (asprintf(&T->path, "%s.tmpXXXXXX", T->final) < 0) {
		T->path = NULL;
		goto err0;
	}
	if (mkdtemp(T->path) == NULL) {
		warn("%s", T->final);
		free(T->path);
		T->path = NULL;
		goto err1;
	}
	return (0);

err0:
	warn("%s", dir);
err1:
	free(T->final);
	T->final = NULL;
	return (-1);
}

int
init_tree_open(struct init_tree * T, const char * dir)
{

	T->there = 1;
	T->path = strdup(dir);
	T->final = strdup(dir);
	if (T->path != NULL && T->final != NULL)
		return (0);
	warn("%s", dir);
	return (-1);
}

/* As init_tree_path, with a list of arguments. */
static int __attribute__((format(printf, 3, 0)))
path_of(const struct init_tree * T, char * path, const char * fmt, va_list ap)
{
	size_t len = strlen(T->path);
	int n;

	if (len + 2 <= INIT_PATH_MAX) {
		memcpy(path, T->path, len);
		path[len++] = '/';
		n = vsnprintf(path + len, INIT_PATH_MAX + 1 - len, fmt, ap);
		if (n >= 0 && (size_t)n <= INIT_PATH_MAX - len)
			return (0);
	}
	errno = ENAMETOOLONG;
	warn("%s", T->final);
	return (-1);
}

int
init_tree_path(const struct init_tree * T, char * path, const char * fmt, ...)
{
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = path_of(T, path, fmt, ap);
	va_end(ap);
	return (rc);
}

int
init_tree_mkdir(const struct init_tree * T, mode_t mode, const char * fmt, ...)
{
	char path[INIT_PATH_MAX + 1];
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = path_of(T, path, fmt, ap);
	va_end(ap);
	if (rc)
		return (-1);
	if (mkdir(path, 0700) == 0 ? chmod(path, mode) :
	    !T->there || errno != EEXIST) {
		warn("%s", path);
		return (-1);
	}
	return (0);
}

int
init_tree_write(const struct init_tree * T, mode_t mode, struct wbuf * W,
    const char * fmt, ...)
{
	char path[INIT_PATH_MAX + 1];
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = path_of(T, path, fmt, ap);
	va_end(ap);
	if (rc)
		return (-1);
	if (wbuf_failed(W)) {
		errno = ENOMEM;
		warn("%s", path);
		return (-1);
	}
	rc = (T->there ? file_write_atomic : file_write_new)(path, mode,
	    W->data, W->len);
	wbuf_reset(W);
	return (rc);
}

/* Make all that is below ${path} durable, or the names in its directory. */
static int
sync_at(const char * path, int whole)
{
	int fd, rc;

	if ((fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return (-1);
	rc = whole ? syncfs(fd) : fsync(fd);
	close(fd);
	return (rc);
}

int
init_tree_commit(struct init_tree * T)
{
	char * slash;

	/* The files are durable one by one; this is for the directories. */
	if (chmod(T->path, 0755) || sync_at(T->path, 1))
		goto err0;

	/* The commit.  rename(2) replaces an empty directory, and no other. */
	if (rename(T->path, T->final))
		goto err0;
	free(T->path);
	T->path = NULL;

	/* Else a crash could take back what was reported as made. */
	if ((slash = strrchr(T->final, '/')) != NULL)
		slash[slash == T->final] = '\0';
	if (sync_at(slash != NULL ? T->final : ".", 0))
		goto err0;
	return (0);

err0:
	warn("%s", T->final);
	return (-1);
}

static int
remove_one(const char * path, const struct stat * st, int kind, struct FTW * f)
{

	(void)st;
	(void)kind;
	(void)f;
	return (remove(path));
}

void
init_tree_end(struct init_tree * T)
{

	if (T->path != NULL && !T->there &&
	    nftw(T->path, remove_one, REMOVE_FDS, FTW_DEPTH | FTW_PHYS))
		warn("%s: cannot be removed", T->path);
	free(T->path);
	free(T->final);
}
