#ifndef KS_CONFIG_CONFIG_H
#define KS_CONFIG_CONFIG_H

#include <stdint.h>
#include <sys/socket.h>

/*
 * Where things are in the directory of a replica or a verifier, which is the
 * working directory of its daemons (ks-init makes it), and the fields of its
 * configuration file.  Everything is below that directory, so that it can be
 * moved to another host.
 */
#define CONFIG_FILE		"ks.conf"
#define CONFIG_REALM		"realm.conf"
#define CONFIG_KEY_SIGN		"keys/sign.key"		/* ks-sign only */
#define CONFIG_KEY_VRF		"keys/vrf.key"		/* ks-publish, ks-admit */
#define CONFIG_KEY_COSIGN	"keys/cosign.key"	/* ks-ratify only */
#define CONFIG_KEY_LINK		"keys/link.key"		/* ks-link only */
#define CONFIG_CERT_LINK	"keys/link.crt"
#define CONFIG_ETCD_CONF	"etcd.conf"		/* of the etcd member */
#define CONFIG_CERT_ETCD_CA	"keys/etcd-ca.crt"	/* who signed these two */
#define CONFIG_KEY_ETCD		"keys/etcd.key"		/* of the member */
#define CONFIG_CERT_ETCD	"keys/etcd.crt"
#define CONFIG_KEY_ETCD_CLIENT	"keys/etcd-client.key"	/* ks-logd, ks-log */
#define CONFIG_CERT_ETCD_CLIENT	"keys/etcd-client.crt"
#define CONFIG_SOCKET_LOG	"run/log"
#define CONFIG_SOCKET_APPLY	"run/apply"
#define CONFIG_SOCKET_SIGN	"run/sign"
#define CONFIG_SOCKET_PUBLISH	"run/publish"
#define CONFIG_SOCKET_ADMIT	"run/admit"
#define CONFIG_SOCKET_RATIFY	"run/ratify"
#define CONFIG_SOCKET_KEYIDS	"run/keyids"
#define CONFIG_SOCKET_LINK	"run/link"
#define CONFIG_SOCKET_HTTPD	"run/httpd"
#define CONFIG_SOCKET_HTTP	"run/http-"		/* and 1 to 8: of ks-ratify */
#define CONFIG_DATA_LOG		"data/log"
#define CONFIG_DATA_APPLY	"data/apply"
#define CONFIG_DATA_SIGN	"data/sign"
#define CONFIG_DATA_PUBLISH	"data/publish"
#define CONFIG_DATA_RATIFY	"data/ratify"
#define CONFIG_DATA_KEYIDS	"data/keyids"
#define CONFIG_EVIDENCE		"evidence"		/* files of ks-ratify */

/** Longest path in a configuration: that of a Unix socket. */
#define CONFIG_PATH_MAX 107

/** Longest interval that can be configured: a leap year. */
#define CONFIG_INTERVAL_MS_MAX ((uint64_t)366 * 24 * 3600 * 1000)

/** Longest name, URL and path of a file in the part about the log's engine. */
#define CONFIG_ENGINE_TEXT_MAX 255

/** Most revisions that can be configured to be kept in etcd. */
#define CONFIG_ETCD_REVISIONS_MAX ((uint64_t)1000 * 1000 * 1000)

/** Most peer lines. */
#define CONFIG_PEERS_MAX 8

/** The part of ks-logd alone: what orders the log.  A text not given is "". */
struct config_engine {
	char engine[8];				/* "local" (default), "etcd", "follow" */
	char name[CONFIG_ENGINE_TEXT_MAX + 1];	/* of this replica in the policy */
	char etcd_url[CONFIG_ENGINE_TEXT_MAX + 1];
	char etcd_ca[CONFIG_ENGINE_TEXT_MAX + 1];	/* files, in PEM */
	char etcd_cert[CONFIG_ENGINE_TEXT_MAX + 1];
	char etcd_key[CONFIG_ENGINE_TEXT_MAX + 1];
	uint64_t etcd_keep;			/* revisions; default 10000 */
	uint64_t etcd_max;			/* revisions; default 100000 */
	unsigned npeers;
	char peer[CONFIG_PEERS_MAX][CONFIG_PATH_MAX + 1];	/* log sockets */
};

/** The configuration of a replica's daemons. */
struct config_replica {
	uint64_t epoch_min_ms;		/* MinEpochInterval; default 1000 */
	uint64_t epoch_max_ms;		/* MaxEpochInterval; default 3600000 */
	uint64_t epoch_retry_ms;	/* RetryEpochInterval; default 1000 */
	uint64_t cache_mib;		/* Berkeley DB cache of each; default 64 */
	int keyids;			/* ks-keyids runs; default no */
};

/** Most upstream lines of a verifier: those of a realm of seven, and one more. */
#define CONFIG_UPSTREAMS_MAX 8

/** Longest URL of an upstream, and longest path of a file of authorities. */
#define CONFIG_URL_MAX 255

/** The configuration of a verifier's ks-ratify. */
struct config_verifier {
	unsigned nupstreams;			/* 1 or more */
	char upstream[CONFIG_UPSTREAMS_MAX][CONFIG_PATH_MAX + 1];
						/* publish sockets; CONFIG_SOCKET_HTTP
						 * and a number where there is an */
	char url[CONFIG_UPSTREAMS_MAX][CONFIG_URL_MAX + 1];
						/* http:// or https://; else empty */
	char http_ca[CONFIG_URL_MAX + 1];	/* file, PEM; empty: the system's */
	uint64_t cache_mib;			/* default 64 */
};

