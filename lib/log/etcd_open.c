#include <ctype.h>
#include <err.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "loop/loop.h"

#include "log/etcd_impl.h"

/* What to do about what etcd, or the library that speaks to it, says. */
static const struct {
	const char * text;	/* is in it */
	const char * hint;
} hints[] = {
	{ "for learner", "it is a learner: ks-log promote" },
	{ "HTTP status 404", "write enable-grpc-gateway: true into etcd.conf" },
	{ "certificate has expired", "renew etcd's certificate" },
	{ "certificate is not yet valid", "see the clocks, or renew etcd's "
	    "certificate" },
	{ "issuer certificate", "another one than etcd_ca signed etcd's "
	    "certificate" },
	{ "self-signed certificate", "another one than etcd_ca signed etcd's "
	    "certificate" },
	{ "self signed certificate", "another one than etcd_ca signed etcd's "
	    "certificate" },
	{ "certificate signature failure", "another one than etcd_ca signed "
	    "etcd's certificate" },
	{ "certificate subject name", "etcd's certificate is for another address" },
	{ "alert", "etcd does not take the certificate etcd_cert" },
	{ "SSL_write", "etcd does not take the certificate etcd_cert" },
	{ "NOSPACE", "etcdctl defrag, then etcdctl alarm disarm" }
};

static const char *
hint(const char * why)
{

	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
		if (strstr(why, hints[i].text) != NULL)
			return (hints[i].hint);
	}
	return ("");
}

/* A number for the text ${why}, the same whatever numbers are in it. */
static uint64_t
number_of(const char * why)
{
	uint64_t h = UINT64_C(14695981039346656037);	/* FNV-1a */

	/* A refusal comes while we write or while we read. */
	if (strstr(why, "SSL routines") != NULL)
		why = "SSL";
	for (; *why != '\0'; why++) {
		if (!isxdigit((unsigned char)*why))
			h = (h ^ (uint8_t)*why) * UINT64_C(1099511628211);
	}
	return (h);
}

/* Say why etcd is not there, each reason once. */
static void
say_waiting(struct log_etcd * X, const char * why)
{
	uint64_t number = number_of(why);

	for (size_t i = 0; i < X->nsaid; i++) {
		if (X->said[i] == number)
			return;
	}
	if (X->nsaid == LOG_ETCD_SAID_MAX)
		return;
	X->said[X->nsaid++] = number;
	warnx("waiting for etcd at %s: %s%s%s", X->options.etcd.url, why,
	    *hint(why) != '\0' ? ": " : "", hint(why));
}

void
log_etcd_reopen(struct log_etcd * X, const char * why)
{

	etcd_cancel(X->watch);
	etcd_cancel(X->opening);
	X->watch = X->opening = NULL;
	X->probed = 0;
	X->state = LOG_ETCD_OPENING;
	if (why != NULL)
		say_waiting(X, why);
	loop_timer_set(X->again, LOG_ETCD_AGAIN_MS);
}

static int
on_again(void * ctx)
{
	struct log_etcd * X = ctx;

	if (X->opening != NULL || X->state != LOG_ETCD_OPENING)
		return (0);
	if (!X->based)
		return (log_etcd_base_ask(X));
	X->opening = etcd_range(X->etcd, X->key, 0, 0, LOG_ETCD_ASK_MS,
	    log_etcd_opened, X);
	return (X->opening != NULL ? 0 : -1);
}

/* Is this the cluster that the log is of, and does it know all of the log? */
int
log_etcd_check_cluster(struct log_etcd * X, const struct etcd_reply * R)
{
	struct committed_place place = committed_place(X->C);

	if (R->cluster == 0) {
		warnx("log: etcd at %s has no cluster id", X->options.etcd.url);
		return (log_etcd_permanent(X));
	}
	if (X->cluster == 0)
		X->cluster = place.cluster != 0 ? place.cluster : R->cluster;
	if (R->cluster == X->cluster)
		return (0);
	warnx("log: etcd at %s is cluster %016jx, this log is of cluster %016jx",
	    X->options.etcd.url, (uintmax_t)R->cluster, (uintmax_t)X->cluster);
	return (log_etcd_permanent(X));
}


static int
on_probed(void * ctx, struct etcd_reply * R)
{
	struct log_etcd * X = ctx;

	X->opening = NULL;
	if (R->answered) {
		warnx("log: etcd at %s answers whoever comes without a "
		    "certificate: write client-cert-auth: true into etcd.conf",
		    X->options.etcd.url);
		return (log_etcd_permanent(X));
	}
	X->probed = 1;
	loop_timer_set(X->again, 0);
	return (0);
}

int
log_etcd_probe(struct log_etcd * X)
{

	if (X->probed || X->stranger == NULL)
		return (0);
	X->opening = etcd_status(X->stranger, LOG_ETCD_ASK_MS, on_probed, X);
	return (X->opening != NULL ? 1 : -1);
}

int
log_etcd_open_start(struct log_etcd * X)
{
	struct etcd_options nobody = {
		X->options.etcd.url, X->options.etcd.ca, "", ""
	};

	if ((X->again = loop_timer_new(X->L, on_again, X)) == NULL) {
		warn("log");
		return (-1);
	}
	if (*nobody.ca != '\0' &&
	    (X->stranger = etcd_open(X->L, &nobody)) == NULL)
		return (-1);
	return (0);
}
