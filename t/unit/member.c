#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <netinet/in.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "member.h"
#include "test.h"

static pid_t member;
static unsigned clusters;

static void
stop(void)
{

	if (member > 0) {
		kill(member, SIGKILL);
		waitpid(member, NULL, 0);
		member = 0;
	}
}

/* A free TCP port of loopback, held open by ${fd}; 0 if there is none. */
static unsigned
free_port(int * fd)
{
	struct sockaddr_in sa = {
		.sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) }
	};
	socklen_t len = sizeof(sa);

	if ((*fd = socket(AF_INET, SOCK_STREAM, 0)) == -1 ||
	    bind(*fd, (struct sockaddr *)&sa, sizeof(sa)) ||
	    getsockname(*fd, (struct sockaddr *)&sa, &len))
		return (0);
	return (ntohs(sa.sin_port));
}

/* In the child: be etcd, and end with the test program. */
static void
be_etcd(const char * dir, const char * url, const char * peer)
{
	char cluster[80], data[512], token[16];
	int fd = open("/dev/null", O_WRONLY);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(fd, 1);
	dup2(fd, 2);
	snprintf(cluster, sizeof(cluster), "a=%s", peer);
	snprintf(token, sizeof(token), "%u", clusters);
	snprintf(data, sizeof(data), "%s/etcd%u", dir, clusters);
	execlp("etcd", "etcd", "--name", "a", "--data-dir", data,
	    "--log-level", "error", "--listen-client-urls", url,
	    "--advertise-client-urls", url, "--listen-peer-urls", peer,
	    "--initial-advertise-peer-urls", peer, "--initial-cluster", cluster,
	    "--initial-cluster-token", token, "--heartbeat-interval", "10", "--election-timeout", "100",
	    (char *)NULL);
	_exit(127);
}

/* Where clients and members connect; chosen once. */
static char url[64], peer[64];

static int
choose_urls(void)
{
	unsigned port, port2;
	int fd, fd2;

	if (url[0] != '\0')
		return (0);
	port = free_port(&fd);
	port2 = free_port(&fd2);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u", port);
	snprintf(peer, sizeof(peer), "http://127.0.0.1:%u", port2);
	close(fd);
	close(fd2);
	return (atexit(stop));
}

const char *
member_url(void)
{
	int status;

	if (member > 0 && waitpid(member, &status, WNOHANG) == 0)
		return (url);
	if (member == 0 && choose_urls() == 0) {
		clusters++;
		if ((member = fork()) == 0)
			be_etcd(test_dir(), url, peer);
		return (url);
	}
	printf("# etcd does not run: install it with share/install-deps\n");
	member = -1;
	return (NULL);
}

void
member_forget(void)
{

	stop();
}
