#include <err.h>
#include <stdint.h>
#include <string.h>

#include "base/clock.h"
#include "base/exits.h"
#include "loop/loop.h"

#include "logtool.h"
#include "members.h"

/* May what etcd refused be granted a little later? */
static int
may_change(const struct members * M)
{

	return (strstr(M->why, "unhealthy cluster") != NULL ||
	    strstr(M->why, "in sync with leader") != NULL);
}

static int
no_member(const struct members * M, const char * name)
{

	warnx("%s: there is no member %s", M->T->command, name);
	return (EXITS_PERMANENT);
}

/* Let some time pass. */
static int
pause_once(struct members * M)
{
	uint64_t next = clock_mono_ms() + MEMBERS_AGAIN_MS;

	while (clock_mono_ms() < next) {
		if (loop_turn(M->L, MEMBERS_AGAIN_MS))
			return (EXITS_TEMPORARY);
	}
	return (0);
}

/* Do ${once} again and again while etcd says that it cannot now, for -w seconds. */
static int
insist(struct members * M, int (* once)(struct members *))
{
	const uint64_t end = clock_mono_ms() + M->T->wait_s * 1000;
	int rc;

	while ((rc = once(M)) == EXITS_TEMPORARY && M->answered &&
	    clock_mono_ms() < end) {
		if (pause_once(M))
			break;
	}
	return (rc != 0 ? members_say(M, rc) : 0);
}

/* Is there a learner that has not told its name yet? */
static int
is_nameless(const struct members * M)
{

	for (size_t i = 0; i < M->n; i++) {
		if (M->list[i].learner && M->list[i].name[0] == '\0')
			return (1);
	}
	return (0);
}

/* Did it come about, though its answer was lost?  What failed stays M->why. */
static int
came_about(struct members * M, int (* done)(const struct members *))
{
	char why[sizeof(M->why)];
	int is;

	memcpy(why, M->why, sizeof(why));
	is = members_look(M) == 0 && done(M);
	memcpy(M->why, why, sizeof(why));
	return (is);
}

/*
 * Do ${ask} with ${E} again and again while etcd says not yet, or nothing, for -w
 * seconds; ${done} tells from the members whether it is done.
 */
static int
try_for_a_while(struct members * M,
    struct etcd_request * (* ask)(struct members *, const struct etcd_member *),
    const struct etcd_member * E, int (* done)(const struct members *))
{
	const uint64_t end = clock_mono_ms() + M->T->wait_s * 1000;
	struct etcd_member own;
	int rc;

	/* The list that it is in is asked for anew. */
	if (E != NULL)
		own = *E;
	while ((rc = members_wait(M, ask(M, E != NULL ? &own : NULL))) != 0) {
		/* The HTTP library asks again by itself: "exists already". */
		if (!may_change(M) && came_about(M, done))
			return (0);
		if ((rc != EXITS_TEMPORARY && !may_change(M)) ||
		    clock_mono_ms() >= end)
			break;
		if (pause_once(M))
			return (EXITS_TEMPORARY);
	}
	return (rc);
}

static int
is_added(const struct members * M)
{

	for (size_t i = 0; i < M->n; i++) {
		if (strcmp(M->list[i].peer, M->T->args[1]) == 0)
			return (1);
	}
	return (0);
}

static int
is_promoted(const struct members * M)
{
	const struct etcd_member * E = members_find(M, M->T->args[0]);

	return (E != NULL && !E->learner);
}

static int
is_removed(const struct members * M)
{

	return (members_find(M, M->T->args[0]) == NULL);
}

static struct etcd_request *
ask_add(struct members * M, const struct etcd_member * E)
{

	(void)E;
	return (etcd_member_add(M->etcd, M->T->args[1], MEMBERS_ASK_MS,
	    members_answer, M));
}

static struct etcd_request *
ask_promote(struct members * M, const struct etcd_member * E)
{

	return (etcd_member_promote(M->etcd, E->id, MEMBERS_ASK_MS,
	    members_answer, M));
}

static struct etcd_request *
ask_remove(struct members * M, const struct etcd_member * E)
{

	return (etcd_member_remove(M->etcd, E->id, MEMBERS_ASK_MS,
	    members_answer, M));
}

/* What forbids to add the member ${name}: one at a time.  Return 0 if nothing does. */
static int
check_add(const struct members * M, const char * name, const char * url)
{
	const struct etcd_member * E;

	if (name[0] == '\0' || strpbrk(name, "=, \t\n") != NULL ||
	    strncmp(url, "http", 4) != 0 || strpbrk(url, "=, \t\n") != NULL) {
		warnx("add: %s %s: not the name and the peer URL of a member",
		    name, url);
		return (EXITS_PERMANENT);
	}
	for (size_t i = 0; i < M->n; i++) {
		E = &M->list[i];
		if (E->learner || E->name[0] == '\0') {
			warnx("add: one at a time: promote or remove the learner "
			    "%s (%016jx) first", E->name[0] != '\0' ? E->name :
			    E->peer, (uintmax_t)E->id);
			return (EXITS_PERMANENT);
		}
		if (strcmp(E->peer, url) == 0) {
			warnx("add: %s is the peer URL of %s already", url,
			    E->name);
			return (EXITS_PERMANENT);
		}
	}
	if (members_find(M, name) != NULL) {
		warnx("add: there is a member %s already", name);
		return (EXITS_PERMANENT);
	}
	return (0);
}

