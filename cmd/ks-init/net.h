#ifndef KS_INIT_NET_H
#define KS_INIT_NET_H

#include <netinet/in.h>

#include "config/config.h"

/* The first port less one of a host, unless told. */
#define INIT_PORT_BASE		7100

/* From the ports of one replica to those of the next on the same host. */
#define INIT_PORTS_EACH		10

/* What is added to get the port of ks-link, of etcd's clients and its peers. */
#define INIT_PORT_LINK		1
#define INIT_PORT_CLIENT	2
#define INIT_PORT_PEER		3

/* Most hosts that a replica knows: itself, and a peer line each. */
#define INIT_HOSTS_MAX		(CONFIG_PEERS_MAX + 1)

/* Where a replica is reached; the last three as "ADDRESS:PORT". */
struct init_host {
	char name[CONFIG_PEER_MAX + 1];		/* of the replica */
	char address[INET6_ADDRSTRLEN];		/* numeric, without brackets */
	char link[CONFIG_ADDRESS_MAX + 1];	/* its ks-link */
	char client[CONFIG_ADDRESS_MAX + 1];	/* its member, on its 127.0.0.1 */
	char peer[CONFIG_ADDRESS_MAX + 1];	/* its member, for the others */
};

/* The replicas of a realm that reach each other by TCP; n is 0 if none do. */
struct init_net {
	unsigned n;
	struct init_host host[INIT_HOSTS_MAX];
};

/**
 * init_net_host(H, name, number, address, base):
 * Fill ${H} for the replica with the string ${name}, numbered ${number}: at the
 * numeric ${address} with ports from ${base}, or, if ${address} is NULL, on this
 * host, with ports of its own by its number.  Return 0, or -1 after a line on
 * standard error.
 */
int init_net_host(struct init_host *, const char *, unsigned, const char *,
    unsigned);

/**
 * init_net_make(net, n, addresses, base):
 * Fill ${net} for the replicas replica1 to replica${n}: at the addresses in the
 * list ${addresses}, separated by commas, one each, or if that is NULL all on
 * this host; with ports from ${base}.  Return 0, or -1 after a line on standard
 * error.
 */
int init_net_make(struct init_net *, unsigned, const char *, unsigned);

#endif
