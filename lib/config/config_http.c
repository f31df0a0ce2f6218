#include <arpa/inet.h>
#include <ctype.h>
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/string.h>

#include "config/config_impl.h"

/* Store the addresses that the lines ${L}, all ${name}, say.  0, or -1 after a line. */
static int
take_listen(const char * path, const char * name, const struct conf_lines * L,
    struct config_address * A, unsigned * n)
{

	for (unsigned i = 0; i < L->n; i++) {
		if (i < CONFIG_HTTP_LISTEN_MAX &&
		    config_address_parse(L->text[i], &A[i]) == 0)
			continue;
		warnx("%s:%u: %s must be a numeric ADDRESS:PORT, at most %d times",
		    path, L->line[i], name, CONFIG_HTTP_LISTEN_MAX);
		return (-1);
	}
	*n = L->n;
	return (0);
}

/* The same of addresses without a port. */
static int
take_peers(const char * path, const char * name, const struct conf_lines * L,
    char (* peer)[CONFIG_HTTP_PEER_MAX + 1], unsigned * n)
{
	struct in6_addr any;
	int af;

	for (unsigned i = 0; i < L->n; i++) {
		/* In one form, so that it can be compared as text. */
		af = strchr(L->text[i], ':') == NULL ? AF_INET : AF_INET6;
		if (i < CONFIG_HTTP_PEERS_MAX &&
		    inet_pton(af, L->text[i], &any) == 1 && inet_ntop(af, &any,
		    peer[i], CONFIG_HTTP_PEER_MAX + 1) != NULL)
			continue;
		warnx("%s:%u: %s must be a numeric address, at most %d times",
		    path, L->line[i], name, CONFIG_HTTP_PEERS_MAX);
		return (-1);
	}
	*n = L->n;
	return (0);
}

/* Is ${s} a domain name: labels of letters, digits and '-', with dots between? */
static int
is_domain(const char * s)
{
	size_t n;

	if (strlen(s) > CONFIG_HTTP_DOMAIN_MAX || strchr(s, '.') == NULL)
		return (0);
	for (;; s += n + 1) {
		n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		    "0123456789-");
		if (n == 0 || n > 63 || s[0] == '-' || s[n - 1] == '-')
			return (0);
		if (s[n] != '.')
			return (s[n] == '\0');
	}
}

static int
take_domains(const char * path, const struct conf_lines * L,
    struct config_http * H)
{

	for (unsigned i = 0; i < L->n; i++) {
		if (i == CONFIG_HTTP_DOMAINS_MAX || !is_domain(L->text[i])) {
			warnx("%s:%u: http_domain must be a domain name, at most %d"
			    " times", path, L->line[i], CONFIG_HTTP_DOMAINS_MAX);
			return (-1);
		}
		for (unsigned k = 0; L->text[i][k] != '\0'; k++)
			H->domain[i][k] =
			    (char)tolower((unsigned char)L->text[i][k]);
	}
	H->ndomains = L->n;
	return (0);
}

/* Store in ${H} what ${S}, read from ${path}, says. */
static int
take_http(const char * path, const struct shared * S, struct config_http * H)
{

	*H = S->http;
	if (take_listen(path, "http_listen", &S->http_listen, H->listen,
	    &H->nlisten) ||
	    take_listen(path, "https_listen", &S->https_listen, H->tls,
	    &H->ntls) ||
	    take_peers(path, "http_proxy", &S->http_proxy, H->proxy,
	    &H->nproxies) ||
	    take_peers(path, "http_admin", &S->http_admin, H->admin,
	    &H->nadmins) ||
	    take_peers(path, "http_verifier", &S->http_verifier, H->verifier,
	    &H->nverifiers) ||
	    take_domains(path, &S->http_domain, H))
		return (-1);
	if (H->nadmins == 0) {
		strlcpy(H->admin[0], "127.0.0.1", sizeof(H->admin[0]));
		strlcpy(H->admin[1], "::1", sizeof(H->admin[1]));
		H->nadmins = 2;
	}
	if ((H->ntls > 0) != (H->cert[0] != '\0') ||
	    (H->ntls > 0) != (H->key[0] != '\0')) {
		warnx("%s: https_listen, https_cert and https_key go together",
		    path);
		return (-1);
	}
	return (config_take_keyids(path, S, &H->keyids));
}

int
config_http_read(const char * path, struct config_http * config)
{
	struct config_replica replica;
	struct shared * S;
	int rc = -1;

	if ((S = config_shared_new(path)) == NULL)
		return (-1);

	const struct conf_field fields[] = {
		FIELDS_REPLICA(&replica), FIELDS_UPSTREAM(S),
		FIELD_CACHE(&replica), FIELDS_LINK(S), FIELDS_ENGINE(S),
		FIELDS_HTTP(S),
	};

	if (conf_read(path, fields, sizeof(fields) / sizeof(fields[0])) == 0)
		rc = take_http(path, S, config);
	free(S);
	return (rc);
}
