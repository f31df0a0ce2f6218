#include <ctype.h>
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/string.h>

#include "http/http_url.h"

#include "config/config_impl.h"

struct shared *
config_shared_new(const char * path)
{
	struct shared * S;

	if ((S = calloc(1, sizeof(*S))) == NULL)
		warn("%s", path);
	return (S);
}

int
config_take_keyids(const char * path, const struct shared * S, int * keyids)
{

	*keyids = strcmp(S->keyids, "yes") == 0;
	if (*keyids || strcmp(S->keyids, "no") == 0)
		return (0);
	warnx("%s: keyids must be yes or no", path);
	return (-1);
}

int
config_replica_read(const char * path, struct config_replica * config)
{
	struct shared * S;
	int rc = -1;

	if ((S = config_shared_new(path)) == NULL)
		return (-1);

	const struct conf_field fields[] = {
		FIELDS_REPLICA(config), FIELD_CACHE(config), FIELDS_LINK(S),
		FIELDS_ENGINE(S), FIELDS_HTTP(S),
	};

	if (conf_read(path, fields, sizeof(fields) / sizeof(fields[0])) == 0)
		rc = config_take_keyids(path, S, &config->keyids);
	free(S);
	if (rc)
		return (-1);
	if (config->epoch_min_ms > config->epoch_max_ms) {
		warnx("%s: epoch_min_ms is above epoch_max_ms", path);
		return (-1);
	}
	return (0);
}

/* Store the ${text} of upstream line ${i}.  Return NULL, or what it must be. */
static const char *
take_upstream(struct config_verifier * config, unsigned i, const char * text)
{

	config->url[i][0] = '\0';
	if (!http_url_is(text)) {
		if (strlcpy(config->upstream[i], text,
		    sizeof(config->upstream[i])) > CONFIG_PATH_MAX)
			return ("a path must have at most 107 bytes");
		return (NULL);
	}
	if (strlcpy(config->url[i], text, sizeof(config->url[i])) >
	    CONFIG_URL_MAX)
		return ("a URL must have at most 255 bytes");
	snprintf(config->upstream[i], sizeof(config->upstream[i]), "%s%u",
	    CONFIG_SOCKET_HTTP, i + 1);
	return (http_url_check(text));
}

/* Store in ${config} the publishers that ${S}, read from ${path}, says. */
static int
take_upstreams(const char * path, const struct shared * S,
    struct config_verifier * config)
{
	const struct conf_lines * L = &S->upstreams;
	const char * why = NULL;
	unsigned i;

	for (i = 0; i < L->n; i++) {
		if (i == CONFIG_UPSTREAMS_MAX)
			why = "there may be at most 8";
		else
			why = take_upstream(config, i, L->text[i]);
		for (unsigned k = 0; k < i && why == NULL; k++)
			if (strcmp(L->text[k], L->text[i]) == 0)
				why = "it is there twice";
		if (why != NULL) {
			warnx("%s:%u: upstream: %s", path, L->line[i], why);
			return (-1);
		}
	}
	config->nupstreams = i;
	memcpy(config->http_ca, S->http_ca, sizeof(config->http_ca));
	if (i > 0)
		return (0);
	warnx("%s: upstream is missing", path);
	return (-1);
}

int
config_verifier_read(const char * path, struct config_verifier * config)
{
	struct shared * S;
	int rc = -1;

	if ((S = config_shared_new(path)) == NULL)
		return (-1);

	const struct conf_field fields[] = {
		FIELDS_UPSTREAM(S), FIELD_CACHE(config), FIELDS_LINK(S),
	};

	if (conf_read(path, fields, sizeof(fields) / sizeof(fields[0])) == 0)
		rc = take_upstreams(path, S, config);
	free(S);
	return (rc);
}

/* Store in ${config} what ${S}, read from ${path}, says. */
static int
take_links(const char * path, const struct shared * S,
    struct config_link * config)
{
	const char * why;
	unsigned i, k;

