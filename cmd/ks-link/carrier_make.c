#include <err.h>
#include <limits.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/exits.h"
#include "client/tool.h"
#include "policy/policy.h"
#include "realm/realm.h"
#include "tls/identity.h"

#include "carrier.h"

/* The path of ${name} in ${dir}. */
static int
path_of(char path[PATH_MAX], const char * dir, const char * name)
{
	int n = snprintf(path, PATH_MAX, "%s/%s", dir, name);

	if (n >= 0 && n < PATH_MAX)
		return (0);
	warnx("%s: path too long", dir);
	return (-1);
}

int
carrier_make(const char * dir, const char * name)
{
	char realm_path[PATH_MAX], key[PATH_MAX], cert[PATH_MAX];
	struct identity * I;
	struct realm * realm;
	int rc = EXITS_PERMANENT;

	if (tool_start() || identity_start() ||
	    path_of(realm_path, dir, CONFIG_REALM) ||
	    path_of(key, dir, CONFIG_KEY_LINK) ||
	    path_of(cert, dir, CONFIG_CERT_LINK) ||
	    (realm = realm_read(realm_path)) == NULL)
		return (EXITS_PERMANENT);
	if (policy_find_name(realm->policy, name) == -1) {
		warnx("%s: no replica and no verifier of %s has this name",
		    name, realm_path);
	} else if ((I = identity_make_now(name)) != NULL) {
		if (identity_write(I, key, cert) == 0) {
			printf("link %s %s\n", name, I->pin);
			rc = EXITS_OK;
		}
		identity_free(I);
	}
	realm_free(realm);
	return (tool_finish(rc));
}
