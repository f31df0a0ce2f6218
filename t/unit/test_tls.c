#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "tls/identity.h"
#include "tls/tstream.h"

#include "test.h"

#define DAY	86400

/* Turns after which a handshake or a read has hung. */
#define TURNS	1000

static struct identity *
make(const char * name)
{
	int64_t now = (int64_t)time(NULL);

	/* As every daemon does. */
	signal(SIGPIPE, SIG_IGN);
	if (sodium_init() < 0 || identity_start())
		return (NULL);
	return (identity_make(name, now - DAY, now + DAY));
}

/* The path of ${name} in a directory of this test. */
static const char *
path(int i, const char * name)
{
	static char paths[2][400];
	static const char * dir;

	if (dir == NULL)
		dir = test_dir();
	snprintf(paths[i], sizeof(paths[i]), "%s/%s", dir, name);
	return (paths[i]);
}

static void
files(void)
{
	const char * key = path(0, "link.key"), * cert = path(1, "link.crt");
	struct identity * I = make("replica1"), * again, * other;
	struct stat st;
	int fd;

	CHECK(I != NULL);
	CHECK(strncmp(I->pin, "SHA256:", 7) == 0);
	CHECK(strlen(I->pin) == IDENTITY_PIN_LEN);
	CHECK(I->not_after_s - I->not_before_s == 2 * DAY);
	CHECK(identity_write(I, key, cert) == 0);
	CHECK(stat(key, &st) == 0 && (st.st_mode & 07777) == 0600);
	CHECK(stat(cert, &st) == 0 && (st.st_mode & 07777) == 0644);
	CHECK((again = identity_read(key, cert)) != NULL);
	CHECK(strcmp(again->pin, I->pin) == 0);
	CHECK(again->not_after_s == I->not_after_s);
	CHECK(again->key_len == I->key_len &&
	    memcmp(again->key, I->key, I->key_len) == 0);
	identity_free(again);

	/* A new one has another key; a mixed pair is refused. */
	CHECK((other = make("replica1")) != NULL);
	CHECK(strcmp(other->pin, I->pin) != 0);
	CHECK(identity_write(other, path(0, "2.key"), cert) == 0);
	CHECK(identity_read(path(0, "link.key"), cert) == NULL);
	CHECK((again = identity_read(path(0, "2.key"), cert)) != NULL);
	identity_free(again);
	identity_free(other);

	/* Nor is one that others may read, or that is none. */
	CHECK(chmod(path(0, "2.key"), 0640) == 0);
	CHECK(identity_read(path(0, "2.key"), cert) == NULL && errno == EPERM);
	CHECK(chmod(path(0, "2.key"), 0600) == 0);
	CHECK(identity_read(cert, cert) == NULL);
	CHECK(identity_read(path(0, "2.key"), path(1, "2.key")) == NULL);
	CHECK((fd = open(path(0, "2.key"), O_WRONLY | O_TRUNC)) != -1);
	close(fd);
	CHECK(identity_read(path(0, "2.key"), path(1, "link.crt")) == NULL);
	CHECK(identity_read(path(0, "none"), path(1, "link.crt")) == NULL);
	identity_free(I);
}

/* Both ends of a stream, over a socket pair. */
struct ends {
	struct identity * mine[2];
	struct tstream_server * S;
	int fd[2];
	struct tstream * T[2];		/* 0 connects, 1 accepts */
};

static int
open_ends(struct ends * E)
{

	memset(E, 0, sizeof(*E));
	return ((E->mine[0] = make("a")) == NULL ||
	    (E->mine[1] = make("b")) == NULL ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, E->fd) ||
	    (E->S = tstream_server_new(E->mine[1])) == NULL ||
	    (E->T[0] = tstream_connect(E->mine[0], E->fd[0])) == NULL ||
	    (E->T[1] = tstream_accept(E->S, E->fd[1])) == NULL ? -1 : 0);
}

static void
close_ends(struct ends * E)
{

	for (int i = 0; i < 2; i++) {
		tstream_free(E->T[i]);
		close(E->fd[i]);
		identity_free(E->mine[i]);
	}
	tstream_server_free(E->S);
}

