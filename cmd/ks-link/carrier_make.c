#include <err.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

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

/*
 * Store in ${role} what the new line of ${name} is to say: ${word} if that is not
 * NULL, else what its line in ${realm} says.  0, or -1 after a line.
 */
static int
choose_role(const struct realm * realm, const char * path, const char * name,
    const char * word, enum realm_role * role)
{
	const int i = realm_find_link(realm, name);
	const size_t len = strlen(name);

	*role = REALM_ROLE_POLICY;
	if (len == 0 || len > POLICY_NAME_MAX || strpbrk(name, " \t\n")) {
		warnx("%s: a name is 1 to %d bytes without spaces", name,
		    POLICY_NAME_MAX);
		return (-1);
	}
	if (word != NULL) {
		*role = realm_role_parse(word, strlen(word));
		if (*role != REALM_ROLE_POLICY)
			return (0);
		warnx("-r %s: a role is replica, verifier or edge", word);
		return (-1);
	}
	if (i != -1)
		*role = realm->link[i].role;
	if (*role != REALM_ROLE_POLICY ||
	    policy_find_name(realm->policy, name) != -1)
		return (0);
	warnx("%s: no replica and no verifier of %s has this name: give it a"
	    " role with -r", name, path);
	return (-1);
}

int
carrier_make(const char * dir, const char * name, const char * word)
{
	char realm_path[PATH_MAX], key[PATH_MAX], cert[PATH_MAX];
	struct identity * I;
	struct realm * realm;
	enum realm_role role;
	int rc = EXITS_PERMANENT;

	if (tool_start() || identity_start() ||
	    path_of(realm_path, dir, CONFIG_REALM) ||
	    path_of(key, dir, CONFIG_KEY_LINK) ||
	    path_of(cert, dir, CONFIG_CERT_LINK) ||
	    (realm = realm_read(realm_path)) == NULL)
		return (EXITS_PERMANENT);
	if (choose_role(realm, realm_path, name, word, &role) == 0 &&
	    (I = identity_make_now(name)) != NULL) {
		if (identity_write(I, key, cert) == 0) {
			printf("link %s %s%s%s\n", name, I->pin,
			    role != REALM_ROLE_POLICY ? " " : "",
			    realm_role_word(role));
			rc = EXITS_OK;
		}
		identity_free(I);
	}
	realm_free(realm);
	return (tool_finish(rc));
}
