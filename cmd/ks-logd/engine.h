#ifndef KS_LOGD_ENGINE_H
#define KS_LOGD_ENGINE_H

struct config_engine;
struct jail;
struct logd;
struct realm;

/**
 * logd_engine_open(X, config, realm):
 * Open the engine that ${config} names for the log of ${X}, which is open; ${config} and
 * ${realm} stay until it is closed.  Return 0, or the exit code after having said why.
 */
int logd_engine_open(struct logd *, const struct config_engine *,
    const struct realm *);

/**
 * logd_engine_jail(config, J):
 * Leave in ${J} what the engine of ${config} needs.
 */
void logd_engine_jail(const struct config_engine *, struct jail *);

#endif
