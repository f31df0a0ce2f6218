#ifndef KS_CONFIG_CONFIG_IMPL_H
#define KS_CONFIG_CONFIG_IMPL_H

#include <stdint.h>

#include "config/config.h"
#include "daemon/conf.h"

/* What only lib/config's own files see. */

/* Largest cache that can be configured: a tebibyte. */
#define CACHE_MIB_MAX ((uint64_t)1024 * 1024)

/* The lines of one file are for several daemons: each knows the names of all. */
struct shared {
	char listen[CONFIG_ADDRESS_MAX + 1];
	struct conf_lines links;
	struct config_engine engine;
	struct conf_lines peers;
	struct conf_lines upstreams;
	char http_ca[CONFIG_URL_MAX + 1];
	struct config_http http;
	struct conf_lines http_listen;
	struct conf_lines https_listen;
	struct conf_lines http_proxy;
	struct conf_lines http_admin;
	struct conf_lines http_verifier;
	struct conf_lines http_domain;
	char keyids[4];
};

#define FIELDS_REPLICA(C)						\
	{ "epoch_min_ms", CONF_U64, &(C)->epoch_min_ms, 0,		\
	    CONFIG_INTERVAL_MS_MAX, "1000", 0 },			\
	{ "epoch_max_ms", CONF_U64, &(C)->epoch_max_ms, 1,		\
	    CONFIG_INTERVAL_MS_MAX, "3600000", 0 },			\
	{ "epoch_retry_ms", CONF_U64, &(C)->epoch_retry_ms, 1,		\
	    CONFIG_INTERVAL_MS_MAX, "1000", 0 }
#define FIELDS_UPSTREAM(S)						\
	{ "upstream", CONF_LINES, &(S)->upstreams, 0, 0, NULL, 0 },	\
	{ "http_ca", CONF_STRING, (S)->http_ca, 1, CONFIG_URL_MAX, NULL, 0 }
#define FIELD_CACHE(C)							\
	{ "cache_mib", CONF_U64, &(C)->cache_mib, 1, CACHE_MIB_MAX, "64", 0 }
#define FIELDS_LINK(S)							\
	{ "link_listen", CONF_STRING, (S)->listen, 1,			\
	    CONFIG_ADDRESS_MAX, NULL, 0 },				\
	{ "link", CONF_LINES, &(S)->links, 0, 0, NULL, 0 }

#define TEXT_OF(p)	(p), 1, CONFIG_ENGINE_TEXT_MAX, NULL, 0
#define FIELDS_ENGINE(S)						\
	{ "engine", CONF_STRING, (S)->engine.engine, 1,			\
	    sizeof((S)->engine.engine) - 1, "local", 0 },		\
	{ "name", CONF_STRING, TEXT_OF((S)->engine.name) },		\
	{ "etcd_url", CONF_STRING, TEXT_OF((S)->engine.etcd_url) },	\
	{ "etcd_ca", CONF_STRING, TEXT_OF((S)->engine.etcd_ca) },	\
	{ "etcd_cert", CONF_STRING, TEXT_OF((S)->engine.etcd_cert) },	\
	{ "etcd_key", CONF_STRING, TEXT_OF((S)->engine.etcd_key) },	\
	{ "etcd_keep", CONF_U64, &(S)->engine.etcd_keep, 1,		\
	    CONFIG_ETCD_REVISIONS_MAX, "10000", 0 },			\
	{ "etcd_max", CONF_U64, &(S)->engine.etcd_max, 1,		\
	    CONFIG_ETCD_REVISIONS_MAX, "100000", 0 },			\
	{ "peer", CONF_LINES, &(S)->peers, 0, 0, NULL, 0 }

#define FIELDS_HTTP(S)							\
	{ "http_listen", CONF_LINES, &(S)->http_listen, 0, 0, NULL, 0 },	\
	{ "https_listen", CONF_LINES, &(S)->https_listen, 0, 0, NULL, 0 },	\
	{ "https_cert", CONF_STRING, TEXT_OF((S)->http.cert) },		\
	{ "https_key", CONF_STRING, TEXT_OF((S)->http.key) },		\
	{ "http_proxy", CONF_LINES, &(S)->http_proxy, 0, 0, NULL, 0 },	\
	{ "http_admin", CONF_LINES, &(S)->http_admin, 0, 0, NULL, 0 },	\
	{ "http_verifier", CONF_LINES, &(S)->http_verifier, 0, 0, NULL, 0 }, \
	{ "http_rate", CONF_U64, &(S)->http.rate, 0,			\
	    CONFIG_HTTP_RATE_MAX, "50", 0 },				\
	{ "http_conns", CONF_U64, &(S)->http.conns, 1,			\
	    CONFIG_HTTP_CONNS_MAX, "64", 0 },				\
	{ "http_domain", CONF_LINES, &(S)->http_domain, 0, 0, NULL, 0 },	\
	{ "keyids", CONF_STRING, (S)->keyids, 2, 3, "no", 0 }

/**
 * config_shared_new(path):
 * Return what the lines of the file ${path} are read into, for free(3); or NULL after a
 * line on standard error.
 */
struct shared * config_shared_new(const char *);

/**
 * config_take_keyids(path, S, keyids):
 * Store in ${keyids} whether ${S}, read from ${path}, says yes.  Return 0, or -1 after a
 * line on standard error if it says neither that nor no.
 */
int config_take_keyids(const char *, const struct shared *, int *);

#endif
