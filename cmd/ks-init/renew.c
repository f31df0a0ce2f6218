#include <stdio.h>
#include <string.h>

#include <bsd/string.h>

#include "base/exits.h"

#include "etcd.h"
#include "renew.h"
#include "there.h"

int
init_renew(const char * dir, const char * ca_dir)
{
	struct identity * ca = NULL;
	struct init_host host;
	struct init_folder F;
	struct init_there * R;
	int rc = EXITS_PERMANENT;

	memset(&host, 0, sizeof(host));
	if ((R = init_there_open(dir)) == NULL)
		return (EXITS_PERMANENT);
	if (init_there_folder(R, &F) || init_there_address(R, host.address) ||
	    (ca = init_there_ca(R, ca_dir)) == NULL)
		goto out;
	strlcpy(host.name, F.name, sizeof(host.name));
	if (init_etcd_certs(&F, ca, &host))
		goto out;
	printf("%s: new certificates: restart etcd, then ks-logd, one replica at"
	    " a time\n", dir);
	rc = EXITS_OK;
out:
	identity_free(ca);
	init_there_free(R);
	return (rc);
}
