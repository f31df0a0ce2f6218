#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/stdlib.h>

#include "base/exits.h"
#include "base/file.h"
#include "client/client.h"
#include "client/client_check.h"
#include "client/setup.h"
#include "client/tool.h"
#include "crypto/sign.h"
#include "entry/user.h"
#include "note/keyfile.h"
#include "proto/proto_publish.h"
#include "realm/realm.h"

#include "watch.h"

#define USAGE	"[-hjV] -r REALM.CONF [-C FILE] [-s SERVER] [-k KEY] [-q FILE]\n" \
		"                [-w SECONDS] USER ..."

/* How long to wait for the quorum unless -w says otherwise, in seconds. */
#define WAIT_S	10

/* How the file of a secret key begins. */
#define SECRET	"ks-secret-key/"

struct watch_options {
	const char * realm;
	const char * ca;
	const char * servers[CLIENT_SERVERS_MAX];
	unsigned nservers;
	const char * keys[WATCH_KEYS_MAX];
	unsigned nkeys;
	const char * policy;
	uint64_t wait_ms;
	int json;
	char ** users;
	unsigned nusers;
};

/* Take the option ${ch} with its argument; 0, or -1 if there is none such. */
static int
option(struct watch_options * O, int ch)
{
	const char * why;

	switch (ch) {
	case 'C':
		O->ca = optarg;
		return (0);
	case 'r':
		O->realm = optarg;
		return (0);
	case 's':
		if (O->nservers == CLIENT_SERVERS_MAX)
			return (-1);
		O->servers[O->nservers++] = optarg;
		return (0);
	case 'k':
		if (O->nkeys == WATCH_KEYS_MAX)
			return (-1);
		O->keys[O->nkeys++] = optarg;
		return (0);
	case 'q':
		O->policy = optarg;
		return (0);
	case 'w':
		O->wait_ms = 1000 * (uint64_t)strtonum(optarg, 0,
		    LOOKUP_WAIT_MAX_MS / 1000, &why);
		if (why != NULL)
			errx(EXITS_USAGE, "-w %s: %s", optarg, why);
		return (0);
	case 'j':
		O->json = 1;
		return (0);
	default:
		return (-1);
	}
}

/* Read the public half of the secret key in the file ${path}. */
static int
read_secret(const char * path, struct vkey * V)
{
	struct sign_key * K;
	struct keyfile * F;
	int rc = -1;

	if ((F = keyfile_read_kind(path, KEYFILE_ED25519)) == NULL)
		return (-1);
	if ((K = sign_key_from_seed(F->secret)) == NULL)
		warn("%s", path);
	else if ((rc = vkey_make(V, VKEY_ED25519, F->name, K->pk)) != 0)
		warnx("%s: no valid public key belongs to this key", path);
	sign_key_free(K);
	keyfile_free(F);
	return (rc);
}

/* Read the key in the file ${path}: a secret one, or what ks-keygen prints. */
static int
read_key(const char * path, struct vkey * V)
{
	const char * rule;
	uint8_t * text;
	size_t len;
	int rc = 0;

	if (file_read(path, VKEY_TEXT_MAX + 1, &text, &len))
		return (-1);
	if (strncmp((char *)text, SECRET, strlen(SECRET)) == 0) {
		rc = read_secret(path, V);
	} else {
		len = strcspn((char *)text, "\n");
		if ((rc = vkey_parse(V, (char *)text, len, &rule)) != 0)
			warnx("%s: %s", path, rule);
	}
	free(text);
	return (rc);
}

static int
read_keys(const struct watch_options * O, struct watch_keys * keys)
{

	for (unsigned i = 0; i < O->nkeys; i++)
		if (read_key(O->keys[i], &keys->key[keys->n++]))
			return (-1);
	return (0);
}

/*
 * A server told a history with a gap: it may be behind the one that showed what is
 * there now.  Ask each alone.
 */
