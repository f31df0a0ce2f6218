#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/stdlib.h>

#include "base/clock.h"
#include "base/exits.h"
#include "client/client_check.h"
#include "client/input.h"
#include "client/instant.h"
#include "client/setup.h"
#include "client/tool.h"
#include "entry/user.h"
#include "evidence/evidence.h"
#include "jail/jail.h"

#include "verify_evidence.h"

#define USAGE	"[-hjJV] -r REALM.CONF [-e EPOCH] [-q FILE] [-t TIME] [-u USER] [PROOF]"

struct verify_options {
	const char * realm;
	const char * policy;
	const char * user;	/* NULL: any */
	const char * proof;	/* NULL: standard input */
	uint64_t epoch;		/* 0: the newest state */
	uint64_t now_ms;
	int json;
	int no_jail;
};

static uint64_t
epoch_of(const char * text)
{
	const char * why;
	long long x;

	x = strtonum(text, 1, INT64_MAX, &why);
	if (why != NULL)
		errx(EXITS_USAGE, "-e %s: %s", text, why);
	return ((uint64_t)x);
}

static uint64_t
time_of(const char * text)
{
	uint64_t time_ms;

	if (instant_parse(text, &time_ms))
		errx(EXITS_USAGE, "-t %s: neither a time as in"
		    " 2026-01-31T12:00:00Z nor seconds since 1970", text);
	return (time_ms);
}

/* Take the option ${ch} with its argument; 0, or -1 if there is none such. */
static int
option(struct verify_options * O, int ch)
{

	switch (ch) {
	case 'r':
		O->realm = optarg;
		return (0);
	case 'e':
		O->epoch = epoch_of(optarg);
		return (0);
	case 'q':
		O->policy = optarg;
		return (0);
	case 't':
		O->now_ms = time_of(optarg);
		return (0);
	case 'u':
		O->user = optarg;
		return (0);
	case 'j':
		O->json = 1;
		return (0);
	case 'J':
		O->no_jail = 1;
		return (0);
	default:
		return (-1);
	}
}

/* Give away every right before anything that came from others is looked at. */
static int
enter_jail(const struct verify_options * O)
{
	struct jail J;

	if (O->no_jail)
		return (0);
	jail_init(&J);
	return (jail_enter(&J));
}

static int
verify(const struct verify_options * O, const struct setup * S)
{
	struct client_check_answer A;
	uint8_t * text;
	int code;

	memset(&A, 0, sizeof(A));
	if (input_read_labelled(O->proof, PROOF_LEN_MAX, EVIDENCE_LABEL "\n",
	    EVIDENCE_LEN_MAX, &text, &A.len)) {
		if (errno != EFBIG)
			return (EXITS_PERMANENT);
		client_check_say("proof", RULE_PROOF_MALFORMED);
		return (EXITS_REFUSED);
	}
	A.text = (char *)text;
	if (enter_jail(O)) {
		client_check_free(&A);
		return (EXITS_PERMANENT);
	}
	if (evidence_is(A.text, A.len)) {
		code = verify_evidence(A.text, A.len, S->realm, O->json);
		client_check_free(&A);
		return (code);
	}
	code = client_check_verify(&A, S->realm, S->policy, O->user, O->epoch,
	    O->now_ms);
	if (code == EXITS_OK || code == EXITS_UNMET)
		code = setup_report(S, A.proof->user, &A.V, O->json);
	client_check_free(&A);
	return (code);
}

static int
run(const struct verify_options * O)
{
	char user[USER_LEN_MAX + 1];
	struct setup S;
	int code = EXITS_PERMANENT;

	if (O->user != NULL &&
	    user_normalise(user, O->user, strlen(O->user))) {
		client_check_say(O->user, RULE_USER_MALFORMED);
		return (EXITS_PERMANENT);
	}
	if (setup_realm(&S, O->realm, O->policy) == 0)
		code = verify(O, &S);
	setup_free(&S);
	return (code);
}

int
main(int argc, char ** argv)
{
	struct verify_options O = { .now_ms = clock_wall_ms() };
	int ch;

	while ((ch = getopt(argc, argv, "hVjJr:e:q:t:u:")) != -1) {
		if (ch == 'h')
			return (tool_usage(USAGE, EXITS_OK));
		if (ch == 'V')
			return (tool_version());
		if (option(&O, ch))
			return (tool_usage(USAGE, EXITS_USAGE));
	}
	argc -= optind;
	argv += optind;
	if (O.realm == NULL || argc > 1)
		return (tool_usage(USAGE, EXITS_USAGE));
	O.proof = argv[0];
	if (tool_start())
		return (EXITS_PERMANENT);
	return (tool_finish(run(&O)));
}