/** Longest "ADDRESS:PORT": an IPv6 address with a scope, in brackets. */
#define CONFIG_ADDRESS_MAX 80

/** Most link lines. */
#define CONFIG_LINKS_MAX 64

/** Longest name of a peer in a link line: it is part of a socket's path. */
#define CONFIG_PEER_MAX 64

/** Longest name of a service. */
#define CONFIG_SERVICE_MAX 15

/** A TCP address, as text and as the system calls take it. */
struct config_address {
	char text[CONFIG_ADDRESS_MAX + 1];	/* empty: none */
	struct sockaddr_storage sa;
	socklen_t len;
};

/** A line "link NAME SERVICE ADDRESS:PORT". */
struct config_link_to {
	char peer[CONFIG_PEER_MAX + 1];
	char service[CONFIG_SERVICE_MAX + 1];
	char socket[CONFIG_PATH_MAX + 1];	/* run/link-NAME-SERVICE */
	struct config_address address;
};

/** The configuration of the ks-link of a replica or a verifier. */
struct config_link {
	struct config_address listen;		/* of link_listen, if any */
	unsigned nlinks;
	struct config_link_to link[CONFIG_LINKS_MAX];
};

/** Most http_listen lines, and most https_listen lines. */
#define CONFIG_HTTP_LISTEN_MAX 4

/** Most http_proxy lines, http_admin lines, and http_verifier lines. */
#define CONFIG_HTTP_PEERS_MAX 8

/** Longest address without a port. */
#define CONFIG_HTTP_PEER_MAX 45

/** Most http_domain lines, and the longest domain. */
#define CONFIG_HTTP_DOMAINS_MAX 32
#define CONFIG_HTTP_DOMAIN_MAX 253

/** Most requests a second, and connections, of one address that can be configured. */
#define CONFIG_HTTP_RATE_MAX 1000000
#define CONFIG_HTTP_CONNS_MAX 4096

/** The configuration of a replica's ks-httpd. */
struct config_http {
	unsigned nlisten;			/* 0, and ntls too: nothing to do */
	struct config_address listen[CONFIG_HTTP_LISTEN_MAX];
	unsigned ntls;
	struct config_address tls[CONFIG_HTTP_LISTEN_MAX];
	char cert[CONFIG_ENGINE_TEXT_MAX + 1];	/* files, in PEM; with ntls */
	char key[CONFIG_ENGINE_TEXT_MAX + 1];
	unsigned nproxies;			/* whose X-Forwarded-For counts */
	char proxy[CONFIG_HTTP_PEERS_MAX][CONFIG_HTTP_PEER_MAX + 1];
	unsigned nadmins;			/* who may see /metrics */
	char admin[CONFIG_HTTP_PEERS_MAX][CONFIG_HTTP_PEER_MAX + 1];
	unsigned nverifiers;			/* whose requests are not limited */
	char verifier[CONFIG_HTTP_PEERS_MAX][CONFIG_HTTP_PEER_MAX + 1];
	uint64_t rate;				/* default 50; 0: no limit */
	uint64_t conns;				/* default 64 */
	unsigned ndomains;			/* of WKD; lower case */
	char domain[CONFIG_HTTP_DOMAINS_MAX][CONFIG_HTTP_DOMAIN_MAX + 1];
	int keyids;				/* nonzero: ks-keyids runs */
};

/**
 * config_replica_read(path, config):
 * Read the file ${path} (CONFIG_FILE in a replica's directory) into ${config}.
 * Return 0, or -1 after a line on standard error that names file, line and rule.
 * epoch_min_ms above epoch_max_ms is refused, and keyids other than yes or no.
 */
int config_replica_read(const char *, struct config_replica *);

/**
 * config_engine_read(path, config):
 * The same for what orders the log of a replica.  An unknown engine, the engine
 * etcd without name or etcd_url, the engine follow without a peer, a name that is
 * not one word, and etcd_keep above etcd_max are refused.
 */
int config_engine_read(const char *, struct config_engine *);

/**
 * config_verifier_read(path, config):
 * The same for a verifier's directory.  No upstream, one twice, and a URL that is
 * none (http_url_check) are refused.
 */
int config_verifier_read(const char *, struct config_verifier *);

/**
 * config_link_read(path, config):
 * The same for the ks-link of either, which passes over the fields of other
 * daemons as these do over its own.
 */
int config_link_read(const char *, struct config_link *);

/**
 * config_http_read(path, config):
 * The same for the ks-httpd of a replica.  https_listen without https_cert and
 * https_key, or these without it, an address that is not numeric, and what is no
 * domain name are refused.
 */
int config_http_read(const char *, struct config_http *);

/**
 * config_address_parse(text, address):
 * Store in ${address} the string ${text}: "ADDRESS:PORT" with a numeric IPv4
 * address, or an IPv6 address in brackets.  Names are none: there is no name
 * service in a jail, and a pin, not a name, says who the peer is.  Return 0 or
 * -1.
 */
int config_address_parse(const char *, struct config_address *);

/**
 * config_link_parse(text, to):
 * Store in ${to} the value ${text} of a link line.  Return NULL, or the rule that
 * it breaks.
 */
const char * config_link_parse(const char *, struct config_link_to *);

#endif