static int
look_again(const struct watch_options * O, struct setup * S, struct watch * W,
    int code)
{
	const unsigned n = O->nservers > 0 ? O->nservers : S->realm->nservers;
	struct client * all = S->client;

	for (unsigned i = 0; i < n && W->incomplete; i++) {
		watch_free(W);
		if ((S->client = client_new()) == NULL)
			break;
		client_set_ca(S->client, O->ca);
		if (client_add(S->client, O->nservers > 0 ? O->servers[i] :
		    S->realm->server[i], O->nservers > 0 ? NULL : O->realm) == 0)
			code = watch_look(W);
		client_free(S->client);
		if (code != EXITS_OK && i + 1 < n)
			W->incomplete = 1;
	}
	S->client = all;
	return (code);
}

/* Look what became of W->user, tell it, and remember it. */
static int
watch_one(const struct watch_options * O, struct setup * S, struct watch * W)
{
	const char * realm = S->realm->name;
	int code;

	if (watch_state_load(realm, W->user, &W->was))
		return (EXITS_PERMANENT);
	code = watch_look(W);
	if (W->incomplete && client_servers(S->client) > 1)
		code = look_again(O, S, W, code);
	if (code == EXITS_OK) {
		if (watch_print(W, O->json))
			code = EXITS_TEMPORARY;
		else
			code = tool_finish(watch_changed(W) ? EXITS_CHANGED :
			    EXITS_OK);
	}
	/* What was not told to anybody is told the next time. */
	if ((code == EXITS_OK || code == EXITS_CHANGED) &&
	    watch_state_save(realm, W->user, &W->is))
		code = EXITS_TEMPORARY;
	watch_free(W);
	return (code);
}

/* Which of two exit codes says more. */
static int
graver(int one, int other)
{
	static const int order[] = {
		EXITS_REFUSED, EXITS_CHANGED, EXITS_PERMANENT, EXITS_TEMPORARY,
		EXITS_UNMET
	};

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if (one == order[i] || other == order[i])
			return (order[i]);
	return (EXITS_OK);
}

static int
watch_all(const struct watch_options * O, struct setup * S,
    const struct watch_keys * own)
{
	char user[USER_LEN_MAX + 1];
	struct watch * W;
	int code = EXITS_OK;

	for (unsigned i = 0; i < O->nusers; i++) {
		if (user_normalise(user, O->users[i], strlen(O->users[i]))) {
			client_check_say(O->users[i], RULE_USER_MALFORMED);
			code = graver(code, EXITS_PERMANENT);
			continue;
		}
		if ((W = calloc(1, sizeof(*W))) == NULL) {
			warn("%s", user);
			return (graver(code, EXITS_TEMPORARY));
		}
		W->setup = S;
		W->own = own;
		W->user = user;
		W->wait_ms = O->wait_ms;
		code = graver(code, watch_one(O, S, W));
		free(W);
	}
	return (code);
}

static int
run(const struct watch_options * O)
{
	static struct watch_keys own;
	struct setup S;
	int code = EXITS_PERMANENT;

	if (setup_realm(&S, O->realm, O->policy) == 0 &&
	    setup_servers(&S, O->realm, O->servers, O->nservers,
	    O->ca) == 0 &&
	    read_keys(O, &own) == 0)
		code = watch_all(O, &S, &own);
	setup_free(&S);
	return (code);
}

int
main(int argc, char ** argv)
{
	struct watch_options O = { .wait_ms = WAIT_S * 1000 };
	int ch;

	while ((ch = getopt(argc, argv, "hVjC:r:s:k:q:w:")) != -1) {
		if (ch == 'h')
			return (tool_usage(USAGE, EXITS_OK));
		if (ch == 'V')
			return (tool_version());
		if (option(&O, ch))
			return (tool_usage(USAGE, EXITS_USAGE));
	}
	argc -= optind;
	O.users = argv + optind;
	if (O.realm == NULL || argc < 1 || argc > WATCH_USERS_MAX)
		return (tool_usage(USAGE, EXITS_USAGE));
	O.nusers = (unsigned)argc;
	if (tool_start())
		return (EXITS_PERMANENT);
	return (tool_finish(run(&O)));
}
