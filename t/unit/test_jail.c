#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "frame/usock.h"
#include "jail/jail.h"

#include "test.h"

/* Every check of a jailed process has its own exit code. */
static int
jailed(const char * inside, const char * file)
{
	static char ls[] = "/bin/ls";
	char * argv[] = { ls, NULL };
	struct jail J;
	int fd[2], lfd;

	jail_init(&J);
	jail_add_dir(&J, inside);
	jail_add_file(&J, file);
	jail_add_file(&J, "/nonexistent");
	if (open("/etc/hostname", O_RDONLY) == -1 && errno != ENOENT)
		return (1);
	if (jail_enter(&J))
		return (2);
	if (open("/etc/passwd", O_RDONLY) != -1 || errno != EACCES)
		return (3);
	if (open("../outside", O_CREAT | O_WRONLY, 0600) != -1 || errno != EACCES)
		return (4);
	if (open(file, O_RDONLY) == -1)
		return (5);
	if (open(file, O_WRONLY) != -1 || errno != EACCES)
		return (6);
	if (execv(argv[0], argv) != -1 || (errno != EPERM && errno != EACCES))
		return (7);
	if (socket(AF_INET, SOCK_STREAM, 0) != -1 || errno != EPERM)
		return (8);
	if (socket(AF_INET6, SOCK_DGRAM, 0) != -1 || errno != EPERM)
		return (9);
	if (socket(AF_NETLINK, SOCK_RAW, 0) != -1 || errno != EPERM)
		return (10);
	/* What a daemon goes on doing. */
	if ((lfd = open("new", O_CREAT | O_RDWR, 0600)) == -1 || fsync(lfd) ||
	    ftruncate(lfd, 0) || rename("new", "newer") || unlink("newer"))
		return (11);
	if (mkdir("d", 0700) || rmdir("d"))
		return (12);
	if ((lfd = usock_listen("s", 0600)) == -1)
		return (13);
	if ((fd[0] = usock_connect("s")) == -1)
		return (14);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd))
		return (15);
	return (0);
}

static void
jail(void)
{
	char file[200];
	const char * dir;
	pid_t pid;
	int fd, status;

	snprintf(file, sizeof(file), "%s/key", test_dir());
	CHECK((fd = open(file, O_CREAT | O_WRONLY, 0600)) != -1);
	close(fd);
	dir = test_dir();
	CHECK(chdir(dir) == 0);
	if ((pid = fork()) == 0)
		_exit(jailed(dir, file));
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	if (WEXITSTATUS(status) != 0)
		printf("# jailed: check %d\n", WEXITSTATUS(status));
	CHECK(WEXITSTATUS(status) == 0);
}

/* The same, with what looks up hosts and the system's authorities. */
static int
jailed_names(const char * file)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo * list;
	struct jail J;

	jail_init(&J);
	J.tcp = 1;
	jail_add_names(&J);
	jail_add_authorities(&J);
	if (jail_enter(&J))
		return (1);
	/* Without that file nobody knows this name. */
	if (access("/etc/hosts", R_OK) == 0) {
		if (getaddrinfo("localhost", "443", &hints, &list) != 0)
			return (2);
		freeaddrinfo(list);
	}
	if (socket(AF_INET, SOCK_STREAM, 0) == -1 ||
	    socket(AF_INET, SOCK_DGRAM, 0) == -1)
		return (3);
	if (open("/etc/hosts", O_RDONLY) == -1 && errno == EACCES)
		return (4);
	if (open("/etc/ssl/certs/ca-certificates.crt", O_RDONLY) == -1 &&
	    errno == EACCES)
		return (5);
	if (open("/etc/passwd", O_RDONLY) != -1 || errno != EACCES)
		return (6);
	if (open(file, O_RDONLY) != -1 || errno != EACCES)
		return (7);
	if (open("/etc/hosts", O_WRONLY) != -1 || errno != EACCES)
		return (8);
	return (0);
}

static void
names(void)
{
	char file[200];
	pid_t pid;
	int fd, status;

	snprintf(file, sizeof(file), "%s/other", test_dir());
	CHECK((fd = open(file, O_CREAT | O_WRONLY, 0600)) != -1);
	close(fd);
	if ((pid = fork()) == 0)
		_exit(jailed_names(file));
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	if (WEXITSTATUS(status) != 0)
		printf("# jailed: check %d\n", WEXITSTATUS(status));
	CHECK(WEXITSTATUS(status) == 0);
}

static const struct test tests[] = {
	{ "a jail keeps files, programs and networks out", jail },
	{ "hosts can be looked up in a jail, and authorities read, where that is"
	    " listed", names },
};
TESTS(tests)