static int
add(struct members * M)
{
	const char * name = M->T->args[0], * url = M->T->args[1];
	int rc;

	if ((rc = insist(M, members_look)) != 0 || (rc = check_add(M, name, url)) != 0)
		return (rc);
	if ((rc = try_for_a_while(M, ask_add, NULL, is_added)) != 0)
		return (members_say(M, rc));
	printf("initial-cluster: ");
	for (size_t i = 0; i < M->n; i++) {
		if (strcmp(M->list[i].peer, url) != 0)
			printf("%s=%s,", M->list[i].name, M->list[i].peer);
	}
	printf("%s=%s\ninitial-cluster-state: existing\n", name, url);
	return (0);
}

static int
promote(struct members * M)
{
	uint64_t end = clock_mono_ms() + M->T->wait_s * 1000;
	const struct etcd_member * E;
	int rc;

	if ((rc = insist(M, members_look)) != 0)
		return (rc);
	while ((E = members_find(M, M->T->args[0])) == NULL &&
	    is_nameless(M) && clock_mono_ms() < end) {
		if ((rc = pause_once(M)) != 0 || (rc = insist(M, members_look)) != 0)
			return (rc);
	}
	if (E == NULL && is_nameless(M)) {
		warnx("promote: %s has not started yet", M->T->args[0]);
		return (EXITS_TEMPORARY);
	}
	if (E == NULL)
		return (no_member(M, M->T->args[0]));
	if (!E->learner)
		return (0);	/* it was done before */
	if ((rc = try_for_a_while(M, ask_promote, E, is_promoted)) == 0)
		return (0);
	return (members_say(M, may_change(M) ? EXITS_TEMPORARY : rc));
}

static int
forget_once(struct members * M)
{
	char key[1024];

	snprintf(key, sizeof(key), "ks/%s/progress/%s", M->realm, M->gone);
	return (members_wait(M, etcd_delete(M->etcd, key, MEMBERS_ASK_MS,
	    members_answer, M)));
}

/* Nobody waits any more for what ${name} has. */
static int
forget_progress(struct members * M, const char * name)
{

	snprintf(M->gone, sizeof(M->gone), "%s", name);
	return (insist(M, forget_once));
}

static int
remove_member(struct members * M)
{
	const char * name = M->T->args[0];
	const struct etcd_member * E;
	char of[ETCD_MEMBER_TEXT_MAX + 1];
	int rc;

	if ((rc = insist(M, members_look)) != 0)
		return (rc);
	if ((E = members_find(M, name)) == NULL) {
		/* It may have been done by half. */
		if ((rc = forget_progress(M, name)) != 0)
			return (rc);
		return (M->deleted > 0 ? 0 : no_member(M, name));
	}
	if (E->id == M->self) {
		warnx("remove: %s is the member beside this replica: do it in the "
		    "directory of another one", name);
		return (EXITS_PERMANENT);
	}
	snprintf(of, sizeof(of), "%s", E->name);
	if ((rc = try_for_a_while(M, ask_remove, E, is_removed)) != 0)
		return (members_say(M, rc));
	return (of[0] != '\0' ? forget_progress(M, of) : 0);
}

/* Let M->etcd be the leader ${E}, if it can be reached from here. */
static int
go_to_leader(struct members * M, const struct etcd_member * E)
{
	struct etcd_options options = {
		E->client, M->config.etcd_ca, M->config.etcd_cert,
		M->config.etcd_key
	};
	uint64_t id = E->id;

	if (strcmp(E->client, M->config.etcd_url) != 0 &&
	    etcd_url_check(E->client) == NULL) {
		etcd_close(M->etcd);
		if ((M->etcd = etcd_open(M->L, &options)) == NULL)
			return (EXITS_PERMANENT);
		if (members_wait(M, etcd_status(M->etcd, MEMBERS_LOOK_MS,
		    members_answer, M)) == 0 && M->self == id)
			return (0);
	}
	warnx("transfer: only the leader, %s, can do it: do it on its host",
	    E->name);
	return (EXITS_TEMPORARY);
}

static int
transfer(struct members * M)
{
	const struct etcd_member * E, * leader = NULL;
	int rc;

	if ((rc = insist(M, members_look)) != 0)
		return (rc);
	if ((E = members_find(M, M->T->args[0])) == NULL)
		return (no_member(M, M->T->args[0]));
	if (E->learner) {
		warnx("transfer: %s is a learner: promote it first", E->name);
		return (EXITS_PERMANENT);
	}
	if (E->id == M->leader)
		return (0);
	for (size_t i = 0; i < M->n; i++) {
		if (M->list[i].id == M->leader)
			leader = &M->list[i];
	}
	if (leader == NULL) {
		warnx("transfer: there is no leader now");
		return (EXITS_TEMPORARY);
	}
	if (leader->id != M->self && (rc = go_to_leader(M, leader)) != 0)
		return (rc);
	rc = members_wait(M, etcd_move_leader(M->etcd, E->id, MEMBERS_ASK_MS,
	    members_answer, M));
	return (rc != 0 ? members_say(M, EXITS_TEMPORARY) : 0);
}

static int
change(const struct logtool * T, int (* what)(struct members *))
{
	static struct members M;
	int rc;

	if ((rc = members_open(T, &M)) == 0)
		rc = what(&M);
	members_close(&M);
	return (rc);
}

int
logtool_add(const struct logtool * T)
{

	return (change(T, add));
}

int
logtool_promote(const struct logtool * T)
{

	return (change(T, promote));
}

int
logtool_remove(const struct logtool * T)
{

	return (change(T, remove_member));
}

int
logtool_transfer(const struct logtool * T)
{

	return (change(T, transfer));
}
