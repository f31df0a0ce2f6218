#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "config/config.h"
#include "tls/identity.h"

#include "status_certs.h"

#define DAY_S	86400

static const char * const files[STATUS_CERTS_MAX] = {
	CONFIG_CERT_LINK, CONFIG_CERT_ETCD_CA, CONFIG_CERT_ETCD,
	CONFIG_CERT_ETCD_CLIENT
};

static void
judge(struct status_cert * C, const char * path, int64_t now_s)
{
	int64_t not_after_s;

	C->days = 0;
	C->state = STATUS_CERT_UNREADABLE;
	if (identity_expiry(path, &not_after_s))
		return;
	C->state = STATUS_CERT_EXPIRED;
	if (not_after_s < now_s)
		return;
	C->days = (uint64_t)((not_after_s - now_s) / DAY_S);
	C->state = C->days < STATUS_CERT_SOON_DAYS ? STATUS_CERT_SOON :
	    STATUS_CERT_GOOD;
}

void
status_certs_look(struct status_certs * C, const char * dir, int64_t now_s)
{
	char path[PATH_MAX];
	int len;

	C->n = 0;
	for (size_t i = 0; i < STATUS_CERTS_MAX; i++) {
		len = snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		if (len < 0 || (size_t)len >= sizeof(path) ||
		    access(path, F_OK))
			continue;
		C->cert[C->n].file = files[i];
		judge(&C->cert[C->n++], path, now_s);
	}
}

int
status_certs_good(const struct status_certs * C)
{

	for (size_t i = 0; i < C->n; i++)
		if (C->cert[i].state != STATUS_CERT_GOOD)
			return (0);
	return (1);
}
