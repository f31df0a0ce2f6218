#include <err.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/string.h>

#include "ask/ask.h"
#include "config/config.h"

#include "status_look.h"

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
add(struct status_look * L, const struct daemon_name * D)
{

	L->program[L->n].name = D->name;
	L->program[L->n++].socket = D->socket;
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
status_look_init(struct status_look * L, const char * dir)
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
	    there(dir, CONFIG_DATA_LOG))
		for (; list->name != NULL; list++)
			add(L, list);
	if (links)
		add(L, &link_daemon);
	return (0);
}

/* Keep the lines of an answer.  Return 0 or -1. */
static int
keep(struct status_program * P, const char * text, size_t len)
{

	if ((P->text = malloc(len + 1)) == NULL) {
		warn("STATUS");
		return (-1);
	}
	memcpy(P->text, text, len);
	P->text[len] = '\0';
	P->len = len;
	P->up = 1;
	return (0);
}

/* Ask ${P} at the socket ${path}.  Return 0, or -1 if memory ran out. */
static int
ask_one(struct status_program * P, const char * path, uint64_t timeout_ms)
{
	struct ask A;
	const char * text;
	size_t len;
	int rc;

	if (ask_open(&A, path, timeout_ms)) {
		strlcpy(P->why, strerror(errno), sizeof(P->why));
		return (0);
	}
	rc = ask_status(&A, &text, &len);
	if (rc == 0)
		rc = keep(P, text, len);
	else if (rc == 1)
		strlcpy(P->why, A.error.rule, sizeof(P->why));
	else
		strlcpy(P->why, strerror(errno), sizeof(P->why));
	rc = P->why[0] == '\0' && rc != 0 ? -1 : 0;
	ask_close(&A);
	return (rc);
}

int
status_look_ask(struct status_look * L, const char * dir, uint64_t timeout_ms)
{
	char path[PATH_MAX];
	int len, n = 0;

	status_look_free(L);
	for (size_t i = 0; i < L->n; i++) {
		len = snprintf(path, sizeof(path), "%s/%s", dir,
		    L->program[i].socket);
		if (len < 0 || (size_t)len >= sizeof(path)) {
			strlcpy(L->program[i].why, strerror(ENAMETOOLONG),
			    sizeof(L->program[i].why));
			continue;
		}
		if (ask_one(&L->program[i], path, timeout_ms))
			return (-1);
		n += L->program[i].up;
	}
	return (n);
}

const struct status_program *
status_look_find(const struct status_look * L, const char * name)
{

	for (size_t i = 0; i < L->n; i++)
		if (strcmp(L->program[i].name, name) == 0)
			return (&L->program[i]);
	return (NULL);
}

void
status_look_free(struct status_look * L)
{

	for (size_t i = 0; i < L->n; i++) {
		free(L->program[i].text);
		L->program[i].text = NULL;
		L->program[i].len = 0;
		L->program[i].up = 0;
		L->program[i].why[0] = '\0';
	}
}
