#include <ctype.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bsd/string.h>

#include "base/exits.h"
#include "note/keyfile.h"

#include "conf.h"
#include "etcd.h"
#include "join.h"
#include "service.h"
#include "there.h"

/* Longest file that is made here. */
#define FILE_LEN_MAX	65536

/* What is being made. */
struct join {
	const struct init_plan * plan;
	struct init_there * from;
	struct identity * ca;
	struct init_tree T;
	struct init_folder F;
	struct init_net net;		/* the others, and last the new one */
	char vkey[VKEY_TEXT_MAX + 1];
	char pin[IDENTITY_PIN_LEN + 1];
	struct wbuf W;
};

/* The name of the folder is that of the replica. */
static int
take_name(struct join * J)
{
	const char * dir = J->plan->dir;
	size_t end = strlen(dir), begin;

	while (end > 0 && dir[end - 1] == '/')
		end--;
	for (begin = end; begin > 0 && dir[begin - 1] != '/'; begin--)
		;
	if (end == begin || end - begin >= sizeof(J->F.name)) {
		warnx("%s: not a name for a replica", dir);
		return (-1);
	}
	memcpy(J->F.name, &dir[begin], end - begin);
	if (policy_find_name(J->from->realm->policy, J->F.name) != -1 ||
	    realm_find_link(J->from->realm, J->F.name) != -1) {
		warnx("%s: the realm has one of this name", J->F.name);
		return (-1);
	}
	return (0);
}

/* Note where the replica ${name} lets peers come in. */
static int
add_host(struct join * J, const char * name, const char * link)
{
	struct init_host * H = &J->net.host[J->net.n];

	if (J->net.n == INIT_HOSTS_MAX - 1) {
		warnx("%s: has %u replicas already", J->plan->from, J->net.n);
		return (-1);
	}
	strlcpy(H->name, name, sizeof(H->name));
	strlcpy(H->link, link, sizeof(H->link));
	J->net.n++;
	return (0);
}

/* All replicas that the old one knows, and itself. */
static int
take_hosts(struct join * J)
{
	const struct config_link * links = &J->from->links;

	if (strcmp(J->from->engine.engine, "local") == 0) {
		warnx("%s: its engine is local: see ks-init -e", J->plan->from);
		return (-1);
	}
	if (links->listen.text[0] == '\0') {
		warnx("%s: no link_listen: nobody can come in", J->plan->from);
		return (-1);
	}
	if (add_host(J, J->from->engine.name, links->listen.text))
		return (-1);
	for (unsigned i = 0; i < links->nlinks; i++)
		if (strcmp(links->link[i].service, "log") == 0 &&
		    add_host(J, links->link[i].peer,
		    links->link[i].address.text))
			return (-1);
	return (0);
}

/* Where the new one will be. */
static int
take_self(struct join * J)
{
	const struct init_plan * plan = J->plan;
	const char * digits = J->F.name;
	char line[CONFIG_PEER_MAX + CONFIG_ADDRESS_MAX + 8];
	struct config_link_to to;
	const char * why;
	unsigned long number;

	while (*digits != '\0' && !isdigit((unsigned char)*digits))
		digits++;
	number = strtoul(digits, NULL, 10);
	if (plan->addresses == NULL && (number == 0 || number > UINT16_MAX ||
	    strncmp(J->net.host[0].link, "127.0.0.1:", 10) != 0)) {
		warnx("%s: say where it will be, with -a", J->F.name);
		return (-1);
	}
	if (init_net_host(&J->net.host[J->net.n], J->F.name, (unsigned)number,
	    plan->addresses, plan->base))
		return (-1);
	snprintf(line, sizeof(line), "%s log %s", J->F.name,
	    J->net.host[J->net.n].link);
	if ((why = config_link_parse(line, &to)) != NULL) {
		warnx("%s: %s", J->F.name, why);
		return (-1);
	}
	J->net.n++;
	for (unsigned i = 0; i < J->net.n - 1; i++) {
		if (strcmp(J->net.host[i].link,
		    J->net.host[J->net.n - 1].link) != 0)
			continue;
		warnx("%s: %s is there already", J->net.host[i].link,
		    J->net.host[i].name);
		return (-1);
	}
	return (0);
}

/* A tool that is used here asks here first, and the old one, ${name}, where it is. */
static void
add_server(struct realm * realm, const char * name)
{
	unsigned i;

	for (i = 0; i < realm->nservers; i++)
		if (strcmp(realm->server[i], "unix:run") == 0)
			snprintf(realm->server[i], sizeof(realm->server[i]),
			    "unix:../%s/run", name);
	if (realm->nservers < REALM_SERVERS_MAX)
		realm->nservers++;
	for (i = realm->nservers - 1; i > 0; i--)
		memcpy(realm->server[i], realm->server[i - 1],
		    sizeof(realm->server[i]));
	strlcpy(realm->server[0], "unix:run", sizeof(realm->server[0]));
}

