#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <netinet/in.h>

#include "config/config.h"

#include "test.h"

static void
addresses(void)
{
	static const char * const bad[] = {
		"", ":1", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536",
		"127.0.0.1: 1", "127.0.0.1:+1", "127.0.0.1:1x", "localhost:1",
		"127.0.1:1", "::1:1", "[::1]", "[::1:1", "[]:1", "[127.0.0.1]:1",
		"[::1]x:1", "127.0.0.1]:1",
	};
	struct config_address A;
	struct sockaddr_in sin;
	struct sockaddr_in6 sin6;

	CHECK(config_address_parse("127.0.0.1:7001", &A) == 0);
	CHECK(strcmp(A.text, "127.0.0.1:7001") == 0 && A.len == sizeof(sin));
	memcpy(&sin, &A.sa, sizeof(sin));
	CHECK(sin.sin_family == AF_INET && ntohs(sin.sin_port) == 7001);
	CHECK(ntohl(sin.sin_addr.s_addr) == 0x7f000001);
	CHECK(config_address_parse("[::1]:7002", &A) == 0);
	memcpy(&sin6, &A.sa, sizeof(sin6));
	CHECK(A.len == sizeof(sin6) && sin6.sin6_family == AF_INET6);
	CHECK(ntohs(sin6.sin6_port) == 7002 && sin6.sin6_addr.s6_addr[15] == 1);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(config_address_parse(bad[i], &A) == -1);
}

