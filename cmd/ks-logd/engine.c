#include <err.h>
#include <stdint.h>
#include <string.h>

#include "base/clock.h"
#include "base/exits.h"
#include "config/config.h"
#include "daemon/daemon.h"
#include "jail/jail.h"
#include "log/committed.h"
#include "log/etcd.h"
#include "log/follow.h"
#include "log/local.h"
#include "log/log.h"
#include "realm/realm.h"
#include "tls/identity.h"

#include "engine.h"
#include "logd.h"

static int
is_etcd(const struct config_engine * E)
{

	return (strcmp(E->engine, "etcd") == 0);
}

static int
is_follow(const struct config_engine * E)
{

	return (strcmp(E->engine, "follow") == 0);
}

static int
open_follow(struct logd * X, const struct config_engine * E)
{
	const char * peers[CONFIG_PEERS_MAX];

	for (unsigned i = 0; i < E->npeers; i++)
		peers[i] = E->peer[i];
	X->engine = log_follow_new(daemon_loop(X->daemon), X->committed, peers,
	    E->npeers, &logd_events, X);
	return (X->engine != NULL ? 0 : EXITS_TEMPORARY);
}

/* Say which of the certificates with which we come to etcd end, or have. */
static int
look_at_certs(struct logd * X, const struct config_engine * E)
{

	if (*E->etcd_cert == '\0' && *E->etcd_ca == '\0')
		return (0);
	if (identity_start() || logd_certs_add(&X->certs, E->etcd_cert) ||
	    logd_certs_add(&X->certs, E->etcd_ca) ||
	    logd_certs_check(&X->certs, (int64_t)(clock_wall_ms() / 1000)) > 0)
		return (-1);
	return (logd_certs_start(&X->certs, daemon_loop(X->daemon)));
}

static int
open_etcd(struct logd * X, const struct config_engine * E,
    const struct realm * R)
{
	struct log_etcd_options options = {
		.etcd = { E->etcd_url, E->etcd_ca, E->etcd_cert, E->etcd_key },
		.realm = R->name, .name = E->name, .keep = E->etcd_keep,
		.max = E->etcd_max
	};

	if (look_at_certs(X, E))
		return (EXITS_PERMANENT);
	for (unsigned i = 0; i < E->npeers; i++)
		options.peers[options.npeers++] = E->peer[i];
	X->engine = log_etcd_new(daemon_loop(X->daemon), X->committed, &options,
	    &logd_events, X);
	if (X->engine == NULL)
		return (EXITS_PERMANENT);
	if (strncmp(E->etcd_url, "http:", 5) == 0)
		warnx("%s: etcd_url: over http:// etcd knows nobody: any program of "
		    "this host can change the log: for tests only", CONFIG_FILE);
	return (0);
}

int
logd_engine_open(struct logd * X, const struct config_engine * E,
    const struct realm * R)
{

	if (is_etcd(E))
		return (open_etcd(X, E, R));
	if (is_follow(E))
		return (open_follow(X, E));
	/* Alone, it would order what the others do not see. */
	if (committed_place(X->committed).cluster != 0) {
		warnx("%s: the log is that of an etcd cluster, which the engine local "
		    "cannot go on with", CONFIG_FILE);
		return (EXITS_PERMANENT);
	}
	X->engine = log_local_new(X->committed, &logd_events, X);
	return (X->engine != NULL ? 0 : EXITS_TEMPORARY);
}

void
logd_engine_jail(const struct config_engine * E, struct jail * J)
{

	if (is_etcd(E))
		J->tcp = 1;
}