	memset(config, 0, sizeof(*config));
	if (S->listen[0] != '\0' &&
	    config_address_parse(S->listen, &config->listen)) {
		warnx("%s: link_listen %s: not a numeric ADDRESS:PORT", path,
		    S->listen);
		return (-1);
	}
	for (i = 0; i < S->links.n; i++) {
		why = config_link_parse(S->links.text[i], &config->link[i]);
		for (k = 0; why == NULL && k < i; k++)
			if (strcmp(config->link[k].socket,
			    config->link[i].socket) == 0)
				why = "a second link of this name and service";
		if (why != NULL) {
			warnx("%s:%u: link: %s", path, S->links.line[i], why);
			return (-1);
		}
	}
	config->nlinks = S->links.n;
	return (0);
}

int
config_link_read(const char * path, struct config_link * config)
{
	struct config_replica replica;
	struct shared * S;
	int rc = -1;

	if ((S = config_shared_new(path)) == NULL)
		return (-1);

	const struct conf_field fields[] = {
		FIELDS_REPLICA(&replica), FIELDS_UPSTREAM(S),
		FIELD_CACHE(&replica), FIELDS_LINK(S), FIELDS_ENGINE(S),
		FIELDS_HTTP(S),
	};

	if (conf_read(path, fields, sizeof(fields) / sizeof(fields[0])) == 0)
		rc = take_links(path, S, config);
	free(S);
	return (rc);
}

/* What the fields of the engine must be together. */
static int
check_engine(const char * path, const struct config_engine * E)
{

	if (strcmp(E->engine, "local") == 0)
		return (0);
	if (strcmp(E->engine, "follow") == 0) {
		if (E->npeers == 0)
			warnx("%s: the engine follow needs a peer", path);
		return (E->npeers > 0 ? 0 : -1);
	}
	if (strcmp(E->engine, "etcd") != 0) {
		warnx("%s: engine must be local, etcd or follow", path);
		return (-1);
	}
	if (E->name[0] == '\0' || E->etcd_url[0] == '\0') {
		warnx("%s: the engine etcd needs name and etcd_url", path);
		return (-1);
	}
	/* As in a policy: one word. */
	for (const char * p = E->name; *p != '\0'; p++) {
		if (!isgraph((unsigned char)*p)) {
			warnx("%s: name must be one word", path);
			return (-1);
		}
	}
	if (E->etcd_keep > E->etcd_max) {
		warnx("%s: etcd_keep is above etcd_max", path);
		return (-1);
	}
	return (0);
}

/* Store in ${E} what ${S}, read from ${path}, says. */
static int
take_engine(const char * path, const struct shared * S,
    struct config_engine * E)
{

	*E = S->engine;
	for (unsigned i = 0; i < S->peers.n; i++) {
		if (i == CONFIG_PEERS_MAX || S->peers.text[i][0] == '\0' ||
		    strlen(S->peers.text[i]) > CONFIG_PATH_MAX) {
			warnx("%s:%u: peer must be a path of 1 to %d bytes, at most "
			    "%d times", path, S->peers.line[i], CONFIG_PATH_MAX,
			    CONFIG_PEERS_MAX);
			return (-1);
		}
		memcpy(E->peer[i], S->peers.text[i], strlen(S->peers.text[i]));
	}
	E->npeers = S->peers.n;
	return (check_engine(path, E));
}

int
config_engine_read(const char * path, struct config_engine * config)
{
	struct config_replica replica;
	struct shared * S;
	int rc = -1;

	if ((S = config_shared_new(path)) == NULL)
		return (-1);

	const struct conf_field fields[] = {
		FIELDS_REPLICA(&replica), FIELD_CACHE(&replica), FIELDS_LINK(S),
		FIELDS_ENGINE(S), FIELDS_HTTP(S),
	};

	if (conf_read(path, fields, sizeof(fields) / sizeof(fields[0])) == 0)
		rc = take_engine(path, S, config);
	free(S);
	return (rc);
}
