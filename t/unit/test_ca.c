#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "tls/ca.h"
#include "tls/identity.h"

#include "test.h"

#define DAY	86400

static const char * dir;
static int64_t now;

static struct identity *
make(int64_t from, int64_t to)
{

	now = (int64_t)time(NULL);
	if (dir == NULL)
		dir = test_dir();
	if (sodium_init() < 0 || identity_start())
		return (NULL);
	return (ca_make("example.org", now + from, now + to));
}

/* Write ${I} as ${name}.key and ${name}.crt.  Return 0 or -1. */
static int
put(const struct identity * I, const char * name)
{
	char key[400], cert[400];

	snprintf(key, sizeof(key), "%s/%s.key", dir, name);
	snprintf(cert, sizeof(cert), "%s/%s.crt", dir, name);
	return (identity_write(I, key, cert));
}

/* Run the openssl command ${args} in ${dir}.  Return its exit code. */
static int
openssl(const char * args)
{
	char command[1000];
	int status;
	pid_t pid;

	snprintf(command, sizeof(command), "cd %s && openssl %s >out 2>&1", dir,
	    args);
	if ((pid = fork()) == 0) {
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	if (pid == -1 || waitpid(pid, &status, 0) != pid)
		return (-1);
	return (WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

/* Is ${text} in what the last command printed? */
static int
printed(const char * text)
{
	char path[400], line[1000];
	int found = 0;
	FILE * f;

	snprintf(path, sizeof(path), "%s/out", dir);
	if ((f = fopen(path, "r")) == NULL)
		return (0);
	while (!found && fgets(line, sizeof(line), f) != NULL)
		found = strstr(line, text) != NULL;
	fclose(f);
	return (found);
}

static void
certificates(void)
{
	struct identity * ca = make(-DAY, 20 * DAY), * I;

	CHECK(ca != NULL && put(ca, "ca") == 0);
	CHECK((I = ca_issue(ca, CA_MEMBER, "replica1", "192.0.2.7", now - DAY,
	    now + DAY)) != NULL && put(I, "member") == 0);
	CHECK(I->not_after_s == now + DAY && I->not_before_s == now - DAY);
	identity_free(I);
	CHECK((I = ca_issue(ca, CA_CLIENT, "replica1", NULL, now - DAY,
	    now + 90 * DAY)) != NULL && put(I, "client") == 0);
	/* No longer than who signed it. */
	CHECK(I->not_after_s == ca->not_after_s);
	identity_free(I);
	identity_free(ca);

	/* Another implementation of the rules takes each for its use alone. */
	CHECK(openssl("verify -x509_strict -CAfile ca.crt -purpose sslserver "
	    "-verify_ip 192.0.2.7 member.crt") == 0);
	CHECK(openssl("verify -x509_strict -CAfile ca.crt -purpose sslclient "
	    "-verify_ip 127.0.0.1 member.crt") == 0);
	CHECK(openssl("verify -CAfile ca.crt -verify_ip ::1 member.crt") == 0);
	CHECK(openssl("verify -CAfile ca.crt -verify_ip 192.0.2.8 member.crt")
	    != 0);
	CHECK(openssl("verify -x509_strict -CAfile ca.crt -purpose sslclient "
	    "-verify_ip 127.0.0.1 client.crt") == 0);
	CHECK(openssl("verify -CAfile ca.crt -verify_ip 192.0.2.7 client.crt")
	    != 0);
	CHECK(openssl("verify -CAfile ca.crt -purpose sslserver client.crt")
	    != 0);
	CHECK(openssl("verify -CAfile member.crt client.crt") != 0);
	CHECK(openssl("x509 -in client.crt -noout -subject") == 0);
	CHECK(printed("CN = replica1"));
}

static void
strangers(void)
{
	struct identity * ca = make(-DAY, DAY), * other = make(-DAY, DAY), * I;

	CHECK(ca != NULL && other != NULL);
	CHECK(put(ca, "ca") == 0 && put(other, "other") == 0);
	CHECK((I = ca_issue(other, CA_CLIENT, "a", NULL, now - 1, now + DAY))
	    != NULL && put(I, "client") == 0);
	CHECK(openssl("verify -CAfile other.crt client.crt") == 0);
	CHECK(openssl("verify -CAfile ca.crt client.crt") != 0);

	/* What is no authority signs nothing, nor does one that has expired. */
	CHECK(ca_issue(I, CA_CLIENT, "a", NULL, now - 1, now + DAY) == NULL);
	identity_free(I);
	identity_free(other);
	CHECK((other = make(-2 * DAY, -DAY)) != NULL);
	CHECK(ca_issue(other, CA_CLIENT, "a", NULL, now - 1, now + DAY) ==
	    NULL);
	/* A member is at an address. */
	CHECK(ca_issue(ca, CA_MEMBER, "a", "nowhere", now - 1, now + DAY) ==
	    NULL);
	identity_free(other);
	identity_free(ca);
}

static void
expiry(void)
{
	struct identity * ca = make(-DAY, 3 * DAY);
	char path[400];
	int64_t t = 0;
	FILE * f;

	CHECK(ca != NULL && put(ca, "ca") == 0);
	snprintf(path, sizeof(path), "%s/ca.crt", dir);
	CHECK(identity_expiry(path, &t) == 0 && t == now + 3 * DAY);
	snprintf(path, sizeof(path), "%s/ca.key", dir);
	CHECK(identity_expiry(path, &t) == -1);
	snprintf(path, sizeof(path), "%s/none", dir);
	CHECK(identity_expiry(path, &t) == -1);
	CHECK((f = fopen(path, "w")) != NULL && fclose(f) == 0);
	CHECK(identity_expiry(path, &t) == -1);
	identity_free(ca);
}

static const struct test tests[] = {
	{ "an authority signs members and clients, and each is good for its use",
	    certificates },
	{ "another authority's, or what is none, is refused", strangers },
	{ "the day on which a certificate expires is read from its file",
	    expiry },
};
TESTS(tests)