/* The realm file as seen from the new folder, with a link line for it. */
static int
put_realm(struct join * J)
{
	struct realm * realm = J->from->realm;
	struct realm_link * link = &realm->link[realm->nlinks];

	if (realm->nlinks == REALM_LINKS_MAX) {
		warnx("%s: no link line more fits", J->plan->from);
		return (-1);
	}
	memset(link, 0, sizeof(*link));
	strlcpy(link->name, J->F.name, sizeof(link->name));
	strlcpy(link->pin, J->pin, sizeof(link->pin));
	link->role = REALM_ROLE_REPLICA;
	realm->nlinks++;

	add_server(realm, J->net.host[0].name);
	realm_format(&J->W, realm);
	return (init_tree_write(&J->T, 0644, &J->W, CONFIG_REALM));
}

/* The VRF key is the realm's, and copied. */
static int
copy_vrf_key(const struct join * J)
{
	char path[INIT_PATH_MAX + 1];
	struct keyfile * K;
	int rc;

	if (init_there_path(J->from, path, CONFIG_KEY_VRF) ||
	    (K = keyfile_read_kind(path, KEYFILE_VRF)) == NULL)
		return (-1);
	rc = init_folder_vrf_key(&J->F, K->name, K->secret);
	keyfile_free(K);
	return (rc);
}

/* Fill the new folder. */
static int
fill(struct join * J)
{
	const unsigned self = J->net.n - 1;
	struct init_plan conf = *J->plan;

	/* All replicas have the same intervals. */
	conf.epoch_min_ms = J->from->replica.epoch_min_ms;
	conf.epoch_max_ms = J->from->replica.epoch_max_ms;
	conf.keyids |= J->from->replica.keyids;
	if (init_folder_fill(&J->F) || copy_vrf_key(J) ||
	    init_folder_sign_key(&J->F, J->from->realm->name, J->vkey) ||
	    init_folder_link_key(&J->F, J->pin) ||
	    init_etcd_certs(&J->F, J->ca, &J->net.host[self]))
		return (-1);
	init_conf_replica(&J->W, &conf, &J->net, self, "follow");
	if (init_tree_write(&J->T, 0644, &J->W, CONFIG_FILE))
		return (-1);
	init_etcd_conf(&J->W, &J->net, self, NULL);
	if (init_tree_write(&J->T, 0644, &J->W, CONFIG_ETCD_CONF))
		return (-1);
	return (put_realm(J) || init_service_make(&J->F,
	    J->plan->supervisor == INIT_AS_THERE ? J->from->supervisor :
	    J->plan->supervisor, INIT_SERVICE_LINK | INIT_SERVICE_ETCD_DOWN |
	    (conf.listen != NULL ? INIT_SERVICE_HTTPD : 0) |
	    (conf.keyids ? INIT_SERVICE_KEYIDS : 0), &J->W) ? -1 : 0);
}

/* Print what the others need, and where it goes. */
static void
tell(const struct join * J)
{
	const struct init_host * H = &J->net.host[J->net.n - 1];

	printf("realm.conf: link %s %s replica\n", H->name, J->pin);
	printf("ks.conf of replicas: link %s log %s\n", H->name, H->link);
	printf("ks.conf of replicas: peer " CONFIG_SOCKET_LINK "-%s-log\n",
	    H->name);
	printf("ks.conf of verifiers: link %s publish %s\n", H->name, H->link);
	printf("ks.conf of verifiers: upstream " CONFIG_SOCKET_LINK
	    "-%s-publish\n", H->name);
	printf("policy: replica %s %s\n", H->name, J->vkey);
	printf("ks-log add: %s https://%s\n", H->name, H->peer);
}

int
init_join(const struct init_plan * plan)
{
	struct join * J;
	int rc = EXITS_PERMANENT;

	if ((J = calloc(1, sizeof(*J))) == NULL) {
		warn("%s", plan->dir);
		return (EXITS_PERMANENT);
	}
	J->plan = plan;
	J->F.T = &J->T;
	J->F.place = INIT_REPLICA;
	wbuf_init(&J->W, FILE_LEN_MAX);
	if ((J->from = init_there_open(plan->from)) != NULL &&
	    take_name(J) == 0 && take_hosts(J) == 0 && take_self(J) == 0 &&
	    (J->ca = init_there_ca(J->from, plan->ca_dir)) != NULL &&
	    init_tree_begin(&J->T, plan->dir) == 0) {
		if (fill(J) == 0 && init_tree_commit(&J->T) == 0) {
			tell(J);
			rc = EXITS_OK;
		}
		init_tree_end(&J->T);
	}
	wbuf_free(&J->W);
	identity_free(J->ca);
	init_there_free(J->from);
	free(J);
	return (rc);
}
