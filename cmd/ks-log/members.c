#include <err.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/exits.h"
#include "loop/loop.h"
#include "realm/realm.h"

#include "logtool.h"
#include "members.h"

int
members_open(const struct logtool * T, struct members * M)
{
	struct etcd_options options = {
		M->config.etcd_url, M->config.etcd_ca, M->config.etcd_cert,
		M->config.etcd_key
	};
	struct realm * R;

	M->T = T;
	if (chdir(T->dir)) {
		warn("%s", T->dir);
		return (EXITS_PERMANENT);
	}
	if (config_engine_read(CONFIG_FILE, &M->config))
		return (EXITS_PERMANENT);
	if (strcmp(M->config.engine, "etcd") != 0) {
		warnx("%s: the engine %s %s: there are no members to change",
		    T->command, M->config.engine,
		    strcmp(M->config.engine, "local") == 0 ?
		    "has one replica for ever" : "is a standby's");
		return (EXITS_PERMANENT);
	}
	if ((R = realm_read(CONFIG_REALM)) == NULL)
		return (EXITS_PERMANENT);
	snprintf(M->realm, sizeof(M->realm), "%s", R->name);
	realm_free(R);
	if ((M->L = loop_new()) == NULL) {
		warn("%s", T->command);
		return (EXITS_TEMPORARY);
	}
	M->etcd = etcd_open(M->L, &options);
	return (M->etcd != NULL ? 0 : EXITS_PERMANENT);
}

void
members_close(struct members * M)
{

	etcd_close(M->etcd);
	if (M->L != NULL)
		loop_free(M->L);
}

int
members_answer(void * ctx, struct etcd_reply * R)
{
	struct members * M = ctx;

	M->done = 1;
	M->answered = R->answered;
	M->why[0] = '\0';
	if (R->why != NULL) {
		snprintf(M->why, sizeof(M->why), "%s", R->why);
		return (0);
	}
	M->self = R->member;
	M->leader = R->leader;
	M->size = R->size;
	M->deleted = R->deleted;
	if (R->n == 0)
		return (0);
	M->n = 0;
	while (M->n < MEMBERS_MAX && etcd_next_member(R, &M->list[M->n]) == 1)
		M->n++;
	return (0);
}

int
members_wait(struct members * M, struct etcd_request * R)
{

	if (R == NULL) {
		snprintf(M->why, sizeof(M->why), "out of memory");
		return (EXITS_TEMPORARY);
	}
	/* Every request ends, by its own time at the latest. */
	for (M->done = 0; !M->done;) {
		if (loop_turn(M->L, MEMBERS_ASK_MS)) {
			snprintf(M->why, sizeof(M->why), "the loop failed");
			etcd_cancel(R);
			return (EXITS_TEMPORARY);
		}
	}
	if (M->why[0] == '\0')
		return (0);
	return (M->answered && strstr(M->why, "no leader") == NULL &&
	    strstr(M->why, "timed out") == NULL ? EXITS_PERMANENT :
	    EXITS_TEMPORARY);
}

int
members_say(const struct members * M, int code)
{
	const char * more = "";

	if (strstr(M->why, "unhealthy cluster") != NULL)
		more = ": a member is away, or was until a few seconds ago";
	else if (strstr(M->why, "in sync with leader") != NULL)
		more = ": it has not caught up yet";
	warnx("%s: etcd at %s: %s%s", M->T->command, M->config.etcd_url, M->why,
	    more);
	return (code);
}

int
members_look(struct members * M)
{
	int rc;

	rc = members_wait(M, etcd_members(M->etcd, MEMBERS_ASK_MS,
	    members_answer, M));
	if (rc == 0)
		rc = members_wait(M, etcd_status(M->etcd, MEMBERS_ASK_MS,
		    members_answer, M));
	return (rc);
}

int
members_get(struct members * M)
{
	int rc = members_look(M);

	return (rc != 0 ? members_say(M, rc) : 0);
}

const struct etcd_member *
members_find(const struct members * M, const char * name)
{
	char id[17];

	for (size_t i = 0; i < M->n; i++) {
		snprintf(id, sizeof(id), "%016jx", (uintmax_t)M->list[i].id);
		if (strcmp(M->list[i].name, name) == 0 || strcmp(id, name) == 0)
			return (&M->list[i]);
	}
	return (NULL);
}
