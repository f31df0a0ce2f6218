#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bsd/string.h>

#include "base/file.h"

#include "etcd.h"
#include "there.h"

/* Most bytes of an etcd.conf. */
#define ETCD_CONF_MAX	65536

/* The line of etcd.conf about where others reach the member, up to the address. */
#define PEER_LINE	"initial-advertise-peer-urls: https://"

int
init_there_path(const struct init_there * R, char * path, const char * name)
{

	return (init_tree_path(&R->T, path, "%s", name));
}

int
init_there_has(const struct init_there * R, const char * name)
{
	char path[INIT_PATH_MAX + 1];

	return (init_there_path(R, path, name) == 0 && access(path, F_OK) == 0);
}

static enum init_supervisor
supervisor_of(const struct init_there * R)
{

	if (init_there_has(R, "service/ks-logd@.service"))
		return (INIT_SYSTEMD);
	return (init_there_has(R, "service/ks-logd/run") &&
	    !init_there_has(R, "service/ks-logd/notification-fd") ? INIT_RUNIT : INIT_S6);
}

struct init_there *
init_there_open(const char * dir)
{
	char path[INIT_PATH_MAX + 1];
	struct init_there * R;

	if ((R = calloc(1, sizeof(*R))) == NULL) {
		warn("%s", dir);
		return (NULL);
	}
	R->dir = dir;
	if (init_tree_open(&R->T, dir) ||
	    init_there_path(R, path, CONFIG_FILE) ||
	    config_replica_read(path, &R->replica) ||
	    config_engine_read(path, &R->engine) ||
	    config_link_read(path, &R->links) ||
	    init_there_path(R, path, CONFIG_REALM) ||
	    (R->realm = realm_read(path)) == NULL) {
		init_there_free(R);
		return (NULL);
	}
	R->supervisor = supervisor_of(R);
	return (R);
}

int
init_there_folder(const struct init_there * R, struct init_folder * F)
{

	memset(F, 0, sizeof(*F));
	F->T = &R->T;
	F->place = INIT_REPLICA;
	if (R->engine.name[0] == '\0' || strlcpy(F->name, R->engine.name,
	    sizeof(F->name)) >= sizeof(F->name)) {
		warnx("%s: no name in %s, or a long one", R->dir, CONFIG_FILE);
		return (-1);
	}
	return (0);
}

/* Take the address from what follows PEER_LINE. */
static int
take_address(const char * p, char address[INET6_ADDRSTRLEN])
{
	size_t len = strcspn(p, "\n");
	const char * colon = memrchr(p, ':', len);

	if (colon == NULL)
		return (-1);
	len = (size_t)(colon - p);
	if (len >= 2 && p[0] == '[' && p[len - 1] == ']') {
		p++;
		len -= 2;
	}
	if (len == 0 || len >= INET6_ADDRSTRLEN)
		return (-1);
	memcpy(address, p, len);
	address[len] = '\0';
	return (0);
}

int
init_there_address(const struct init_there * R, char address[INET6_ADDRSTRLEN])
{
	char path[INIT_PATH_MAX + 1];
	const char * line;
	uint8_t * text;
	size_t len;
	int rc = -1;

	if (init_there_path(R, path, CONFIG_ETCD_CONF) ||
	    file_read(path, ETCD_CONF_MAX, &text, &len))
		return (-1);
	if ((line = strstr((const char *)text, "\n" PEER_LINE)) != NULL)
		rc = take_address(line + 1 + strlen(PEER_LINE), address);
	if (rc)
		warnx("%s: no line " PEER_LINE "ADDRESS:PORT", path);
	free(text);
	return (rc);
}

/* Is ${ca} the authority whose certificates are taken here? */
static int
check_ca(const struct init_there * R, const struct identity * ca,
    const char * ca_cert)
{
	char path[INIT_PATH_MAX + 1];
	uint8_t * cert;
	size_t len;
	int same;

	if (init_there_path(R, path, CONFIG_CERT_ETCD_CA) ||
	    file_read(path, IDENTITY_FILE_MAX, &cert, &len))
		return (-1);
	same = len == ca->cert_len && memcmp(cert, ca->cert, len) == 0;
	free(cert);
	if (same)
		return (0);
	warnx("%s: not the authority whose certificates are taken here: %s",
	    ca_cert, path);
	return (-1);
}

/* Read the authority, and store in ${cert} the path of its certificate. */
static struct identity *
read_ca(const struct init_there * R, const char * ca_dir, char * cert)
{
	char beside[INIT_PATH_MAX + 1], key[INIT_PATH_MAX + 1];
	struct init_tree T = { .path = beside, .final = beside };

	if (init_there_path(R, beside, "../" INIT_CA_DIR))
		return (NULL);
	if (ca_dir != NULL && strlcpy(beside, ca_dir, sizeof(beside)) >=
	    sizeof(beside)) {
		errno = ENAMETOOLONG;
		warn("%s", ca_dir);
		return (NULL);
	}
	if (init_tree_path(&T, key, INIT_CA_KEY) ||
	    init_tree_path(&T, cert, INIT_CA_CERT))
		return (NULL);
	return (identity_read(key, cert));
}

struct identity *
init_there_ca(const struct init_there * R, const char * ca_dir)
{
	char cert[INIT_PATH_MAX + 1];
	struct identity * ca;

	if ((ca = read_ca(R, ca_dir, cert)) != NULL &&
	    check_ca(R, ca, cert)) {
		identity_free(ca);
		return (NULL);
	}
	return (ca);
}

struct identity *
init_there_new_ca(const struct init_there * R, const char * ca_dir)
{
	char path[INIT_PATH_MAX + 1];
	struct init_tree T = { .path = path, .final = path, .there = 1 };

	if (ca_dir != NULL ||
	    init_there_has(R, "../" INIT_CA_DIR "/" INIT_CA_CERT))
		return (read_ca(R, ca_dir, path));
	if (init_there_path(R, path, ".."))
		return (NULL);
	return (init_etcd_ca(&T, R->realm->name));
}

void
init_there_free(struct init_there * R)
{

	if (R == NULL)
		return;
	realm_free(R->realm);
	init_tree_end(&R->T);
	free(R);
}
