#include <sys/stat.h>

#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "base/exits.h"
#include "base/file.h"
#include "client/client.h"
#include "client/report.h"
#include "codec/wbuf.h"
#include "policy/policy.h"
#include "realm/realm.h"

#include "client/setup.h"

/* Longest report: the values of a profile in base64, and its lines. */
#define REPORT_LEN_MAX	(4 * PROOF_LEN_MAX)

int
setup_realm(struct setup * S, const char * realm, const char * policy)
{
	struct policy_error error;
	uint8_t * text;

	memset(S, 0, sizeof(*S));
	if ((S->realm = realm_read(realm)) == NULL)
		return (-1);
	if (policy == NULL)
		return (0);
	if (file_read(policy, POLICY_LEN_MAX, &text, &S->policy_len))
		return (-1);
	S->policy_text = (char *)text;
	if (policy_parse(S->policy_text, S->policy_len, POLICY_FOR_REALM,
	    &S->policy, &error)) {
		S->policy = NULL;
		warnx("%s:%u: %s", policy, error.line,
		    error.rule != NULL ? error.rule : "out of memory");
		return (-1);
	}
	return (0);
}

int
setup_servers(struct setup * S, const char * realm,
    const char * const * servers, unsigned n, const char * ca)
{

	if ((S->client = client_new()) == NULL) {
		warn("client");
		return (-1);
	}
	client_set_ca(S->client, ca);
	for (unsigned i = 0; i < n; i++)
		if (client_add(S->client, servers[i], NULL))
			return (-1);
	for (unsigned i = 0; n == 0 && i < S->realm->nservers; i++)
		if (client_add(S->client, S->realm->server[i], realm))
			return (-1);
	if (client_servers(S->client) == 0) {
		warnx("%s: names no server; give one with -s", realm);
		return (-1);
	}
	return (0);
}

void
setup_free(struct setup * S)
{

	client_free(S->client);
	policy_free(S->policy);
	free(S->policy_text);
	realm_free(S->realm);
	memset(S, 0, sizeof(*S));
}

int
setup_save(const char * path, const void * text, size_t len)
{
	mode_t mask = umask(0);

	umask(mask);
	return (file_write_atomic(path, 0666 & ~mask, text, len));
}

int
setup_report(const struct setup * S, const char * user,
    const struct proof_verdict * V, int json)
{
	const struct report R = { S->realm->name, user, V };
	struct wbuf W;
	int code = report_code(V);

	wbuf_init(&W, REPORT_LEN_MAX);
	if (!json)
		report_text(&W, &R);
	if ((json && report_json(&W, &R)) || wbuf_failed(&W)) {
		warnx("%s: out of memory", user);
		code = EXITS_TEMPORARY;
	} else {
		fwrite(W.data, 1, W.len, stdout);
	}
	wbuf_free(&W);
	return (code);
}
