#include <err.h>
#include <stdint.h>
#include <time.h>

#include "base/clock.h"
#include "base/panic.h"
#include "codec/wbuf.h"
#include "loop/loop.h"
#include "tls/identity.h"

#include "certs.h"

#define DAY_S	86400

int
logd_certs_add(struct logd_certs * X, const char * path)
{

	if (*path == '\0')
		return (0);
	PANIC_UNLESS(X->n < LOGD_CERTS_MAX);
	if (identity_expiry(path, &X->certs[X->n].not_after_s))
		return (-1);
	X->certs[X->n++].path = path;
	return (0);
}

/* Say of the certificate at ${path} that it ends, or has ended, at ${s}. */
static void
say(const char * path, int64_t s, const char * ends)
{
	char date[32] = "?";
	time_t t = (time_t)s;
	struct tm tm;

	if (gmtime_r(&t, &tm) != NULL)
		strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &tm);
	warnx("%s: the certificate %s at %s: renew it (ks-init -r)", path, ends,
	    date);
}

unsigned
logd_certs_check(struct logd_certs * X, int64_t now_s)
{
	unsigned ended = 0;
	int64_t left_s;

	for (size_t i = 0; i < X->n; i++) {
		left_s = X->certs[i].not_after_s - now_s;
		ended += left_s < 0;
		if (left_s < 0 && X->certs[i].said < 2) {
			say(X->certs[i].path, X->certs[i].not_after_s,
			    "has expired");
			X->certs[i].said = 2;
		} else if (left_s < LOGD_CERTS_SOON_S && X->certs[i].said < 1) {
			say(X->certs[i].path, X->certs[i].not_after_s,
			    "expires soon,");
			X->certs[i].said = 1;
		}
	}
	return (ended);
}

static int64_t
now(void)
{

	return ((int64_t)(clock_wall_ms() / 1000));
}

static int
on_timer(void * ctx)
{
	struct logd_certs * X = ctx;

	(void)logd_certs_check(X, now());
	loop_timer_set(X->timer, LOGD_CERTS_MS);
	return (0);
}

int
logd_certs_start(struct logd_certs * X, struct loop * L)
{

	if ((X->timer = loop_timer_new(L, on_timer, X)) == NULL) {
		warn("timer");
		return (-1);
	}
	loop_timer_set(X->timer, LOGD_CERTS_MS);
	return (0);
}

void
logd_certs_status(const struct logd_certs * X, int64_t now_s, struct wbuf * W)
{
	int64_t first_s = INT64_MAX;

	for (size_t i = 0; i < X->n; i++) {
		if (X->certs[i].not_after_s < first_s)
			first_s = X->certs[i].not_after_s;
	}
	if (X->n > 0)
		wbuf_printf(W, "etcd_cert_days %jd\n",
		    (intmax_t)((first_s - now_s) / DAY_S));
}

void
logd_certs_stop(struct logd_certs * X)
{

	if (X->timer != NULL)
		loop_timer_free(X->timer);
	X->timer = NULL;
}
