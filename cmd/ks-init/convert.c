#include <ctype.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/string.h>

#include "base/exits.h"
#include "base/file.h"
#include "store/dirlock.h"

#include "conf.h"
#include "convert.h"
#include "etcd.h"
#include "service.h"
#include "there.h"

/* Longest file that is made, or read, here. */
#define FILE_LEN_MAX	65536

/* What is being changed. */
struct convert {
	const struct init_plan * plan;
	struct init_there * R;
	struct init_folder F;
	struct init_net net;		/* this one alone */
	struct identity * ca;
	struct wbuf W;
};

/* The name is that of the only replica in the policy. */
static int
take_name(struct convert * C)
{
	const struct policy * policy = C->R->realm->policy;
	const struct policy_key * key;

	if (strcmp(C->R->engine.engine, "local") != 0) {
		warnx("%s: its engine is %s already", C->R->dir,
		    C->R->engine.engine);
		return (-1);
	}
	if (policy_replicas(policy) != 1) {
		warnx("%s: the realm has more replicas than this one",
		    C->R->dir);
		return (-1);
	}
	for (unsigned i = 0; i < policy_keys(policy); i++)
		if ((key = policy_key(policy, i))->kind == POLICY_REPLICA)
			strlcpy(C->R->engine.name, key->name,
			    sizeof(C->R->engine.name));
	return (init_there_folder(C->R, &C->F));
}

/* Where it is reached: as told, or where its ks-link listens, or on this host. */
static int
take_host(struct convert * C)
{
	const char * listen = C->R->links.listen.text;
	const char * address = C->plan->addresses;
	char own[CONFIG_ADDRESS_MAX + 1];
	const char * digits = C->F.name;

	while (*digits != '\0' && !isdigit((unsigned char)*digits))
		digits++;
	if (address == NULL && listen[0] != '\0') {
		strlcpy(own, listen[0] == '[' ? &listen[1] : listen,
		    sizeof(own));
		*strrchr(own, ':') = '\0';
		if (listen[0] == '[')
			own[strlen(own) - 1] = '\0';
		address = own;
	}
	C->net.n = 1;
	return (init_net_host(&C->net.host[0], C->F.name,
	    (unsigned)strtoul(digits, NULL, 10), address, C->plan->base));
}

/* Does the line say what the new lines will say? */
static int
is_replaced(const char * line, size_t len)
{
	static const char * const names[] = { "engine", "name", "etcd_url",
	    "etcd_ca", "etcd_cert", "etcd_key", NULL };

	for (unsigned i = 0; names[i] != NULL; i++) {
		size_t n = strlen(names[i]);

		if (len > n && strncmp(line, names[i], n) == 0 &&
		    (line[n] == ' ' || line[n] == '\t'))
			return (1);
	}
	return (0);
}

/* Make the new configuration from the old: from then on the engine is etcd. */
static int
write_conf(struct convert * C)
{
	char path[INIT_PATH_MAX + 1];
	const char * line, * end;
	uint8_t * text;
	size_t len;

	if (init_there_path(C->R, path, CONFIG_FILE) ||
	    file_read(path, FILE_LEN_MAX, &text, &len))
		return (-1);
	for (line = (const char *)text; *line != '\0'; line = end) {
		end = line + strcspn(line, "\n");
		end += *end == '\n';
		if (!is_replaced(line, (size_t)(end - line)))
			wbuf_put_bytes(&C->W, line, (size_t)(end - line));
	}
	wbuf_printf(&C->W, "\n");
	if (C->R->links.listen.text[0] == '\0')
		wbuf_printf(&C->W, "link_listen %s\n\n", C->net.host[0].link);
	init_conf_engine(&C->W, &C->net, 0, "etcd");
	free(text);
	return (init_tree_write(&C->R->T, 0644, &C->W, CONFIG_FILE));
}

/* Add all that the member needs; nothing of it counts before ks.conf says so. */
static int
fill(struct convert * C)
{
	char token[INIT_TOKEN_SIZE];

	if ((C->ca = init_there_new_ca(C->R, C->plan->ca_dir)) == NULL ||
	    init_etcd_certs(&C->F, C->ca, &C->net.host[0]))
		return (-1);
	init_etcd_token(token);
	init_etcd_conf(&C->W, &C->net, 0, token);
	if (init_tree_write(&C->R->T, 0644, &C->W, CONFIG_ETCD_CONF) ||
	    init_service_make(&C->F, C->R->supervisor,
	    INIT_SERVICE_LINK | INIT_SERVICE_ETCD, &C->W))
		return (-1);
	return (write_conf(C));
}

/* Own the log, so that no ks-logd does meanwhile.  Return an exit code. */
static int
lock(const struct convert * C, int * fd)
{
	char path[INIT_PATH_MAX + 1];
	int rc;

	if (init_there_path(C->R, path, CONFIG_DATA_LOG))
		return (EXITS_PERMANENT);
	if ((rc = dirlock_take(path, fd)) == 0)
		return (EXITS_OK);
	if (rc == 1)
		warnx("%s: stop its ks-logd first", C->R->dir);
	return (rc == 1 ? EXITS_TEMPORARY : EXITS_PERMANENT);
}

int
init_convert(const struct init_plan * plan)
{
	struct convert * C;
	int fd, rc = EXITS_PERMANENT;

	if ((C = calloc(1, sizeof(*C))) == NULL) {
		warn("%s", plan->from);
		return (EXITS_PERMANENT);
	}
	C->plan = plan;
	wbuf_init(&C->W, FILE_LEN_MAX);
	if ((C->R = init_there_open(plan->from)) != NULL &&
	    take_name(C) == 0 && take_host(C) == 0 &&
	    (rc = lock(C, &fd)) == EXITS_OK) {
		if (fill(C))
			rc = EXITS_PERMANENT;
		else
			printf("%s: the log goes on in etcd: start its etcd and"
			    " ks-link, then ks-logd\n", plan->from);
		close(fd);
	}
	wbuf_free(&C->W);
	identity_free(C->ca);
	init_there_free(C->R);
	free(C);
	return (rc);
}
