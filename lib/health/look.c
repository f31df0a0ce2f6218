#include <err.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/string.h>

#include "config/config.h"

#include "health/look.h"

struct daemon_name {
	const char * name;
	const char * socket;
};

/* Upstream first: what was asked later may only be ahead. */
static const struct daemon_name replica[] = {
	{ "ks-logd", CONFIG_SOCKET_LOG },
	{ "ks-apply", CONFIG_SOCKET_APPLY },
	{ "ks-sign", CONFIG_SOCKET_SIGN },
	{ "ks-publish", CONFIG_SOCKET_PUBLISH },
	{ "ks-admit", CONFIG_SOCKET_ADMIT },
	{ NULL, NULL }
};

static const struct daemon_name verifier[] = {
	{ "ks-ratify", CONFIG_SOCKET_RATIFY },
	{ NULL, NULL }
};

/* Beside these, if it has something to do; of an edge, alone. */
static const struct daemon_name link_daemon = {
	"ks-link", CONFIG_SOCKET_LINK
};

/* Is there anything at ${dir}/${name}? */
static int
there(const char * dir, const char * name)
{
	char path[PATH_MAX];
	int len = snprintf(path, sizeof(path), "%s/%s", dir, name);

	return (len > 0 && (size_t)len < sizeof(path) &&
	    access(path, F_OK) == 0);
}

static void
add(struct health_look * L, const struct daemon_name * D)
{

	L->program[L->n].name = D->name;
	L->program[L->n++].socket = D->socket;
}

/* After these, if ks.conf says so. */
static const struct daemon_name keyids_daemon = {
	"ks-keyids", CONFIG_SOCKET_KEYIDS
};

/* Does ks.conf of ${dir} say that ks-keyids runs? */
static int
has_keyids(const char * dir)
{
	struct config_replica config;
	char path[PATH_MAX];
	int len = snprintf(path, sizeof(path), "%s/%s", dir, CONFIG_FILE);

	return (len > 0 && (size_t)len < sizeof(path) &&
	    config_replica_read(path, &config) == 0 && config.keyids);
}

/* Beside those of a replica, if it has something to do. */
static const struct daemon_name http_daemon = {
	"ks-httpd", CONFIG_SOCKET_HTTPD
};

/* Does ks.conf of ${dir} give ks-httpd something to do? */
static int
has_http(const char * dir)
{
	static struct config_http config;
	char path[PATH_MAX];
	int len = snprintf(path, sizeof(path), "%s/%s", dir, CONFIG_FILE);

	return (len > 0 && (size_t)len < sizeof(path) &&
	    config_http_read(path, &config) == 0 &&
	    config.nlisten + config.ntls > 0);
}

/* Does ks.conf of ${dir} give ks-link something to do? */
static int
has_links(const char * dir)
{
	static struct config_link config;
	char path[PATH_MAX];
	int len = snprintf(path, sizeof(path), "%s/%s", dir, CONFIG_FILE);

	return (len > 0 && (size_t)len < sizeof(path) &&
	    config_link_read(path, &config) == 0 &&
	    (config.nlinks > 0 || config.listen.text[0] != '\0'));
}

int
health_look_init(struct health_look * L, const char * dir)
{
	const struct daemon_name * list;
	int links;

	memset(L, 0, sizeof(*L));
	if (!there(dir, CONFIG_FILE)) {
		warnx("%s: there is no %s: not the directory of a replica, a "
		    "verifier or an edge", dir, CONFIG_FILE);
		return (-1);
	}
	list = there(dir, CONFIG_KEY_COSIGN) || there(dir, CONFIG_DATA_RATIFY) ||
	    there(dir, CONFIG_SOCKET_RATIFY) ? verifier : replica;
	links = has_links(dir);

	/* A host of clients has links, and nothing that is a replica's. */
	if (list != replica || !links || there(dir, CONFIG_KEY_SIGN) ||
	    there(dir, CONFIG_DATA_LOG)) {
		const int is_replica = list == replica;

		for (; list->name != NULL; list++)
			add(L, list);
		if (is_replica && has_keyids(dir))
			add(L, &keyids_daemon);
		if (is_replica && has_http(dir))
			add(L, &http_daemon);
	}
	if (links)
		add(L, &link_daemon);
	return (0);
}

int
health_look_answer(struct health_program * P, const char * text, size_t len)
{
	char * copy;

	if ((copy = malloc(len + 1)) == NULL) {
		warn("STATUS");
		return (-1);
	}
	memcpy(copy, text, len);
	copy[len] = '\0';
	free(P->text);
	P->text = copy;
	P->len = len;
	P->up = 1;
	P->why[0] = '\0';
	return (0);
}

void
health_look_silent(struct health_program * P, const char * why)
{

	free(P->text);
	P->text = NULL;
	P->len = 0;
	P->up = 0;
	strlcpy(P->why, why, sizeof(P->why));
}

int
health_look_line(const struct health_program * P, size_t * pos,
    struct health_line * line)
{
	const char * begin = P->text + *pos;
	const char * lf, * space;

	if (P->text == NULL || *pos >= P->len ||
	    (lf = memchr(begin, '\n', P->len - *pos)) == NULL ||
	    (space = memchr(begin, ' ', (size_t)(lf - begin))) == NULL)
		return (0);
	line->name = begin;
	line->name_len = (size_t)(space - begin);
	line->value = space + 1;
	line->value_len = (size_t)(lf - space) - 1;
	*pos = (size_t)(lf + 1 - P->text);
	return (1);
}

const struct health_program *
health_look_find(const struct health_look * L, const char * name)
{

	for (size_t i = 0; i < L->n; i++)
		if (strcmp(L->program[i].name, name) == 0)
			return (&L->program[i]);
	return (NULL);
}

void
health_look_free(struct health_look * L)
{

	for (size_t i = 0; i < L->n; i++)
		health_look_silent(&L->program[i], "");
}
