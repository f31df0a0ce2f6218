#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "codec/wbuf.h"
#include "tls/ca.h"
#include "tls/identity.h"

#include "../../cmd/ks-logd/certs.h"

#include "test.h"

#define NOW	((int64_t)1800000000)
#define DAY	((int64_t)86400)

/* Write a client certificate that ends at ${end_s} to ${path}. */
static int
write_cert(const char * path, int64_t end_s)
{
	struct identity * ca = ca_make("ca", NOW - DAY, NOW + 1000 * DAY);
	struct identity * I = ca_issue(ca, CA_CLIENT, "replica1", NULL,
	    NOW - DAY, end_s);
	int rc = I != NULL ? identity_write(I, "key", path) : -1;

	identity_free(I);
	identity_free(ca);
	return (rc);
}

static void
the_end_is_told_once_and_in_time(void)
{
	static const char * const days[] = { "etcd_cert_days 39\n",
	    "etcd_cert_days -2\n" };
	struct logd_certs X;
	struct wbuf W;

	memset(&X, 0, sizeof(X));
	CHECK(chdir(test_dir()) == 0 && identity_start() == 0);
	CHECK(write_cert("a", NOW + 100 * DAY) == 0);
	CHECK(write_cert("b", NOW + 40 * DAY) == 0);
	CHECK(logd_certs_add(&X, "") == 0 && X.n == 0);
	CHECK(logd_certs_add(&X, "none") == -1);
	CHECK(logd_certs_add(&X, "a") == 0 && logd_certs_add(&X, "b") == 0);
	CHECK(logd_certs_check(&X, NOW) == 0 && X.certs[1].said == 0);
	CHECK(logd_certs_check(&X, NOW + 11 * DAY) == 0);
	CHECK(X.certs[0].said == 0 && X.certs[1].said == 1);
	CHECK(logd_certs_check(&X, NOW + 40 * DAY) == 0);
	CHECK(logd_certs_check(&X, NOW + 40 * DAY + 1) == 1);
	CHECK(X.certs[0].said == 0 && X.certs[1].said == 2);
	CHECK(logd_certs_check(&X, NOW + 101 * DAY) == 2);
	for (int64_t i = 0; i < 2; i++) {
		wbuf_init(&W, 64);
		logd_certs_status(&X, NOW + 1 + i * 42 * DAY, &W);
		CHECK(W.len == strlen(days[i]));
		CHECK(memcmp(W.data, days[i], W.len) == 0);
		wbuf_free(&W);
	}
}

static const struct test tests[] = {
	{ "that a certificate ends soon, or has ended, is told once",
	    the_end_is_told_once_and_in_time }
};

TESTS(tests)
