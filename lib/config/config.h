#ifndef KS_CONFIG_CONFIG_H
#define KS_CONFIG_CONFIG_H

#include <stdint.h>

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
#define CONFIG_SOCKET_LOG	"run/log"
#define CONFIG_SOCKET_APPLY	"run/apply"
#define CONFIG_SOCKET_SIGN	"run/sign"
#define CONFIG_SOCKET_PUBLISH	"run/publish"
#define CONFIG_SOCKET_ADMIT	"run/admit"
#define CONFIG_SOCKET_RATIFY	"run/ratify"
#define CONFIG_DATA_LOG		"data/log"
#define CONFIG_DATA_APPLY	"data/apply"
#define CONFIG_DATA_SIGN	"data/sign"
#define CONFIG_DATA_PUBLISH	"data/publish"
#define CONFIG_DATA_RATIFY	"data/ratify"
#define CONFIG_EVIDENCE		"evidence"		/* files of ks-ratify */

/** Longest path in a configuration: that of a Unix socket. */
#define CONFIG_PATH_MAX 107

/** Longest interval that can be configured: a leap year. */
#define CONFIG_INTERVAL_MS_MAX ((uint64_t)366 * 24 * 3600 * 1000)

/** The configuration of a replica's daemons. */
struct config_replica {
	uint64_t epoch_min_ms;		/* MinEpochInterval; default 1000 */
	uint64_t epoch_max_ms;		/* MaxEpochInterval; default 3600000 */
	uint64_t epoch_retry_ms;	/* RetryEpochInterval; default 1000 */
	uint64_t cache_mib;		/* Berkeley DB cache of each; default 64 */
};

/** The configuration of a verifier's ks-ratify. */
struct config_verifier {
	char upstream[CONFIG_PATH_MAX + 1];	/* a publish socket; required */
	uint64_t cache_mib;			/* default 64 */
};

/**
 * config_replica_read(path, config):
 * Read the file ${path} (CONFIG_FILE in a replica's directory) into ${config}.
 * Return 0, or -1 after a line on standard error that names file, line and rule.
 * epoch_min_ms above epoch_max_ms is refused.
 */
int config_replica_read(const char *, struct config_replica *);

/**
 * config_verifier_read(path, config):
 * The same for a verifier's directory.
 */
int config_verifier_read(const char *, struct config_verifier *);

#endif
