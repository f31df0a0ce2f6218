#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/exits.h"
#include "realm/realm.h"
#include "tls/identity.h"
#include "tls/tstream.h"

#include "carry.h"
#include "gate.h"

/* A certificate that expires so soon is spoken of when it is read. */
#define SOON_S	(30 * 86400)

void
carrier_self_free(struct carrier_self * S)
{

	tstream_server_free(S->tls);
	identity_free(S->identity);
	realm_free(S->realm);
	memset(S, 0, sizeof(*S));
}

/* Is our own certificate one that a peer will take? */
static int
check_identity(const struct carrier_self * S)
{
	const int64_t now_s = (int64_t)(clock_wall_ms() / 1000);
	const char * rule;
	int who;

	rule = link_judge_peer(S->realm, S->identity->pin,
	    S->identity->not_before_s, S->identity->not_after_s, now_s, &who);
	if (rule == NULL && S->identity->not_after_s - now_s < SOON_S)
		warnx("%s: expires within %d days: make a new one with"
		    " ks-link -g", CONFIG_CERT_LINK, SOON_S / 86400);
	if (rule == NULL)
		return (0);
	if (who == -1)
		warnx("%s: no link line of %s has it: %s", CONFIG_CERT_LINK,
		    CONFIG_REALM, S->identity->pin);
	else
		warnx("%s: %s: make a new one with ks-link -g, and put its line"
		    " into every %s", CONFIG_CERT_LINK, rule, CONFIG_REALM);
	return (-1);
}

/* Does the realm file know those whom we are to connect to? */
static int
check_peers(const struct carrier * M)
{

	if (M->config.listen.text[0] == '\0' && M->config.nlinks == 0) {
		warnx("%s: neither link_listen nor link: nothing to do",
		    CONFIG_FILE);
		return (-1);
	}
	for (unsigned i = 0; i < M->config.nlinks; i++) {
		if (realm_find_link(M->self.realm, M->config.link[i].peer) != -1)
			continue;
		warnx("%s: link %s: %s has no link line for it", CONFIG_FILE,
		    M->config.link[i].peer, CONFIG_REALM);
		return (-1);
	}
	return (0);
}

/* Read all with the help of the reader.  0, or the exit code after a line. */
static int
read_self(struct carrier * M, struct carrier_self * S)
{
	struct realm_error error;
	struct files_got got;
	int rc = EXITS_PERMANENT;

	memset(S, 0, sizeof(*S));
	if (files_get(&M->files, &got))
		goto done;
	if (realm_parse((char *)got.data[CARRIER_REALM],
	    got.len[CARRIER_REALM], &S->realm, &error)) {
		if (error.rule == NULL)
			warnx("%s: out of memory", CONFIG_REALM);
		else
			warnx("%s:%u: %s", CONFIG_REALM, error.line, error.rule);
		goto done;
	}
	S->identity = identity_take((char *)got.data[CARRIER_KEY],
	    got.len[CARRIER_KEY], (char *)got.data[CARRIER_CERT],
	    got.len[CARRIER_CERT], CONFIG_KEY_LINK, CONFIG_CERT_LINK);
	got.data[CARRIER_KEY] = got.data[CARRIER_CERT] = NULL;
	if (S->identity == NULL || check_identity(S))
		goto done;
	rc = EXITS_TEMPORARY;
	if ((S->tls = tstream_server_new(S->identity)) != NULL)
		rc = 0;
done:
	files_free(&M->files, &got);
	if (rc != 0)
		carrier_self_free(S);
	return (rc);
}

int
carrier_open(struct carrier * M)
{

	int rc = read_self(M, &M->self);

	return (rc == 0 && check_peers(M) ? EXITS_PERMANENT : rc);
}

/* May ${C} go on, by ${S}?  Store in ${who} the number of its peer's line. */
static int
may_stay(const struct carry * C, const struct carrier_self * S, int * who)
{
	const struct realm_link * link = &C->M->self.realm->link[C->who];
	struct link_hello hello;
	const char * path;

	*who = realm_find_pin(S->realm, link->pin);
	if (*who == -1 || strcmp(S->realm->link[*who].name, link->name) != 0)
		return (0);
	/* From outside: one that has not asked for a service yet will be judged. */
	if (C->to != NULL || C->service[0] == '\0')
		return (1);
	memset(&hello, 0, sizeof(hello));
	memcpy(hello.realm, S->realm->name, strlen(S->realm->name));
	memcpy(hello.service, C->service, strlen(C->service));
	return (link_judge_hello(S->realm, *who, &hello, &path) == NULL);
}

/* Change to ${S}, which is taken over.  Return how many connections ended. */
static unsigned
change(struct carrier * M, struct carrier_self * S)
{
	struct carry * C, * next;
	unsigned n = 0;
	int who;

	for (C = M->first; C != NULL; C = next) {
		next = C->next;
		/* The library would go on with settings that are freed. */
		if (C->to == NULL && C->state == CARRY_SHAKE) {
			carry_free(C);
			continue;
		}
		if (C->who == -1)
			continue;
		if (may_stay(C, S, &who)) {
			C->who = who;
			continue;
		}
		warnx("%s %s, %s: ended: %s does not have this peer any more",
		    C->to != NULL ? "to" : "from",
		    M->self.realm->link[C->who].name, C->service, CONFIG_REALM);
		carry_free(C);
		n++;
	}
	carrier_self_free(&M->self);
	M->self = *S;
	return (n);
}

int
carrier_reload(struct carrier * M)
{
	struct carrier_self S;
	unsigned n;

	if (read_self(M, &S)) {
		warnx("nothing is read anew: all stays as it was");
		return (0);
	}
	if (strcmp(S.realm->name, M->self.realm->name) != 0) {
		warnx("%s: of another realm, %s: all stays as it was",
		    CONFIG_REALM, S.realm->name);
		carrier_self_free(&S);
		return (0);
	}
	n = change(M, &S);
	M->reloads++;
	warnx("%s and certificate read anew: %u peers, %u connections ended",
	    CONFIG_REALM, M->self.realm->nlinks, n);
	return (gate_update(M));
}
