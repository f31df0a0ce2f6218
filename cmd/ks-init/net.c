#include <arpa/inet.h>
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <bsd/string.h>

#include "net.h"

/* Is this an address that others can connect to?  Then store it in one form. */
static int
take_address(const char * text, char address[INET6_ADDRSTRLEN], int * v6)
{
	struct in6_addr a6;
	struct in_addr a4;

	*v6 = strchr(text, ':') != NULL;
	if (inet_pton(*v6 ? AF_INET6 : AF_INET, text,
	    *v6 ? (void *)&a6 : (void *)&a4) != 1 ||
	    inet_ntop(*v6 ? AF_INET6 : AF_INET,
	    *v6 ? (const void *)&a6 : (const void *)&a4, address,
	    INET6_ADDRSTRLEN) == NULL) {
		warnx("-a %s: not a numeric address", text);
		return (-1);
	}
	if (strcmp(address, "0.0.0.0") == 0 || strcmp(address, "::") == 0) {
		warnx("-a %s: others cannot connect to this", text);
		return (-1);
	}
	return (0);
}

int
init_net_host(struct init_host * H, const char * name, unsigned number,
    const char * address, unsigned base)
{
	const unsigned port = base +
	    (address == NULL ? number * INIT_PORTS_EACH : 0);
	const char * open, * close;
	int v6;

	if (strlcpy(H->name, name, sizeof(H->name)) >= sizeof(H->name)) {
		warnx("%s: the name is too long", name);
		return (-1);
	}
	if (port + INIT_PORT_PEER > UINT16_MAX) {
		warnx("-p %u: %s would need port %u", base, name,
		    port + INIT_PORT_PEER);
		return (-1);
	}
	if (take_address(address == NULL ? "127.0.0.1" : address, H->address,
	    &v6))
		return (-1);
	open = v6 ? "[" : "";
	close = v6 ? "]" : "";
	snprintf(H->link, sizeof(H->link), "%s%s%s:%u", open, H->address,
	    close, port + INIT_PORT_LINK);
	snprintf(H->client, sizeof(H->client), "127.0.0.1:%u",
	    port + INIT_PORT_CLIENT);
	snprintf(H->peer, sizeof(H->peer), "%s%s%s:%u", open, H->address,
	    close, port + INIT_PORT_PEER);
	return (0);
}

/* Move the next of the list ${p} to ${one}.  Return what is left, or NULL. */
static const char *
next_address(const char * p, char one[INET6_ADDRSTRLEN])
{
	size_t len = strcspn(p, ",");

	if (len >= INET6_ADDRSTRLEN)
		len = INET6_ADDRSTRLEN - 1;
	memcpy(one, p, len);
	one[len] = '\0';
	p += strcspn(p, ",");
	return (*p == ',' ? p + 1 : NULL);
}

int
init_net_make(struct init_net * net, unsigned n, const char * addresses,
    unsigned base)
{
	char name[CONFIG_PEER_MAX + 1], one[INET6_ADDRSTRLEN];
	const char * p = addresses;

	for (net->n = 0; net->n < n; net->n++) {
		if (addresses != NULL) {
			if (p == NULL)
				break;
			p = next_address(p, one);
		}
		snprintf(name, sizeof(name), "replica%u", net->n + 1);
		if (init_net_host(&net->host[net->n], name, net->n + 1,
		    addresses == NULL ? NULL : one, base))
			return (-1);
		for (unsigned i = 0; i < net->n; i++) {
			if (strcmp(net->host[i].link,
			    net->host[net->n].link) != 0)
				continue;
			warnx("-a %s: given twice: a host each", one);
			return (-1);
		}
	}
	if (net->n == n && p == NULL)
		return (0);
	warnx("-a %s: not %u addresses, separated by commas: one a replica",
	    addresses, n);
	return (-1);
}
