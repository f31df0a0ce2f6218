#include <err.h>
#include <unistd.h>

#include <bsd/stdlib.h>

#include "base/exits.h"
#include "client/tool.h"

#include "job.h"

#define USAGE	"[-ahV] -r REALM.CONF [-C FILE] [-s SERVER] -k KEY [-k KEY2 ...]\n" \
		"                 [-p POLICY] [-o PROOF] [-q FILE] [-t SECONDS]\n" \
		"                 USER APP=VALUE|APP=@FILE ..."

/* How long to try unless -t says otherwise, and at most, in seconds. */
#define TIMEOUT_S	60
#define TIMEOUT_MAX_S	86400

static uint64_t
timeout_of(const char * text)
{
	const char * why;
	long long x;

	x = strtonum(text, 1, TIMEOUT_MAX_S, &why);
	if (why != NULL)
		errx(EXITS_USAGE, "-t %s: %s (1 to %d)", text, why,
		    TIMEOUT_MAX_S);
	return ((uint64_t)x * 1000);
}

/* Take the option ${ch} with its argument; 0, or -1 if there is none such. */
static int
option(struct job * J, int ch)
{

	switch (ch) {
	case 'a':
		J->keep = 1;
		return (0);
	case 'C':
		J->ca = optarg;
		return (0);
	case 'r':
		J->realm = optarg;
		return (0);
	case 's':
		if (J->nservers == CLIENT_SERVERS_MAX)
			return (-1);
		J->servers[J->nservers++] = optarg;
		return (0);
	case 'k':
		if (J->nkeys == UPDATE_SIGS_MAX)
			return (-1);
		J->keys[J->nkeys++] = optarg;
		return (0);
	case 'p':
		J->policy = optarg;
		return (0);
	case 'o':
		J->out = optarg;
		return (0);
	case 'q':
		J->quorum = optarg;
		return (0);
	case 't':
		J->timeout_ms = timeout_of(optarg);
		return (0);
	default:
		return (-1);
	}
}

int
main(int argc, char ** argv)
{
	struct job J = { .timeout_ms = TIMEOUT_S * 1000 };
	int ch;

	while ((ch = getopt(argc, argv, "ahVC:r:s:k:p:o:q:t:")) != -1) {
		if (ch == 'h')
			return (tool_usage(USAGE, EXITS_OK));
		if (ch == 'V')
			return (tool_version());
		if (option(&J, ch))
			return (tool_usage(USAGE, EXITS_USAGE));
	}
	argc -= optind;
	argv += optind;
	if (J.realm == NULL || J.nkeys == 0 || argc < 1 || (argc == 1 && !J.keep))
		return (tool_usage(USAGE, EXITS_USAGE));
	J.user = argv[0];
	J.changes = argv + 1;
	J.nchanges = (size_t)argc - 1;
	if (tool_start())
		return (EXITS_PERMANENT);
	return (tool_finish(job_run(&J)));
}