static int
shake(struct ends * E)
{
	int rc[2] = { 1, 1 };

	for (int turn = 0; turn < TURNS && (rc[0] || rc[1]); turn++)
		for (int i = 0; i < 2; i++) {
			if (rc[i] != 0)
				rc[i] = tstream_handshake(E->T[i]);
			if (rc[i] == TSTREAM_FAILED)
				return (-1);
		}
	return (rc[0] || rc[1] ? -1 : 0);
}

/* Read a byte; what the library has to say itself comes before it. */
static ssize_t
read_one(struct tstream * T, char * c)
{
	ssize_t n = TSTREAM_WANT_READ;

	for (int turn = 0; turn < TURNS && n == TSTREAM_WANT_READ; turn++)
		n = tstream_read(T, c, 1);
	return (n);
}

static void
streams(void)
{
	static char big[1 << 20], got[1 << 20];
	struct tstream_peer peer;
	struct ends E;
	size_t put = 0, have = 0;
	ssize_t n;
	char c;

	CHECK(open_ends(&E) == 0 && shake(&E) == 0);
	for (int i = 0; i < 2; i++) {
		CHECK(tstream_peer(E.T[i], &peer) == 0);
		CHECK(strcmp(peer.pin, E.mine[1 - i]->pin) == 0);
		CHECK(peer.not_before_s == E.mine[1 - i]->not_before_s);
		CHECK(peer.not_after_s == E.mine[1 - i]->not_after_s);
	}

	/* More than any buffer holds; the writer is told to wait. */
	randombytes_buf(big, sizeof(big));
	for (int turn = 0; turn < 1 << 20 && have < sizeof(got); turn++) {
		if (put < sizeof(big) && (n = tstream_write(E.T[0], &big[put],
		    sizeof(big) - put)) > 0)
			put += (size_t)n;
		CHECK(put == sizeof(big) || n > 0 || n == TSTREAM_WANT_WRITE);
		if ((turn & 63) != 63 && put < sizeof(big))
			continue;
		n = tstream_read(E.T[1], &got[have], sizeof(got) - have);
		CHECK(n > 0 || n == TSTREAM_WANT_READ);
		have += n > 0 ? (size_t)n : 0;
	}
	CHECK(have == sizeof(got) && memcmp(big, got, have) == 0);

	/* One half ends, the other goes on. */
	CHECK(tstream_read(E.T[1], &c, 1) == TSTREAM_WANT_READ);
	CHECK(tstream_shutdown(E.T[0]) == 0);
	CHECK(read_one(E.T[1], &c) == 0);
	CHECK(tstream_write(E.T[1], "x", 1) == 1);
	CHECK(read_one(E.T[0], &c) == 1 && c == 'x');
	CHECK(tstream_shutdown(E.T[1]) == 0);
	CHECK(read_one(E.T[0], &c) == 0);
	close_ends(&E);
}

static void
failures(void)
{
	struct tstream_peer peer;
	struct ends E;
	char c;

	/* An end without a word is no end of the stream. */
	CHECK(open_ends(&E) == 0 && shake(&E) == 0);
	CHECK(shutdown(E.fd[0], SHUT_RDWR) == 0);
	CHECK(tstream_read(E.T[1], &c, 1) == TSTREAM_FAILED);
	CHECK(tstream_error(E.T[1])[0] != '\0');
	close_ends(&E);

	/* What is no TLS. */
	CHECK(open_ends(&E) == 0);
	CHECK(tstream_peer(E.T[1], &peer) == -1);
	CHECK(write(E.fd[0], "GET / HTTP/1.0\r\n\r\n", 18) == 18);
	CHECK(tstream_handshake(E.T[1]) == TSTREAM_FAILED);
	close_ends(&E);

	/* A byte that is changed on the way. */
	CHECK(open_ends(&E) == 0 && shake(&E) == 0);
	CHECK(tstream_read(E.T[0], &c, 1) == TSTREAM_WANT_READ);
	CHECK(write(E.fd[1], "\x17\x03\x03\x00\x20"
	    "0123456789abcdef0123456789abcdef", 37) == 37);
	CHECK(read_one(E.T[0], &c) == TSTREAM_FAILED);
	close_ends(&E);
}

static const struct test tests[] = {
	{ "a key and its certificate are written, read and belong together",
	    files },
	{ "a stream carries bytes and ends in halves; each sees the other's pin",
	    streams },
	{ "what breaks a stream is told", failures },
};
TESTS(tests)