static void
links(void)
{
	static const char * const bad[] = {
		"", "a", "a log", "a log 127.0.0.1:1 x", "a apply 127.0.0.1:1",
		"a Log 127.0.0.1:1", "a log 127.0.0.1:0", "a log host:1",
		"../a log 127.0.0.1:1", ".a log 127.0.0.1:1",
		"a/b log 127.0.0.1:1",
		("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		    " log 127.0.0.1:1"),
	};
	struct config_link_to to;

	CHECK(config_link_parse("replica-2 log\t127.0.0.1:7001", &to) == NULL);
	CHECK(strcmp(to.peer, "replica-2") == 0);
	CHECK(strcmp(to.service, "log") == 0);
	CHECK(strcmp(to.socket, "run/link-replica-2-log") == 0);
	CHECK(strcmp(to.address.text, "127.0.0.1:7001") == 0);
	CHECK(config_link_parse("a admit 127.0.0.1:1", &to) == NULL);
	CHECK(strcmp(to.socket, "run/link-a-admit") == 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(config_link_parse(bad[i], &to) != NULL);
}

/* Write ${text} to the file at ${path}. */
static int
put(const char * path, const char * text)
{
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
	ssize_t len = (ssize_t)strlen(text);
	int rc = fd != -1 && write(fd, text, (size_t)len) == len ? 0 : -1;

	close(fd);
	return (rc);
}

#define LINKS	"link_listen 127.0.0.1:7000\nlink a log 127.0.0.1:7001\n" \
		"link a publish 127.0.0.1:7002\nlink b log [::1]:7003\n"

static void
files(void)
{
	static struct config_link C;
	struct config_replica R;
	struct config_verifier V;
	char path[300];

	snprintf(path, sizeof(path), "%s/ks.conf", test_dir());
	CHECK(put(path, "epoch_min_ms 7\n" LINKS) == 0);
	CHECK(config_link_read(path, &C) == 0);
	CHECK(C.nlinks == 3 && strcmp(C.listen.text, "127.0.0.1:7000") == 0);
	CHECK(strcmp(C.link[2].peer, "b") == 0);
	CHECK(config_replica_read(path, &R) == 0 && R.epoch_min_ms == 7);
	CHECK(config_verifier_read(path, &V) == -1);

	CHECK(put(path, "upstream run/x\n" LINKS) == 0);
	CHECK(config_verifier_read(path, &V) == 0);
	CHECK(strcmp(V.upstream[0], "run/x") == 0);
	CHECK(config_link_read(path, &C) == 0 && C.nlinks == 3);
	CHECK(put(path, "upstream run/x\nupstream run/y\n") == 0);
	CHECK(config_verifier_read(path, &V) == 0 && V.nupstreams == 2);
	CHECK(strcmp(V.upstream[0], "run/x") == 0);
	CHECK(strcmp(V.upstream[1], "run/y") == 0);
	CHECK(put(path, "upstream run/x\nupstream run/x\n") == 0);
	CHECK(config_verifier_read(path, &V) == -1);
#define U(a)	"upstream run/" a "1\nupstream run/" a "2\nupstream run/" a "3\n"
	CHECK(put(path, U("a") U("b") "upstream c\nupstream d\n") == 0);
	CHECK(config_verifier_read(path, &V) == 0 && V.nupstreams == 8);
	CHECK(put(path, U("a") U("b") U("c")) == 0);
	CHECK(config_verifier_read(path, &V) == -1);
	CHECK(put(path, "upstream run/x\nupstream https://k.example/p\nhttp_ca c\n"
	    LINKS) == 0);
	CHECK(config_verifier_read(path, &V) == 0 && V.nupstreams == 2);
	CHECK(V.url[0][0] == '\0' && strcmp(V.upstream[0], "run/x") == 0);
	CHECK(strcmp(V.url[1], "https://k.example/p") == 0);
	CHECK(strcmp(V.upstream[1], "run/http-2") == 0);
	CHECK(strcmp(V.http_ca, "c") == 0);
	CHECK(config_link_read(path, &C) == 0 && C.nlinks == 3);
	CHECK(put(path, "upstream http://k.example/?a\n") == 0);
	CHECK(config_verifier_read(path, &V) == -1);
	CHECK(put(path, "upstream http://a\nupstream http://a\n") == 0);
	CHECK(config_verifier_read(path, &V) == -1);
	CHECK(put(path, "upstream\n") == 0);
	CHECK(config_verifier_read(path, &V) == -1);
	CHECK(config_replica_read(path, &R) == -1);

	CHECK(put(path, "cache_mib 8\n") == 0);
	CHECK(config_link_read(path, &C) == 0 && C.nlinks == 0);
	CHECK(C.listen.text[0] == '\0');
	CHECK(put(path, LINKS "link a log 127.0.0.1:9\n") == 0);
	CHECK(config_link_read(path, &C) == -1);
	CHECK(put(path, "link_listen localhost:1\n") == 0);
	CHECK(config_link_read(path, &C) == -1);
	CHECK(put(path, "link a apply 127.0.0.1:9\n") == 0);
	CHECK(config_link_read(path, &C) == -1);
}

static void
http(void)
{
	static const char * const bad[] = {
		"http_listen localhost:1\n", "http_listen 127.0.0.1\n",
		"https_listen 127.0.0.1:1\n", "https_cert a\nhttps_key b\n",
		"https_listen 127.0.0.1:1\nhttps_cert a\n",
		"http_proxy 127.0.0.1:1\n", "http_admin x\n",
		"http_verifier 127.0.0\n",
		"http_rate 1000001\n", "http_conns 0\n", "http_domain x\n",
		"http_domain -a.b\n", "http_domain a..b\n", "http_domain a.b.\n",
		"http_domain a_b.c\n", "keyids maybe\n",
		"http_listen 127.0.0.1:1\nhttp_listen 127.0.0.1:2\n"
		"http_listen 127.0.0.1:3\nhttp_listen 127.0.0.1:4\n"
		"http_listen 127.0.0.1:5\n",
	};
	static struct config_http H;
	static struct config_link L;
	struct config_replica R;
	char path[300];

	snprintf(path, sizeof(path), "%s/ks.conf", test_dir());
	CHECK(put(path, "epoch_min_ms 7\n") == 0);
	CHECK(config_http_read(path, &H) == 0);
	CHECK(H.nlisten == 0 && H.ntls == 0 && H.rate == 50 && H.conns == 64);
	CHECK(H.nproxies == 0 && H.nadmins == 2 && H.keyids == 0);
	CHECK(strcmp(H.admin[0], "127.0.0.1") == 0);
	CHECK(strcmp(H.admin[1], "::1") == 0);
	CHECK(put(path, LINKS "http_listen [::1]:80\nhttps_listen 127.0.0.1:81\n"
	    "https_cert a.pem\nhttps_key /b.pem\nhttp_proxy ::1\n"
	    "http_proxy 127.0.0.1\nhttp_admin 192.0.2.1\nhttp_rate 0\n"
	    "http_verifier 2001:0DB8:0::1\n"
	    "http_conns 9\nhttp_domain Keys.Example.ORG\nkeyids yes\n") == 0);
	CHECK(config_http_read(path, &H) == 0);
	CHECK(H.nlisten == 1 && H.ntls == 1 && H.rate == 0 && H.conns == 9);
	CHECK(strcmp(H.listen[0].text, "[::1]:80") == 0);
	CHECK(strcmp(H.tls[0].text, "127.0.0.1:81") == 0);
	CHECK(strcmp(H.cert, "a.pem") == 0 && strcmp(H.key, "/b.pem") == 0);
	CHECK(H.nproxies == 2 && H.nadmins == 1 && H.keyids == 1);
	CHECK(H.nverifiers == 1 && strcmp(H.verifier[0], "2001:db8::1") == 0);
	CHECK(H.ndomains == 1 && strcmp(H.domain[0], "keys.example.org") == 0);
	/* The others pass over these lines. */
	CHECK(config_link_read(path, &L) == 0 && L.nlinks == 3);
	CHECK(config_replica_read(path, &R) == 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK(put(path, bad[i]) == 0);
		CHECK(config_http_read(path, &H) == -1);
	}
}

static const struct test tests[] = {
	{ "an address is numeric, with a port", addresses },
	{ "a link line is a peer, a service and an address", links },
	{ "ks.conf is for all daemons, each passes over the others' lines", files },
	{ "the lines of ks-httpd are what they must be", http },
};
TESTS(tests)
