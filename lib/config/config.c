#include <err.h>
#include <stdint.h>

#include "daemon/conf.h"

#include "config/config.h"

/* Largest cache that can be configured: a tebibyte. */
#define CACHE_MIB_MAX ((uint64_t)1024 * 1024)

int
config_replica_read(const char * path, struct config_replica * config)
{
	const struct conf_field fields[] = {
		{ "epoch_min_ms", CONF_U64, &config->epoch_min_ms, 0,
		    CONFIG_INTERVAL_MS_MAX, "1000", 0 },
		{ "epoch_max_ms", CONF_U64, &config->epoch_max_ms, 1,
		    CONFIG_INTERVAL_MS_MAX, "3600000", 0 },
		{ "epoch_retry_ms", CONF_U64, &config->epoch_retry_ms, 1,
		    CONFIG_INTERVAL_MS_MAX, "1000", 0 },
		{ "cache_mib", CONF_U64, &config->cache_mib, 1, CACHE_MIB_MAX,
		    "64", 0 },
	};

	if (conf_read(path, fields, sizeof(fields) / sizeof(fields[0])))
		return (-1);
	if (config->epoch_min_ms > config->epoch_max_ms) {
		warnx("%s: epoch_min_ms is above epoch_max_ms", path);
		return (-1);
	}
	return (0);
}

int
config_verifier_read(const char * path, struct config_verifier * config)
{
	const struct conf_field fields[] = {
		{ "upstream", CONF_STRING, config->upstream, 1, CONFIG_PATH_MAX,
		    NULL, 1 },
		{ "cache_mib", CONF_U64, &config->cache_mib, 1, CACHE_MIB_MAX,
		    "64", 0 },
	};

	return (conf_read(path, fields, sizeof(fields) / sizeof(fields[0])));
}
