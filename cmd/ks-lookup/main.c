#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/stdlib.h>

#include "base/exits.h"
#include "client/client.h"
#include "client/client_check.h"
#include "client/setup.h"
#include "client/tool.h"
#include "entry/user.h"
#include "proto/proto_publish.h"

#define USAGE	"[-hjV] -r REALM.CONF [-C FILE] [-s SERVER] [-e EPOCH] [-o PROOF]\n" \
		"                 [-q FILE] [-w SECONDS] USER [APP]"

/* How long to wait for the quorum unless -w says otherwise, in seconds. */
#define WAIT_S	10

struct lookup_options {
	const char * realm;
	const char * ca;
	const char * servers[CLIENT_SERVERS_MAX];
	unsigned nservers;
	uint64_t epoch;		/* 0: the newest */
	const char * out;
	const char * policy;
	uint64_t wait_ms;
	int json;
	const char * user;
	const char * app;
};

static uint64_t
number(const char * text, int letter, uint64_t min, uint64_t max)
{
	const char * why;
	long long x;

	x = strtonum(text, (long long)min, (long long)max, &why);
	if (why != NULL)
		errx(EXITS_USAGE, "-%c %s: %s", letter, text, why);
	return ((uint64_t)x);
}

/* Take the option ${ch} with its argument; 0, or -1 if there is none such. */
static int
option(struct lookup_options * O, int ch)
{

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
	case 'e':
		O->epoch = number(optarg, ch, 1, INT64_MAX);
		return (0);
	case 'o':
		O->out = optarg;
		return (0);
	case 'q':
		O->policy = optarg;
		return (0);
	case 'w':
		O->wait_ms = 1000 * number(optarg, ch, 0,
		    LOOKUP_WAIT_MAX_MS / 1000);
		return (0);
	case 'j':
		O->json = 1;
		return (0);
	default:
		return (-1);
	}
}

/* Print the value of the application that was asked for, and nothing else. */
static int
print_app(const struct lookup_options * O, const struct proof_verdict * V)
{
	struct profile_app app;

	if (V->found != TREE_PRESENT) {
		warnx("%s: there is no such user", O->user);
		return (EXITS_ABSENT);
	}
	if (V->erased || !profile_find(&V->profile, O->app, &app)) {
		warnx("%s: %s", O->user, V->erased ? "the profile was erased" :
		    "there is no such application in the profile");
		return (EXITS_ABSENT);
	}
	fwrite(app.value, 1, app.value_len, stdout);
	return (EXITS_OK);
}

static int
lookup(const struct lookup_options * O, const struct setup * S,
    const char * user)
{
	const struct client_check Q = {
		.client = S->client, .realm = S->realm, .policy = S->policy,
		.policy_text = S->policy_text, .policy_len = S->policy_len,
		.user = user, .epoch = O->epoch, .wait_ms = O->wait_ms
	};
	struct client_check_answer A;
	int code;

	code = client_check_lookup(&Q, &A);
	if (code == EXITS_OK || code == EXITS_UNMET) {
		/* A value that is not sure enough must not reach a pipe. */
		if (O->out != NULL && setup_save(O->out, A.text, A.len))
			code = EXITS_PERMANENT;
		else if (O->app == NULL)
			code = setup_report(S, user, &A.V, O->json);
		else if (code == EXITS_OK)
			code = print_app(O, &A.V);
	}
	client_check_free(&A);
	return (code);
}

static int
run(const struct lookup_options * O)
{
	char user[USER_LEN_MAX + 1];
	struct setup S;
	int code = EXITS_PERMANENT;

	if (user_normalise(user, O->user, strlen(O->user))) {
		client_check_say(O->user, RULE_USER_MALFORMED);
		return (EXITS_PERMANENT);
	}
	if (setup_realm(&S, O->realm, O->policy) == 0 &&
	    setup_servers(&S, O->realm, O->servers, O->nservers,
	    O->ca) == 0)
		code = lookup(O, &S, user);
	setup_free(&S);
	return (code);
}

int
main(int argc, char ** argv)
{
	struct lookup_options O = { .wait_ms = WAIT_S * 1000 };
	int ch;

	while ((ch = getopt(argc, argv, "hVjC:r:s:e:o:q:w:")) != -1) {
		if (ch == 'h')
			return (tool_usage(USAGE, EXITS_OK));
		if (ch == 'V')
			return (tool_version());
		if (option(&O, ch))
			return (tool_usage(USAGE, EXITS_USAGE));
	}
	argc -= optind;
	argv += optind;
	if (O.realm == NULL || argc < 1 || argc > 2 || (argc == 2 && O.json))
		return (tool_usage(USAGE, EXITS_USAGE));
	O.user = argv[0];
	O.app = argv[1];	/* NULL if there is none */
	if (tool_start())
		return (EXITS_PERMANENT);
	return (tool_finish(run(&O)));
}
